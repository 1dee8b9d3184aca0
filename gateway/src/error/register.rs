//! Refused changes of the register.

use tonic::Code;
use tonic_types::ErrorDetails;

use super::{Error, info};
use crate::register::{ChangeError, ChangeRefusal, TakeUpError};

pub(super) fn parts(refusal: ChangeRefusal) -> (Code, ErrorDetails) {
    match refusal {
        ChangeRefusal::NoSuchPlan(id) => (
            Code::NotFound,
            info("NO_SUCH_PLAN", [("plan_id", id.to_string())]),
        ),
        ChangeRefusal::NoSuchVersion(version) => (
            Code::NotFound,
            info("NO_SUCH_VERSION", [("version", version.to_string())]),
        ),
        ChangeRefusal::Stale { planned_on, now } => {
            let versions = [
                ("planned_on", planned_on.to_string()),
                ("version", now.to_string()),
            ];
            (Code::FailedPrecondition, info("PLAN_STALE", versions))
        }
        ChangeRefusal::SameOperator => (Code::PermissionDenied, info("SECOND_OPERATOR_NEEDED", [])),
        ChangeRefusal::TooManyPlans { retry_after } => {
            let mut details = info("TOO_MANY_PLANS", []);
            details.set_retry_info(Some(retry_after));
            details.add_quota_failure_violation("gateway", "more plans than may wait to be applied");
            (Code::ResourceExhausted, details)
        }
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Refused(refusal) => Self::Change(refusal),
            ChangeError::Read(error) | ChangeError::TakeUp(TakeUpError::Read(error)) => error.into(),
            ChangeError::Commit(error) => error.into(),
            ChangeError::AtFault(_)
            | ChangeError::TakeUp(_)
            | ChangeError::Entry(_)
            | ChangeError::Text(_)
            | ChangeError::BrokeOff(_) => Self::internal(&error),
        }
    }
}
