//! An order to give open cases more time: after an outage of a department, or for days on which it is closed.
//!
//! E-Verify had to add 6, 10 and 12 working days after shutdowns of the government, partly by hand. Here one order moves the
//! due time of every case that it means, each once, however often the order is gone on with.

use jiff::Timestamp;

use crate::answer::Outcome;
use crate::case::Case;
use crate::case_clock::{CaseClock, ClockError, ClockEvent, Extension, Reason, Turn};
use crate::ids::{AgreementId, DepartmentId, DueOrderId};
use crate::working_time::Calendars;

/// More time for open cases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueOrder {
    /// Its id; each case that it moved has it in its history.
    pub id: DueOrderId,
    /// When it was given. What was received, or disputed, after that is not meant.
    pub given_at: Timestamp,
    /// What was ordered.
    pub content: OrderContent,
}

/// What is ordered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderContent {
    /// Only cases that wait for this department; none means all open cases, also those that wait for their callers.
    pub department: Option<DepartmentId>,
    /// Only cases under this agreement; none means all.
    pub agreement: Option<AgreementId>,
    /// How much.
    pub by: Extension,
    /// Why; it stands in the explanation of each due time.
    pub reason: Reason,
}

impl DueOrder {
    /// The order has moved this case's due time.
    pub fn has_moved(&self, case: &Case) -> bool {
        case.clock
            .as_ref()
            .is_some_and(|clock| clock.is_extended_by(self.id))
    }

    /// What the order does to `case` at `now`; nothing where the case is not meant, or was moved by it before.
    ///
    /// # Errors
    /// [`ClockError`]: the case is meant and cannot be given that much.
    pub fn steps(
        &self,
        case: &Case,
        now: Timestamp,
        calendars: &Calendars,
    ) -> Result<Vec<ClockEvent>, ClockError> {
        let clock = case.clock.as_ref().filter(|clock| self.means(case, clock));
        let Some(clock) = clock.filter(|clock| !clock.is_extended_by(self.id)) else {
            return Ok(Vec::new());
        };
        let OrderContent { by, reason, .. } = &self.content;
        clock.extend(now, *by, reason.clone(), self.id, calendars)
    }

    fn means(&self, case: &Case, clock: &CaseClock) -> bool {
        let OrderContent {
            department,
            agreement,
            ..
        } = &self.content;
        let waits_for = |department: &DepartmentId| match &case.answer.outcome {
            Outcome::Pending { departments, .. } => departments.contains(department),
            _ => false,
        };
        clock.turn() != Turn::Nobody
            && clock.terms().started_at <= self.given_at
            && agreement
                .as_ref()
                .is_none_or(|agreement| *agreement == case.receipt.agreement_id)
            && department.as_ref().is_none_or(waits_for)
    }
}

#[cfg(test)]
#[path = "due_order_tests.rs"]
mod tests;
