//! The one place that reads time. Everything else is handed a [`SharedClock`].

use std::sync::{Arc, Mutex, PoisonError};
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
    TimeZone::get("Europe/London").expect("the zone is bundled with the program")
}

/// The machine's clock.
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
