//! How cases and departments stand, on the wire.

use jiff::Timestamp;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::{CaseId, DepartmentId};
use statuscheck_proto::ops::v1 as wire;
use statuscheck_proto::v1;
use uuid::Uuid;

use super::desk::violation;
use super::paging::{PageSize, after, token};
use super::{case, timestamp};
use crate::error::Error;
use crate::ops::{
    DepartmentCondition, DeskHours, DeskNow, FeedStanding, NoticeCount, NoticeState, ReferralCount, Snapshot,
};
use crate::store::{Line, Urgency, UrgentQuery};
use crate::upkeep::Reason;

/// Cases on a page. Each is read with its whole history, which takes a fraction of a millisecond.
const PAGE: PageSize = PageSize {
    default: 50,
    max: 200,
};

/// The open cases counted, the open referrals, and the notices that were not taken.
pub(crate) fn summary(
    snapshot: &Snapshot,
    referrals: &ReferralCount,
    notices: &NoticeCount,
) -> wire::GetSlaSummaryResponse {
    let line = |line: &Line| wire::SlaLine {
        department: line.whose.to_string(),
        check: line.check.as_str().to_owned(),
        agreement_id: line.agreement.to_string(),
        open: line.open,
        paused: if line.whose.is_paused() { line.open } else { 0 },
        at_risk: line.at_risk,
        breached: line.late,
        next_due: line.next_due.map(timestamp),
        due_within_1h: within(line, 0),
        due_within_4h: within(line, 1),
        due_within_24h: within(line, 2),
    };
    wire::GetSlaSummaryResponse {
        lines: snapshot.lines.iter().map(line).collect(),
        as_of: Some(timestamp(snapshot.at)),
        referrals: Some(open_referrals(referrals)),
        hooks: Some(not_taken(notices)),
    }
}

fn open_referrals(counted: &ReferralCount) -> wire::ReferralSummary {
    let all = counted.all();
    wire::ReferralSummary {
        open: all.open,
        due_within_24h: all.soon,
        late: all.late,
        oldest: counted.oldest.map(timestamp),
        more: counted.has_more,
    }
}

fn not_taken(counted: &NoticeCount) -> wire::HookSummary {
    wire::HookSummary {
        waiting: counted.in_state(NoticeState::Waiting) + counted.in_state(NoticeState::Retried),
        parked: counted.in_state(NoticeState::Parked),
        taskforce_parked: counted.pile("taskforce", &[NoticeState::Parked]).count,
        more: counted.has_more,
    }
}

fn within(line: &Line, mark: usize) -> u64 {
    line.due_by.get(mark).copied().unwrap_or_default()
}

/// Which cases to list.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn query(request: &wire::ListCasesRequest, now: Timestamp) -> Result<UrgentQuery, Error> {
    let mut faults = Vec::new();
    let limit = PAGE.limit(request.page_size, &mut faults);
    let after = after(&request.page_token, &mut faults, urgency);
    let named = Some(request.department.as_str()).filter(|name| !name.is_empty());
    let department = named.map(str::parse).transpose().unwrap_or_else(|_unknown| {
        let what = "must be home-office, dwp, hmrc or dfe, or empty for all";
        faults.push(violation("department", what));
        None
    });
    if faults.is_empty() {
        Ok(UrgentQuery {
            department,
            late_at: request.breached_only.then_some(now),
            after,
            limit,
        })
    } else {
        Err(Error::Invalid(faults))
    }
}

/// A place in the order of urgency: whether the clock stands still, the due time in nanoseconds since 1970, and the case.
fn urgency(bytes: &[u8]) -> Option<Urgency> {
    let (paused, rest) = bytes.split_first()?;
    let (due, id) = rest.split_first_chunk::<8>()?;
    Some(Urgency {
        is_paused: *paused != 0,
        due_at: Timestamp::from_nanosecond(i128::from(i64::from_be_bytes(*due))).ok()?,
        case_id: CaseId(Uuid::from_slice(id).ok()?),
    })
}

fn as_bytes(urgency: Urgency) -> Vec<u8> {
    // No row is due beyond the times that a row can show.
    let due = i64::try_from(urgency.due_at.as_nanosecond()).unwrap_or(i64::MAX);
    let mut bytes = vec![u8::from(urgency.is_paused)];
    bytes.extend_from_slice(&due.to_be_bytes());
    bytes.extend_from_slice(urgency.case_id.0.as_bytes());
    bytes
}

/// A page of cases as operators see them at `now`; the next one comes after `next`.
pub(crate) fn page(cases: &[Case], next: Option<Urgency>, now: Timestamp) -> wire::ListCasesResponse {
    wire::ListCasesResponse {
        cases: cases.iter().map(|found| without_facts(found, now)).collect(),
        next_page_token: token(next.map(as_bytes)),
    }
}

/// What the caller was told is for the caller; what it calls the case may be about a person.
fn without_facts(found: &Case, now: Timestamp) -> v1::Case {
    let mut case = case(found, now);
    case.caller_reference = String::new();
    if let Some(answer) = &mut case.answer
        && let Some(v1::answer::Outcome::Established(established)) = &mut answer.outcome
    {
        *established = v1::Established::default();
    }
    case
}

/// How all departments are doing at `now`, and when their desks are open.
pub(crate) fn departments(
    found: &[DepartmentCondition],
    desks: &DeskHours,
    now: Timestamp,
) -> wire::ListDepartmentsResponse {
    wire::ListDepartmentsResponse {
        departments: found.iter().map(|found| department(found, now)).collect(),
        desk_hours: desks.hours.to_string(),
        desks_open: matches!(desks.now, Some(DeskNow::Open)),
        desks_open_at: match desks.now {
            Some(DeskNow::Closed(opens)) => Some(timestamp(opens)),
            Some(DeskNow::Open) | None => None,
        },
    }
}

/// How a department is doing at `now`.
pub(crate) fn department(found: &DepartmentCondition, now: Timestamp) -> wire::DepartmentStatus {
    let condition = found.condition.as_ref();
    wire::DepartmentStatus {
        department: found.department.to_string(),
        reachable: condition.is_some_and(|condition| condition.is_reachable),
        breaker: condition
            .map(|condition| condition.breaker.as_str().to_owned())
            .unwrap_or_default(),
        error_ratio: condition.map_or(0.0, |condition| condition.error_ratio),
        latency_p95: condition
            .and_then(|condition| condition.latency_p95)
            .and_then(|latency| latency.try_into().ok()),
        waiting: found.waiting,
        closed_until: found.closed_until().map(timestamp),
        rate_used: condition.map_or(0.0, |condition| condition.rate_used),
        feeds: found.feeds.iter().map(|standing| feed(standing, now)).collect(),
        closed: found.is_closed(),
        closed_reason: found
            .closure
            .as_ref()
            .map(|closure| closure.reason.clone())
            .unwrap_or_default(),
    }
}

fn feed(standing: &FeedStanding, now: Timestamp) -> wire::FeedStatus {
    wire::FeedStatus {
        name: standing.name.clone(),
        last_received: standing.last.map(timestamp),
        expected_every: standing.every.try_into().ok(),
        late: standing.is_late,
        age: standing.age(now).map(|age| prost_types::Duration {
            seconds: age.as_secs(),
            nanos: age.subsec_nanos(),
        }),
        to: standing.to.to_string(),
        agreement_id: standing
            .agreement
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

/// What to do with a department.
pub(crate) struct DepartmentOrder {
    pub(crate) department: DepartmentId,
    /// None to open it; else until when it is closed, where that is known.
    pub(crate) closed: Option<Option<Timestamp>>,
    pub(crate) reason: Reason,
}

/// Parses it at `now`.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn order(request: &wire::SetDepartmentRequest, now: Timestamp) -> Result<DepartmentOrder, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, description: &str| {
        faults.push(Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
    };
    let department = request.department.parse();
    if department.is_err() {
        fault("department", "must be home-office, dwp, hmrc or dfe");
    }
    let until = until(request, now);
    if let Err(description) = until {
        fault("until", description);
    }
    let reason = Reason::parse(&request.reason);
    if reason.is_err() {
        fault(
            "reason",
            "must be 1 to 200 characters on one line; it must name no person",
        );
    }
    match (department, until, reason) {
        (Ok(department), Ok(until), Ok(reason)) => Ok(DepartmentOrder {
            department,
            closed: request.closed.then_some(until),
            reason,
        }),
        _ => Err(Error::Invalid(faults)),
    }
}

fn until(request: &wire::SetDepartmentRequest, now: Timestamp) -> Result<Option<Timestamp>, &'static str> {
    let Some(until) = &request.until else {
        return Ok(None);
    };
    if !request.closed {
        return Err("must be absent where the department is opened");
    }
    Timestamp::new(until.seconds, until.nanos)
        .ok()
        .filter(|until| *until > now)
        .map(Some)
        .ok_or("must be in the future")
}
