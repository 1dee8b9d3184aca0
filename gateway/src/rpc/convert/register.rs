//! The register on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::Date;
use statuscheck_domain::agreement::{Agreement, Contact, Party, Register};
use statuscheck_domain::ids::AgreementId;
use statuscheck_domain::sla::{Ground, SlaPolicy};
use statuscheck_proto::register::v1 as wire;

use super::answer::day;
use super::desk::violation;
use super::{kind, orders, timestamp};
use crate::error::Error;
use crate::quota::Usage;
use crate::register::{FileFaultKind, RegisterError};

/// Agreements on a page when the caller does not say.
const PAGE_DEFAULT: i32 = 50;
/// Most agreements on a page: with a thousand organisations each some megabytes.
const PAGE_MAX: i32 = 100;

/// Which agreements to list.
pub(crate) struct Page {
    /// The place of the first.
    from: usize,
    limit: usize,
}

/// Parses a request for a page of `register`.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn page(request: &wire::ListAgreementsRequest, register: &Register) -> Result<Page, Error> {
    let mut faults = Vec::new();
    let limit = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit = usize::try_from(limit).unwrap_or_else(|_negative| {
        faults.push(violation("page_size", "must not be negative; 0 means 50"));
        0
    });
    let from = after(&request.page_token, register).unwrap_or_else(|| {
        let what = "is none of ours, or the register has changed; leave it empty to begin anew";
        faults.push(violation("page_token", what));
        0
    });
    if faults.is_empty() {
        Ok(Page { from, limit })
    } else {
        Err(Error::Invalid(faults))
    }
}

/// The place behind the agreement that the token names.
fn after(token: &str, register: &Register) -> Option<usize> {
    if token.is_empty() {
        return Some(0);
    }
    let last = URL_SAFE_NO_PAD.decode(token).ok()?;
    let place = register
        .agreements()
        .position(|agreement| agreement.id.as_str().as_bytes() == last)?;
    Some(place + 1)
}

/// A page of the register, as it stands on `today`.
pub(crate) fn listed(register: &Register, page: &Page, today: Date) -> wire::ListAgreementsResponse {
    let found: Vec<_> = register.agreements().skip(page.from).take(page.limit).collect();
    let is_last = register.agreements().count() <= page.from + found.len();
    let token = |last: &&Agreement| URL_SAFE_NO_PAD.encode(last.id.as_str());
    wire::ListAgreementsResponse {
        next_page_token: found.last().filter(|_| !is_last).map(token).unwrap_or_default(),
        agreements: found.into_iter().map(agreement).collect(),
        suspension_orders: orders::orders(register, today),
        windrush_safeguards: orders::safeguards(register, today),
    }
}

/// Parses the id of an agreement.
///
/// # Errors
/// [`Error::Invalid`] on `agreement_id`.
pub(crate) fn agreement_id(request: &wire::GetAgreementRequest) -> Result<AgreementId, Error> {
    let id = request.agreement_id.parse();
    id.map_err(|error: statuscheck_domain::ids::SlugError| Error::field("agreement_id", &error.to_string()))
}

/// An agreement as everyone may read it.
pub(crate) fn agreement(agreement: &Agreement) -> wire::Agreement {
    let quotas = || agreement.quotas.iter();
    wire::Agreement {
        agreement_id: agreement.id.to_string(),
        title: agreement.title.clone(),
        purpose: agreement.purpose.clone(),
        legal_basis: agreement.legal_basis.clone(),
        checks: agreement.checks.iter().map(|check| kind(*check).into()).collect(),
        organisations: agreement.organisations.keys().map(ToString::to_string).collect(),
        departments: agreement.departments().iter().map(ToString::to_string).collect(),
        request_fields: agreement
            .request_fields
            .iter()
            .map(|field| field.as_str().to_owned())
            .collect(),
        released_fields: agreement.released_fields.clone(),
        sla: sla(&agreement.sla),
        rate_per_minute: agreement.rate.map_or(0, |rate| rate.per_minute.get()),
        // The contract has one figure; where several departments set one, the smallest is what a caller meets first.
        monthly_quota: quotas().map(|quota| quota.monthly).min().unwrap_or(0),
        signed_on: day(agreement.signed_on).unwrap_or_default(),
        review_on: day(agreement.review_on).unwrap_or_default(),
        expires_on: day(agreement.expires_on).unwrap_or_default(),
        suspension: agreement
            .suspension
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        contacts: agreement.parties.iter().flat_map(contacts).collect(),
        operations: agreement
            .operations
            .iter()
            .map(|asked| asked.as_str().to_owned())
            .collect(),
        match_rule: agreement.match_rule.clone(),
        retention: agreement
            .retention
            .map(|kept| kept.to_string())
            .unwrap_or_default(),
        uplifts: quotas()
            .flat_map(|quota| {
                quota
                    .uplifts
                    .iter()
                    .map(|uplift| format!("{}: {uplift}", quota.department))
            })
            .collect(),
        listed_only: agreement.listed_only,
        proactive: agreement.proactive,
        feed: agreement
            .feed
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        webhooks: agreement
            .webhooks
            .iter()
            .map(|(organisation, webhook)| format!("{organisation}: {}", webhook.host()))
            .chain(owner_webhook(agreement))
            .collect(),
    }
}

/// No organisation's id has brackets.
fn owner_webhook(agreement: &Agreement) -> Option<String> {
    let webhook = agreement.owner_webhook.as_ref();
    webhook.map(|webhook| format!("(owner): {}", webhook.host()))
}

/// How a quota stands.
pub(crate) fn quota_use(usage: &Usage) -> wire::QuotaUse {
    let Usage { key, used, limit } = usage;
    wire::QuotaUse {
        department: key.department.to_string(),
        month: key.month.to_string(),
        used: *used,
        limit: *limit,
        reset_time: Some(timestamp(key.month.end())),
    }
}

fn sla(policy: &SlaPolicy) -> String {
    let (usual, vulnerable) = (policy.promise(Ground::Usual), policy.promise(Ground::Leave));
    if usual == vulnerable {
        usual.to_string()
    } else {
        format!("{usual}; {vulnerable} for vulnerable subjects")
    }
}

fn contacts(party: &Party) -> [wire::Contact; 2] {
    let contact = |role: &str, contact: &Contact| wire::Contact {
        party: party.name.clone(),
        role: role.to_owned(),
        name: contact.name.clone(),
        email: contact.email.clone(),
    };
    [
        contact("senior owner", &party.owner),
        contact("working contact", &party.contact),
    ]
}

/// A register at fault, every fault as a violation of `toml`.
pub(crate) fn at_fault(error: &RegisterError) -> Error {
    let violations = match error {
        RegisterError::Faults(files) => files
            .iter()
            .flat_map(|file| match &file.kind {
                FileFaultKind::Values(faults) => faults
                    .iter()
                    .map(|fault| violation(&format!("toml.{}.{}", file.place, fault.key), &fault.what))
                    .collect(),
                FileFaultKind::Shape(_) | FileFaultKind::Unreadable(_) => {
                    vec![violation("toml", &file.to_string())]
                }
            })
            .collect(),
        RegisterError::Together(faults) => faults
            .iter()
            .map(|fault| violation("toml", &fault.to_string()))
            .collect(),
        RegisterError::NotARegister(source) => vec![violation("toml", &source.to_string())],
        RegisterError::Unreadable { .. } | RegisterError::Empty(_) => {
            vec![violation("toml", &error.to_string())]
        }
    };
    Error::Invalid(violations)
}
