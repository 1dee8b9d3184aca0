//! Entries of the house: what operators do to the store as a whole, beside the entries of cases.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CommitError, ReadError};

/// Something that was done by an operator, or on an operator's standing order.
///
/// Its payload in the ledger is the JSON object `{"v":1,"actor":…,"details":…}`. It lies open and is kept for ever, so it
/// holds nothing about a person; what has to, is sealed first.
#[derive(Clone, PartialEq, Debug)]
pub struct HouseEntry {
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: HouseKind,
    /// Who: an identity such as `ops/anna`, or the part of the program that acts by itself, such as `retention`.
    pub actor: String,
    /// What else belongs to it, by names that do not change.
    pub details: Map<String, Value>,
}

/// The kinds of entry of the house.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HouseKind {
    /// The keys of cases were wrapped under another key-encryption key.
    KeyRotated,
    /// Cases past their time were looked for.
    RetentionRun,
    /// A case, or a person's cases, must be kept past their time.
    LegalHoldSet,
    /// They need no longer be.
    LegalHoldReleased,
    /// What is held about a person was handed out.
    SubjectAccessed,
    /// The projections were made anew from the ledger.
    Rebuilt,
    /// The ledger was looked over, while a gateway was running.
    LedgerVerified,
    /// Another register was planned.
    RegisterPlanned,
    /// A planned register was applied: it is the one that counts from here on.
    RegisterApplied,
    /// Most of a month's quota is used.
    QuotaWarned,
    /// The owner of its agreement has taken the notice of that.
    QuotaTold,
    /// Open cases are given more time.
    DueExtended,
    /// Every case that such an order means was.
    DueExtensionDone,
    /// Clocks of open cases are counted anew.
    DueRecounted,
    /// Every clock that such an order means was.
    DueRecountDone,
    /// Another list of bank holidays counts for new cases.
    CalendarReplaced,
    /// A department was closed by hand, or opened.
    DepartmentSet,
    /// An operator looked at how cases, departments or the ledger stand.
    OpsViewed,
    /// A department had a feed cleared to be shared.
    FeedUploaded,
    /// An operator had a parked notice tried anew.
    HookRetried,
}

impl HouseKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::KeyRotated,
        Self::RetentionRun,
        Self::LegalHoldSet,
        Self::LegalHoldReleased,
        Self::SubjectAccessed,
        Self::Rebuilt,
        Self::LedgerVerified,
        Self::RegisterPlanned,
        Self::RegisterApplied,
        Self::QuotaWarned,
        Self::QuotaTold,
        Self::DueExtended,
        Self::DueExtensionDone,
        Self::DueRecounted,
        Self::DueRecountDone,
        Self::CalendarReplaced,
        Self::DepartmentSet,
        Self::OpsViewed,
        Self::FeedUploaded,
        Self::HookRetried,
    ];

    /// The stable name in the ledger. No event of a case has the same.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyRotated => "key_rotated",
            Self::RetentionRun => "retention_run",
            Self::LegalHoldSet => "legal_hold_set",
            Self::LegalHoldReleased => "legal_hold_released",
            Self::SubjectAccessed => "subject_accessed",
            Self::Rebuilt => "rebuilt",
            Self::LedgerVerified => "ledger_verified",
            Self::RegisterPlanned => "register_planned",
            Self::RegisterApplied => "register_applied",
            Self::QuotaWarned => "quota_warned",
            Self::QuotaTold => "quota_told",
            Self::DueExtended => "due_extended",
            Self::DueExtensionDone => "due_extension_done",
            Self::DueRecounted => "due_recounted",
            Self::DueRecountDone => "due_recount_done",
            Self::CalendarReplaced => "calendar_replaced",
            Self::DepartmentSet => "department_set",
            Self::OpsViewed => "ops_viewed",
            Self::FeedUploaded => "feed_uploaded",
            Self::HookRetried => "hook_retried",
        }
    }
}

/// Which entries of the house to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HouseQuery {
    /// Of what kind.
    pub kind: HouseKind,
    /// Only entries later than this.
    pub after: Option<Timestamp>,
    /// Only entries earlier than this.
    pub before: Option<Timestamp>,
    /// At most so many, and at least one; the store has a limit of its own.
    pub limit: usize,
}

impl HouseQuery {
    /// `after` and `before` in nanoseconds since 1970.
    pub(super) fn between(&self) -> (i64, i64) {
        // What lies outside the numbers of the ledger is before or after everything in it.
        let nanoseconds = |time: Timestamp| {
            let outside = if time < Timestamp::UNIX_EPOCH {
                i64::MIN
            } else {
                i64::MAX
            };
            i64::try_from(time.as_nanosecond()).unwrap_or(outside)
        };
        (
            self.after.map_or(i64::MIN, nanoseconds),
            self.before.map_or(i64::MAX, nanoseconds),
        )
    }
}

/// The version of the payload.
const VERSION: u8 = 1;

#[derive(Serialize)]
struct Payload<'a> {
    v: u8,
    actor: &'a str,
    details: &'a Map<String, Value>,
}

#[derive(Deserialize)]
struct Read {
    v: u8,
    actor: String,
    details: Map<String, Value>,
}

impl HouseEntry {
    pub(super) fn payload(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Payload {
            v: VERSION,
            actor: &self.actor,
            details: &self.details,
        })
    }

    /// Asks for what of its kind is newer than `newest`, which has to be older than the entry itself.
    pub(super) fn newer(&self, newest: Option<Timestamp>) -> Result<HouseQuery, CommitError> {
        if newest.is_some_and(|newest| self.time <= newest) {
            return Err(CommitError::Malformed);
        }
        Ok(HouseQuery {
            kind: self.kind,
            after: newest,
            before: None,
            limit: 1,
        })
    }

    /// The entry of this kind that an engine keeps with `time`, in nanoseconds since 1970, and `payload`.
    pub(super) fn read(kind: HouseKind, time: i64, payload: &[u8]) -> Result<Self, ReadError> {
        let Read { v, actor, details } =
            serde_json::from_slice(payload).map_err(|_quotes| ReadError::Corrupt)?;
        let time = Timestamp::from_nanosecond(i128::from(time)).map_err(|_range| ReadError::Corrupt)?;
        if v != VERSION {
            return Err(ReadError::Corrupt);
        }
        Ok(Self {
            time,
            kind,
            actor,
            details,
        })
    }
}
