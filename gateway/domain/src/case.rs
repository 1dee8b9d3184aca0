//! A case: one check from first question to last answer, folded from its events.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::answer::{Answer, Outcome, PendingReason};
use crate::case_clock::{CaseClock, Turn};
use crate::check::CheckKind;
use crate::event::{Change, Event, EventKind, Receipt, numbered};
use crate::ids::CaseId;
use crate::outbox::Outbox;
use crate::questions::{Listed, Questions};
use crate::quota::{self, Spent};
use crate::referral::Referrals;
use crate::route;
use crate::sla::SlaClock;

mod caller;
mod clocking;
mod history;
mod lapse;
mod sight;
mod standing;
mod state;
mod waking;

pub use self::caller::{Dispute, NotNow, ProvideFault, Use};
pub use self::history::{HistoryError, Step};
pub use self::lapse::Silence;
pub use self::sight::Sight;
pub use self::standing::{Departments, Standing, UnknownTurn, Whose};
pub use self::state::CaseState;

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
    /// The last dispute of an answer; it is under way until the case is answered again.
    pub dispute: Option<Dispute>,
    /// What came of the answer, as the caller said last.
    pub feedback: Option<Use>,
    /// Its clock; none where it was never started, because the case was answered at once.
    pub clock: Option<CaseClock>,
    /// What was asked about it, and what came of that.
    pub questions: Questions,
    /// What somebody is still to be told of it by a webhook.
    pub outbox: Outbox,
    /// Its referrals to the Windrush taskforce.
    pub referrals: Referrals,
    /// Version of the event since which departments are asked anew; 0 where it is still for the first time. Replies to
    /// questions from before count no more.
    pub round: u64,
    /// When it was received.
    pub create_time: Timestamp,
    /// When the last event happened of those that its caller sees.
    pub update_time: Timestamp,
    /// Version of its last event, whoever sees it: what a change expects.
    pub version: u64,
    /// The version that its caller sees: how many events there are beside those that are hidden.
    pub told_version: u64,
    /// Every step so far that its caller sees.
    pub history: Vec<Step>,
    /// What it has used of quotas; each quota once, and none that got all back.
    pub spent: Vec<Spent>,
    /// What its caller sees of the next event.
    sight: Sight,
    is_decided: bool,
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

    /// The case after one more event.
    ///
    /// # Errors
    /// [`HistoryError`] where it cannot follow.
    pub fn after(mut self, event: Event) -> Result<Self, HistoryError> {
        self.apply(event)?;
        Ok(self)
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
            standing: case.standing(),
            posted: case.outbox.since(&self.outbox),
            referred: case.referrals.since(&self.referrals),
            lookup: None,
            events,
        };
        Ok((change, case))
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
        let step = Step::of(&first, 1);
        let EventKind::Received(receipt) = first.kind else {
            return Err(HistoryError::NotReceived);
        };
        if first.version != 1 {
            return Err(HistoryError::OutOfOrder);
        }
        let (sight, kind) = (Sight::of(&receipt), receipt.check.kind());
        let answer = Answer {
            outcome: undecided(kind, PendingReason::DepartmentWorking),
            legal_basis: receipt.legal_basis.clone(),
            agreement_id: receipt.agreement_id.clone(),
            as_of: None,
        };
        Ok(Self {
            id,
            receipt: *receipt,
            state: CaseState::Open,
            answer,
            dispute: None,
            feedback: None,
            clock: None,
            questions: Questions::default(),
            outbox: Outbox::default(),
            referrals: Referrals::default(),
            round: 0,
            create_time: first.time,
            update_time: first.time,
            version: 1,
            told_version: 1,
            history: vec![step],
            spent: Vec::new(),
            sight,
            is_decided: false,
        })
    }

    fn apply(&mut self, event: Event) -> Result<(), HistoryError> {
        if event.version != self.version + 1 {
            return Err(HistoryError::OutOfOrder);
        }
        if let Some(state) = event.kind.state() {
            if self.state == CaseState::Withdrawn {
                return Err(HistoryError::AfterWithdrawal);
            }
            self.state = state;
        }
        self.version = event.version;
        self.is_decided |= is_decision(&event.kind);
        if self.sight.sees(&event.kind) {
            self.told_version += 1;
            self.update_time = event.time;
            self.history.push(Step::of(&event, self.told_version));
        }
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
            EventKind::Withdrawn | EventKind::Lapsed => {}
            EventKind::Decided(answer) => {
                self.answer = answer;
                self.feedback = None;
                self.referrals.told();
                if !self.is_over() {
                    self.questions.list();
                }
            }
            EventKind::Provided(check) => {
                self.receipt.check = *check;
                self.referrals.provided();
                self.reopen(PendingReason::DepartmentWorking);
            }
            EventKind::Disputed { reason } => {
                self.dispute = Some(Dispute {
                    version: self.told_version,
                    reason,
                });
                self.reopen(PendingReason::Disputed);
            }
            EventKind::Feedback(usage) => self.feedback = Some(usage),
            EventKind::Clock(happened) => match &mut self.clock {
                Some(clock) => clock.apply(event.time, happened)?,
                None => self.clock = Some(CaseClock::open(event.time, happened)?),
            },
            EventKind::Outbox(happened) => self.outbox.apply(event.time, happened)?,
            EventKind::Referral(happened) => self.referrals.apply(event.time, happened)?,
        }
        Ok(())
    }

    fn reopen(&mut self, reason: PendingReason) {
        self.answer.outcome = undecided(self.receipt.check.kind(), reason);
        self.answer.as_of = None;
        self.feedback = None;
        self.referrals.told();
        self.questions.begin_anew();
        self.round = self.version;
    }

    /// Something was decided about it, by the gateway or by its caller: it is not left as it was received.
    pub const fn is_decided(&self) -> bool {
        self.is_decided
    }

    /// The answer as its caller reads it. Where the agreement withholds that a person is referred, every case that waits says the
    /// same of why.
    pub fn told(&self) -> Cow<'_, Answer> {
        if !self.receipt.is_discreet || !matches!(self.answer.outcome, Outcome::Pending { .. }) {
            return Cow::Borrowed(&self.answer);
        }
        Cow::Owned(Answer {
            outcome: undecided(self.receipt.check.kind(), PendingReason::DepartmentWorking),
            ..self.answer.clone()
        })
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

const fn is_decision(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Decided(_)
            | EventKind::Provided(_)
            | EventKind::Disputed { .. }
            | EventKind::Withdrawn
            | EventKind::Lapsed
    )
}

/// Until a decision is recorded a case says what is true: it is with the department that it needs.
fn undecided(kind: CheckKind, reason: PendingReason) -> Outcome {
    Outcome::Pending {
        reason,
        departments: vec![route::required(kind).department()],
    }
}

#[cfg(test)]
#[path = "case_tests.rs"]
pub(crate) mod tests;
