//! Entries of the house: what operators do to the store as a whole, beside the entries of cases.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

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
}

impl HouseKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::KeyRotated,
        Self::RetentionRun,
        Self::LegalHoldSet,
        Self::LegalHoldReleased,
        Self::SubjectAccessed,
        Self::Rebuilt,
        Self::LedgerVerified,
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
        }
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    v: u8,
    actor: &'a str,
    details: &'a Map<String, Value>,
}

impl HouseEntry {
    pub(super) fn payload(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Payload {
            v: 1,
            actor: &self.actor,
            details: &self.details,
        })
    }
}
