//! How an open case stands: whose turn it is, until when, and since when it is urgent. What is counted and listed of open
//! cases is this, and nothing about a person.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Case, CaseState};
use crate::answer::Outcome;
use crate::case_clock::{CaseClock, Turn};
use crate::ids::DepartmentId;
use crate::route;

/// Whose turn it is in a case that is not over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Whose {
    /// That of these departments, all of which are waited for.
    Departments(Departments),
    /// The taskforce's.
    Taskforce,
    /// The caller's: the clock stands still.
    Caller,
}

/// One or more departments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Departments(u8);

/// How an open case stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Whose turn it is.
    pub whose: Whose,
    /// When the answer is due. While it is the caller's turn: when it would be, had that turn ended at once.
    pub due_at: Timestamp,
    /// Since when most of the promised time is gone: the last threshold before the whole, or the due time itself where
    /// there is none. While it is the caller's turn: none, unless the case was late before; then it is the due time.
    pub risk_at: Option<Timestamp>,
}

impl Departments {
    /// These departments; none of no department.
    pub fn of(departments: impl IntoIterator<Item = DepartmentId>) -> Option<Self> {
        let bits = departments
            .into_iter()
            .fold(0, |bits, department| bits | 1 << department as u8);
        (bits != 0).then_some(Self(bits))
    }

    /// Whether `department` is one of them.
    pub const fn contains(self, department: DepartmentId) -> bool {
        self.0 & 1 << department as u8 != 0
    }

    /// Each, in the order in which departments are listed.
    pub fn iter(self) -> impl Iterator<Item = DepartmentId> {
        let mut all = DepartmentId::ALL.into_iter();
        std::iter::from_fn(move || all.find(|department| self.contains(*department)))
    }
}

impl Whose {
    const TASKFORCE: &str = "taskforce";
    const CALLER: &str = "caller";
    /// No department's name has it.
    const AND: char = '+';

    /// Everyone whose turn it can be, the caller last.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..1 << DepartmentId::ALL.len())
            .map(|bits| Self::Departments(Departments(bits)))
            .chain([Self::Taskforce, Self::Caller])
    }

    /// `department` is waited for.
    pub const fn includes(self, department: DepartmentId) -> bool {
        match self {
            Self::Departments(departments) => departments.contains(department),
            Self::Taskforce | Self::Caller => false,
        }
    }

    /// The clock stands still meanwhile.
    pub const fn is_paused(self) -> bool {
        matches!(self, Self::Caller)
    }
}

/// `dwp`, `home-office+dwp` where several are waited for, `taskforce` or `caller`.
impl fmt::Display for Whose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Departments(departments) => {
                for (n, department) in departments.iter().enumerate() {
                    if n > 0 {
                        fmt::Write::write_char(formatter, Self::AND)?;
                    }
                    formatter.write_str(department.as_str())?;
                }
                Ok(())
            }
            Self::Taskforce => formatter.write_str(Self::TASKFORCE),
            Self::Caller => formatter.write_str(Self::CALLER),
        }
    }
}

/// Names nobody whose turn it can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be departments joined by +, taskforce, or caller")]
pub struct UnknownTurn;

impl FromStr for Whose {
    type Err = UnknownTurn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            Self::TASKFORCE => Ok(Self::Taskforce),
            Self::CALLER => Ok(Self::Caller),
            text => {
                let departments: Result<Vec<DepartmentId>, _> =
                    text.split(Self::AND).map(str::parse).collect();
                let departments = departments.map_err(|_unknown| UnknownTurn)?;
                Departments::of(departments)
                    .map(Self::Departments)
                    .filter(|whose| whose.to_string() == text)
                    .ok_or(UnknownTurn)
            }
        }
    }
}

impl Standing {
    /// The answer is late at `now`, or was when the clock last ran.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        match self.whose {
            Whose::Caller => self.risk_at.is_some(),
            Whose::Departments(_) | Whose::Taskforce => now > self.due_at,
        }
    }

    /// Most of the promised time is gone at `now`, and not all.
    pub fn is_at_risk(&self, now: Timestamp) -> bool {
        !self.whose.is_paused()
            && !self.is_breached(now)
            && self.risk_at.is_some_and(|risk_at| risk_at <= now)
    }
}

impl Case {
    /// How the case stands; none where it is over, or nothing was decided about it yet: then somebody waits in the call.
    pub fn standing(&self) -> Option<Standing> {
        if !self.is_decided() {
            return None;
        }
        let whose = match self.state {
            CaseState::Open => Whose::Departments(self.waited_for()),
            CaseState::Referred => Whose::Taskforce,
            CaseState::AwaitingInformation => Whose::Caller,
            CaseState::Answered | CaseState::Withdrawn => return None,
        };
        let due_at = self.due_at()?;
        let risk_at = match (whose, &self.clock) {
            (Whose::Caller, Some(clock)) => {
                (clock.turn() == Turn::Caller && clock.is_breached(due_at)).then_some(due_at)
            }
            (Whose::Caller, None) => None,
            (Whose::Departments(_) | Whose::Taskforce, clock) => {
                Some(clock.as_ref().map_or(due_at, CaseClock::risk_at))
            }
        };
        Some(Standing {
            whose,
            due_at,
            risk_at,
        })
    }

    /// The departments that the caller is told of, or the one that such a check needs.
    fn waited_for(&self) -> Departments {
        let told = match &self.answer.outcome {
            Outcome::Pending { departments, .. } => Departments::of(departments.iter().copied()),
            _ => None,
        };
        let needed = route::required(self.receipt.check.kind()).department();
        told.unwrap_or(Departments(1 << needed as u8))
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
