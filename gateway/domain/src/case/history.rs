//! The steps of a case as its caller sees them, and histories that cannot be.

use jiff::Timestamp;

use crate::case_clock::OutOfTurn;
use crate::event::Event;
use crate::ids::DepartmentId;
use crate::outbox::NoSuchNotice;
use crate::referral::NoSuchReferral;

/// A step as the caller sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The version of the case after it, as its caller sees it.
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
    /// Something was asked for or told after the case was withdrawn.
    #[error("the case went on after it was withdrawn")]
    AfterWithdrawal,
    /// Something happened to the clock that could not.
    #[error(transparent)]
    Clock(#[from] OutOfTurn),
    /// Something became of a notice that could not.
    #[error(transparent)]
    Notice(#[from] NoSuchNotice),
    /// Something happened to a referral that could not.
    #[error(transparent)]
    Referral(#[from] NoSuchReferral),
}

impl Step {
    pub(super) fn of(event: &Event, version: u64) -> Self {
        Self {
            version,
            time: event.time,
            kind: event.kind.as_str(),
            department: event.kind.department(),
        }
    }
}
