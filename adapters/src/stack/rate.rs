//! How many requests a department gets in a second, a minute, an hour.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::Reply;
use tower::{Service, ServiceExt as _};

use super::{Replying, Timed};
use crate::AskError;
use crate::settings::RateSettings;

/// The most that [`requests_at_least`] gives.
const REQUESTS_AT_LEAST_MAX: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// The requests that one question takes at least: HMRC and DWP first look for the person, then for the records.
pub(crate) const fn requests_at_least(operation: Operation) -> NonZeroU32 {
    match operation {
        Operation::BenefitHistory | Operation::EmploymentHistory | Operation::ContributionHistory => {
            REQUESTS_AT_LEAST_MAX
        }
        Operation::ImmigrationStatus
        | Operation::Section95Support
        | Operation::NinoTrace
        | Operation::EducationEligibility => NonZeroU32::MIN,
    }
}

/// Limits towards one department, in requests.
pub(crate) struct Rate {
    windows: Vec<RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Duration>>>,
}

/// The injected clock, as governor reads it.
#[derive(Clone)]
struct Monotonic(SharedClock);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Rate {
    /// The limits that are given; none limits nothing.
    pub(crate) fn of(settings: RateSettings, clock: &SharedClock) -> Self {
        // The longest window first: where it is spent, nothing is taken from the others.
        let quotas = [
            settings.per_hour.map(Quota::per_hour),
            settings.per_minute.map(Quota::per_minute),
            settings.per_second.map(Quota::per_second),
        ];
        let limiter = |quota: Quota| {
            // Room for one question at least, however low the limit: else none would ever begin.
            let burst = quota.burst_size().max(REQUESTS_AT_LEAST_MAX);
            RateLimiter::direct_with_clock(quota.allow_burst(burst), Monotonic(clock.clone()))
        };
        Self {
            windows: quotas.into_iter().flatten().map(limiter).collect(),
        }
    }

    /// Takes room for that many requests, waiting for it only where the wait fits into `left`.
    ///
    /// # Errors
    /// [`AskError::Throttled`] where it does not, with the time after which there is room.
    pub(crate) async fn take(
        &self,
        requests: NonZeroU32,
        left: Duration,
        clock: &SharedClock,
    ) -> Result<(), AskError> {
        let mut left = left;
        for window in &self.windows {
            // Others may take the room while this one waits for it, so it is asked again; each round costs time.
            while let Err(wait) = room(window, requests, clock)? {
                if wait >= left {
                    return Err(AskError::Throttled {
                        retry_after: Some(wait),
                    });
                }
                left -= wait;
                tokio::time::sleep(wait).await;
            }
        }
        Ok(())
    }
}

/// Room was taken, or the time until there is some.
fn room(
    window: &RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Duration>>,
    requests: NonZeroU32,
    clock: &SharedClock,
) -> Result<Result<(), Duration>, AskError> {
    match window.check_n(requests) {
        Ok(Ok(())) => Ok(Ok(())),
        // Never zero, so that the wait always ends later than now.
        Ok(Err(not_yet)) => Ok(Err(not_yet
            .wait_time_from(clock.elapsed())
            .max(Duration::from_millis(1)))),
        // The question needs more requests than the limit ever allows.
        Err(_never) => Err(AskError::Throttled { retry_after: None }),
    }
}

#[derive(Clone)]
pub(super) struct RateLimited<S> {
    inner: S,
    rate: Arc<Rate>,
    clock: SharedClock,
}

impl<S> RateLimited<S> {
    pub(super) fn new(inner: S, rate: Arc<Rate>, clock: SharedClock) -> Self {
        Self { inner, rate, clock }
    }
}

impl<S> Service<Timed> for RateLimited<S>
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
        let (inner, rate, clock) = (self.inner.clone(), self.rate.clone(), self.clock.clone());
        Box::pin(async move {
            let requests = requests_at_least(timed.ask.question.operation);
            rate.take(requests, timed.left(&clock), &clock).await?;
            inner.oneshot(timed).await
        })
    }
}
