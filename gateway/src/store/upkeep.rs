//! What a store does for its upkeep: cases whose time is over, holds on them, people found again, keys changed.
//!
//! As with [`Store`], every method is a whole transaction.

use std::cmp::Ordering;

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::{AgreementId, CaseId};
use statuscheck_domain::subject::Identity;

use super::key_file::KeyFileError;
use super::{CommitError, HouseEntry, ReadError, Store};

/// A store that can be kept in order.
#[async_trait]
pub trait Upkeep: Store {
    /// The agreements under which there are cases, with the checks, in order.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn terms(&self) -> Result<Vec<Terms>, ReadError>;

    /// One page of the cases under `terms` that nobody has to do anything about any more, oldest first.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn closed(&self, query: ClosedQuery) -> Result<Vec<ClosedCase>, ReadError>;

    /// One page of the cases that are decided about and not closed, oldest first.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn open(&self, query: OpenQuery) -> Result<Vec<CaseId>, ReadError>;

    /// Holds a case, or releases it: while it is held it is not purged. Setting what is set already is recorded again, for
    /// it has a reason of its own.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] where there is no such case, or none that is held to be released.
    async fn set_hold(&self, case_id: CaseId, held: bool, entry: HouseEntry) -> Result<(), CommitError>;

    /// The cases about whoever is meant by any of `identities`, oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn about(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError>;

    /// Moves all of the log into the file and empties it, so that what was deleted is in neither, and lets every key of a
    /// case that is at hand go. False where a reader or another process was in the way for too long: try again.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn empty_log(&self) -> Result<bool, ReadError>;

    /// Makes a new key-encryption key, wraps every key anew in batches beside the other work, and destroys the old one.
    /// Interrupted anywhere, it goes on when it is called again. `entry` is recorded when nothing is under the old key
    /// any more.
    ///
    /// # Errors
    /// [`RotationError`]
    async fn rotate_keys(&self, entry: HouseEntry) -> Result<Rotated, RotationError>;
}

/// An agreement and a check, which decide how long a case is kept. In order by the agreement, then by the check's name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The agreement under which it was asked; it may be in the register no longer.
    pub agreement: AgreementId,
    /// The check.
    pub check: CheckKind,
}

impl Terms {
    fn names(&self) -> (&str, &str) {
        (self.agreement.as_str(), self.check.as_str())
    }
}

impl Ord for Terms {
    fn cmp(&self, other: &Self) -> Ordering {
        self.names().cmp(&other.names())
    }
}

impl PartialOrd for Terms {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Which closed cases to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClosedQuery {
    /// Under what.
    pub terms: Terms,
    /// Only cases newer than this one: the last of the page before.
    pub after: Option<CaseId>,
    /// At most so many, and at least one; the store has a limit of its own.
    pub limit: usize,
}

/// Which open cases to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenQuery {
    /// Only cases under this agreement; none means all.
    pub agreement: Option<AgreementId>,
    /// Only cases newer than this one: the last of the page before.
    pub after: Option<CaseId>,
    /// At most so many, and at least one; the store has a limit of its own.
    pub limit: usize,
}

/// A case that nobody has to do anything about any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClosedCase {
    /// Its id.
    pub id: CaseId,
    /// Its version.
    pub version: u64,
    /// When it was received.
    pub created: Timestamp,
    /// When its last event happened.
    pub updated: Timestamp,
    /// It must be kept past its time.
    pub held: bool,
}

/// A rotation that came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotated {
    /// Number of the key that wraps now.
    pub generation: u32,
    /// Keys of cases that were wrapped anew.
    pub cases: u64,
}

/// Why a rotation did not come to its end. Nothing is lost by it; it goes on when it is called again.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Wait for the other rotation.
    #[error("the keys are being rotated already")]
    Running,
    /// Stop the other gateways first: they have the old key alone at hand, and could open nothing that is wrapped anew.
    #[error("other gateways work on the store, and they do not have the new key; stop them first")]
    Others,
    /// Look at the key file, and at whether its folder may be written.
    #[error("the key file cannot be changed")]
    KeyFile(#[source] KeyFileError),
    /// The store cannot be read.
    #[error("the keys in the store cannot be read")]
    Read(#[from] ReadError),
    /// The store cannot record.
    #[error("the keys in the store cannot be changed")]
    Commit(#[from] CommitError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_in_order_by_agreement_and_then_by_the_name_of_the_check() {
        let terms = |agreement: &str, check| Terms {
            agreement: agreement.parse().unwrap(),
            check,
        };
        let mut sorted: Vec<_> = CheckKind::ALL.map(|check| terms("letting", check)).into();
        sorted.push(terms("employers", CheckKind::RightToWork));
        sorted.sort();
        let names = sorted.iter().map(Terms::names).collect::<Vec<_>>();
        let expected = [
            ("employers", "right-to-work"),
            ("letting", "iecas"),
            ("letting", "right-to-rent"),
            ("letting", "right-to-work"),
            ("letting", "section-95"),
        ];
        assert_eq!(names, expected);
    }
}
