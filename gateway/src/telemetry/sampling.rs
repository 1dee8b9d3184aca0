//! Which calls are followed.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde::Deserialize;
use statuscheck_domain::clock::SharedClock;

use crate::limits::LimitClock;
use crate::random;

/// How many calls are followed, unless `OTEL_TRACES_SAMPLER` says otherwise.
#[derive(Clone, Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct TraceSettings {
    /// Part of the calls that are followed by our own dice, 0 to 1. 0.01: a hundred traces of ten thousand calls show every way that
    /// is usual, and cost a hundredth of what all would.
    pub ratio: f64,
    /// Calls a second, in all, that are followed because their caller follows them; 0 for none. 10: enough for everybody who looks
    /// into something, and nothing to one who would have all of theirs followed.
    pub callers_per_second_max: u32,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            ratio: 0.01,
            callers_per_second_max: 10,
        }
    }
}

/// Decides, before anything is made for a call.
pub(super) struct Sampling {
    /// Of 2⁶⁴ throws, those that are followed are below; all where it is the greatest.
    below: u64,
    /// What the last throw was made from.
    seed: AtomicU64,
    callers: Option<RateLimiter<NotKeyed, InMemoryState, LimitClock, NoOpMiddleware<std::time::Duration>>>,
}

impl Sampling {
    pub(super) fn new(settings: &TraceSettings, clock: &SharedClock) -> Self {
        let callers = NonZeroU32::new(settings.callers_per_second_max);
        let limited = |rate| RateLimiter::direct_with_clock(Quota::per_second(rate), LimitClock::of(clock));
        Self {
            below: threshold(settings.ratio),
            seed: AtomicU64::new(u64::from_ne_bytes(random::bytes())),
            callers: callers.map(limited),
        }
    }

    /// Whether a call is followed, which its caller follows or does not.
    pub(super) fn follows(&self, by_caller: bool) -> bool {
        if by_caller
            && self
                .callers
                .as_ref()
                .is_some_and(|callers| callers.check().is_ok())
        {
            return true;
        }
        self.below == u64::MAX || self.throw() < self.below
    }

    /// SplitMix64: a step and a few multiplications, which no caller can foresee without the seed. Nothing hangs on it but which
    /// calls are followed.
    fn throw(&self) -> u64 {
        let mut state = self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio of 0 to 1 of the whole is within it, and a float becomes the nearest whole number that is"
)]
fn threshold(ratio: f64) -> u64 {
    (ratio.clamp(0.0, 1.0) * 2f64.powi(64)) as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use statuscheck_domain::clock::ManualClock;

    use super::*;

    fn sampling(ratio: f64, callers_per_second_max: u32) -> (ManualClock, Sampling) {
        let clock = ManualClock::at("2026-06-10T09:00:00Z".parse().unwrap());
        let settings = TraceSettings {
            ratio,
            callers_per_second_max,
        };
        let sampling = Sampling::new(&settings, &(Arc::new(clock.clone()) as SharedClock));
        (clock, sampling)
    }

    fn followed(sampling: &Sampling, calls: usize, by_caller: bool) -> usize {
        (0..calls).filter(|_| sampling.follows(by_caller)).count()
    }

    #[test]
    fn all_are_followed_none_or_about_one_in_a_hundred() {
        assert_eq!(followed(&sampling(1.0, 0).1, 1_000, false), 1_000);
        assert_eq!(followed(&sampling(0.0, 0).1, 1_000, false), 0);
        let hundredth = followed(&sampling(0.01, 0).1, 100_000, false);
        assert!((700..1_300).contains(&hundredth), "{hundredth}");
    }

    #[test]
    fn callers_have_some_of_their_calls_followed_and_never_all() {
        let (clock, sampling) = sampling(0.0, 10);
        assert_eq!(followed(&sampling, 1_000, true), 10);
        clock.advance(Duration::from_secs(1));
        assert_eq!(followed(&sampling, 1_000, true), 10);
        assert_eq!(followed(&sampling, 1_000, false), 0);
    }

    #[test]
    fn where_callers_do_not_count_the_dice_do() {
        let (_clock, sampling) = sampling(0.0, 0);
        assert_eq!(followed(&sampling, 1_000, true), 0);
    }
}
