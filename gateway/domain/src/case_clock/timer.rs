//! The part of a clock that is kept in memory for every open case: small, and read without a calendar.

use jiff::Timestamp;

use super::Reckoning;
use crate::sla::Thresholds;

/// Whose turn it is, as the clock sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// A department's, or the taskforce's: the clock runs.
    Departments,
    /// The caller's: the clock is paused.
    Caller,
    /// Nobody's: the clock has stopped.
    Nobody,
}

/// What is fired once a part of the promised time has gone by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// So many percent have gone by: 1 to 99.
    AtRisk(u8),
    /// All of it has, and the answer is late.
    Breached,
}

impl Step {
    /// The step of `percent`.
    pub const fn at(percent: u8) -> Self {
        match percent {
            ..100 => Self::AtRisk(percent),
            _ => Self::Breached,
        }
    }

    /// How much of the time has gone by.
    pub const fn percent(self) -> u8 {
        match self {
            Self::AtRisk(percent) => percent,
            Self::Breached => 100,
        }
    }
}

/// A step to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NextStep {
    /// Which.
    pub step: Step,
    /// The first instant at which it may be fired. For [`Step::Breached`] that is the one after the due time: due at the
    /// instant, breached strictly after it. Round it up, never down.
    pub from: Timestamp,
}

const EARLY: usize = Thresholds::EARLY_MAX;

/// The parts of a clock that tell what is due: 48 bytes, because a million may be kept in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timer {
    /// Nanoseconds since 1970, of the thresholds below 100%.
    early: [i64; EARLY],
    due: i64,
    /// When it was paused or, never having been paused since, stopped.
    stood_at: i64,
    /// Of the thresholds below 100%; 0 where there are fewer.
    percents: [u8; EARLY],
    /// The highest step that was fired; 0 for none.
    fired: u8,
    turn: Turn,
}

const _: () = assert!(size_of::<Timer>() <= 48);

impl Timer {
    pub(super) fn new(thresholds: &Thresholds, reckoning: &Reckoning) -> Self {
        let mut timer = Self {
            early: [0; EARLY],
            due: 0,
            stood_at: 0,
            percents: [0; EARLY],
            fired: 0,
            turn: Turn::Departments,
        };
        timer.set(thresholds, reckoning);
        timer
    }

    pub(super) fn set(&mut self, thresholds: &Thresholds, reckoning: &Reckoning) {
        self.percents = [0; EARLY];
        let slots = self.percents.iter_mut().zip(&mut self.early);
        for ((percent, at), (threshold, instant)) in slots.zip(thresholds.early().zip(&reckoning.early)) {
            *percent = threshold.percent;
            *at = nanos(*instant);
        }
        self.due = nanos(reckoning.due_at);
    }

    pub(super) fn pause(&mut self, at: Timestamp) {
        self.turn = Turn::Caller;
        self.stood_at = nanos(at);
    }

    pub(super) fn resume(&mut self) {
        self.turn = Turn::Departments;
    }

    pub(super) fn stop(&mut self, at: Timestamp) {
        if self.turn == Turn::Departments {
            self.stood_at = nanos(at);
        }
        self.turn = Turn::Nobody;
    }

    pub(super) fn fired(&mut self, step: Step) {
        self.fired = step.percent();
    }

    /// When the answer is due.
    pub fn due_at(&self) -> Timestamp {
        instant(self.due)
    }

    /// When most of the time is gone: the last threshold below 100%, or the due time where there is none.
    pub fn risk_at(&self) -> Timestamp {
        let mut early = self.percents.into_iter().zip(self.early);
        let last = early.rfind(|(percent, _)| *percent > 0);
        instant(last.map_or(self.due, |(_, at)| at))
    }

    /// Whose turn it is.
    pub fn turn(&self) -> Turn {
        self.turn
    }

    /// The answer is late at `now`, or was when the clock last ran.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        let until = match self.turn {
            Turn::Departments => nanos(now),
            Turn::Caller | Turn::Nobody => self.stood_at,
        };
        until > self.due
    }

    /// Whether `step`, or a later one, was fired.
    pub fn has_fired(&self, step: Step) -> bool {
        step.percent() <= self.fired
    }

    /// The steps to come, in their order; none while the clock stands still. A step that was fired never comes again,
    /// also where more time was given since.
    pub fn to_come(&self) -> impl Iterator<Item = NextStep> {
        let early = self.percents.into_iter().zip(self.early);
        let is_running = self.turn == Turn::Departments;
        let fired = self.fired;
        early
            .chain([(100, self.due.saturating_add(1))])
            .filter(move |(percent, _)| is_running && *percent > fired)
            .map(|(percent, from)| NextStep {
                step: Step::at(percent),
                from: instant(from),
            })
    }

    /// The step that comes next.
    pub fn next_step(&self) -> Option<NextStep> {
        self.to_come().next()
    }

    /// The steps to fire at `now`, in their order.
    pub fn due_steps(&self, now: Timestamp) -> impl Iterator<Item = Step> {
        self.to_come()
            .take_while(move |next| next.from <= now)
            .map(|next| next.step)
    }
}

/// Machines do not show a time after 2262, where this ends.
fn nanos(instant: Timestamp) -> i64 {
    let nanos = instant.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn instant(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::MAX)
}
