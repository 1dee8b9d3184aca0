//! The one place that reads time. Everything else is handed a [`SharedClock`].

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Time, as the gateway is told it.
pub trait Clock: Send + Sync + 'static {
    /// Wall clock: for events, due times and dates.
    fn now(&self) -> Timestamp;
    /// Monotonic time since some fixed start: for durations, never for dates.
    fn elapsed(&self) -> Duration;
    /// Seconds of the wall clock to one of the monotonic clock: 1 but for a [`ScaledClock`]. Who waits for a moment of the
    /// wall clock with a timer divides by it.
    fn rate(&self) -> NonZeroU32 {
        NonZeroU32::MIN
    }
}

/// A clock that everyone may hold.
pub type SharedClock = Arc<dyn Clock>;

/// The day in London at `now`: every date of a check is judged there.
///
/// The zone comes from the data bundled with the program, so the answer is the same on every machine.
pub fn london_day(now: Timestamp) -> Date {
    now.to_zoned(london()).date()
}

/// Europe/London.
pub fn london() -> TimeZone {
    // Every check asks for it several times, and to look it up among all zones takes longer than to use it.
    static LONDON: LazyLock<TimeZone> =
        LazyLock::new(|| TimeZone::get("Europe/London").expect("the zone is bundled with the program"));
    LONDON.clone()
}

/// The machine's clock.
// Away from the count of those who hold it: every call reads the one and many change the other, on several processors.
#[repr(align(128))]
#[derive(Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock that starts now.
    #[allow(
        clippy::disallowed_methods,
        reason = "the one clock that reads the machine's time"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// A new clock behind an [`Arc`].
    pub fn shared() -> SharedClock {
        Arc::new(Self::new())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one clock that reads the machine's time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock whose wall clock runs ahead of the machine's, so that days of deadlines can be watched in seconds; for demos.
///
/// The monotonic clock is the machine's own: what a call may take, limits and breakers go by real time.
#[derive(Clone, Copy)]
pub struct ScaledClock {
    machine: SystemClock,
    start: Timestamp,
    rate: NonZeroU32,
}

impl ScaledClock {
    /// The machine's time now, or `not_before` where that is later, and from here on `rate` times as fast: what such a clock was
    /// shown before lies ahead of the machine's, and must not come again.
    pub fn new(rate: NonZeroU32, not_before: Option<Timestamp>) -> Self {
        let machine = SystemClock::new();
        let now = machine.now();
        Self {
            start: not_before.map_or(now, |not_before| now.max(not_before)),
            machine,
            rate,
        }
    }

    fn after(start: Timestamp, elapsed: Duration, rate: NonZeroU32) -> Timestamp {
        let ran = elapsed.saturating_mul(rate.get());
        let ran = SignedDuration::try_from(ran).unwrap_or(SignedDuration::MAX);
        start.saturating_add(ran).unwrap_or(Timestamp::MAX)
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        Self::after(self.start, self.machine.elapsed(), self.rate)
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed()
    }

    fn rate(&self) -> NonZeroU32 {
        self.rate
    }
}

/// A clock that stands still until it is told to move; for tests.
#[derive(Clone)]
pub struct ManualClock {
    state: Arc<Mutex<(Timestamp, Duration)>>,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            state: Arc::new(Mutex::new((now, Duration::ZERO))),
        }
    }

    /// Moves both the wall clock and the monotonic clock on.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let step = SignedDuration::try_from(by).unwrap_or(SignedDuration::ZERO);
        state.0 = state.0.saturating_add(step).unwrap_or(state.0);
        state.1 += by;
    }

    /// Sets the wall clock alone, as an operator or a time server might, backwards too.
    pub fn set_wall(&self, now: Timestamp) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn elapsed(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: NonZeroU32 = NonZeroU32::new(3_600).unwrap();

    #[test]
    fn two_days_of_a_scaled_clock_pass_in_48_seconds() {
        let start: Timestamp = "2026-03-28T12:00:00Z".parse().unwrap();
        let after = |seconds| ScaledClock::after(start, Duration::from_secs(seconds), FAST);
        assert_eq!(after(0), start);
        assert_eq!(after(1), start + SignedDuration::from_hours(1));
        assert_eq!(after(48), start + SignedDuration::from_hours(48));
    }

    #[test]
    fn a_scaled_clock_starts_at_the_machines_time_and_ends_with_time_itself() {
        let machine = SystemClock::new();
        let (before, clock, later) = (machine.now(), ScaledClock::new(FAST, None), machine.now());
        assert!((before..=later).contains(&clock.start));
        let ahead = later + SignedDuration::from_hours(48);
        assert_eq!(ScaledClock::new(FAST, Some(ahead)).start, ahead);
        assert!(ScaledClock::new(FAST, Some(before - SignedDuration::from_hours(1))).start >= before);
        let (start, rate) = (clock.start, NonZeroU32::MAX);
        assert_eq!(ScaledClock::after(start, Duration::MAX, rate), Timestamp::MAX);
    }

    #[test]
    fn only_the_wall_clock_of_a_scaled_clock_is_fast() {
        let clock = ScaledClock::new(FAST, None);
        let (before, now, after) = (clock.elapsed(), clock.now(), clock.elapsed());
        let ran = now.duration_since(clock.start).unsigned_abs();
        assert!(
            (before * FAST.get()..=after * FAST.get()).contains(&ran),
            "{ran:?}"
        );
        assert_eq!((clock.rate(), SystemClock::new().rate()), (FAST, NonZeroU32::MIN));
    }
}
