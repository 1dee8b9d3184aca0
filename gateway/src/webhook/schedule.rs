//! When a notice that was not taken is tried again. Pure: what time it is and what chance has drawn are told.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as span;
use serde::Deserialize;

use super::DeliveryError;

/// Pauses that grow, with chance in them, until a notice is given up.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySchedule {
    /// Before the second attempt. 5 s: enough for an instance that restarts to leave its load balancer.
    #[serde(with = "span")]
    pub first_pause: Duration,
    /// What each pause is of the one before. 4: seven attempts in the first two hours, then
    /// some three a day.
    pub growth: u32,
    /// The longest pause. 8 h: a receiver that was mended has waited no longer than a working day.
    #[serde(with = "span")]
    pub pause_max: Duration,
    /// What chance may take off a pause, in percent of it, 0 to 100. 20: notices that failed together do not come together.
    pub jitter_percent: u8,
    /// From the first attempt to the last; then the notice is parked. 72 h, which is also the most: a weekend and a day.
    #[serde(with = "span")]
    pub give_up_after: Duration,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(5),
            growth: 4,
            pause_max: Duration::from_hours(8),
            jitter_percent: 20,
            give_up_after: Self::GIVE_UP_AFTER_MAX,
        }
    }
}

/// What has been tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tried {
    /// Attempts made, the one that just failed included: at least 1.
    pub attempts: u32,
    /// Time since the first of them began.
    pub since_first: Duration,
}

/// What follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Another attempt, so much later.
    Again(Duration),
    /// None, until an operator says so.
    Park,
}

impl RetrySchedule {
    /// The longest time for one notice.
    pub const GIVE_UP_AFTER_MAX: Duration = Duration::from_hours(72);

    /// What follows from a failed attempt. `random` is any number, each as likely as the others.
    pub fn after(&self, failed: &DeliveryError, tried: Tried, random: u64) -> Next {
        if failed.parks() {
            return Next::Park;
        }
        self.next(tried, failed.retry_after(), random)
    }

    /// What follows where another attempt may help. What the receiver asks for in `retry_after` lengthens a pause up to the
    /// longest, and never shortens it. The last attempt is exactly at the end of the time.
    pub fn next(&self, tried: Tried, retry_after: Option<Duration>, random: u64) -> Next {
        let left = self.give_up_after.saturating_sub(tried.since_first);
        if left.is_zero() {
            return Next::Park;
        }
        let pause = self.jittered(self.pause(tried.attempts), random);
        let asked_for = retry_after.unwrap_or_default().min(self.pause_max);
        Next::Again(pause.max(asked_for).min(left))
    }

    /// The shortest pause that there is.
    pub fn shortest_pause(&self) -> Duration {
        self.jittered(self.pause(1), u64::MAX)
    }

    /// The pause after so many attempts, before chance.
    fn pause(&self, attempts: u32) -> Duration {
        let factor = self.growth.saturating_pow(attempts.saturating_sub(1));
        let pause_max = self.pause_max.min(Self::GIVE_UP_AFTER_MAX);
        self.first_pause.saturating_mul(factor).min(pause_max)
    }

    fn jittered(&self, pause: Duration, random: u64) -> Duration {
        let spread = pause * u32::from(self.jitter_percent.min(100)) / 100;
        // Three days have fewer than 2^48 nanoseconds, so nothing is lost here.
        let share = (spread.as_nanos() * u128::from(random)) >> u64::BITS;
        pause.saturating_sub(Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
