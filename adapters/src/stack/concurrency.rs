//! How many questions are open with a department at once, and how many may wait for a place.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::reply::Reply;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Service, ServiceExt as _};

use super::{Replying, Timed};
use crate::AskError;
use crate::settings::ConcurrencySettings;

#[derive(Clone)]
pub(super) struct Concurrency<S> {
    inner: S,
    places: Places,
    clock: SharedClock,
}

#[derive(Clone)]
struct Places {
    open: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    wait_max: Duration,
}

impl<S> Concurrency<S> {
    pub(super) fn new(inner: S, settings: ConcurrencySettings, clock: SharedClock) -> Self {
        // usize has at least 32 bits wherever this runs.
        let places = |count: u32| Arc::new(Semaphore::new(count as usize));
        Self {
            inner,
            places: Places {
                open: places(settings.open_max),
                waiting: places(settings.waiting_max),
                wait_max: settings.wait_max,
            },
            clock,
        }
    }
}

impl Places {
    /// A place, at once or after a wait of at most `left`; where there is none, the question is shed.
    async fn take(self, left: Duration) -> Result<OwnedSemaphorePermit, AskError> {
        const SHED: AskError = AskError::Throttled { retry_after: None };
        if let Ok(place) = self.open.clone().try_acquire_owned() {
            return Ok(place);
        }
        let _in_queue = self.waiting.try_acquire().map_err(|_full| SHED)?;
        match tokio::time::timeout(self.wait_max.min(left), self.open.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(SHED),
        }
    }
}

impl<S> Service<Timed> for Concurrency<S>
where
    S: Service<Timed, Response = Reply, Error = AskError, Future: Send> + Clone + Send + 'static,
{
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, timed: Timed) -> Replying {
        let inner = self.inner.clone();
        let places = self.places.clone();
        let left = timed.left(&self.clock);
        Box::pin(async move {
            let _place = places.take(left).await?;
            inner.oneshot(timed).await
        })
    }
}
