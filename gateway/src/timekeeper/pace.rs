//! Whether the wall clock can be believed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::clock::SharedClock;

use super::TimekeeperSettings;

/// Compares the wall clock with the monotonic one.
pub(super) struct Pace {
    clock: SharedClock,
    jump: SignedDuration,
    settle: Duration,
    /// What both showed at the last look.
    last: (Timestamp, Duration),
    /// Since when the wall clock keeps a time that it jumped to; by the monotonic one.
    jumped: Option<Duration>,
}

impl Pace {
    pub(super) fn new(settings: &TimekeeperSettings, clock: &SharedClock) -> Self {
        Self {
            last: (clock.now(), clock.elapsed()),
            clock: clock.clone(),
            jump: SignedDuration::try_from(settings.jump).unwrap_or(SignedDuration::MAX),
            settle: settings.settle,
            jumped: None,
        }
    }

    /// What the time is; none while the wall clock is not to be believed.
    pub(super) fn now(&mut self) -> Option<Timestamp> {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let (wall, ran) = self.last;
        self.last = (now, elapsed);
        let ran = SignedDuration::try_from(elapsed.saturating_sub(ran)).unwrap_or(SignedDuration::MAX);
        let apart = now.duration_since(wall) - ran;
        if apart.abs() > self.jump {
            tracing::warn!(
                seconds = apart.as_secs(),
                "the wall clock jumped; nothing becomes due until it has kept its time for a while"
            );
            self.jumped = Some(elapsed);
        }
        match self.jumped {
            Some(since) if elapsed.saturating_sub(since) < self.settle => None,
            _ => {
                self.jumped = None;
                Some(now)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use statuscheck_domain::clock::{Clock as _, ManualClock};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> (ManualClock, Pace) {
        let clock = ManualClock::at("2026-06-10T09:00:00Z".parse().unwrap());
        let shared: SharedClock = Arc::new(clock.clone());
        let pace = Pace::new(&TimekeeperSettings::default(), &shared);
        (clock, pace)
    }

    #[test]
    fn a_clock_that_keeps_step_is_believed() {
        let (clock, mut pace) = pace();
        for _ in 0..100 {
            clock.advance(SECOND);
            assert_eq!(pace.now(), Some(clock.now()));
        }
    }

    #[test]
    fn a_clock_that_jumped_is_believed_once_it_kept_its_time_for_a_minute() {
        for hours in [-120, 120] {
            let (clock, mut pace) = pace();
            clock.set_wall(clock.now() + SignedDuration::from_hours(hours));
            for _ in 0..60 {
                assert_eq!(pace.now(), None);
                clock.advance(SECOND);
            }
            assert_eq!(pace.now(), Some(clock.now()));
        }
    }

    #[test]
    fn a_clock_that_is_put_right_must_keep_its_time_as_well() {
        let (clock, mut pace) = pace();
        clock.set_wall(clock.now() + SignedDuration::from_hours(120));
        assert_eq!(pace.now(), None);
        clock.set_wall(clock.now() - SignedDuration::from_hours(120));
        assert_eq!(pace.now(), None);
        clock.advance(SECOND * 60);
        assert_eq!(pace.now(), Some(clock.now()));
    }

    #[test]
    fn a_machine_that_slept_goes_on_a_minute_later() {
        let (clock, mut pace) = pace();
        // The monotonic clock stands still while a machine sleeps.
        clock.set_wall(clock.now() + SignedDuration::from_hours(8));
        assert_eq!(pace.now(), None);
        clock.advance(SECOND * 61);
        assert!(pace.now().is_some());
    }
}
