//! From a department's own API to the [`Department`] trait.

use std::sync::Arc;
use std::task::{Context, Poll};

use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::reply::{Outcome, Reply};
use statuscheck_domain::subject::Field;
use tower::Service;

use crate::stack::Replying;
use crate::{Ask, AskError, Department};

/// A department's API, spoken.
pub(crate) trait Speak: Send + Sync + 'static {
    /// Which department it is.
    const ID: DepartmentId;

    /// Puts one question of this department.
    fn reply(&self, ask: &Ask) -> impl Future<Output = Result<Reply, AskError>> + Send;
}

/// A department as a tower service, without its stack.
pub(crate) struct Adapter<S>(Arc<S>);

impl<S> Adapter<S> {
    pub(crate) fn new(speaker: S) -> Self {
        Self(Arc::new(speaker))
    }
}

impl<S> Clone for Adapter<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Speak> Service<Ask> for Adapter<S> {
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Replying {
        let speaker = self.0.clone();
        Box::pin(async move {
            if ask.question.operation.department() != S::ID {
                return Err(AskError::Refused);
            }
            speaker.reply(&ask).await
        })
    }
}

impl<S: Speak> Department for Adapter<S> {
    fn id(&self) -> DepartmentId {
        S::ID
    }
}

/// The department cannot be asked without that field: it would settle the question, so this is no refusal and never "no".
pub(crate) fn needs(field: Field) -> Reply {
    Reply::of(Outcome::Ambiguous {
        would_settle: vec![field],
    })
}
