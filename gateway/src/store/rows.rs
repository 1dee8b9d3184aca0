//! What an engine is handed to record, and what it finds: rows whose payloads are sealed.

use std::borrow::Cow;

use jiff::Timestamp;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::ids::{
    CaseId, DepartmentId, NoticeId, OrganisationId, QuestionId, ReferralId, RequestId,
};
use statuscheck_domain::outbox::{Fault, Posted, Receiver, Undelivered};
use statuscheck_domain::questions::Listed;
use statuscheck_domain::quota::Spent;
use statuscheck_domain::referral::ReferralMark;

use super::remainder::Left;
use super::seal::{ContentDigest, SubjectDigest};
use super::standing::StandingRow;
use super::upkeep::Terms;
use super::{CommitError, HouseEntry, HouseKind, LedgerPlace, remainder};

/// An entry of the ledger as an engine keeps it.
pub(super) struct SealedEntry {
    pub(super) version: i64,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) kind: Cow<'static, str>,
    pub(super) payload: Vec<u8>,
}

/// A change as an engine records it.
pub(super) struct SealedChange {
    pub(super) case_id: CaseId,
    pub(super) expected_version: i64,
    /// Version after the last of the entries.
    pub(super) version: i64,
    /// The state after it, where it says one.
    pub(super) state: Option<RowState>,
    /// When somebody must look at the case by itself after it, in nanoseconds since 1970; none where nobody must.
    pub(super) wake: Option<i64>,
    /// How it stands after it; none of a case that is over or is asked about in its call.
    pub(super) standing: Option<StandingRow>,
    /// What it uses of quotas, and gives back.
    pub(super) spent: Vec<Spent>,
    /// The questions that stand otherwise on worklists after it.
    pub(super) listed: Vec<ListedRow>,
    /// The notices that stand otherwise after it.
    pub(super) hooked: Vec<HookedRow>,
    /// The referrals that stand otherwise after it.
    pub(super) referred: Vec<ReferralMark>,
    /// The look for the person on which it rests.
    pub(super) lookup: Option<LookedUp>,
    pub(super) entries: Vec<SealedEntry>,
    /// Whom a case that is there already is about as well from here on, without repeats; some of it may be known.
    pub(super) further_subjects: Vec<SubjectDigest>,
    /// Only of a new case.
    pub(super) opening: Option<Opening>,
}

/// A look for a person among those who are referred: where there is an open referral about them now that another case opened and
/// that is not among `open`, the change that rests on it is stale.
pub(super) struct LookedUp {
    /// What stands for the person.
    pub(super) person: Vec<SubjectDigest>,
    pub(super) open: Vec<ReferralId>,
}

/// A question as its row has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ListedRow {
    pub(super) id: QuestionId,
    pub(super) department: DepartmentId,
    /// Nanoseconds since 1970; none where the question needs no reply.
    pub(super) due: Option<i64>,
}

impl ListedRow {
    pub(super) fn of(listed: &Listed) -> Result<Self, CommitError> {
        Ok(Self {
            id: listed.id,
            department: listed.department,
            due: listed.due.map(nanoseconds).transpose()?,
        })
    }
}

/// What becomes of the row of a notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum HookedRow {
    /// It stands so.
    Left(PostedRow),
    /// There is none: the receiver has taken the notice.
    Taken(NoticeId),
}

/// A notice as its row has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PostedRow {
    pub(super) id: NoticeId,
    pub(super) receiver: Receiver,
    pub(super) happening: &'static str,
    pub(super) attempts: i64,
    /// Nanoseconds since 1970; none where it is parked.
    pub(super) next: Option<i64>,
    pub(super) fault: Option<Fault>,
}

impl HookedRow {
    pub(super) fn of(posted: &Posted) -> Result<Self, CommitError> {
        match &posted.left {
            Some(undelivered) => Self::left(undelivered),
            None => Ok(Self::Taken(posted.id)),
        }
    }

    pub(super) fn left(undelivered: &Undelivered) -> Result<Self, CommitError> {
        let Undelivered {
            notice,
            attempts,
            next,
            fault,
            ..
        } = undelivered;
        Ok(Self::Left(PostedRow {
            id: notice.id,
            receiver: notice.receiver.clone(),
            happening: notice.happening.as_str(),
            attempts: (*attempts).into(),
            next: next.map(nanoseconds).transpose()?,
            fault: *fault,
        }))
    }
}

/// When the finding of a referral is due, in nanoseconds since 1970; what is beyond the times that a row can show, as late as it
/// can.
pub(super) fn referral_due(mark: &ReferralMark) -> i64 {
    i64::try_from(mark.due.as_nanosecond()).unwrap_or(i64::MAX)
}

/// The state of a case in its row.
///
/// A case that was received and not decided about is open to everybody outside. In its row it has a state of its own, by
/// which one that a gateway left behind when it died is found. That costs nothing: a decision writes the state anew anyway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RowState {
    /// Received, and no decision recorded.
    Received,
    /// What the caller was told.
    Told(CaseState),
}

impl RowState {
    pub(super) fn of(case: &Case) -> Self {
        if case.is_decided() {
            Self::Told(case.state)
        } else {
            Self::Received
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Told(state) => state.as_str(),
        }
    }

    /// The names that rows of cases in `state` may have.
    pub(super) fn names_of(state: CaseState) -> impl Iterator<Item = &'static str> {
        let received = Some(Self::Received.as_str()).filter(|_| state == CaseState::Open);
        std::iter::once(state.as_str()).chain(received)
    }
}

/// The kind of a case's last entry, once its key was destroyed.
pub(super) const PURGED: &str = "purged";

/// An entry of the house as an engine records it.
pub(super) struct Note {
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) kind: HouseKind,
    pub(super) payload: Vec<u8>,
}

impl Note {
    pub(super) fn of(entry: &HouseEntry) -> Result<Self, CommitError> {
        Ok(Self {
            time: nanoseconds(entry.time)?,
            kind: entry.kind,
            payload: entry.payload().map_err(|_json| CommitError::Malformed)?,
        })
    }
}

/// The end of a case as an engine records it.
pub(super) struct Purge {
    pub(super) case_id: CaseId,
    pub(super) expected_version: i64,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    /// In the open: [`remainder`].
    pub(super) payload: Vec<u8>,
}

impl Purge {
    /// `left`: of the case at that version.
    pub(super) fn of(
        case_id: CaseId,
        expected_version: u64,
        time: Timestamp,
        left: &Left,
    ) -> Result<Self, CommitError> {
        Ok(Self {
            case_id,
            expected_version: number(expected_version)?,
            time: nanoseconds(time)?,
            payload: remainder::write(left).map_err(|_json| CommitError::Malformed)?,
        })
    }
}

/// What only the first change of a case brings.
pub(super) struct Opening {
    pub(super) organisation: OrganisationId,
    pub(super) request_id: RequestId,
    pub(super) content: ContentDigest,
    pub(super) terms: Terms,
    /// Whom it is about, without repeats.
    pub(super) subjects: Vec<SubjectDigest>,
    pub(super) wrapped_key: Vec<u8>,
}

/// A case as an engine finds it.
pub(super) struct StoredCase {
    pub(super) id: CaseId,
    pub(super) version: i64,
    /// None where it was destroyed.
    pub(super) wrapped_key: Option<Vec<u8>>,
    /// In the order of their versions.
    pub(super) entries: Vec<SealedEntry>,
    /// Where they stand, in that order.
    pub(super) places: Vec<LedgerPlace>,
}

pub(super) fn nanoseconds(time: Timestamp) -> Result<i64, CommitError> {
    i64::try_from(time.as_nanosecond()).map_err(|_year_2262| CommitError::Malformed)
}

pub(super) fn number(version: u64) -> Result<i64, CommitError> {
    i64::try_from(version).map_err(|_too_many| CommitError::Malformed)
}
