//! One rate of one key: governor counts, and what was taken can be put back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use statuscheck_domain::clock::SharedClock;
use tonic::metadata::MetadataMap;

/// The gateway's clock, as governor reads it.
#[derive(Clone)]
pub(crate) struct LimitClock(pub(super) SharedClock);

impl LimitClock {
    pub(crate) fn of(clock: &SharedClock) -> Self {
        Self(clock.clone())
    }
}

impl governor::clock::Clock for LimitClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What is left of a rate.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Allowance {
    /// Checks at once after a quiet while.
    pub limit: u32,
    /// Checks that may be asked now.
    pub remaining: u32,
    /// How long it takes until all of them may be.
    pub reset: Duration,
}

impl Allowance {
    /// The one of two that ends first.
    pub(super) fn nearer(self, other: Self) -> Self {
        if (other.remaining, self.reset) < (self.remaining, other.reset) {
            other
        } else {
            self
        }
    }

    /// Writes `ratelimit-limit`, `ratelimit-remaining` and `ratelimit-reset`, the last in whole seconds, rounded up.
    pub(crate) fn write(self, metadata: &mut MetadataMap) {
        let seconds = self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0);
        metadata.insert("ratelimit-limit", self.limit.into());
        metadata.insert("ratelimit-remaining", self.remaining.into());
        metadata.insert("ratelimit-reset", seconds.into());
    }
}

/// When the bucket will be full, in nanoseconds since it was made: the "theoretical arrival time" of the algorithm that
/// governor counts by. 0: nothing was taken yet.
#[derive(Clone, Default)]
struct Level(Arc<AtomicU64>);

impl StateStore for Level {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut before = self.0.load(Ordering::Acquire);
        loop {
            let known = (before > 0).then(|| Nanos::from(before));
            let (outcome, after) = decide(known)?;
            let after = u64::from(after);
            match self
                .0
                .compare_exchange_weak(before, after, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Ok(outcome),
                Err(meanwhile) => before = meanwhile,
            }
        }
    }
}

pub(super) struct Bucket {
    limiter: RateLimiter<NotKeyed, Level, LimitClock, StateInformationMiddleware>,
    level: Level,
    quota: Quota,
    clock: LimitClock,
    made: Duration,
}

impl Bucket {
    pub(super) fn new(quota: Quota, clock: LimitClock) -> Self {
        let level = Level::default();
        let made = clock.now();
        Self {
            limiter: RateLimiter::new(quota, level.clone(), clock.clone()),
            level,
            quota,
            clock,
            made,
        }
    }

    /// Takes one, and says what is left; or says how long it takes until there is one.
    pub(super) fn take(&self) -> Result<Allowance, Duration> {
        match self.limiter.check() {
            Ok(left) => Ok(Allowance {
                remaining: left.remaining_burst_capacity(),
                ..self.allowance()
            }),
            Err(until) => Err(until.wait_time_from(self.clock.now())),
        }
    }

    /// Puts one back. Exact: what one check takes is the same whenever it is taken, and a bucket that is full by now was
    /// full without it sooner.
    pub(super) fn refund(&self) {
        let one = u64::try_from(self.quota.replenish_interval().as_nanos()).unwrap_or(u64::MAX);
        let back = |level: u64| Some(level.saturating_sub(one.max(1)));
        // It always gives a level.
        self.level
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, back)
            .unwrap_or_default();
    }

    /// What is left where nothing can be taken.
    pub(super) fn allowance(&self) -> Allowance {
        let now = self.clock.now().saturating_sub(self.made);
        let full = Duration::from_nanos(self.level.0.load(Ordering::Acquire));
        Allowance {
            limit: self.quota.burst_size().get(),
            remaining: 0,
            reset: full.saturating_sub(now),
        }
    }
}
