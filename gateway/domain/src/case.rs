//! A case: one check from first question to last answer, folded from its events.

use jiff::Timestamp;

use crate::answer::{Answer, Outcome, PendingReason};
use crate::case_clock::{CaseClock, OutOfTurn, Turn};
use crate::event::{Change, Event, EventKind, Receipt, numbered};
use crate::ids::{CaseId, DepartmentId};
use crate::questions::{Listed, Questions};
use crate::quota::{self, Spent};
use crate::route;
use crate::sla::SlaClock;

mod clocking;

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CaseState {
    /// A department's.
    Open,
    /// The caller's.
    AwaitingInformation,
    /// The taskforce's.
    Referred,
    /// Nobody's: it is answered.
    Answered,
    /// Nobody's: the caller needs it no longer.
    Withdrawn,
}

impl CaseState {
    /// The state of a case whose caller was told `outcome`.
    pub const fn told(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Pending { .. } => Self::Open,
            Outcome::MoreInformation { .. } => Self::AwaitingInformation,
            Outcome::Established { .. } | Outcome::NotEstablished(_) => Self::Answered,
        }
    }

    /// The name in the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::AwaitingInformation => "awaiting_information",
            Self::Referred => "referred",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A case as it stands after its last event. It carries the check and the facts of its answer: no `Debug`.
#[derive(Clone)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// What was taken in.
    pub receipt: Receipt,
    /// Whose turn it is.
    pub state: CaseState,
    /// What the caller is told now.
    pub answer: Answer,
    /// Its clock; none where it was never started, because the case was answered at once.
    pub clock: Option<CaseClock>,
    /// What was asked about it, and what came of that.
    pub questions: Questions,
    /// When it was received.
    pub create_time: Timestamp,
    /// When its last event happened.
    pub update_time: Timestamp,
    /// Version of its last event.
    pub version: u64,
    /// Every step so far.
    pub history: Vec<Step>,
    /// What it has used of quotas; each quota once, and none that got all back.
    pub spent: Vec<Spent>,
}

/// A step as the caller sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Version of the case after it.
    pub version: u64,
    /// When.
    pub time: Timestamp,
    /// Stable name of what happened.
    pub kind: &'static str,
    /// The department concerned, where there is one.
    pub department: Option<DepartmentId>,
}

/// A history that cannot be: a fault of the store, never of a caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistoryError {
    /// No events.
    #[error("the case has no events")]
    Empty,
    /// The first event is not the receipt.
    #[error("the case does not begin with its receipt")]
    NotReceived,
    /// A version is missing, repeated or out of order.
    #[error("the case's events are not numbered one by one")]
    OutOfOrder,
    /// A second receipt.
    #[error("the case was received twice")]
    ReceivedTwice,
    /// More was given back to a quota than was charged.
    #[error("the case gives back what it was not charged")]
    NotCharged,
    /// Something happened to the clock that could not.
    #[error(transparent)]
    Clock(#[from] OutOfTurn),
}

impl Case {
    /// The case after `events`.
    ///
    /// # Errors
    /// [`HistoryError`] where the events are no history of a case.
    pub fn fold(id: CaseId, events: impl IntoIterator<Item = Event>) -> Result<Self, HistoryError> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(HistoryError::Empty)?;
        let mut case = Self::open(id, first)?;
        events.try_for_each(|event| case.apply(event))?;
        Ok(case)
    }

    /// The next steps, `kinds`, all at `time`, as a change, and the case after it.
    ///
    /// # Errors
    /// [`HistoryError`] where they cannot follow.
    pub fn change(
        &self,
        time: Timestamp,
        kinds: impl IntoIterator<Item = EventKind>,
    ) -> Result<(Change, Self), HistoryError> {
        let events = numbered(self.version, time, kinds);
        let mut case = self.clone();
        events.iter().cloned().try_for_each(|event| case.apply(event))?;
        let kinds = events.iter().map(|event| &event.kind);
        let change = Change {
            case_id: self.id,
            expected_version: self.version,
            wake: case.wake(),
            spent: quota::spent(&self.receipt.agreement_id, kinds),
            listed: case.listed_since(self),
            events,
        };
        Ok((change, case))
    }

    /// When somebody must look at the case by itself next: at the next step of its clock, or to ask a department again. None
    /// where nothing will ever be due unless something else happens to it.
    ///
    /// A case about which nothing was decided yet is looked after by whoever received it.
    pub fn wake(&self) -> Option<Timestamp> {
        let step = self.clock.as_ref().and_then(CaseClock::wake);
        let again = self.questions.again().filter(|_| self.is_asked_on());
        step.into_iter().chain(again).min()
    }

    /// The questions about it that are or were on departments' worklists.
    pub fn listed(&self) -> Vec<Listed> {
        self.questions.listed(self.due_at())
    }

    fn listed_since(&self, before: &Self) -> Vec<Listed> {
        let mut listed = self.listed();
        if !listed.is_empty() {
            let before = before.listed();
            listed.retain(|listed| !before.contains(listed));
        }
        listed
    }

    /// When the answer is due; none where it was given, or is needed no longer.
    fn due_at(&self) -> Option<Timestamp> {
        let due_at = self
            .clock
            .as_ref()
            .map_or(self.receipt.clock.due_at, CaseClock::due_at);
        (!self.is_over()).then_some(due_at)
    }

    /// Departments go on being asked about it: something was decided, and not the end. Also while it is the caller's turn,
    /// because what the caller was asked for may not be all that is missing.
    pub fn is_asked_on(&self) -> bool {
        !self.is_over() && self.is_decided()
    }

    /// It is nobody's turn.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, CaseState::Answered | CaseState::Withdrawn)
    }

    fn open(id: CaseId, first: Event) -> Result<Self, HistoryError> {
        let step = Step::of(&first);
        let EventKind::Received(receipt) = first.kind else {
            return Err(HistoryError::NotReceived);
        };
        if first.version != 1 {
            return Err(HistoryError::OutOfOrder);
        }
        // Until a decision is recorded the case says what is true: it is with the department that it needs.
        let answer = Answer {
            outcome: Outcome::Pending {
                reason: PendingReason::DepartmentWorking,
                departments: vec![route::required(receipt.check.kind()).department()],
            },
            legal_basis: receipt.legal_basis.clone(),
            agreement_id: receipt.agreement_id.clone(),
            as_of: None,
        };
        Ok(Self {
            id,
            receipt: *receipt,
            state: CaseState::Open,
            answer,
            clock: None,
            questions: Questions::default(),
            create_time: first.time,
            update_time: first.time,
            version: 1,
            history: vec![step],
            spent: Vec::new(),
        })
    }

    fn apply(&mut self, event: Event) -> Result<(), HistoryError> {
        if event.version != self.version + 1 {
            return Err(HistoryError::OutOfOrder);
        }
        self.history.push(Step::of(&event));
        self.version = event.version;
        self.update_time = event.time;
        quota::add(&mut self.spent, &self.receipt.agreement_id, &event.kind);
        if self.spent.iter().any(|spent| spent.units < 0) {
            return Err(HistoryError::NotCharged);
        }
        match event.kind {
            EventKind::Received(_) => return Err(HistoryError::ReceivedTwice),
            EventKind::Asked {
                question_id,
                operation,
                ..
            } => self.questions.ask(operation, question_id, event.time),
            EventKind::Replied {
                question_id,
                operation,
                reply,
                again,
                ..
            } => {
                self.questions.reply(operation, question_id, reply, again);
                if self.is_asked_on() {
                    self.questions.list();
                }
            }
            EventKind::InformationRequested {
                question_id,
                operation,
                fields,
            } => self.questions.hold_up(operation, question_id, fields),
            EventKind::Postponed { until } => self.questions.postpone(until),
            EventKind::Decided(answer) => {
                self.state = CaseState::told(&answer.outcome);
                self.answer = answer;
                if !self.is_over() {
                    self.questions.list();
                }
            }
            EventKind::Clock(happened) => match &mut self.clock {
                Some(clock) => clock.apply(event.time, happened)?,
                None => self.clock = Some(CaseClock::open(event.time, happened)?),
            },
        }
        Ok(())
    }

    /// A decision was recorded, so the caller can be told.
    pub fn is_decided(&self) -> bool {
        self.history
            .iter()
            .any(|step| matches!(step.kind, "pending" | "more_information_needed" | "answered"))
    }

    /// The clock stands still: it is the caller's turn.
    pub fn is_paused(&self) -> bool {
        match &self.clock {
            Some(clock) => clock.turn() == Turn::Caller,
            None => self.state == CaseState::AwaitingInformation,
        }
    }

    /// What the caller is promised now: when the answer is due, and why then.
    pub fn promise(&self) -> SlaClock {
        match &self.clock {
            Some(clock) => clock.promise(),
            None => self.receipt.clock.clone(),
        }
    }

    /// The answer is late at `now`, or came late.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        if let Some(clock) = &self.clock {
            return clock.is_breached(now);
        }
        let until = match self.state {
            CaseState::Open | CaseState::Referred => now,
            CaseState::AwaitingInformation | CaseState::Answered | CaseState::Withdrawn => self.decided_at(),
        };
        until > self.receipt.clock.due_at
    }

    fn decided_at(&self) -> Timestamp {
        let decision = |step: &&Step| matches!(step.kind, "more_information_needed" | "answered");
        self.history
            .iter()
            .rev()
            .find(decision)
            .map_or(self.update_time, |step| step.time)
    }
}

impl Step {
    fn of(event: &Event) -> Self {
        Self {
            version: event.version,
            time: event.time,
            kind: event.kind.as_str(),
            department: event.kind.department(),
        }
    }
}

#[cfg(test)]
#[path = "case_tests.rs"]
mod tests;
