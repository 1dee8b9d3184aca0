//! What the errors of other parts mean for a caller.

use std::time::Duration;

use statuscheck_domain::case::{NotNow, ProvideFault};

use super::Error;
use crate::admission::Overloaded;
use crate::audit::AuditError;
use crate::store::upkeep::RotationError;
use crate::store::{CommitError, ReadError};
use crate::upkeep::{HoldError, RetryError, UpkeepError, VerifyError};

/// A busy store drains its queue in milliseconds; half a second spreads the repeats.
pub(super) const BUSY_RETRY: Duration = Duration::from_millis(500);

impl From<NotNow> for Error {
    fn from(why: NotNow) -> Self {
        Self::NotNow(why)
    }
}

impl From<ProvideFault> for Error {
    fn from(fault: ProvideFault) -> Self {
        match fault {
            ProvideFault::Invalid(violations) => Self::Invalid(violations),
            ProvideFault::NotNow(why) => Self::NotNow(why),
        }
    }
}

impl From<Overloaded> for Error {
    fn from(error: Overloaded) -> Self {
        let Overloaded { retry_after } = error;
        Self::Overloaded { retry_after }
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::busy(),
            CommitError::Unavailable => Self::CannotRecord,
            CommitError::Stale => Self::CaseChanged,
            CommitError::Corrupt | CommitError::Malformed => Self::internal(&error),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Full => Self::busy(),
            ReadError::Unavailable => Self::CannotRecord,
            ReadError::Corrupt => Self::internal(&error),
        }
    }
}

impl From<RetryError> for Error {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NoSuchHook(id) => Self::NoSuchHook(id),
            RetryError::Upkeep(error) => error.into(),
        }
    }
}

impl From<UpkeepError> for Error {
    fn from(error: UpkeepError) -> Self {
        match error {
            UpkeepError::Read(error) => error.into(),
            UpkeepError::Commit(error) => error.into(),
        }
    }
}

impl From<HoldError> for Error {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::NoSuchCase(id) => Self::NoSuchCase(id),
            HoldError::Commit(error) => error.into(),
        }
    }
}

/// A rotation ends in minutes at most.
const ROTATION_RETRY: Duration = Duration::from_secs(60);

/// A large ledger takes minutes to read; ten seconds is often enough to ask again.
const VERIFY_RETRY: Duration = Duration::from_secs(10);

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Running => Self::Busy {
                retry_after: VERIFY_RETRY,
            },
            VerifyError::Audit(error @ AuditError::NoSuchEntries { .. }) => {
                Self::field("from_sequence", &error.to_string())
            }
            VerifyError::Audit(error @ (AuditError::WhichChain(_) | AuditError::NoSuchChain(_))) => {
                Self::field("chain", &error.to_string())
            }
            VerifyError::Commit(error) => error.into(),
            VerifyError::Audit(_) | VerifyError::BrokeOff(_) => Self::internal(&error),
        }
    }
}

impl From<RotationError> for Error {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Running => Self::Busy {
                retry_after: ROTATION_RETRY,
            },
            RotationError::Others => {
                tracing::warn!("keys are not rotated while other gateways work on the store");
                Self::Busy {
                    retry_after: ROTATION_RETRY,
                }
            }
            RotationError::KeyFile(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::error!(error = cause, "the key file cannot be changed");
                Self::KeyFileFixed
            }
            RotationError::Read(error) => error.into(),
            RotationError::Commit(error) => error.into(),
        }
    }
}
