//! How many questions are open with a department at once, and how many may wait for a place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::reply::Reply;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Service, ServiceExt as _};

use super::{Replying, Timed};
use crate::AskError;
use crate::settings::ConcurrencySettings;
use crate::share::Share;

#[derive(Clone)]
pub(super) struct Concurrency<S> {
    inner: S,
    places: Arc<Places>,
    clock: SharedClock,
}

/// The places that this gateway's share of the cap comes to. A share that is too small for one whole place still has one,
/// for else nobody would ever ask: a cap below the number of gateways counts as that number.
pub(crate) struct Places {
    open: Arc<Semaphore>,
    waiting: Semaphore,
    wait_max: Duration,
    open_max: u32,
    share: Share,
    count: Mutex<Count>,
}

#[derive(Clone, Copy)]
struct Count {
    /// Free or taken.
    places: u32,
    /// Of those taken, how many go when they are given back.
    too_many: u32,
}

/// A place that is taken.
struct Place {
    permit: Option<OwnedSemaphorePermit>,
    of: Arc<Places>,
}

impl<S> Concurrency<S> {
    pub(super) fn new(inner: S, settings: ConcurrencySettings, share: Share, clock: SharedClock) -> Self {
        Self {
            inner,
            places: Places::new(settings, share),
            clock,
        }
    }
}

impl Places {
    fn new(settings: ConcurrencySettings, share: Share) -> Arc<Self> {
        let places = Arc::new(Self {
            open: Arc::new(Semaphore::new(0)),
            // usize has at least 32 bits wherever this runs.
            waiting: Semaphore::new(settings.waiting_max as usize),
            wait_max: settings.wait_max,
            open_max: settings.open_max,
            share,
            count: Mutex::new(Count {
                places: 0,
                too_many: 0,
            }),
        });
        places.share.watch(&places);
        places
    }

    /// No more are taken than the share allows.
    pub(crate) fn is_kept(&self) -> bool {
        self.fit().too_many == 0
    }

    /// Makes the places as many as the share allows now; those that are taken and too many go when they are given back.
    fn fit(&self) -> Count {
        let mut count = self.count();
        let part = self.share.part();
        let allowed = part.map_or(0, |part| (self.open_max / part.divisor).max(1));
        let lasting = count.places - count.too_many;
        if allowed >= lasting {
            let more = allowed - lasting;
            let staying = more.min(count.too_many);
            count.too_many -= staying;
            count.places += more - staying;
            self.open.add_permits((more - staying) as usize);
        } else {
            let fewer = lasting - allowed;
            let free = self.open.forget_permits(fewer as usize);
            // No more than was asked for, which fits.
            let free = u32::try_from(free).unwrap_or(fewer);
            count.places -= free;
            count.too_many += fewer - free;
        }
        *count
    }

    /// A place, at once or after a wait of at most `left`; where there is none, the question is shed.
    async fn take(self: Arc<Self>, left: Duration) -> Result<Place, AskError> {
        const SHED: AskError = AskError::Throttled { retry_after: None };
        self.fit();
        let open = self.open.clone();
        let permit = if let Ok(permit) = open.clone().try_acquire_owned() {
            permit
        } else {
            let _in_queue = self.waiting.try_acquire().map_err(|_full| SHED)?;
            match tokio::time::timeout(self.wait_max.min(left), open.acquire_owned()).await {
                Ok(Ok(permit)) => permit,
                Ok(Err(_)) | Err(_) => return Err(SHED),
            }
        };
        Ok(Place {
            permit: Some(permit),
            of: self,
        })
    }

    /// Held for a few instructions, never while something is awaited.
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut count = self.of.count();
        if count.too_many > 0
            && let Some(permit) = self.permit.take()
        {
            count.too_many -= 1;
            count.places -= 1;
            permit.forget();
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
