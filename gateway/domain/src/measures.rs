//! Measures of an agreement: how many checks, how soon they were answered and how, as known at any time of the past
//! (report 6.60, 6.106: two departments never quote two figures).
//!
//! What counts of a case is its [`Course`]: what changed, and when. Nothing in it is about a person or says who asked, so it can
//! stay when the case goes. A change never alters what was noted before it, so the figures as of a time are the same whenever they
//! are counted; only the changes up to that time are looked at.

mod figures;

use jiff::Timestamp;

use crate::answer::Outcome;
use crate::case::{Case, CaseState, HistoryError};
use crate::case_clock::Turn;
use crate::event::{Event, EventKind};
use crate::ids::{AgreementId, CaseId};
use crate::timing::Timing;

pub use self::figures::{Figures, Percentiles, Tally, Turnaround};

/// What counts of one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Course {
    /// Under what it was asked.
    pub agreement: AgreementId,
    /// When it was received.
    pub received: Timestamp,
    /// What changed since, in the order of the case's events.
    pub marks: Vec<Mark>,
}

/// A change that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// When.
    pub time: Timestamp,
    /// What.
    pub change: Milestone,
}

/// The changes that count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Milestone {
    /// From here on the answer is due then, and the time runs.
    Due(Timestamp),
    /// The time stands still, or has stopped; the answer was due then.
    Stood(Timestamp),
    /// What the case has come to.
    Stage(Stage),
    /// An answer was disputed.
    Disputed,
    /// The caller said what came of the answer.
    Feedback,
    /// A question was charged to a quota.
    Charged,
    /// A question that was not sent was given back to a quota.
    Refunded,
    /// A department was called.
    Called(Timing),
}

/// What a case that was decided about has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It waits for a department.
    Open,
    /// It waits for its caller.
    Awaiting,
    /// It waits for the taskforce.
    Referred,
    /// It was answered: established.
    Established,
    /// It was answered: not established.
    NotEstablished,
    /// Its caller needs it no longer.
    Withdrawn,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Awaiting,
        Self::Referred,
        Self::Established,
        Self::NotEstablished,
        Self::Withdrawn,
    ];

    /// The name in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Awaiting => "awaiting",
            Self::Referred => "referred",
            Self::Established => "established",
            Self::NotEstablished => "not_established",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// It is an answer.
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Established | Self::NotEstablished)
    }

    fn of(case: &Case) -> Option<Self> {
        if !case.is_decided() {
            return None;
        }
        Some(match case.state {
            CaseState::Open => Self::Open,
            CaseState::AwaitingInformation => Self::Awaiting,
            CaseState::Referred => Self::Referred,
            CaseState::Withdrawn => Self::Withdrawn,
            CaseState::Answered => match case.answer.outcome {
                Outcome::Established { .. } => Self::Established,
                Outcome::NotEstablished(_)
                | Outcome::Pending { .. }
                | Outcome::MoreInformation { .. }
                | Outcome::Referred { .. } => Self::NotEstablished,
            },
        })
    }
}

impl Course {
    /// The course of a case that has these events.
    ///
    /// # Errors
    /// [`HistoryError`] where they are no history of a case.
    pub fn of(id: CaseId, events: impl IntoIterator<Item = Event>) -> Result<Self, HistoryError> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(HistoryError::Empty)?;
        let mut case = Case::fold(id, [first])?;
        let mut course = Self {
            agreement: case.receipt.agreement_id.clone(),
            received: case.create_time,
            marks: Vec::new(),
        };
        let (mut time, mut stage) = (due(&case), None);
        course.note(case.create_time, time);
        for event in events {
            let at = event.time;
            let told = of_event(&event.kind);
            case = case.after(event)?;
            for change in told.into_iter().flatten() {
                course.note(at, change);
            }
            if let Some(now) = Stage::of(&case).filter(|now| Some(*now) != stage) {
                stage = Some(now);
                course.note(at, Milestone::Stage(now));
            }
            // After the stage, so that an answer is judged by the time that ran until it.
            let now = due(&case);
            if now != time {
                time = now;
                course.note(at, now);
            }
        }
        Ok(course)
    }

    fn note(&mut self, time: Timestamp, change: Milestone) {
        self.marks.push(Mark { time, change });
    }
}

/// What an event alone says.
fn of_event(kind: &EventKind) -> [Option<Milestone>; 2] {
    match kind {
        EventKind::Asked { charged, .. } => [charged.map(|_month| Milestone::Charged), None],
        EventKind::Replied { refunded, timing, .. } => [
            refunded.map(|_month| Milestone::Refunded),
            timing.map(Milestone::Called),
        ],
        EventKind::Disputed { .. } => [Some(Milestone::Disputed), None],
        EventKind::Feedback(_) => [Some(Milestone::Feedback), None],
        // What they come to, the case says.
        _ => [None, None],
    }
}

/// When the answer is due, and whether the time runs.
fn due(case: &Case) -> Milestone {
    let (due_at, runs) = match &case.clock {
        Some(clock) => (clock.due_at(), clock.turn() == Turn::Departments),
        None => (
            case.receipt.clock.due_at,
            matches!(case.state, CaseState::Open | CaseState::Referred),
        ),
    };
    if runs {
        Milestone::Due(due_at)
    } else {
        Milestone::Stood(due_at)
    }
}

#[cfg(test)]
#[path = "measures_tests.rs"]
mod tests;
