//! The last hour, minute by minute, for whoever looks at this gateway: how much was asked, what failed, and how long it took.
//!
//! To count is to add to one number of a histogram that only grows; at the beginning of each minute it is noted how far all of them
//! have come, and what lies between two notes is a minute. So nothing is locked on a check's way, and what is kept is a quarter of a
//! megabyte, however much is asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use statuscheck_domain::ids::DepartmentId;

/// Minutes that are told, the one that is not over included.
pub(crate) const MINUTES: usize = 60;

/// Numbers of a histogram: up to 4 µs one for each, then four to each doubling, up to two minutes. So a length is told too long by a
/// quarter of it at the most.
const STEPS: usize = 104;

/// Series: checks, then questions to each department.
const SERIES: usize = 1 + DepartmentId::ALL.len();

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Load {
    /// Calls that ask one check.
    Checks,
    /// Questions to a department.
    Questions(DepartmentId),
}

/// What came of one minute.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Minute {
    pub(crate) count: u64,
    /// Of these, those that failed.
    pub(crate) failed: u64,
    /// Within what half of them were done, and 95 of 100; none where there were none.
    pub(crate) within: Option<[Duration; 2]>,
}

/// How far the numbers of one series have come.
#[derive(Clone, Copy)]
struct Counts {
    steps: [u64; STEPS],
    failed: u64,
}

struct Series {
    steps: [AtomicU64; STEPS],
    failed: AtomicU64,
}

/// Where all series stood when a minute began.
struct Note {
    minute: u64,
    counts: Box<[Counts; SERIES]>,
}

/// Counts the last hour.
pub(crate) struct Hour {
    series: [Series; SERIES],
    /// Oldest first; the last one is of the minute that is not over.
    notes: Mutex<VecDeque<Note>>,
}

impl Hour {
    /// Nothing yet, at that time of the clock's `elapsed`.
    pub(super) fn new(now: Duration) -> Self {
        let hour = Self {
            series: std::array::from_fn(|_| Series::new()),
            notes: Mutex::default(),
        };
        hour.turn(now);
        hour
    }

    /// Something ended that took so long.
    pub(super) fn count(&self, load: Load, took: Duration, failed: bool) {
        let series = &self.series[load.place()];
        series.steps[step(took)].fetch_add(1, Ordering::Relaxed);
        if failed {
            series.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes where everything stands, where a minute has begun since that was done last.
    pub(super) fn turn(&self, now: Duration) {
        let minute = now.as_secs() / 60;
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = minute.saturating_sub(MINUTES as u64 - 1);
        let next = notes.back().map_or(minute, |last| last.minute + 1);
        for minute in next.max(earliest)..=minute {
            notes.push_back(Note {
                minute,
                counts: Box::new(std::array::from_fn(|place| self.series[place].counts())),
            });
        }
        while notes.front().is_some_and(|first| first.minute < earliest) {
            notes.pop_front();
        }
    }

    /// The minutes of the last hour up to `now`, the oldest first; those before this gateway began are left out.
    pub(crate) fn minutes(&self, load: Load, now: Duration) -> Vec<Minute> {
        self.turn(now);
        let place = load.place();
        let newest = self.series[place].counts();
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = notes.iter().map(|note| note.counts[place]);
        let ends = starts.clone().skip(1).chain([newest]);
        starts.zip(ends).map(|(start, end)| end.since(&start)).collect()
    }
}

impl Load {
    const fn place(self) -> usize {
        match self {
            Self::Checks => 0,
            Self::Questions(department) => 1 + department as usize,
        }
    }
}

impl Series {
    fn new() -> Self {
        Self {
            steps: std::array::from_fn(|_| AtomicU64::new(0)),
            failed: AtomicU64::new(0),
        }
    }

    fn counts(&self) -> Counts {
        Counts {
            steps: std::array::from_fn(|step| self.steps[step].load(Ordering::Relaxed)),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

impl Counts {
    fn since(&self, start: &Self) -> Minute {
        let steps: [u64; STEPS] =
            std::array::from_fn(|step| self.steps[step].saturating_sub(start.steps[step]));
        let count = steps.iter().sum();
        Minute {
            count,
            failed: self.failed.saturating_sub(start.failed).min(count),
            within: (count > 0).then(|| [50, 95].map(|percent| within(&steps, count, percent))),
        }
    }
}

/// Within what so many percent were done (nearest rank): the end of the step that the last of them is in.
fn within(steps: &[u64; STEPS], count: u64, percent: u64) -> Duration {
    let rank = (count * percent).div_ceil(100);
    let mut passed = 0;
    let reached = steps.iter().position(|step| {
        passed += step;
        passed >= rank
    });
    Duration::from_micros(end(reached.unwrap_or(STEPS - 1)))
}

/// The step of a length of time.
fn step(took: Duration) -> usize {
    let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if us < 4 {
        return us as usize;
    }
    let doublings = us.ilog2();
    let quarter = (us >> (doublings - 2)) & 3;
    ((doublings as usize - 1) * 4 + quarter as usize).min(STEPS - 1)
}

/// Where a step ends, in microseconds.
const fn end(step: usize) -> u64 {
    let step = step as u64;
    if step < 4 {
        return step + 1;
    }
    (4 + step % 4 + 1) << (step / 4 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKS: Load = Load::Checks;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn every_length_lies_in_a_step_that_ends_above_it_by_a_quarter_at_the_most() {
        for us in (0..5_000).chain((5_000..60_000_000).step_by(77_777)) {
            let step = step(Duration::from_micros(us));
            let (start, end) = (step.checked_sub(1).map_or(0, end), end(step));
            assert!(start <= us && us < end, "{us}: {start} to {end}");
            assert!(end - start <= (start / 4).max(1), "{us}: {start} to {end}");
        }
        assert_eq!(step(Duration::MAX), STEPS - 1);
    }

    #[test]
    fn each_minute_has_what_ended_in_it() {
        let hour = Hour::new(seconds(30));
        hour.count(CHECKS, Duration::from_micros(900), false);
        hour.count(Load::Questions(DepartmentId::Dwp), seconds(1), true);
        hour.turn(seconds(60));
        for ms in 1..=100 {
            hour.count(CHECKS, Duration::from_millis(ms), ms > 98);
        }
        let minutes = hour.minutes(CHECKS, seconds(119));
        assert_eq!(
            minutes.iter().map(|minute| minute.count).collect::<Vec<_>>(),
            [1, 100]
        );
        assert_eq!(minutes[1].failed, 2);
        let [half, most] = minutes[1].within.unwrap();
        assert!((50..=63).contains(&half.as_millis()), "{half:?}");
        assert!((95..=119).contains(&most.as_millis()), "{most:?}");
        // The next minute begins with nothing.
        let minutes = hour.minutes(CHECKS, seconds(120));
        assert_eq!(minutes.last(), Some(&Minute::default()));
        let dwp = hour.minutes(Load::Questions(DepartmentId::Dwp), seconds(120));
        assert_eq!((dwp[0].count, dwp[0].failed, dwp[1].count), (1, 1, 0));
    }

    #[test]
    fn an_hour_is_kept_and_no_more_however_long_nobody_looked() {
        let hour = Hour::new(seconds(0));
        hour.count(CHECKS, seconds(1), false);
        for minute in 1..200 {
            hour.turn(seconds(minute * 60));
        }
        hour.count(CHECKS, seconds(1), false);
        let minutes = hour.minutes(CHECKS, seconds(200 * 60));
        assert_eq!(minutes.len(), MINUTES);
        assert_eq!(minutes.iter().map(|minute| minute.count).sum::<u64>(), 1);
        assert_eq!(minutes[MINUTES - 2].count, 1);
        let after_days = hour.minutes(CHECKS, seconds(1_000_000));
        assert_eq!(after_days.len(), MINUTES);
        assert!(after_days.iter().all(|minute| minute.count == 0));
    }
}
