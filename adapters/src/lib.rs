//! Departments, as the gateway asks them: each is a tower [`Service`] that takes one [`Ask`] and gives one [`Reply`].

mod adapter;
mod departments;
mod dfe;
mod dwp;
mod hmrc;
mod home_office;
mod http;
mod oauth;
mod sent;
pub mod settings;
pub mod share;
mod stack;
#[cfg(test)]
mod testing;
mod tickets;
pub mod vitals;

use std::sync::Arc;
use std::time::Duration;

use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Question;
use statuscheck_domain::reply::{Reply, Unavailable};
use tower::Service;
use tower::util::BoxCloneSyncService;

pub use departments::{ConnectError, connect, connect_watched};
pub use sent::Sent;

/// One question and the time that may be spent on it.
#[derive(Clone)]
pub struct Ask {
    /// What is asked, about whom.
    pub question: Arc<Question>,
    /// How long the gateway waits for the reply.
    pub within: Duration,
    /// Whether it has gone out, and where its time goes.
    pub sent: Sent,
    /// The W3C trace context that goes with every request of it; none where the question is not followed.
    pub traceparent: Option<String>,
}

impl Ask {
    /// A question that has not gone out yet.
    pub fn new(question: Arc<Question>, within: Duration) -> Self {
        Self {
            question,
            within,
            sent: Sent::default(),
            traceparent: None,
        }
    }
}

/// A department: a tower service, with the name under which it stands in the register.
pub trait Department:
    Service<Ask, Response = Reply, Error = AskError, Future: Send + 'static> + Clone + Send + Sync + 'static
{
    /// Which department it is.
    fn id(&self) -> DepartmentId;
}

/// A department behind its whole stack, whatever its transport.
pub type BoxDepartment = BoxCloneSyncService<Ask, Reply, AskError>;

/// Why a department gave no usable reply, by what can be done about it. None of these ever means "no record".
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or failed: ask again.
    #[error("the department could not be reached or failed")]
    Unavailable,
    /// It asks to be left alone for a while.
    #[error("the department's limit is reached")]
    Throttled {
        /// When it may be asked again, where it says.
        retry_after: Option<Duration>,
    },
    /// It refused our credentials or our request: our fault, repeating does not help.
    #[error("the department refused the request")]
    Refused,
    /// It answered what cannot be understood, or left out a mandatory fact.
    #[error("the department's reply cannot be understood")]
    Garbage,
    /// It did not answer in time.
    #[error("the department did not answer in time")]
    OutOfTime,
    /// It failed so often that it is not asked for a while.
    #[error("the department is given a rest after failures")]
    BreakerOpen,
}

impl AskError {
    /// The kind in one word, for logs and figures.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Throttled { .. } => "throttled",
            Self::Refused => "refused",
            Self::Garbage => "garbage",
            Self::OutOfTime => "out_of_time",
            Self::BreakerOpen => "breaker_open",
        }
    }
}

impl From<AskError> for Unavailable {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Unavailable => Self::Failed,
            AskError::Throttled { .. } => Self::Throttled,
            AskError::Refused => Self::Refused,
            AskError::Garbage => Self::Garbage,
            AskError::OutOfTime => Self::Slow,
            AskError::BreakerOpen => Self::BreakerOpen,
        }
    }
}
