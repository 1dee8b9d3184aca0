//! What can be done with a clock. A command gives the events to record, and changes nothing.

use jiff::Timestamp;

use super::reckon::reckon;
use super::{
    CaseClock, Cause, ClockEvent, ClockTerms, Extension, Moved, Movement, OutOfTurn, Reason, Setting,
};
use crate::ids::{CalendarVersion, DueOrderId};
use crate::sla::{Ground, SlaPolicy};
use crate::working_time::{BeyondCalendar, Calendars};

/// Why a command gives no events.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClockError {
    /// The clock is not in a state for it.
    #[error(transparent)]
    OutOfTurn(#[from] OutOfTurn),
    /// Operators have to load a list of bank holidays with more years.
    #[error(transparent)]
    Beyond(BeyondCalendar),
    /// Operators have to load the calendar under which the case was started, or order that it is counted anew.
    #[error("the calendar {0} is not loaded")]
    UnknownCalendar(CalendarVersion),
    /// The order must give less time.
    #[error("an extension is at most 365 days, a clock has at most 12, and two years in all")]
    TooLong,
}

impl CaseClock {
    /// The start of a clock under `terms`: [`SlaPolicy::terms`] makes them.
    ///
    /// # Errors
    /// [`ClockError::Beyond`], [`ClockError::UnknownCalendar`].
    pub fn start(terms: ClockTerms, calendars: &Calendars) -> Result<ClockEvent, ClockError> {
        set(Cause::Started, terms, &[], calendars).map(ClockEvent::Set)
    }

    /// What is to be fired by `now`, in order: nothing early, and nothing twice.
    pub fn step(&self, now: Timestamp) -> Vec<ClockEvent> {
        self.timer().due_steps(now).map(ClockEvent::Stepped).collect()
    }

    /// It is the caller's turn from `now` on.
    ///
    /// As with every command, the steps that were due by then come first, so that what was late stays so.
    ///
    /// # Errors
    /// [`ClockError::OutOfTurn`] where the clock does not run.
    pub fn pause(&self, now: Timestamp, calendars: &Calendars) -> Result<Vec<ClockEvent>, ClockError> {
        self.moved(now, Movement::Paused, calendars)
    }

    /// The caller's turn is over at `now`.
    ///
    /// # Errors
    /// [`ClockError`]; see its variants.
    pub fn resume(&self, now: Timestamp, calendars: &Calendars) -> Result<Vec<ClockEvent>, ClockError> {
        self.moved(now, Movement::Resumed, calendars)
    }

    /// `order` gives more time. Steps that were fired are not fired again, but an answer within the time given is not
    /// late.
    ///
    /// # Errors
    /// [`ClockError`]; see its variants.
    pub fn extend(
        &self,
        now: Timestamp,
        by: Extension,
        reason: Reason,
        order: DueOrderId,
        calendars: &Calendars,
    ) -> Result<Vec<ClockEvent>, ClockError> {
        self.moved(now, Movement::Extended { by, reason, order }, calendars)
    }

    /// A department states that the person is vulnerable. The shorter promise counts from the clock's start, so it may
    /// be broken at once: then those who can hurry are told at once.
    ///
    /// No events where that promise holds already or would end later.
    ///
    /// # Errors
    /// [`ClockError`]; see its variants.
    pub fn hasten(
        &self,
        now: Timestamp,
        ground: Ground,
        calendars: &Calendars,
    ) -> Result<Vec<ClockEvent>, ClockError> {
        self.must_go_on()?;
        if self.terms.ground.is_vulnerable() || !ground.is_vulnerable() {
            return Ok(Vec::new());
        }
        let terms = ClockTerms {
            promise: self.terms.vulnerable,
            ground,
            ..self.terms.clone()
        };
        let setting = set(Cause::Hastened, terms, &self.moves, calendars)?;
        if setting.reckoning.due_at >= self.due_at() {
            return Ok(Vec::new());
        }
        Ok(self.after_steps(now, ClockEvent::Set(setting)))
    }

    /// An order counts the clock anew, from its start, under `policy` and the calendar `calendar`.
    ///
    /// # Errors
    /// [`ClockError`]; see its variants. A clock that has stopped is never counted anew.
    pub fn recompute(
        &self,
        now: Timestamp,
        policy: &SlaPolicy,
        calendar: &CalendarVersion,
        reason: Reason,
        calendars: &Calendars,
    ) -> Result<Vec<ClockEvent>, ClockError> {
        self.must_go_on()?;
        let terms = ClockTerms {
            order: Some(reason),
            ..policy.terms(self.terms.started_at, self.terms.ground, calendar)
        };
        let setting = set(Cause::Ordered, terms, &self.moves, calendars)?;
        Ok(self.after_steps(now, ClockEvent::Set(setting)))
    }

    /// The case is answered or withdrawn.
    ///
    /// # Errors
    /// [`OutOfTurn::Stopped`] where it has stopped already.
    pub fn stop(&self, now: Timestamp) -> Result<Vec<ClockEvent>, OutOfTurn> {
        self.must_go_on()?;
        Ok(self.after_steps(now, ClockEvent::Stopped))
    }

    /// The answer is disputed: another clock begins under `terms`, and this one's due time stays in the history.
    ///
    /// # Errors
    /// [`ClockError`]; see its variants. Only a clock that has stopped is followed by another.
    pub fn reopen(&self, terms: ClockTerms, calendars: &Calendars) -> Result<ClockEvent, ClockError> {
        self.must_have_stopped()?;
        set(Cause::Reopened, terms, &[], calendars).map(ClockEvent::Set)
    }

    fn moved(
        &self,
        now: Timestamp,
        movement: Movement,
        calendars: &Calendars,
    ) -> Result<Vec<ClockEvent>, ClockError> {
        self.must_allow(&movement)?;
        let next = (now.max(self.latest), movement);
        let reckoning = reckon(&self.terms, self.moves.iter().chain([&next]), calendars)?;
        let (_, movement) = next;
        let event = ClockEvent::Moved(Box::new(Moved { movement, reckoning }));
        Ok(self.after_steps(now, event))
    }

    fn after_steps(&self, now: Timestamp, event: ClockEvent) -> Vec<ClockEvent> {
        let mut events = self.step(now);
        events.push(event);
        events
    }
}

fn set(
    cause: Cause,
    terms: ClockTerms,
    moves: &[(Timestamp, Movement)],
    calendars: &Calendars,
) -> Result<Box<Setting>, ClockError> {
    let reckoning = reckon(&terms, moves, calendars)?;
    Ok(Box::new(Setting {
        cause,
        terms,
        reckoning,
    }))
}
