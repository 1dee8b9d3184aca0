//! Referrals to the Windrush taskforce, found without opening any case: by their ids, by where they stand, and by the person.
//! Only people who were referred have rows here.

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::referral::ReferralState;
use statuscheck_domain::subject::Identity;

use super::ReadError;

/// The referrals of a store.
#[async_trait]
pub trait ReferralRows {
    /// One page of the referrals, oldest first: each once, by the case that opened it.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn referrals(&self, query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError>;

    /// The referral of that id, by the case that opened it; none where there is none, or its case is purged.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn referral(&self, id: ReferralId) -> Result<Option<ReferralRow>, ReadError>;

    /// The cases that joined a referral and still wait for it, by their ids. What was committed before this is called is
    /// there.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn joined(&self, id: ReferralId) -> Result<Vec<CaseId>, ReadError>;

    /// The cases with referrals about whoever is meant by any of `identities`: first those with an open one that they opened
    /// themselves, however many have joined it since; then the others. Each newest first; at most `limit`.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn referred(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError>;
}

/// Which referrals to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferralQuery {
    /// In any of these states; in any state at all where empty.
    pub states: Vec<ReferralState>,
    /// Only referrals younger than this one: the last of the page before.
    pub after: Option<ReferralId>,
    /// At most so many, and at least one; the store has a limit of its own, that of its pages of cases.
    pub limit: usize,
}

/// A referral as its row has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReferralRow {
    /// Which.
    pub id: ReferralId,
    /// The case that opened it.
    pub case_id: CaseId,
    /// Where it stands.
    pub state: ReferralState,
    /// When the finding is due.
    pub due: Timestamp,
}

impl ReferralQuery {
    /// What the rows come after.
    pub(super) fn start(&self) -> ReferralId {
        self.after.unwrap_or(ReferralId(uuid::Uuid::nil()))
    }

    /// The names of the states that rows may have.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let states: &[_] = if self.states.is_empty() {
            &ReferralState::ALL
        } else {
            &self.states
        };
        states.iter().map(|state| state.as_str()).collect()
    }
}

impl ReferralRow {
    pub(super) fn of(id: ReferralId, case_id: CaseId, state: &str, due: i64) -> Result<Self, ReadError> {
        Ok(Self {
            id,
            case_id,
            state: ReferralState::named(state).ok_or(ReadError::Corrupt)?,
            due: Timestamp::from_nanosecond(i128::from(due)).map_err(|_range| ReadError::Corrupt)?,
        })
    }
}
