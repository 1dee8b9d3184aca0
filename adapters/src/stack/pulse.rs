//! Listens to how questions end, and changes nothing about them.

use std::sync::Arc;
use std::task::{Context, Poll};

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::reply::Reply;
use tower::{Service, ServiceExt as _};

use super::Replying;
use crate::vitals::Pulse;
use crate::{Ask, AskError};

#[derive(Clone)]
pub(super) struct Listened<S> {
    inner: S,
    pulse: Arc<Pulse>,
    clock: SharedClock,
}

impl<S> Listened<S> {
    pub(super) const fn new(inner: S, pulse: Arc<Pulse>, clock: SharedClock) -> Self {
        Self { inner, pulse, clock }
    }
}

impl<S> Service<Ask> for Listened<S>
where
    S: Service<Ask, Response = Reply, Error = AskError, Future: Send> + Clone + Send + 'static,
{
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Replying {
        let inner = self.inner.clone();
        let (pulse, clock) = (Arc::clone(&self.pulse), self.clock.clone());
        Box::pin(async move {
            let began = clock.elapsed();
            let reply = inner.oneshot(ask).await;
            let ended = clock.elapsed();
            pulse.hear(&reply, ended, ended.saturating_sub(began));
            reply
        })
    }
}
