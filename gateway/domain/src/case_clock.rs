//! A case's clock: what was promised, what moved it, and what is due next.
//!
//! A command of [`CaseClock`] is pure: `(clock, now, calendars) → events`. An event carries what was reckoned when it
//! happened, so that the fold over events needs neither calendar nor policy, and no later change of either moves a due
//! time of the past. Only an order that is an event itself counts a clock anew, and names both versions.
//!
//! Time that goes backwards is taken to stand still: nothing becomes due early, and nothing twice.

use jiff::Timestamp;

use crate::calendar::Division;
use crate::ids::{CalendarVersion, DueOrderId, PolicyVersion};
use crate::sla::{Ground, Promise, SlaClock, Target, Thresholds};

mod command;
mod event;
mod explain;
mod reckon;
mod timer;

pub use self::command::ClockError;
pub use self::event::{
    Cause, ClockEvent, Extension, Moved, Movement, Reason, ReasonError, Reckoning, Setting,
};
pub use self::timer::{NextStep, Step, Timer, Turn};

/// What a case is promised, fixed when its clock is started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockTerms {
    /// When the check, or the dispute, was received.
    pub started_at: Timestamp,
    /// How long the answer may take.
    pub promise: Promise,
    /// How long it may take once a department states that the person is vulnerable.
    pub vulnerable: Promise,
    /// Why this promise.
    pub ground: Ground,
    /// Whose working days count.
    pub division: Division,
    /// When warnings are due, and who is told.
    pub thresholds: Thresholds,
    /// How long the caller may stay silent when asked for more, before the case lapses.
    pub silence: Target,
    /// The policy that said so.
    pub policy: PolicyVersion,
    /// The calendar that counts.
    pub calendar: CalendarVersion,
    /// Why it was counted anew; none where it never was.
    pub order: Option<Reason>,
}

/// A history that cannot be, or a command that does not fit: the clock is not in a state for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutOfTurn {
    /// No clock was started.
    #[error("the clock was not started")]
    NotStarted,
    /// A clock runs already.
    #[error("the clock was started before")]
    StartedTwice,
    /// It stands still, or has stopped.
    #[error("the clock does not run")]
    NotRunning,
    /// It is not the caller's turn.
    #[error("the clock is not paused")]
    NotPaused,
    /// The case is answered or withdrawn, and what was due stays as it was.
    #[error("the clock has stopped")]
    Stopped,
    /// Only a clock that has stopped is followed by another.
    #[error("the clock has not stopped")]
    NotStopped,
    /// A step that was fired before, or that is not the next.
    #[error("the step is not the next one of the clock")]
    NotNext,
}

/// A case's clock as it stands after its last event.
///
/// It is folded when the case is; what a timekeeper keeps for every open case is its [`Timer`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseClock {
    terms: ClockTerms,
    moves: Vec<(Timestamp, Movement)>,
    explanation: String,
    timer: Timer,
    /// When the last event happened; events never go back behind it.
    latest: Timestamp,
}

impl CaseClock {
    /// The clock after `events`, each with its time.
    ///
    /// # Errors
    /// [`OutOfTurn`] where the events are no history of a clock.
    pub fn fold(events: impl IntoIterator<Item = (Timestamp, ClockEvent)>) -> Result<Self, OutOfTurn> {
        let mut events = events.into_iter();
        let (at, first) = events.next().ok_or(OutOfTurn::NotStarted)?;
        let mut clock = Self::open(at, first)?;
        events.try_for_each(|(at, event)| clock.apply(at, event))?;
        Ok(clock)
    }

    /// The clock after its first event.
    ///
    /// # Errors
    /// [`OutOfTurn::NotStarted`] where `event` is not the start of one.
    pub fn open(at: Timestamp, event: ClockEvent) -> Result<Self, OutOfTurn> {
        match event {
            ClockEvent::Set(setting) if setting.cause == Cause::Started => Ok(Self::of(at, *setting)),
            _ => Err(OutOfTurn::NotStarted),
        }
    }

    /// Takes in the next event. A clock that could not take it in is as it was.
    ///
    /// # Errors
    /// [`OutOfTurn`] where `event` cannot follow.
    pub fn apply(&mut self, at: Timestamp, event: ClockEvent) -> Result<(), OutOfTurn> {
        let at = at.max(self.latest);
        match event {
            ClockEvent::Set(setting) => match setting.cause {
                Cause::Started => return Err(OutOfTurn::StartedTwice),
                Cause::Reopened => {
                    self.must_have_stopped()?;
                    *self = Self::of(at, *setting);
                }
                Cause::Hastened | Cause::Ordered => {
                    self.must_go_on()?;
                    let Setting { terms, reckoning, .. } = *setting;
                    self.terms = terms;
                    self.reckoned(reckoning);
                }
            },
            ClockEvent::Moved(moved) => {
                self.must_allow(&moved.movement)?;
                let Moved { movement, reckoning } = *moved;
                match movement {
                    Movement::Paused => self.timer.pause(at),
                    Movement::Resumed => self.timer.resume(),
                    Movement::Extended { .. } => {}
                }
                self.moves.push((at, movement));
                self.reckoned(reckoning);
            }
            ClockEvent::Stepped(step) => {
                self.must_run()?;
                let is_next = self.timer.next_step().is_some_and(|next| next.step == step);
                if !is_next {
                    return Err(OutOfTurn::NotNext);
                }
                self.timer.fired(step);
            }
            ClockEvent::Stopped => {
                self.must_go_on()?;
                self.timer.stop(at);
            }
        }
        self.latest = at;
        Ok(())
    }

    fn of(at: Timestamp, setting: Setting) -> Self {
        let Setting { terms, reckoning, .. } = setting;
        Self {
            timer: Timer::new(&terms.thresholds, &reckoning),
            explanation: reckoning.explanation,
            terms,
            moves: Vec::new(),
            latest: at,
        }
    }

    fn reckoned(&mut self, reckoning: Reckoning) {
        self.timer.set(&self.terms.thresholds, &reckoning);
        self.explanation = reckoning.explanation;
    }

    /// What was promised.
    pub fn terms(&self) -> &ClockTerms {
        &self.terms
    }

    /// What a timekeeper needs.
    pub fn timer(&self) -> Timer {
        self.timer
    }

    /// When the next step may be fired; none while the clock stands still or has fired all.
    pub fn wake(&self) -> Option<Timestamp> {
        self.timer.next_step().map(|next| next.from)
    }

    /// When the answer is due. While it is the caller's turn: when it would be, had that turn ended at once.
    pub fn due_at(&self) -> Timestamp {
        self.timer.due_at()
    }

    /// Since when most of the promised time is gone: [`Timer::risk_at`].
    pub fn risk_at(&self) -> Timestamp {
        self.timer.risk_at()
    }

    /// How the due time was reached, in words for the caller.
    pub fn explanation(&self) -> &str {
        &self.explanation
    }

    /// Whose turn it is.
    pub fn turn(&self) -> Turn {
        self.timer.turn()
    }

    /// The answer is late at `now`, or came late.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        self.timer.is_breached(now)
    }

    /// That order gave it more time.
    pub fn is_extended_by(&self, order: DueOrderId) -> bool {
        self.moves.iter().any(
            |(_, movement)| matches!(movement, Movement::Extended { order: given, .. } if *given == order),
        )
    }

    /// The thresholds whose steps were fired, or passed over by a later one, in their order.
    pub fn fired(&self) -> impl Iterator<Item = Step> {
        self.terms
            .thresholds
            .iter()
            .map(|threshold| Step::at(threshold.percent))
            .filter(|step| self.timer.has_fired(*step))
    }

    /// The promise as a case's receipt and its caller have it.
    pub fn promise(&self) -> SlaClock {
        SlaClock {
            started_at: self.terms.started_at,
            due_at: self.due_at(),
            explanation: self.explanation.clone(),
        }
    }

    fn must_run(&self) -> Result<(), OutOfTurn> {
        self.turn_is(Turn::Departments, OutOfTurn::NotRunning)
    }

    fn must_have_stopped(&self) -> Result<(), OutOfTurn> {
        self.turn_is(Turn::Nobody, OutOfTurn::NotStopped)
    }

    fn must_go_on(&self) -> Result<(), OutOfTurn> {
        match self.turn() {
            Turn::Departments | Turn::Caller => Ok(()),
            Turn::Nobody => Err(OutOfTurn::Stopped),
        }
    }

    fn must_allow(&self, movement: &Movement) -> Result<(), OutOfTurn> {
        match movement {
            Movement::Paused => self.must_run(),
            Movement::Resumed => self.turn_is(Turn::Caller, OutOfTurn::NotPaused),
            Movement::Extended { .. } => self.must_go_on(),
        }
    }

    fn turn_is(&self, turn: Turn, otherwise: OutOfTurn) -> Result<(), OutOfTurn> {
        if self.turn() == turn {
            Ok(())
        } else {
            Err(otherwise)
        }
    }
}

#[cfg(test)]
#[path = "case_clock_tests.rs"]
mod tests;
