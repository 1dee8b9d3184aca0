//! What callers do with cases that are there.

use statuscheck_domain::case::Use;
use statuscheck_domain::check::{Draft, Violation};
use statuscheck_domain::ids::CaseId;
use statuscheck_proto::v1 as wire;
use zeroize::Zeroizing;

use super::case_id;
use super::request::draft;
use crate::error::Error;

/// Longest reason of a dispute, in characters.
const REASON_CHARS_MAX: usize = 1_000;

/// What was provided, as texts.
pub(crate) fn information(request: &wire::ProvideInformationRequest) -> Draft<'_> {
    Draft {
        share_code: &request.share_code,
        tenancy_start: &request.tenancy_start,
        ..request.person.as_ref().map(draft).unwrap_or_default()
    }
}

/// Parses a dispute.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn dispute(request: wire::DisputeAnswerRequest) -> Result<(CaseId, Zeroizing<String>), Error> {
    let reason = Zeroizing::new(request.reason);
    let is_text = |symbol: char| !symbol.is_control() || matches!(symbol, '\n' | '\r' | '\t');
    let fits = !reason.trim().is_empty()
        && reason.chars().count() <= REASON_CHARS_MAX
        && reason.chars().all(is_text);
    let fault = Violation {
        field: "reason".to_owned(),
        description: "must say what is wrong, in at most 1000 characters".to_owned(),
    };
    Ok((
        both(case_id(&request.case_id), fits.then_some(()), fault)?.0,
        reason,
    ))
}

/// Parses feedback.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn feedback(request: &wire::GiveFeedbackRequest) -> Result<(CaseId, Use), Error> {
    let usage = match request.r#use() {
        wire::Use::Unspecified => None,
        wire::Use::Accepted => Some(Use::Accepted),
        wire::Use::Refused => Some(Use::Refused),
        wire::Use::NoLongerNeeded => Some(Use::NoLongerNeeded),
        wire::Use::AnswerUnclear => Some(Use::AnswerUnclear),
    };
    let fault = Violation {
        field: "use".to_owned(),
        description: "must be one of the named uses".to_owned(),
    };
    both(case_id(&request.case_id), usage, fault)
}

/// Both, or every field at fault: `fault` where there is no `other`.
pub(super) fn both<I, T>(id: Result<I, Error>, other: Option<T>, fault: Violation) -> Result<(I, T), Error> {
    match (id, other) {
        (Ok(id), Some(other)) => Ok((id, other)),
        (Ok(_), None) => Err(Error::Invalid(vec![fault])),
        (Err(Error::Invalid(mut faults)), None) => {
            faults.push(fault);
            Err(Error::Invalid(faults))
        }
        (Err(error), _) => Err(error),
    }
}
