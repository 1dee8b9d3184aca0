//! When a question is asked again that no reply has settled.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use statuscheck_domain::reply::{Outcome, Unavailable};

use crate::random;

/// How questions are asked again after a call has ended.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct AgainSettings {
    /// The pause after the first reply that settles nothing; it doubles with each. 5 s: most failures of a department pass
    /// within seconds.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub first: Duration,
    /// The longest pause. 15 min: a department that comes back is noticed soon beside a promise of 48 hours, and one that
    /// is away for days is asked a hundred times a day about a case, not thousands.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub longest: Duration,
    /// After a desk opens, its cases are asked about over so long, not all at once. 2 min: 10,000 cases are 83 a second.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub opening_spread: Duration,
    /// How long one round of asking again waits for replies. 20 s: ten times what a caller waits, and well under the
    /// minute after which a question counts as lost.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub within: Duration,
    /// Cases that are asked about again at once; others wait about as long as the longest pause. 256: a quarter of the seats
    /// for checks whose callers wait.
    pub cases_max: usize,
}

impl Default for AgainSettings {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_mins(15),
            opening_spread: Duration::from_mins(2),
            within: Duration::from_secs(20),
            cases_max: 256,
        }
    }
}

impl AgainSettings {
    /// When to ask again after `outcome`, which came at `now` to a question that was put `times` times; none where it settles
    /// the question.
    ///
    /// Pauses have a fifth of jitter, so that what failed together does not come back together.
    pub(crate) fn after(&self, outcome: &Outcome, times: u32, now: Timestamp) -> Option<Timestamp> {
        let later = |at: Timestamp, by: Duration| at.saturating_add(signed(by)).unwrap_or(Timestamp::MAX);
        match outcome {
            Outcome::Found(_) | Outcome::NoRecord | Outcome::Ambiguous { .. } => None,
            // Repeating does not help before somebody has mended our credentials.
            Outcome::Unavailable(Unavailable::Refused) => Some(later(now, jittered(self.longest))),
            Outcome::Unavailable(_) => Some(later(now, jittered(self.pause(times)))),
            Outcome::Closed { until } => match until.filter(|until| *until > now) {
                Some(until) => Some(later(until, part(self.opening_spread))),
                None => Some(later(now, jittered(self.longest))),
            },
            // A department may be done sooner than it said.
            Outcome::Deferred { expected_by, .. } => {
                let pause = later(now, jittered(self.pause(times)));
                let expected = expected_by.filter(|by| *by > now);
                Some(expected.map_or(pause, |by| pause.min(later(by, part(self.first)))))
            }
        }
    }

    /// When to look again at what could not be asked now.
    pub(crate) fn postponed(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(signed(jittered(self.longest)))
            .unwrap_or(Timestamp::MAX)
    }

    fn pause(&self, times: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(times.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Between nine tenths and eleven tenths of `pause`.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.9) + part(pause.mul_f64(0.2))
}

/// Some part of `whole`.
fn part(whole: Duration) -> Duration {
    let share = u32::from_be_bytes(random::bytes());
    whole.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-06-10T09:00:00Z".parse().unwrap()
    }

    fn pause(outcome: &Outcome, times: u32) -> Option<f64> {
        let at = AgainSettings::default().after(outcome, times, now())?;
        Some(at.duration_since(now()).as_secs_f64())
    }

    #[test]
    fn what_settles_a_question_ends_it() {
        assert_eq!(pause(&Outcome::NoRecord, 1), None);
        let would_settle = Vec::new();
        assert_eq!(pause(&Outcome::Ambiguous { would_settle }, 1), None);
    }

    #[test]
    fn failures_are_asked_again_ever_later_up_to_a_quarter_of_an_hour() {
        let failed = Outcome::Unavailable(Unavailable::Slow);
        for (times, seconds) in [
            (1, 5.0),
            (2, 10.0),
            (5, 80.0),
            (8, 640.0),
            (9, 900.0),
            (4_000, 900.0),
        ] {
            for _ in 0..20 {
                let pause = pause(&failed, times).unwrap();
                assert!(
                    (seconds * 0.899..=seconds * 1.101).contains(&pause),
                    "{times}: {pause}"
                );
            }
        }
        assert!(pause(&Outcome::Unavailable(Unavailable::Refused), 1).unwrap() >= 809.0);
    }

    #[test]
    fn a_closed_desk_is_asked_when_it_opens_and_not_by_all_at_once() {
        let opens = now() + SignedDuration::from_hours(14);
        let closed = Outcome::Closed { until: Some(opens) };
        let pauses: Vec<_> = (0..50).map(|_| pause(&closed, 7).unwrap()).collect();
        let (from, to) = (14.0 * 3_600.0, 14.0 * 3_600.0 + 120.0);
        assert!(pauses.iter().all(|pause| (from..=to).contains(pause)));
        assert!(
            pauses
                .iter()
                .any(|pause| *pause > pauses[0] + 1.0 || *pause < pauses[0] - 1.0)
        );
        for until in [None, Some(now() - SignedDuration::from_hours(1))] {
            assert!(pause(&Outcome::Closed { until }, 1).unwrap() >= 809.0);
        }
    }

    #[test]
    fn deferred_work_is_looked_after_and_at_the_latest_when_it_is_expected() {
        let deferred = |hours| Outcome::Deferred {
            expected_by: Some(now() + SignedDuration::from_hours(hours)),
            ticket: "t".to_owned(),
        };
        assert!(pause(&deferred(48), 1).unwrap() <= 5.51);
        assert!((809.0..=991.0).contains(&pause(&deferred(48), 20).unwrap()));
        let in_a_minute = Outcome::Deferred {
            expected_by: Some(now() + SignedDuration::from_mins(1)),
            ticket: "t".to_owned(),
        };
        assert!((60.0..=65.0).contains(&pause(&in_a_minute, 20).unwrap()));
        assert!((809.0..=991.0).contains(&pause(&deferred(-1), 20).unwrap()));
    }
}
