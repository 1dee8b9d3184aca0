//! The outbox of a case: what somebody is told of it by a webhook, kept with the case until the receiver has taken it.
//!
//! A notice is queued in the change that it tells of, so that either both are recorded or neither. What becomes of it is
//! events of the case, too, which are the house's own business: nobody outside is told of them.

use jiff::Timestamp;

use crate::case::CaseState;
use crate::ids::{NoticeId, ReferralId};

mod fault;
mod receiver;
mod telling;

pub use self::fault::{Fault, UnknownFault};
pub use self::receiver::{Receiver, UnknownReceiver};
pub use self::telling::{tidings, tidings_in_call};

/// Something to tell one receiver of a case. It has no reference of the caller's: one can name a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its id, at every attempt: receivers know a repeat by it.
    pub id: NoticeId,
    /// Who is told.
    pub receiver: Receiver,
    /// What happened.
    pub happening: Happening,
    /// Whose turn it was then, as the caller sees it.
    pub state: CaseState,
    /// The version that the caller saw then: a lower one than the receiver has seen is old news.
    pub version: u64,
}

/// What happened to a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happening {
    /// It has another state, or another answer.
    Changed,
    /// A part of the promised time has gone by without an answer.
    AtRisk {
        /// How much, 1 to 99.
        percent: u8,
        /// When the answer is due.
        due_at: Timestamp,
    },
    /// All of the promised time has gone by.
    Breached {
        /// When the answer was due.
        due_at: Timestamp,
    },
    /// The answer is due later than it was.
    DueExtended {
        /// When it is due now.
        due_at: Timestamp,
    },
    /// The person is held back from a refusal, and the taskforce is to look into it.
    ReferralOpened {
        /// Which referral.
        referral_id: ReferralId,
    },
}

impl Happening {
    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Changed => "case.changed",
            Self::AtRisk { .. } => "case.at_risk",
            Self::Breached { .. } => "case.breached",
            Self::DueExtended { .. } => "case.due_extended",
            Self::ReferralOpened { .. } => "referral.opened",
        }
    }
}

/// What became of a notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoticeEvent {
    /// Its receiver is to be told, at once.
    Queued(Box<Notice>),
    /// There was no room to try it; that is no attempt.
    PutOff {
        /// Which.
        id: NoticeId,
        /// When it is tried.
        until: Timestamp,
    },
    /// An attempt came to nothing.
    Failed {
        /// Which.
        id: NoticeId,
        /// Why.
        fault: Fault,
        /// When it is tried again.
        again: Timestamp,
    },
    /// Its receiver has taken it.
    Delivered {
        /// Which.
        id: NoticeId,
    },
    /// The last attempt came to nothing, and there is no other until an operator says so.
    Parked {
        /// Which.
        id: NoticeId,
        /// Why.
        fault: Fault,
    },
    /// An operator has it tried anew, as if it had never been.
    Retried {
        /// Which.
        id: NoticeId,
        /// The operator's identity, such as `ops/anna`.
        by: String,
    },
}

impl NoticeEvent {
    /// The stable name in records.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Queued(_) => "notice_queued",
            Self::PutOff { .. } => "notice_put_off",
            Self::Failed { .. } => "notice_failed",
            Self::Delivered { .. } => "notice_delivered",
            Self::Parked { .. } => "notice_parked",
            Self::Retried { .. } => "notice_retried",
        }
    }
}

/// A notice that its receiver has not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undelivered {
    /// What to tell.
    pub notice: Notice,
    /// When it happened.
    pub time: Timestamp,
    /// Attempts that came to nothing since it was queued, or since an operator had it tried anew.
    pub attempts: u32,
    /// When the first of them did; none before.
    pub first_failed: Option<Timestamp>,
    /// When it is tried next; none of one that is parked.
    pub next: Option<Timestamp>,
    /// Why the last attempt came to nothing; none before the first.
    pub fault: Option<Fault>,
}

impl Undelivered {
    /// There is no attempt until an operator says so.
    pub const fn is_parked(&self) -> bool {
        self.next.is_none()
    }
}

/// How a notice stands after a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posted {
    /// Which.
    pub id: NoticeId,
    /// What is left to do; none where its receiver has taken it.
    pub left: Option<Undelivered>,
}

/// An event about a notice that is not there, or is there already, or is parked and tried, or tried and not parked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the notice does not stand so that this can become of it")]
pub struct NoSuchNotice;

/// What receivers have not taken of a case.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Outbox {
    undelivered: Vec<Undelivered>,
}

impl Outbox {
    /// Every notice that waits or is parked, in the order in which they were queued.
    pub fn undelivered(&self) -> &[Undelivered] {
        &self.undelivered
    }

    /// One that waits or is parked.
    pub fn notice(&self, id: NoticeId) -> Option<&Undelivered> {
        self.undelivered.iter().find(|each| each.notice.id == id)
    }

    /// Those to be tried at `now`.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &Undelivered> {
        let is_due = move |each: &&Undelivered| each.next.is_some_and(|next| next <= now);
        self.undelivered.iter().filter(is_due)
    }

    /// When the next one is to be tried; none while none waits.
    pub fn wake(&self) -> Option<Timestamp> {
        self.undelivered.iter().filter_map(|each| each.next).min()
    }

    /// When the next one is to be tried of those that are not due at `now`.
    pub fn wake_after(&self, now: Timestamp) -> Option<Timestamp> {
        let nexts = self.undelivered.iter().filter_map(|each| each.next);
        nexts.filter(|next| *next > now).min()
    }

    /// How those stand that stood otherwise `before`.
    pub fn since(&self, before: &Self) -> Vec<Posted> {
        let changed = self
            .undelivered
            .iter()
            .filter(|each| before.notice(each.notice.id) != Some(each));
        let changed = changed.map(|each| Posted {
            id: each.notice.id,
            left: Some(each.clone()),
        });
        let ids = before.undelivered.iter().map(|each| each.notice.id);
        let gone = ids.filter(|id| self.notice(*id).is_none());
        changed.chain(gone.map(|id| Posted { id, left: None })).collect()
    }

    /// Takes in what became of a notice at `time`.
    pub(crate) fn apply(&mut self, time: Timestamp, event: NoticeEvent) -> Result<(), NoSuchNotice> {
        match event {
            NoticeEvent::Queued(notice) => {
                if self.notice(notice.id).is_some() {
                    return Err(NoSuchNotice);
                }
                self.undelivered.push(Undelivered {
                    notice: *notice,
                    time,
                    attempts: 0,
                    first_failed: None,
                    next: Some(time),
                    fault: None,
                });
            }
            NoticeEvent::PutOff { id, until } => self.waiting(id)?.next = Some(until),
            NoticeEvent::Failed { id, fault, again } => self.waiting(id)?.failed(time, fault, Some(again)),
            NoticeEvent::Parked { id, fault } => self.waiting(id)?.failed(time, fault, None),
            NoticeEvent::Delivered { id } => {
                self.waiting(id)?;
                self.undelivered.retain(|each| each.notice.id != id);
            }
            NoticeEvent::Retried { id, by: _ } => {
                let parked = self.one(id).filter(|each| each.is_parked());
                let parked = parked.ok_or(NoSuchNotice)?;
                (parked.attempts, parked.first_failed) = (0, None);
                parked.next = Some(time);
            }
        }
        Ok(())
    }

    fn one(&mut self, id: NoticeId) -> Option<&mut Undelivered> {
        self.undelivered.iter_mut().find(|each| each.notice.id == id)
    }

    fn waiting(&mut self, id: NoticeId) -> Result<&mut Undelivered, NoSuchNotice> {
        self.one(id).filter(|each| !each.is_parked()).ok_or(NoSuchNotice)
    }
}

impl Undelivered {
    fn failed(&mut self, time: Timestamp, fault: Fault, again: Option<Timestamp>) {
        self.attempts = self.attempts.saturating_add(1);
        self.first_failed = self.first_failed.or(Some(time));
        self.fault = Some(fault);
        self.next = again;
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
