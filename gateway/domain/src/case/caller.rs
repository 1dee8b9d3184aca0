//! What a caller may do with a case of theirs, and when. Each answers with the event that it would be, or with none where
//! the case says so already: a call that is repeated changes nothing.

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::{Case, CaseState};
use crate::check::{Check, CheckKind, Draft, Violation};
use crate::event::EventKind;
use crate::subject::Field;

/// Details, disputes and feedback that one case takes. Twenty: many times what a case needs that gets anywhere, and a history
/// of that length is still read in a millisecond. A case can be withdrawn whatever its length.
const STEPS_MAX: usize = 20;

/// A dispute of an answer. What is said in it may be about a person: no `Debug`.
#[derive(Clone)]
pub struct Dispute {
    /// The version of the case after it, as its caller sees it.
    pub version: u64,
    /// In the caller's words.
    pub reason: Zeroizing<String>,
}

/// What came of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The person got what they asked the caller for.
    Accepted,
    /// The person was refused.
    Refused,
    /// It came to nothing, for reasons of the caller's or the person's.
    NoLongerNeeded,
    /// The caller could not tell what to do with the answer.
    AnswerUnclear,
}

impl Use {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Accepted,
        Self::Refused,
        Self::NoLongerNeeded,
        Self::AnswerUnclear,
    ];

    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NoLongerNeeded => "no_longer_needed",
            Self::AnswerUnclear => "answer_unclear",
        }
    }
}

/// Why the case does not take the step as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotNow {
    /// Ask a new check: a case that was withdrawn, or has lapsed, stays so.
    #[error(
        "the case was withdrawn, or lapsed because what it asked for did not come; that is final, ask a new check"
    )]
    Withdrawn,
    /// Dispute the answer, or leave it: an answered case cannot be withdrawn.
    #[error("the case is answered; an answer can be disputed, and not be withdrawn")]
    Answered,
    /// Wait for the answer.
    #[error("the case is not answered; wait for its answer")]
    NotAnswered,
    /// Wait for the end of the dispute that is open.
    #[error("the answer is disputed already, for another reason; wait until that was looked at")]
    Disputed,
    /// Leave the case alone: it asked for nothing, or for nothing more.
    #[error("the case does not ask for information")]
    NothingAsked,
    /// Do not refuse the person, and tell whoever did.
    #[error(
        "this answer does not allow the person to be refused; put that right, and dispute the answer if it is wrong"
    )]
    MayNotRefuse,
    /// Turn to the agreement's contact, or ask a new check.
    #[error("the case took as many steps as it can; ask a new check, or turn to the agreement's contact")]
    Exhausted,
}

impl NotNow {
    /// The stable reason, in capitals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "CASE_WITHDRAWN",
            Self::Answered => "CASE_ANSWERED",
            Self::NotAnswered => "CASE_NOT_ANSWERED",
            Self::Disputed => "ALREADY_DISPUTED",
            Self::NothingAsked => "NOTHING_ASKED",
            Self::MayNotRefuse => "MAY_NOT_REFUSE",
            Self::Exhausted => "CASE_EXHAUSTED",
        }
    }
}

/// Why information is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProvideFault {
    /// Mend every field named; the paths begin at the request.
    #[error("the information is malformed, or was not asked for")]
    Invalid(Vec<Violation>),
    /// See there.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

impl Case {
    /// Ends the case. One that was withdrawn is.
    ///
    /// # Errors
    /// It is answered.
    pub const fn withdrawn(&self) -> Result<Option<EventKind>, NotNow> {
        match self.state {
            CaseState::Withdrawn => Ok(None),
            CaseState::Answered => Err(NotNow::Answered),
            CaseState::Open | CaseState::AwaitingInformation | CaseState::Referred => {
                Ok(Some(EventKind::Withdrawn))
            }
        }
    }

    /// Has the answer looked at again that the case had at the version `seen` of those that its caller sees. The same dispute while that goes on, or since then,
    /// changes nothing.
    ///
    /// # Errors
    /// There is no answer to dispute.
    pub fn disputed(&self, reason: &Zeroizing<String>, seen: u64) -> Result<Option<EventKind>, NotNow> {
        let is_same = |dispute: &Dispute| dispute.reason == *reason;
        match (self.state, &self.dispute) {
            (CaseState::Withdrawn, _) => Err(NotNow::Withdrawn),
            (CaseState::Answered, Some(since)) if since.version > seen && is_same(since) => Ok(None),
            (CaseState::Answered, _) => self.took(EventKind::Disputed {
                reason: reason.clone(),
            }),
            (_, Some(under_way)) if is_same(under_way) => Ok(None),
            (_, Some(_)) => Err(NotNow::Disputed),
            (_, None) => Err(NotNow::NotAnswered),
        }
    }

    /// Takes what came of the answer. The same as was said last changes nothing.
    ///
    /// # Errors
    /// There is no answer, or it does not allow what came of it.
    pub fn used(&self, usage: Use) -> Result<Option<EventKind>, NotNow> {
        let may_refuse = self.answer.may_refuse(self.receipt.check.kind());
        match self.state {
            CaseState::Withdrawn => Err(NotNow::Withdrawn),
            CaseState::Open | CaseState::AwaitingInformation | CaseState::Referred => {
                Err(NotNow::NotAnswered)
            }
            CaseState::Answered if usage == Use::Refused && !may_refuse => Err(NotNow::MayNotRefuse),
            CaseState::Answered if self.feedback == Some(usage) => Ok(None),
            CaseState::Answered => self.took(EventKind::Feedback(usage)),
        }
    }

    /// Adds what the case asked for at version `seen`, dates judged on `today` (in London). What is given takes the place of
    /// what was there. The same again, once the case has gone on with it, changes nothing.
    ///
    /// # Errors
    /// [`ProvideFault`]
    pub fn provided(
        &self,
        given: &Draft<'_>,
        today: Date,
        seen: u64,
    ) -> Result<Option<EventKind>, ProvideFault> {
        let check = &self.receipt.check;
        match self.answer.outcome.asked() {
            _ if self.state == CaseState::Withdrawn => Err(NotNow::Withdrawn.into()),
            Some(_) if self.goes_on_with(given, today, seen) => Ok(None),
            Some(fields) => {
                let faults = not_asked(given, fields);
                match check.with(given, today) {
                    Ok(check) if faults.is_empty() => Ok(self.took(EventKind::Provided(Box::new(check)))?),
                    Ok(_) => Err(ProvideFault::Invalid(faults)),
                    Err(malformed) => Err(ProvideFault::Invalid(all(faults, malformed, check.kind()))),
                }
            }
            _ if self.goes_on_with(given, today, 0) => Ok(None),
            _ => Err(NotNow::NothingAsked.into()),
        }
    }

    /// What is given was provided after version `seen`.
    fn goes_on_with(&self, given: &Draft<'_>, today: Date, seen: u64) -> bool {
        let check = &self.receipt.check;
        let is_same = |with: Check| with.canonical() == check.canonical();
        self.history
            .iter()
            .any(|step| step.kind == "information_provided" && step.version > seen)
            && !given.fields().is_empty()
            && check.with(given, today).is_ok_and(is_same)
    }

    fn took(&self, step: EventKind) -> Result<Option<EventKind>, NotNow> {
        let is_theirs = |kind| matches!(kind, "information_provided" | "disputed" | "feedback_given");
        let taken = self.history.iter().filter(|step| is_theirs(step.kind)).count();
        if taken < STEPS_MAX {
            Ok(Some(step))
        } else {
            Err(NotNow::Exhausted)
        }
    }
}

/// A fault for each field of `given` that is not `asked` for; where none is given, for each that is asked for.
fn not_asked(given: &Draft<'_>, asked: &[Field]) -> Vec<Violation> {
    let fault = |field: &Field, description: &str| Violation {
        field: field.place(),
        description: description.to_owned(),
    };
    let given = given.fields();
    if given.is_empty() {
        let missing = "is asked for; give it, or another field that is asked for";
        return asked.iter().map(|field| fault(field, missing)).collect();
    }
    let stray = given.iter().filter(|field| !asked.contains(field));
    stray
        .map(|field| fault(field, "is not asked for; leave it out"))
        .collect()
}

/// The faults of both, each field once, by their paths from the request.
fn all(mut faults: Vec<Violation>, malformed: Vec<Violation>, kind: CheckKind) -> Vec<Violation> {
    let root = format!("{}.", kind.request_field());
    for mut fault in malformed {
        if let Some(place) = fault.field.strip_prefix(&root) {
            fault.field = place.to_owned();
        }
        if faults.iter().all(|known| known.field != fault.field) {
            faults.push(fault);
        }
    }
    faults
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
