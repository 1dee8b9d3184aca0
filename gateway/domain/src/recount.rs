//! An order to count the clocks of open cases anew, under the policy and the calendar that count now.
//!
//! A case keeps the promise that it started under, whatever becomes of its agreement or of the list of bank holidays. Only such an
//! order changes that: one that somebody gives, with its reason, for every case that it means. What was due in the past stays due
//! then: steps that were fired stay fired, and those that the new count puts into the past are fired at once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::case::Case;
use crate::case_clock::{CaseClock, ClockError, ClockEvent, Reason, Turn};
use crate::ids::{AgreementId, CalendarVersion, DueOrderId, PolicyVersion};
use crate::sla::SlaPolicy;
use crate::working_time::Calendars;

/// What is ordered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecountContent {
    /// Only cases under this agreement; none means all.
    pub agreement: Option<AgreementId>,
    /// Why; it stands in the explanation of each due time.
    pub reason: Reason,
}

/// Clocks of open cases are counted anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecountOrder {
    /// Its id.
    pub id: DueOrderId,
    /// When it was given. What was received, or disputed, after that is not meant.
    pub given_at: Timestamp,
    /// What was ordered.
    pub content: RecountContent,
    /// The calendar that counts.
    pub calendar: CalendarVersion,
    /// The policy of each agreement, as it was when the order was given.
    pub policies: BTreeMap<AgreementId, PolicyVersion>,
}

/// What the order makes of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recounted {
    /// It does not mean the case; or the clock counts under that policy and calendar without it.
    NotMeant,
    /// It has counted the clock.
    Before,
    /// It counts the clock so.
    Now(Recount),
}

/// A clock that is counted anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recount {
    /// The steps that do it.
    pub steps: Vec<ClockEvent>,
    /// When the answer was due.
    pub from: Timestamp,
    /// When it is.
    pub to: Timestamp,
}

/// Why a case that is meant keeps its clock as it is.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecountError {
    /// See there.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// Nothing says what is promised now.
    #[error("the case's agreement is not in the register any more")]
    NoAgreement,
    /// Give the order again: it was recorded for another version, and not done to its end since.
    #[error("the policy or the calendar has changed since the order was given")]
    Changed,
}

impl RecountOrder {
    /// What the order makes of `case` at `now`. A clock that counts under the order's policy and calendar is as the order would have
    /// it, so none is counted twice. `policy` is that of the case's agreement now.
    ///
    /// # Errors
    /// [`RecountError`]
    pub fn recount(
        &self,
        case: &Case,
        now: Timestamp,
        policy: Option<&SlaPolicy>,
        calendars: &Calendars,
    ) -> Result<Recounted, RecountError> {
        let Some(clock) = case.clock.as_ref().filter(|clock| self.means(case, clock)) else {
            return Ok(Recounted::NotMeant);
        };
        let policy = policy.ok_or(RecountError::NoAgreement)?;
        let ordered = self.policies.get(&case.receipt.agreement_id);
        if ordered != Some(policy.version()) || *calendars.current().version() != self.calendar {
            return Err(RecountError::Changed);
        }
        let terms = clock.terms();
        if terms.policy == *policy.version() && terms.calendar == self.calendar {
            let is_own = terms.order.as_ref() == Some(&self.content.reason);
            return Ok(if is_own {
                Recounted::Before
            } else {
                Recounted::NotMeant
            });
        }
        let reason = self.content.reason.clone();
        let steps = clock.recompute(now, policy, &self.calendar, reason, calendars)?;
        let to = steps.iter().rev().find_map(|step| match step {
            ClockEvent::Set(setting) => Some(setting.reckoning.due_at),
            _ => None,
        });
        let from = clock.due_at();
        Ok(Recounted::Now(Recount {
            steps,
            from,
            to: to.unwrap_or(from),
        }))
    }

    fn means(&self, case: &Case, clock: &CaseClock) -> bool {
        let agreement = self.content.agreement.as_ref();
        clock.turn() != Turn::Nobody
            && clock.terms().started_at <= self.given_at
            && agreement.is_none_or(|agreement| *agreement == case.receipt.agreement_id)
    }
}

#[cfg(test)]
#[path = "recount_tests.rs"]
mod tests;
