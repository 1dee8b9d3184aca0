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
            jump: signed(scaled(settings.jump, clock)),
            settle: settings.settle,
            jumped: None,
        }
    }

    /// What the time is; none while the wall clock is not to be believed.
    pub(super) fn now(&mut self) -> Option<Timestamp> {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let (wall, ran) = self.last;
        self.last = (now, elapsed);
        let ran = signed(scaled(elapsed.saturating_sub(ran), &self.clock));
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

/// What the wall clock shows after `real` time.
pub(super) fn scaled(real: Duration, clock: &SharedClock) -> Duration {
    real.saturating_mul(clock.rate().get())
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
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

    /// A clock whose wall clock is set by the test, at a rate.
    struct Fast(ManualClock);

    impl statuscheck_domain::clock::Clock for Fast {
        fn now(&self) -> Timestamp {
            self.0.now()
        }

        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }

        fn rate(&self) -> std::num::NonZeroU32 {
            std::num::NonZeroU32::new(3_600).unwrap()
        }
    }

    #[test]
    fn a_clock_that_runs_fast_is_believed_where_that_is_its_rate() {
        let clock = ManualClock::at("2026-06-10T09:00:00Z".parse().unwrap());
        let shared: SharedClock = Arc::new(Fast(clock.clone()));
        let mut pace = Pace::new(&TimekeeperSettings::default(), &shared);
        for _ in 0..10 {
            clock.set_wall(clock.now() + SignedDuration::from_secs(3_599));
            clock.advance(SECOND);
            assert_eq!(pace.now(), Some(clock.now()));
        }
        clock.set_wall(clock.now() + SignedDuration::from_hours(5));
        clock.advance(SECOND);
        assert!(pace.now().is_some(), "five hours are five seconds of its own");
        clock.set_wall(clock.now() + SignedDuration::from_hours(7));
        clock.advance(SECOND);
        assert_eq!(pace.now(), None);
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
