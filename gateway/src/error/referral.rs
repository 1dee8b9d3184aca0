//! What the Windrush taskforce is told.

use statuscheck_domain::ids::ReferralId;
use statuscheck_domain::referral::ResolveFault;
use tonic::Code;
use tonic_types::ErrorDetails;

use super::{Error, bad_request, info};

impl From<ResolveFault> for Error {
    fn from(fault: ResolveFault) -> Self {
        Self::Referral(fault)
    }
}

pub(super) fn parts(fault: ResolveFault) -> (Code, ErrorDetails) {
    let field = |field: &str, reason: &str| {
        let violation = statuscheck_domain::check::Violation {
            field: field.to_owned(),
            description: fault.to_string(),
        };
        (Code::InvalidArgument, bad_request(reason, vec![violation]))
    };
    match fault {
        ResolveFault::NoSuchReferral(id) => (Code::NotFound, about("NO_SUCH_REFERRAL", id)),
        ResolveFault::ResolvedOtherwise(id) => (Code::FailedPrecondition, about("REFERRAL_RESOLVED", id)),
        ResolveFault::Superseded(id) => (Code::FailedPrecondition, about("REFERRAL_SUPERSEDED", id)),
        ResolveFault::CaseOver(id) => (Code::FailedPrecondition, about("CASE_OVER", id)),
        ResolveFault::OtherFacts => field("confirmed", "OTHER_FACTS"),
        ResolveFault::NotLater => field("needs_longer.until", "NOT_LATER"),
    }
}

fn about(reason: &str, id: ReferralId) -> ErrorDetails {
    info(reason, [("referral_id", id.to_string())])
}
