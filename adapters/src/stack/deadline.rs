//! The outermost layer: nothing below it outlives the time that the question was given, and it counts what was taken of it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::reply::Reply;
use tower::{Service, ServiceExt as _};

use super::{Replying, Timed};
use crate::{Ask, AskError};

#[derive(Clone)]
pub(super) struct Deadline<S> {
    inner: S,
    department: DepartmentId,
    clock: SharedClock,
}

impl<S> Deadline<S> {
    pub(super) fn new(inner: S, department: DepartmentId, clock: SharedClock) -> Self {
        Self {
            inner,
            department,
            clock,
        }
    }
}

impl<S> Service<Ask> for Deadline<S>
where
    S: Service<Timed, Response = Reply, Error = AskError, Future: Send> + Clone + Send + 'static,
{
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Replying {
        let inner = self.inner.clone();
        let (department, clock) = (self.department, self.clock.clone());
        let within = ask.within;
        let out_of_time = Arc::new(AtomicBool::new(false));
        let (began, sent) = (clock.elapsed(), ask.sent.clone());
        let timed = Timed {
            until: began.saturating_add(within),
            ask,
            out_of_time: out_of_time.clone(),
        };
        Box::pin(async move {
            let mut asking = pin!(inner.oneshot(timed));
            let reply = match tokio::time::timeout(within, &mut asking).await {
                Ok(reply) => reply,
                Err(_elapsed) => {
                    out_of_time.store(true, Ordering::Relaxed);
                    Err(AskError::OutOfTime)
                }
            };
            sent.took(clock.elapsed().saturating_sub(began));
            // The one place where every failure passes. The department and the kind, nothing of the question.
            reply.inspect_err(|error| tracing::warn!(%department, kind = error.kind(), "no usable reply"))
        })
    }
}
