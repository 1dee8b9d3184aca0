//! Wire to domain and back: with its parts, the only place that names both. Here is the case; the parts are named for what
//! they convert.

mod answer;
pub(crate) mod desk;
pub(crate) mod due;
pub(crate) mod hooks;
mod listing;
pub(crate) mod measures;
mod paging;
pub(crate) mod referral;
pub(crate) mod register;
mod request;
mod row;
pub(crate) mod standings;
mod steps;
pub(crate) mod upkeep;
pub(crate) mod versions;
mod watching;

// What the register has beside agreements.
pub(crate) mod orders;

use jiff::Timestamp;
use statuscheck_domain::case::{Case, CaseState, Step};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::CaseId;
use statuscheck_proto::v1 as wire;

use self::answer::{answer, sla};
use crate::error::Error;

pub(crate) use self::listing::{list_request, list_response};
pub(crate) use self::request::check_request;
pub(crate) use self::row::row_error;
pub(crate) use self::steps::{dispute, feedback, information};
pub(crate) use self::watching::{watch_request, watched};

/// Parses a case id.
///
/// # Errors
/// [`Error::Invalid`] on `case_id`.
pub(crate) fn case_id(text: &str) -> Result<CaseId, Error> {
    text.parse()
        .map_err(|_not_a_uuid| Error::field("case_id", "must be the UUID that the check was answered with"))
}
/// What a check is answered with.
pub(crate) fn check_response(case: &Case, now: Timestamp) -> wire::CheckResponse {
    wire::CheckResponse {
        case_id: case.id.to_string(),
        answer: Some(answer(case, now)),
    }
}

/// A case as the caller sees it at `now`.
pub(crate) fn case(case: &Case, now: Timestamp) -> wire::Case {
    wire::Case {
        case_id: case.id.to_string(),
        kind: kind(case.receipt.check.kind()).into(),
        state: state(case.state).into(),
        answer: Some(answer(case, now)),
        caller_reference: case.receipt.caller_reference.to_string(),
        create_time: Some(timestamp(case.create_time)),
        update_time: Some(timestamp(case.update_time)),
        version: case.told_version,
        history: history(case),
        sla: Some(sla(case, now)),
    }
}

fn history(case: &Case) -> Vec<wire::CaseEvent> {
    let event = |step: &Step| wire::CaseEvent {
        case_id: case.id.to_string(),
        version: step.version,
        time: Some(timestamp(step.time)),
        kind: step.kind.to_owned(),
        department: step
            .department
            .map(|department| department.to_string())
            .unwrap_or_default(),
    };
    case.history.iter().map(event).collect()
}

const fn kind(kind: CheckKind) -> wire::CheckKind {
    match kind {
        CheckKind::RightToWork => wire::CheckKind::RightToWork,
        CheckKind::RightToRent => wire::CheckKind::RightToRent,
        CheckKind::Section95 => wire::CheckKind::Section95,
        CheckKind::Iecas => wire::CheckKind::Iecas,
    }
}

const fn state(state: CaseState) -> wire::CaseState {
    match state {
        CaseState::Open => wire::CaseState::Open,
        CaseState::AwaitingInformation => wire::CaseState::AwaitingInformation,
        CaseState::Referred => wire::CaseState::Referred,
        CaseState::Answered => wire::CaseState::Answered,
        CaseState::Withdrawn => wire::CaseState::Withdrawn,
    }
}
fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}
