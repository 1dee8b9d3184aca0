//! How many requests a department gets in a second, a minute, an hour.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
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
use crate::share::{Part, Share};

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

type Limiter = RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Duration>>;

/// Limits towards one department, in requests, and this gateway's share of them.
pub(crate) struct Rate {
    figures: Vec<Figure>,
    share: Share,
    clock: SharedClock,
    windows: Mutex<Option<Windows>>,
    /// What was taken lately, in the order of the figures.
    taken: Mutex<Vec<Taken>>,
}

/// Requests taken in the window that runs and in the one before: whole windows from the clock's beginning on.
#[derive(Clone, Copy, Default)]
struct Taken {
    window: u128,
    now: u32,
    before: u32,
}

/// So many requests in so long.
#[derive(Clone, Copy)]
struct Figure {
    requests: NonZeroU32,
    within: Duration,
}

/// One limiter for each figure, as they are for one share: a limiter's quota cannot change in place.
struct Windows {
    part: Part,
    limiters: Arc<[Limiter]>,
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
    /// The share of the limits that are given; none limits nothing.
    pub(crate) fn of(settings: RateSettings, share: Share, clock: &SharedClock) -> Self {
        // The longest window first: where it is spent, nothing is taken from the others.
        let figures = [
            (settings.per_hour, 3_600),
            (settings.per_minute, 60),
            (settings.per_second, 1),
        ];
        let figure = |(requests, seconds): (Option<NonZeroU32>, u64)| {
            Some(Figure {
                requests: requests?,
                within: Duration::from_secs(seconds),
            })
        };
        let figures: Vec<_> = figures.into_iter().filter_map(figure).collect();
        Self {
            taken: Mutex::new(vec![Taken::default(); figures.len()]),
            figures,
            share,
            clock: clock.clone(),
            windows: Mutex::new(None),
        }
    }

    /// Takes room for that many requests, waiting for it only where the wait fits into `left`.
    ///
    /// # Errors
    /// [`AskError::Throttled`] where it does not, with the time after which there is room; without one where this gateway
    /// has no share.
    pub(crate) async fn take(
        &self,
        requests: NonZeroU32,
        left: Duration,
        clock: &SharedClock,
    ) -> Result<(), AskError> {
        let mut left = left;
        // With no limit there still has to be a share.
        let windows = self.limiters()?.len();
        for place in 0..windows {
            // Others may take the room while this one waits for it, and the share may change, so it is asked again; each
            // round costs time.
            while let Err(wait) = room(&self.limiters()?[place], requests, clock)? {
                if wait >= left {
                    return Err(AskError::Throttled {
                        retry_after: Some(wait),
                    });
                }
                left -= wait;
                tokio::time::sleep(wait).await;
            }
        }
        self.count(requests);
        Ok(())
    }

    /// The largest share of a limit that is in use, 0 to 1; of this gateway's part of it. Counted in the window that ends now,
    /// as far as two whole ones tell.
    pub(crate) fn used(&self) -> f64 {
        let now = self.clock.elapsed();
        let divisor = self.share.divisor().map_or(1, NonZeroU32::get);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let used = self.figures.iter().zip(&*taken).map(|(figure, taken)| {
            let window = now.as_nanos() / figure.within.as_nanos();
            let left = 1.0 - now.as_secs_f64() % figure.within.as_secs_f64() / figure.within.as_secs_f64();
            let (current, before) = match window.saturating_sub(taken.window) {
                0 => (taken.now, taken.before),
                1 => (0, taken.now),
                _ => (0, 0),
            };
            let requests = f64::from(current) + f64::from(before) * left;
            requests * f64::from(divisor) / f64::from(figure.requests.get())
        });
        used.fold(0.0, f64::max).min(1.0)
    }

    fn count(&self, requests: NonZeroU32) {
        let now = self.clock.elapsed();
        // Held for a few instructions, never while something is awaited.
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for (figure, taken) in self.figures.iter().zip(&mut *all) {
            let window = now.as_nanos() / figure.within.as_nanos();
            if window != taken.window {
                let before = if window == taken.window + 1 { taken.now } else { 0 };
                *taken = Taken {
                    window,
                    now: 0,
                    before,
                };
            }
            taken.now = taken.now.saturating_add(requests.get());
        }
    }

    /// The limiters for the share of this moment.
    fn limiters(&self) -> Result<Arc<[Limiter]>, AskError> {
        let part = self.share.part();
        let part = part.ok_or(AskError::Throttled { retry_after: None })?;
        // Held for a few instructions, never while something is awaited.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let before = windows.as_ref();
        if let Some(same) = before.filter(|windows| windows.part == part) {
            return Ok(Arc::clone(&same.limiters));
        }
        let carried = before.filter(|windows| windows.part.tenure == part.tenure);
        let limiters: Arc<[Limiter]> = match carried {
            Some(windows) => (self.figures.iter().zip(&*windows.limiters))
                .map(|(figure, limiter)| figure.limiter(part, drain(limiter), &self.clock))
                .collect(),
            None if part.tenure == 0 => (self.figures.iter())
                .map(|figure| figure.limiter(part, u32::MAX, &self.clock))
                .collect(),
            None => {
                // What others may have used already cannot be had at once a second time, so room grows from nothing.
                let since = self.clock.elapsed().saturating_sub(part.since);
                (self.figures.iter())
                    .map(|figure| figure.limiter(part, figure.grown(part, since), &self.clock))
                    .collect()
            }
        };
        *windows = Some(Windows {
            part,
            limiters: Arc::clone(&limiters),
        });
        Ok(limiters)
    }
}

impl Figure {
    /// The time from one request to the next. A share of a low figure is less than one request in the figure's window.
    fn period(self, part: Part) -> Duration {
        self.within * part.divisor.get() / self.requests.get()
    }

    /// What room grows in that time.
    fn grown(self, part: Part, since: Duration) -> u32 {
        let requests = since.as_nanos() / self.period(part).as_nanos().max(1);
        u32::try_from(requests).unwrap_or(u32::MAX)
    }

    /// Limits to the share, with room for `room` requests at once, as far as the share has that much.
    fn limiter(self, part: Part, room: u32, clock: &SharedClock) -> Limiter {
        let share = NonZeroU32::new(self.requests.get() / part.divisor).unwrap_or(NonZeroU32::MIN);
        // Room for one question at least, however low the limit: else none would ever begin.
        let burst = share.max(REQUESTS_AT_LEAST_MAX);
        let quota = Quota::with_period(self.period(part)).unwrap_or_else(|| Quota::per_second(self.requests));
        let limiter = RateLimiter::direct_with_clock(quota.allow_burst(burst), Monotonic(clock.clone()));
        if let Some(used) = NonZeroU32::new(burst.get().saturating_sub(room)) {
            // A new one has room for all of its burst.
            limiter.check_n(used).ok();
        }
        limiter
    }
}

/// Takes all the room that there is, and tells how much it was.
fn drain(limiter: &Limiter) -> u32 {
    let powers = (0..u32::BITS)
        .rev()
        .filter_map(|power| NonZeroU32::new(1 << power));
    // What does not fit takes nothing.
    powers
        .filter(|power| matches!(limiter.check_n(*power), Ok(Ok(()))))
        .map(NonZeroU32::get)
        .sum()
}

/// Room was taken, or the time until there is some.
fn room(
    window: &Limiter,
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
