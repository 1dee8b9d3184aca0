//! How a case's clock follows the case: started when the caller has to wait, paused while it is the caller's turn, stopped with
//! the answer.

use jiff::Timestamp;

use super::{Case, CaseState};
use crate::case_clock::{CaseClock, ClockError, ClockEvent, ClockTerms, Turn};
use crate::reply::Facts;
use crate::sla::Ground;
use crate::working_time::Calendars;

impl Case {
    /// What happens to the clock of this case, which has just come into its state: whatever brings the two in step. Its clock
    /// is as it was before. `terms` are those of a clock that begins; a first one counts from the receipt, one after a
    /// dispute from the dispute.
    ///
    /// A case that was answered at once never has a clock, and one never begins without terms.
    ///
    /// # Errors
    /// [`ClockError`]
    pub fn clock_events(
        &self,
        now: Timestamp,
        terms: impl Fn() -> Option<ClockTerms>,
        calendars: &Calendars,
    ) -> Result<Vec<ClockEvent>, ClockError> {
        let is_over = self.is_over();
        if !self.is_decided() || (is_over && self.clock.is_none()) {
            return Ok(Vec::new());
        }
        let mut following = match &self.clock {
            Some(clock) => Following {
                clock: clock.clone(),
                events: Vec::new(),
            },
            None => match terms() {
                Some(terms) => Following::start(now, terms, calendars)?,
                None => return Ok(Vec::new()),
            },
        };
        if following.clock.turn() == Turn::Nobody
            && !is_over
            && let Some(terms) = terms()
        {
            let event = following.clock.reopen(terms, calendars)?;
            following.take(now, vec![event])?;
        }
        match (following.clock.turn(), self.state) {
            (Turn::Departments | Turn::Caller, CaseState::Answered | CaseState::Withdrawn) => {
                let events = following.clock.stop(now)?;
                following.take(now, events)?;
            }
            (Turn::Departments, CaseState::AwaitingInformation) => {
                let events = following.clock.pause(now, calendars)?;
                following.take(now, events)?;
            }
            (Turn::Caller, CaseState::Open | CaseState::Referred) => {
                let events = following.clock.resume(now, calendars)?;
                following.take(now, events)?;
            }
            _ => {}
        }
        if let Some(ground) = self.ground_stated().filter(|_| !is_over) {
            let events = following.clock.hasten(now, ground, calendars)?;
            following.take(now, events)?;
        }
        Ok(following.events)
    }

    /// What a department states that makes the promise the shorter one. Not where the agreement withholds that a person is referred:
    /// who is held has a record more often than who waits, and a due time that comes nearer would tell of it.
    fn ground_stated(&self) -> Option<Ground> {
        if self.receipt.is_discreet {
            return None;
        }
        self.questions.replies().facts().find_map(|facts| match facts {
            Facts::ImmigrationStatus(status) => Ground::of_leave(&status.leave),
            _ => None,
        })
    }
}

/// A clock, and the events that brought it there.
struct Following {
    clock: CaseClock,
    events: Vec<ClockEvent>,
}

impl Following {
    fn start(now: Timestamp, terms: ClockTerms, calendars: &Calendars) -> Result<Self, ClockError> {
        let started = CaseClock::start(terms, calendars)?;
        Ok(Self {
            clock: CaseClock::open(now, started.clone())?,
            events: vec![started],
        })
    }

    fn take(&mut self, now: Timestamp, events: Vec<ClockEvent>) -> Result<(), ClockError> {
        for event in events {
            self.clock.apply(now, event.clone())?;
            self.events.push(event);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "clocking_tests.rs"]
pub(crate) mod tests;
