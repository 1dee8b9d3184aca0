//! What a department's desk is told.

use tonic::Code;
use tonic_types::ErrorDetails;

use super::{DOMAIN, Error, bad_request, info, owned};
use crate::desk::DeskFault;

impl From<DeskFault> for Error {
    fn from(fault: DeskFault) -> Self {
        Self::Desk(fault)
    }
}

pub(super) fn parts(fault: DeskFault) -> (Code, ErrorDetails) {
    match fault {
        // Another department's question is told in the same words.
        DeskFault::NoSuchQuestion(id) => (Code::NotFound, about("NO_SUCH_QUESTION", id)),
        DeskFault::RepliedOtherwise(id) => (Code::AlreadyExists, about("REPLIED_OTHERWISE", id)),
        DeskFault::Replaced(id) => (Code::FailedPrecondition, about("QUESTION_REPLACED", id)),
        DeskFault::CaseOver(id) => (Code::FailedPrecondition, about("CASE_OVER", id)),
        DeskFault::NotWaitedFor(id) => (Code::FailedPrecondition, about("NOT_WAITED_FOR", id)),
        DeskFault::NotCovered {
            agreement,
            violations,
        } => {
            let reason = "FIELD_NOT_COVERED";
            let mut details = bad_request(reason, violations);
            let named = [("agreement_id", agreement.to_string())].map(owned);
            details.set_error_info(reason, DOMAIN, named);
            (Code::PermissionDenied, details)
        }
        DeskFault::NoSuchFeed(agreement) => (
            Code::PermissionDenied,
            info("FEED_NOT_COVERED", [("agreement_id", agreement.to_string())]),
        ),
        DeskFault::FeedNotInForce { agreement, reason } => (
            Code::PermissionDenied,
            info(reason, [("agreement_id", agreement.to_string())]),
        ),
        // No RetryInfo: the same feed stays too long.
        DeskFault::FeedTooLong(_) => (Code::ResourceExhausted, info("FEED_TOO_LONG", [])),
        DeskFault::Stopping => (Code::Unavailable, info("STOPPING", [])),
    }
}

fn about(reason: &str, id: statuscheck_domain::ids::QuestionId) -> ErrorDetails {
    info(reason, [("question_id", id.to_string())])
}
