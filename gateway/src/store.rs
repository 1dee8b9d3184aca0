//! Where cases live. Every method is a whole transaction, so that the engines behave alike; the ledger of events is the
//! truth, and all else in a store is made from it.
//!
//! Payloads of events are sealed ([`seal`]) under a key of the case's own before an engine sees them. An engine knows
//! of a case its id, organisation, request id, state, version and times, whose turn it is, and the kinds of its events.

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::Timestamp;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::event::Change;
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use statuscheck_domain::quota::QuotaKey;
use tokio::sync::watch;
use zeroize::Zeroizing;

pub mod chain;
pub mod condition;
pub mod copy;
mod due;
pub mod embedded;
mod feed;
mod hex;
mod hooks;
mod house;
pub mod key_file;
mod location;
mod measuring;
pub mod notary;
pub mod postgres;
mod projection;
pub mod pulse;
mod quota;
mod record;
mod referrals;
mod remainder;
mod rotation;
mod rows;
pub mod seal;
mod sealed;
pub mod signing;
mod standing;
pub mod upkeep;
mod worklist;

pub use self::due::Due;
pub use self::feed::{Feed, FeedError, Followed, LedgerPlace, PlacedEvent, Position, PositionError};
pub use self::hooks::{HookQuery, HookRow, Hooks};
pub use self::house::{HouseEntry, HouseKind, HouseQuery};
pub use self::location::Location;
pub use self::measuring::{CoursePage, CourseQuery, Measuring};
pub use self::quota::{QuotaError, Reserved};
pub use self::referrals::{ReferralQuery, ReferralRow, ReferralRows};
pub use self::standing::{Line, Marks, OpenCase, Standings, Urgency, UrgentQuery};
pub use self::worklist::{WorkQuery, WorkRow, Worklists};

/// A durable store of cases.
#[async_trait]
pub trait Store: Worklists + ReferralRows + Hooks + Standings + Measuring + Send + Sync {
    /// Records a new case, unless its organisation has used the request id before. When this returns
    /// [`Received::New`] the case is on disk.
    ///
    /// `change` begins with the receipt and expects version 0. `content` is all that makes two requests the same
    /// ([`Check::canonical`] and what else the caller sent with it); only a keyed digest of it is kept.
    ///
    /// A caller that stops waiting leaves the case recorded or not; asking again with the same request id tells.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] where the case's id is taken.
    ///
    /// [`Check::canonical`]: statuscheck_domain::check::Check::canonical
    async fn receive(&self, change: Change, content: Zeroizing<Vec<u8>>) -> Result<Received, CommitError>;

    /// What [`Store::receive`] would say, and nothing is recorded: for where a new request is refused, and a repeat is not.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn received(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<Received, ReadError>;

    /// Records further events of a case. When this returns `Ok` they are on disk.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] also where there is no such case, or where another case has opened a referral about
    /// the person of [`Change::lookup`] which that did not find. Of several such changes about one person that come at once, by
    /// whichever gateways, one is recorded.
    async fn commit(&self, change: Change) -> Result<(), CommitError>;

    /// The same for what goes on by itself, so that nobody waits for it on the line: where the engine knows a precedence, calls go
    /// first. It has its share of what is recorded, however many calls there are.
    ///
    /// # Errors
    /// As [`Store::commit`].
    async fn commit_behind(&self, change: Change) -> Result<(), CommitError> {
        self.commit(change).await
    }

    /// Records what an operator did. When this returns `Ok` it is on disk.
    ///
    /// # Errors
    /// [`CommitError`]
    async fn note(&self, entry: HouseEntry) -> Result<(), CommitError>;

    /// The same, where `newest` is the time of the newest entry of that kind, or there is none: of two that meet, in
    /// whichever gateways, one is recorded. `entry` is later than `newest`.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] where there is a newer one, [`CommitError::Full`] where another is being
    /// recorded now, [`CommitError::Malformed`] where `entry` is not later.
    async fn note_next(&self, entry: HouseEntry, newest: Option<Timestamp>) -> Result<(), CommitError>;

    /// Entries of the house, newest first by their times.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn noted(&self, query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError>;

    /// How many cases under any of `agreements` are not closed.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn open_cases(&self, agreements: &[AgreementId]) -> Result<u64, ReadError>;

    /// Ends a case for good: its key is destroyed, so that nobody can read its entries again, and with it go its row and
    /// its request id. The ledger keeps the entries and gets one more, `purged`, which needs no key.
    ///
    /// # Errors
    /// [`CommitError`]; [`CommitError::Stale`] also where there is no such case.
    async fn purge(&self, case_id: CaseId, expected_version: u64, time: Timestamp)
    -> Result<(), CommitError>;

    /// The case, or none of that id.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn case(&self, id: CaseId) -> Result<Option<Case>, ReadError> {
        let history = self.history(id).await?;
        let fold =
            |history: Vec<PlacedEvent>| Case::fold(id, history.into_iter().map(|recorded| recorded.event));
        history
            .map(fold)
            .transpose()
            .map_err(|_history| ReadError::Corrupt)
    }

    /// Several cases, in the order of `ids`, each as [`Store::case`] reads it: to read them together costs less.
    async fn several(&self, ids: &[CaseId]) -> Vec<Result<Option<Case>, ReadError>> {
        join_all(ids.iter().map(|id| self.case(*id))).await
    }

    /// Every event of a case, oldest first; none where there is no case of that id.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn history(&self, id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError>;

    /// One page of an organisation's cases, newest first.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn cases(&self, query: CaseQuery) -> Result<CasePage, ReadError>;

    /// Cases that somebody must look at now, leased to this gateway: those whose wake time is at or before `now`, and those
    /// that were received long before and never decided about, because whoever was at it died. The one that is due longest
    /// comes first. At most `limit`, at least one; the store has limits of its own, also of leases in all.
    ///
    /// Nobody else gets a leased case until a change of it is committed, by whomever; until [`Store::release`]; or until
    /// this gateway dies. The case may have gone on since it was looked at: then a change to [`Due::version`] is
    /// [`CommitError::Stale`], and the lease is to be released. A gateway that lost its leases commits nothing.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn lease_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, ReadError>;

    /// When the next case will be due that nobody has leased; it may be in the past. None while there is none. A change may
    /// bring it forward: [`Store::changed`].
    ///
    /// # Errors
    /// [`ReadError`]
    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError>;

    /// Lets leased cases go, so that they are due again at once. One that is not leased is passed over.
    ///
    /// # Errors
    /// [`CommitError`]; the leases then end with the gateway.
    async fn release(&self, case_ids: &[CaseId]) -> Result<(), CommitError>;

    /// Units of a quota that are recorded as used, whatever is set aside.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn quota_used(&self, key: &QuotaKey) -> Result<u64, ReadError>;

    /// Sets `units` of a quota aside for a case, unless they were more than `limit` together with all that is used and set
    /// aside by whichever gateway.
    ///
    /// A change of the case that uses some ([`Change::spent`]) takes them from here in the moment in which it is recorded;
    /// what is left is given back when the reservation is dropped. So reserve before the questions are recorded, charge
    /// them to the month of [`Reserved::key`], and drop the reservation after. What is charged without is counted, but over
    /// any limit.
    ///
    /// # Errors
    /// [`QuotaError`]
    async fn reserve(
        &self,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Result<Reserved, QuotaError>;

    /// A count that changes after something was recorded, by whichever gateway. It may change once for many changes, and
    /// for nothing.
    fn changed(&self) -> watch::Receiver<u64>;

    /// Where the ledger ends now: what is recorded after is after this position.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn position(&self) -> Result<Position, ReadError>;

    /// The entries of cases after `position`, in order, none missed: those of one `organisation`, or all. At most `limit`,
    /// at least one; the store has limits of its own, also of entries that it passes over. Of a purged case nobody knows
    /// whose it was, so its entries are in the feed of all alone.
    ///
    /// # Errors
    /// [`FeedError`]
    async fn entries_after(
        &self,
        position: &Position,
        organisation: Option<&OrganisationId>,
        limit: usize,
    ) -> Result<Feed, FeedError>;

    /// The store records changes. Once false, that of a file stays false until it is opened anew; that of a database comes
    /// back by itself when the database does, unless it was closed or the ledger is damaged.
    fn is_healthy(&self) -> bool;

    /// Records what is waiting and lets the store go, so that it can be opened again. Later changes and reads are
    /// `Unavailable`.
    async fn close(&self);
}

/// What became of a new request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received {
    /// The case is recorded.
    New,
    /// The organisation has used the request id before; nothing was recorded.
    Known {
        /// The case of that request.
        case_id: CaseId,
        /// That request had the same content.
        same_content: bool,
    },
}

impl Received {
    /// The case that a request has, and whether that had the same content; none where it is new.
    fn of(known: Option<(CaseId, bool)>) -> Self {
        known.map_or(Self::New, |(case_id, same_content)| Self::Known {
            case_id,
            same_content,
        })
    }
}

/// Which cases to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseQuery {
    /// Whose.
    pub organisation: OrganisationId,
    /// In any of these states; in any state at all where empty.
    pub states: Vec<CaseState>,
    /// Only cases older than this one: [`CasePage::next`] of the page before.
    pub after: Option<CaseId>,
    /// At most so many, and at least one; the store has a limit of its own.
    pub limit: usize,
}

/// Some cases, newest first: by id, which grows with the time of receipt.
#[derive(Clone)]
pub struct CasePage {
    /// The cases.
    pub cases: Vec<Case>,
    /// Where the next page begins; none after the last.
    pub next: Option<CaseId>,
}

/// Why a change was not recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommitError {
    /// Read the case again and decide again: it is no longer at the version that was expected.
    #[error("the case is not at the expected version")]
    Stale,
    /// Try again a little later: too much is waiting, so no new case is taken. Nothing was recorded.
    #[error("too many changes are waiting to be recorded")]
    Full,
    /// Tell nobody anything: the change cannot be made durable now. Where the disk failed in the middle, or a database went
    /// away, it is known only after the store is opened again, or the database is back, whether the change is there.
    #[error("the store cannot record now")]
    Unavailable,
    /// Restore from a backup or call for help: what is stored was altered or damaged, or its key is gone.
    #[error("the stored case is damaged")]
    Corrupt,
    /// Mend the program: the events do not follow on one by one, or the receipt is not where it belongs.
    #[error("the events are not a change of one case")]
    Malformed,
}

/// Why nothing could be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// Try again a little later: too many are waiting to read.
    #[error("too many are waiting to read")]
    Full,
    /// The store cannot be read now.
    #[error("the store cannot be read now")]
    Unavailable,
    /// Restore from a backup or call for help: what is stored was altered or damaged, or its key is gone.
    #[error("the stored case is damaged")]
    Corrupt,
}

impl From<ReadError> for CommitError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Full => Self::Full,
            ReadError::Unavailable => Self::Unavailable,
            ReadError::Corrupt => Self::Corrupt,
        }
    }
}

#[cfg(test)]
mod vectors;
