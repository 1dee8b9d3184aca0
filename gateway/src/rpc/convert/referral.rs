//! Referrals: pages of them, one with the person and the evidence, and what the taskforce found.

mod found;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use statuscheck_domain::ids::ReferralId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::referral::{Evidence, Finding, Held, ReferralState, Resolution, Span, timeline};
use statuscheck_domain::reply::Period;
use statuscheck_domain::subject::Field;
use statuscheck_proto::adapter::v1 as adapter;
use statuscheck_proto::referral::v1 as wire;
use uuid::Uuid;

pub(crate) use self::found::found;
use super::answer::finding;
use super::desk::{fields, subject, violation};
use super::{kind, timestamp};
use crate::error::Error;
use crate::referrals::Referred;

/// Referrals on a page where the caller does not say.
const PAGE_DEFAULT: i32 = 50;
/// Most referrals on a page: each is read from its case.
const PAGE_MAX: i32 = 100;

const NOT_AN_ID: &str = "must be the UUID of a referral";

/// Which referrals to list.
pub(crate) struct Page {
    pub(crate) states: Vec<ReferralState>,
    pub(crate) after: Option<ReferralId>,
    pub(crate) limit: usize,
}

/// Parses a request for a page.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn page(request: &wire::ListReferralsRequest) -> Result<Page, Error> {
    let mut faults = Vec::new();
    let size = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit = usize::try_from(size).unwrap_or_else(|_negative| {
        faults.push(violation("page_size", "must not be negative; 0 means 50"));
        0
    });
    let after = page_token(&request.page_token).unwrap_or_else(|| {
        let what = "is none of ours; give next_page_token of the page before, or leave it empty";
        faults.push(violation("page_token", what));
        None
    });
    let mut states = Vec::new();
    for (place, state) in request.states.iter().enumerate() {
        states.push(match wire::ReferralState::try_from(*state) {
            Ok(wire::ReferralState::Open) => ReferralState::Open,
            Ok(wire::ReferralState::Confirmed) => ReferralState::Confirmed,
            Ok(wire::ReferralState::NotConfirmed) => ReferralState::NotConfirmed,
            Ok(wire::ReferralState::Superseded) => ReferralState::Superseded,
            Ok(wire::ReferralState::Unspecified) | Err(_) => {
                let field = format!("states[{place}]");
                faults.push(violation(&field, "must be one of the named states"));
                continue;
            }
        });
    }
    if faults.is_empty() {
        Ok(Page { states, after, limit })
    } else {
        Err(Error::Invalid(faults))
    }
}

/// None where the token is not ours; `Some(None)` on the first page.
fn page_token(token: &str) -> Option<Option<ReferralId>> {
    if token.is_empty() {
        return Some(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(Some(ReferralId(Uuid::from_slice(&bytes).ok()?)))
}

/// Parses a referral's id.
///
/// # Errors
/// [`Error::Invalid`] on `referral_id`.
pub(crate) fn referral_id(text: &str) -> Result<ReferralId, Error> {
    text.parse()
        .map_err(|_not_a_uuid| Error::field("referral_id", NOT_AN_ID))
}

/// Parses what is asked of the caller; a field that is named twice counts once.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn information(
    request: &wire::RequestInformationRequest,
) -> Result<(ReferralId, Vec<Field>), Error> {
    let mut faults = Vec::new();
    let id = request.referral_id.parse();
    if id.is_err() {
        faults.push(violation("referral_id", NOT_AN_ID));
    }
    let mut fields = fields("fields", &request.fields, &mut faults);
    fields.sort_unstable();
    fields.dedup();
    match id {
        Ok(id) if faults.is_empty() => Ok((id, fields)),
        _ => Err(Error::Invalid(faults)),
    }
}

/// A page of referrals.
pub(crate) fn listed(
    found: &[Referred],
    next: Option<ReferralId>,
    now: Timestamp,
) -> wire::ListReferralsResponse {
    wire::ListReferralsResponse {
        referrals: found.iter().map(|referred| listed_one(referred, now)).collect(),
        next_page_token: next
            .map(|last| URL_SAFE_NO_PAD.encode(last.0.as_bytes()))
            .unwrap_or_default(),
    }
}

/// A referral without the person.
pub(crate) fn listed_one(Referred { case, referral }: &Referred, now: Timestamp) -> wire::Referral {
    wire::Referral {
        referral_id: referral.id.to_string(),
        case_id: case.id.to_string(),
        check: kind(case.receipt.check.kind()).into(),
        state: state(referral.state).into(),
        create_time: Some(timestamp(referral.opened_at)),
        sla: Some(finding(&referral.due, referral.is_breached(now))),
        grounds: referral
            .grounds
            .iter()
            .map(|ground| ground.as_str().to_owned())
            .collect(),
        held: held(&referral.held).to_owned(),
        fields_asked: referral
            .asked
            .iter()
            .map(|field| field.as_str().to_owned())
            .collect(),
        ..wire::Referral::default()
    }
}

/// A referral with the person, what departments hold, and what was said.
pub(crate) fn viewed(referred: &Referred, now: Timestamp) -> wire::Referral {
    let Referred { case, referral } = referred;
    let evidence = Evidence::of(&case.questions.replies());
    wire::Referral {
        subject: Some(subject(&case.receipt.check.subject)),
        timeline: timeline(&evidence).iter().map(span).collect(),
        evidence: evidence.iter().map(self::evidence).collect(),
        notes: referral.said.iter().map(note).collect(),
        dispute: case
            .dispute
            .as_ref()
            .map(|dispute| dispute.reason.to_string())
            .unwrap_or_default(),
        ..listed_one(referred, now)
    }
}

fn evidence(evidence: &Evidence) -> wire::Evidence {
    wire::Evidence {
        department: evidence.operation.department().to_string(),
        periods: evidence.periods.iter().map(period).collect(),
        source: source(evidence.operation).to_owned(),
        awaited: evidence.is_awaited,
    }
}

/// The name of an operation without its department.
fn source(operation: Operation) -> &'static str {
    operation
        .as_str()
        .split_once('/')
        .map_or("", |(_department, name)| name)
}

fn span(span: &Span) -> wire::ResidenceSpan {
    wire::ResidenceSpan {
        period: Some(period(&span.period)),
        departments: span.departments.iter().map(ToString::to_string).collect(),
    }
}

fn period(period: &Period) -> adapter::Period {
    adapter::Period {
        from: period.from.to_string(),
        to: period.to.map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn note(said: &Resolution) -> wire::Note {
    let finding = match said.finding {
        Finding::Confirmed(_) => "CONFIRMED",
        Finding::NotConfirmed => "NOT_CONFIRMED",
        Finding::NeedsLonger { .. } => "NEEDS_LONGER",
    };
    wire::Note {
        time: Some(timestamp(said.at)),
        author: said.by.clone(),
        finding: finding.to_owned(),
        text: said.note.to_string(),
    }
}

const fn held(held: &Held) -> &'static str {
    match held {
        Held::Negative(negative) => negative.as_str(),
        Held::EndedLeave { .. } => "ENDED_LEAVE",
        Held::Silence => "SILENCE",
    }
}

const fn state(state: ReferralState) -> wire::ReferralState {
    match state {
        ReferralState::Open => wire::ReferralState::Open,
        ReferralState::Confirmed => wire::ReferralState::Confirmed,
        ReferralState::NotConfirmed => wire::ReferralState::NotConfirmed,
        ReferralState::Superseded => wire::ReferralState::Superseded,
    }
}
