//! Limits of calls, keyed by organisation. Quotas per agreement and probing limits per person belong here too.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use serde::Deserialize;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::OrganisationId;

use crate::error::Error;

/// How many checks one organisation may ask.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Checks a second over time. The default is what one gateway answers comfortably for a handful of large callers.
    pub checks_per_second: NonZeroU32,
    /// Checks at once after a quiet while: a batch pasted by a person, or a client starting up.
    pub burst: NonZeroU32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let Some((checks_per_second, burst)) = NonZeroU32::new(500).zip(NonZeroU32::new(1_000)) else {
            unreachable!("both are above zero")
        };
        Self { checks_per_second, burst }
    }
}

/// The gateway's clock, as governor reads it.
#[derive(Clone)]
struct LimitClock(SharedClock);

impl governor::clock::Clock for LimitClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Rates of all organisations. Only organisations of the register get this far, so the keys are bounded.
pub struct Limits {
    checks: RateLimiter<OrganisationId, DashMapStateStore<OrganisationId>, LimitClock, NoOpMiddleware<Duration>>,
    clock: LimitClock,
}

impl Limits {
    /// Limits that count on `clock`.
    pub fn new(settings: &LimitSettings, clock: SharedClock) -> Self {
        let clock = LimitClock(clock);
        let quota = Quota::per_second(settings.checks_per_second).allow_burst(settings.burst);
        Self { checks: RateLimiter::dashmap_with_clock(quota, clock.clone()), clock }
    }

    /// Takes one check out of the organisation's rate; a rejected one takes nothing.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the exact time to wait.
    pub fn reserve(&self, permit: &Permit) -> Result<(), Error> {
        self.checks.check_key(permit.organisation()).map_err(|until| Error::RateLimited {
            retry_after: until.wait_time_from(self.clock.now()),
            subject: format!("organisation:{}", permit.organisation()),
        })
    }
}
