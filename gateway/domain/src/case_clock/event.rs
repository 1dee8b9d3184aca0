//! What happens to a clock, with what was reckoned from it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use super::{ClockTerms, Step};
use crate::ids::DueOrderId;
use crate::sla::WorkingDays;

/// Something that happened to a clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClockEvent {
    /// It was started, or its terms were changed.
    Set(Box<Setting>),
    /// It was paused, resumed or extended.
    Moved(Box<Moved>),
    /// A part of the time has gone by, and those concerned are told.
    Stepped(Step),
    /// The case is answered or withdrawn.
    Stopped,
}

impl ClockEvent {
    /// The stable name in a case's history.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Set(setting) => match setting.cause {
                Cause::Started => "clock_started",
                Cause::Reopened => "clock_reopened",
                Cause::Hastened => "clock_hastened",
                Cause::Ordered => "clock_recomputed",
            },
            Self::Moved(moved) => match moved.movement {
                Movement::Paused => "clock_paused",
                Movement::Resumed => "clock_resumed",
                Movement::Extended { .. } => "clock_extended",
            },
            Self::Stepped(Step::AtRisk(_)) => "at_risk",
            Self::Stepped(Step::Breached) => "breached",
            Self::Stopped => "clock_stopped",
        }
    }
}

/// Terms under which a clock counts, and what follows from them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Why.
    pub cause: Cause,
    /// The terms.
    pub terms: ClockTerms,
    /// What follows.
    pub reckoning: Reckoning,
}

/// Why a clock has the terms that it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The check was received.
    Started,
    /// The answer was disputed: another clock, from nothing.
    Reopened,
    /// A department states that the person is vulnerable: the shorter promise, counted from the start.
    Hastened,
    /// An order counts it anew, under the policy and the calendar that its terms name.
    Ordered,
}

/// A movement, and what follows from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// The movement.
    pub movement: Movement,
    /// What follows.
    pub reckoning: Reckoning,
}

/// What moves the due time of a clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Movement {
    /// It is the caller's turn.
    Paused,
    /// The caller's turn is over.
    Resumed,
    /// An order gave more time.
    Extended {
        /// How much.
        by: Extension,
        /// Why.
        reason: Reason,
        /// Which order it was; none moves a clock twice.
        order: DueOrderId,
    },
}

/// More time. It moves the due time in its own measure, and the clock gains what that is in the clock's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// Elapsed time.
    Elapsed(Duration),
    /// Working days in the calendar of the case.
    Working(WorkingDays),
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 4] = [Self::Started, Self::Reopened, Self::Hastened, Self::Ordered];

    /// The name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Reopened => "reopened",
            Self::Hastened => "hastened",
            Self::Ordered => "ordered",
        }
    }
}

impl Extension {
    /// The longest elapsed time of one extension, as of one promise.
    pub const ELAPSED_MAX: Duration = Duration::from_hours(365 * 24);
}

/// When the parts of the promised time will have gone by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reckoning {
    /// For every threshold below 100%, in their order.
    pub early: Vec<Timestamp>,
    /// For the whole: late strictly after it.
    pub due_at: Timestamp,
    /// How it was reached, in words for the caller.
    pub explanation: String,
}

/// Why an operator gave an order, in plain words that callers read. It names nobody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason(String);

/// Not a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a sentence of 1 to 200 characters in one line")]
pub struct ReasonError;

/// A sentence; it is repeated in the explanation of every case concerned.
const REASON_MAX: usize = 200;

impl FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= REASON_MAX && !text.contains(char::is_control);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReasonError)
        }
    }
}

impl Reason {
    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
