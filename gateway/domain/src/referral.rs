//! Referrals of a case to the Windrush taskforce (report 3.24, 6.56): what is held back, until when, and what was found.
//!
//! A referral is part of its case, so that the hold, the referral and what the caller is told are one change. A check about a
//! person whose referral is open joins it: its case then has the referral under the same id, with the case that opened it.

use jiff::Timestamp;

use crate::agreement::Advice;
use crate::answer::{Answer, Facts, Negative, Outcome, PendingReason};
use crate::check::CheckKind;
use crate::clock::london_day;
use crate::ids::{CaseId, ReferralId, RulesVersion};
use crate::route;
use crate::sla::SlaClock;
use crate::subject::Field;
use crate::windrush::Ground;

mod conclude;
mod event;
mod facts;
mod person;
mod recall;
mod resolve;
mod timeline;

pub use self::conclude::{Conclusion, NewReferral};
pub use self::event::{Finding, Opening, ReferralEvent, Resolution};
pub use self::person::same_person;
pub use self::recall::{Hold, Lookup, Recall};
pub use self::resolve::{Found, NOTE_MAX, ResolveFault};
pub use self::timeline::{Evidence, Span, timeline};

/// How long after it joined a case looks whether the referral is still open. A minute: whoever resolves it finds every case
/// that joined before, and a case that joined at the same moment looks by itself, at once unless its gateway died.
const LOOK_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// An answer that is held back.
#[derive(Clone, PartialEq, Eq)]
pub enum Held {
    /// "Not established".
    Negative(Negative),
    /// IECAS: established leave that has ended.
    EndedLeave {
        /// The facts, before the agreement's filter.
        facts: Facts,
        /// Age of the source.
        as_of: Option<Timestamp>,
    },
    /// Nothing yet: the caller was asked for more, and stayed silent.
    Silence,
}

/// Where a referral stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReferralState {
    /// The taskforce's turn.
    Open,
    /// A status was established, and told to the caller.
    Confirmed,
    /// No Windrush case: what was held is released.
    NotConfirmed,
    /// It is needed no longer: a department established a status, or another referral took its place.
    Superseded,
}

impl ReferralState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Confirmed, Self::NotConfirmed, Self::Superseded];

    /// The name in the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::NotConfirmed => "not_confirmed",
            Self::Superseded => "superseded",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A referral as it stands. It carries facts and notes about a person: no `Debug`.
#[derive(Clone)]
pub struct Referral {
    /// Its id: that of the case that opened it, in every case that joined.
    pub id: ReferralId,
    /// The case that opened it, where that is another.
    pub joined: Option<CaseId>,
    /// Where it stands.
    pub state: ReferralState,
    /// What is held back.
    pub held: Held,
    /// Why the person has a profile.
    pub grounds: Vec<Ground>,
    /// The rules that said so.
    pub rules: RulesVersion,
    /// When the finding is due.
    pub due: SlaClock,
    /// The agreement withholds the reason: the caller is told of an ordinary wait.
    pub is_withheld: bool,
    /// Whom the caller or the person can turn to.
    pub contact: String,
    /// What to tell the person.
    pub advice: Advice,
    /// What the caller is asked for, while it did not provide it.
    pub asked: Vec<Field>,
    /// When the case was referred, or joined.
    pub opened_at: Timestamp,
    /// What the taskforce said, in order; the last one is the finding where it is resolved.
    pub said: Vec<Resolution>,
    /// The cases that joined follow it no longer.
    is_released: bool,
    /// The case that joined has looked after it since.
    is_looked: bool,
    /// It was told that the finding is late.
    is_late: bool,
}

/// A referral as a row of the store has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReferralMark {
    /// Which.
    pub id: ReferralId,
    /// Where it stands in this case.
    pub state: ReferralState,
    /// Another case opened it.
    pub is_joined: bool,
    /// When the finding is due.
    pub due: Timestamp,
}

/// The referrals of one case, oldest first.
#[derive(Clone, Default)]
pub struct Referrals {
    all: Vec<Referral>,
    /// What the caller is told stands for what is held back.
    holds: bool,
}

/// Something happened to a referral that could not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the case has no referral to which that could happen")]
pub struct NoSuchReferral;

impl Referral {
    /// The referral that `opening` opens at `at`.
    pub fn new(opening: Opening, at: Timestamp) -> Self {
        Self {
            id: opening.id,
            joined: opening.joined,
            state: ReferralState::Open,
            held: opening.hold.held,
            grounds: opening.hold.grounds,
            rules: opening.rules,
            due: opening.due,
            is_withheld: opening.is_withheld,
            contact: opening.contact,
            advice: opening.advice,
            asked: opening.asked,
            opened_at: at,
            said: Vec::new(),
            is_released: false,
            is_looked: false,
            is_late: false,
        }
    }

    /// The taskforce has not found anything, and nobody else has.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ReferralState::Open)
    }

    /// What was found, by whom and why; none while it is open, or where it was superseded.
    pub fn resolution(&self) -> Option<&Resolution> {
        self.said.last().filter(|said| said.finding.is_final())
    }

    /// The finding is late at `now`, or came late.
    pub fn is_breached(&self, now: Timestamp) -> bool {
        let until = self.resolution().map_or(now, |resolution| resolution.at);
        until > self.due.due_at && self.state != ReferralState::Superseded
    }

    /// What the caller is told while it is open: that the person is not to be refused, or, where the reason is withheld, what
    /// everybody is told whose department works on it.
    pub fn told(&self, kind: CheckKind, mut told: Answer) -> Answer {
        told.as_of = None;
        told.outcome = if self.is_withheld && !self.asked.is_empty() {
            Outcome::MoreInformation {
                fields: self.asked.clone(),
            }
        } else if self.is_withheld {
            Outcome::Pending {
                reason: PendingReason::DepartmentWorking,
                departments: vec![route::required(kind).department()],
            }
        } else {
            Outcome::Referred {
                referral_id: self.id,
                contact: self.contact.clone(),
                advice: self.advice.about(self.id, london_day(self.due.due_at)),
                fields: self.asked.clone(),
                due: self.due.clone(),
            }
        };
        told
    }

    fn mark(&self) -> ReferralMark {
        ReferralMark {
            id: self.id,
            state: self.state,
            is_joined: self.joined.is_some(),
            due: self.due.due_at,
        }
    }

    /// When somebody must look at the case because of it.
    fn wake(&self) -> Option<Timestamp> {
        match (self.joined, self.state) {
            (Some(_), ReferralState::Open) if !self.is_looked => Some(
                self.opened_at
                    .saturating_add(LOOK_AFTER)
                    .unwrap_or(Timestamp::MAX),
            ),
            // Whoever closed it died before those that joined were released.
            (None, ReferralState::Open) if !self.is_late => Some(after(self.due.due_at)),
            (None, state) if state != ReferralState::Open && !self.is_released => Some(self.opened_at),
            _ => None,
        }
    }
}

impl Referrals {
    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Referral> {
        self.all.iter()
    }

    /// The one of that id.
    pub fn of(&self, id: ReferralId) -> Option<&Referral> {
        self.all.iter().rev().find(|referral| referral.id == id)
    }

    /// The one that is open. A case has one at most.
    pub fn open(&self) -> Option<&Referral> {
        self.all.last().filter(|referral| referral.is_open())
    }

    /// The open one, where the caller is told what stands for what is held back. While departments are asked anew, as after a
    /// caller's step, nothing is held back.
    pub fn holding(&self) -> Option<&Referral> {
        self.open().filter(|_| self.holds)
    }

    /// One of another case, joined here, that this case is to look after.
    pub fn to_look_after(&self) -> Option<&Referral> {
        self.open()
            .filter(|referral| referral.joined.is_some() && !referral.is_looked)
    }

    /// One that is closed, and whose cases that joined may wait for that.
    pub fn to_release(&self) -> Option<&Referral> {
        let mut all = self.all.iter();
        all.find(|referral| referral.joined.is_none() && !referral.is_open() && !referral.is_released)
    }

    /// When somebody must look at the case because of them; none where nothing is to be done.
    pub(crate) fn wake(&self) -> Option<Timestamp> {
        self.all.iter().filter_map(Referral::wake).min()
    }

    /// Something is to be done about them at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.wake().is_some_and(|wake| wake <= now)
    }

    /// The open one that this case opened, where its finding is late at `now` and nobody was told of that.
    pub fn late(&self, now: Timestamp) -> Option<&Referral> {
        self.open()
            .filter(|open| open.joined.is_none() && !open.is_late && open.is_breached(now))
    }

    /// The rows of them that are not as they were in `before`.
    pub(crate) fn since(&self, before: &Self) -> Vec<ReferralMark> {
        let before: Vec<_> = before.marks();
        let mut marks = self.marks();
        marks.retain(|mark| !before.contains(mark));
        marks
    }

    /// Their rows.
    pub fn marks(&self) -> Vec<ReferralMark> {
        self.all.iter().map(Referral::mark).collect()
    }

    /// The caller was told something: what, says the step after it.
    pub(crate) fn told(&mut self) {
        self.holds = false;
    }

    /// The caller has provided what it was asked for.
    pub(crate) fn provided(&mut self) {
        if let Some(open) = self.open_mut() {
            open.asked.clear();
        }
    }

    pub(crate) fn apply(&mut self, at: Timestamp, event: ReferralEvent) -> Result<(), NoSuchReferral> {
        match event {
            ReferralEvent::Opened(opening) => {
                if self.open().is_some() {
                    return Err(NoSuchReferral);
                }
                self.all.push(Referral::new(*opening, at));
                self.holds = true;
            }
            ReferralEvent::Held(hold) => {
                let open = self.open_mut().ok_or(NoSuchReferral)?;
                open.held = hold.held;
                open.grounds = hold.grounds;
                self.holds = true;
            }
            ReferralEvent::InformationAsked { fields, .. } => {
                self.open_mut().ok_or(NoSuchReferral)?.asked = fields;
                self.holds = true;
            }
            ReferralEvent::Late => self.open_mut().ok_or(NoSuchReferral)?.is_late = true,
            ReferralEvent::Looked => self.open_mut().ok_or(NoSuchReferral)?.is_looked = true,
            ReferralEvent::Said(said) => {
                let open = self.open_mut().ok_or(NoSuchReferral)?;
                match said.finding {
                    Finding::Confirmed(_) => open.state = ReferralState::Confirmed,
                    Finding::NotConfirmed => open.state = ReferralState::NotConfirmed,
                    Finding::NeedsLonger { ref due } => {
                        open.due = due.clone();
                        open.is_late = false;
                        self.holds |= said.tells;
                    }
                }
                let open = self.all.last_mut().ok_or(NoSuchReferral)?;
                open.said.push(*said);
            }
            ReferralEvent::Superseded => {
                self.open_mut().ok_or(NoSuchReferral)?.state = ReferralState::Superseded;
            }
            ReferralEvent::Released { id } => {
                let mut all = self.all.iter_mut();
                let released = all.find(|referral| referral.id == id && !referral.is_open());
                released.ok_or(NoSuchReferral)?.is_released = true;
            }
            ReferralEvent::Recalled { .. } | ReferralEvent::Viewed { .. } => {}
        }
        Ok(())
    }

    fn open_mut(&mut self) -> Option<&mut Referral> {
        self.all.last_mut().filter(|referral| referral.is_open())
    }
}

/// The first instant at which what was due is late.
fn after(due: Timestamp) -> Timestamp {
    due.saturating_add(jiff::SignedDuration::from_nanos(1))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "referral_tests.rs"]
mod tests;
