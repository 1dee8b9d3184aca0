//! The engine for several gateways: a PostgreSQL server, and in each gateway one writer that group-commits.
//!
//! Gateways share cases and requests, and each adds to a chain of the ledger of its own, so that none waits for another
//! but over the same case. A gateway holds its chain by a lease ([`lease`]); one that was stopped past it finds that out
//! before it writes anything. The server must be reached directly: a pooler in between that hands one connection to
//! several clients cannot be used.
//!
//! A commit is durable when the server says so. With a standby that takes over, that holds only for what the standby had:
//! the server has to be set to wait for it (`synchronous_standby_names`). Where it was not, the chains are shorter after
//! the take-over than the last checkpoints say, and the auditor finds that.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_adapters::share::ShareKeeper;
use statuscheck_domain::event::Change;
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use statuscheck_domain::quota::QuotaKey;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::address::{Address, AddressError};
pub(super) use self::condition::condition;
pub use self::connect::ConnectError;
use self::connect::Connector;
pub(super) use self::copying::{DatabaseDestination, DatabaseSource};
use self::dues::Leases;
pub use self::fault::DatabaseError;
use self::handing::{told, unread};
use self::heads::DatabaseHeads;
pub use self::migrations::{MigrateError, Migrated, migrate};
use self::notices::Listener;
pub use self::opening::OpenError;
use self::opening::Opened;
use self::quotas::Blocks;
use self::readers::Readers;
pub use self::rebuild::{CompareError, compare, mend};
pub use self::settings::{Limits, Settings};
use self::shares::{Shares, Sharing};
use self::work::{Recorded, Request, Work};
use self::writer::{Running, State, Writer};
use super::notary::Heads;
use super::remainder::Left;
use super::rows::{Note, Purge};
use super::seal::Kek;
use super::sealed::Sealer;
use super::{
    CasePage, CaseQuery, CommitError, Due, Feed, FeedError, HouseEntry, HouseQuery, PlacedEvent, Position,
    QuotaError, ReadError, Received, Reserved, Store,
};

mod address;
mod batch;
mod changes;
mod charges;
mod condition;
mod connect;
mod copying;
mod divisor;
mod dues;
mod fault;
mod feed;
mod handing;
mod heads;
mod hooks;
mod house;
mod lease;
mod measuring;
mod migrations;
mod notices;
mod opening;
mod pauses;
mod quotas;
mod readers;
mod rebuild;
mod referrals;
mod rotation;
mod settings;
mod shares;
mod single;
mod standings;
mod statements;
mod tables;
mod telling;
mod upkeep;
mod verifier;
mod work;
mod worklist;
mod writer;

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    sealer: Arc<Sealer>,
    queue: mpsc::Sender<Request>,
    readers: Readers,
    connector: Connector,
    holder: Uuid,
    heads: Arc<dyn Heads>,
    changes: watch::Receiver<u64>,
    state: Arc<State>,
    writer: Mutex<Option<Running>>,
    listener: Mutex<Option<AbortOnDropHandle<()>>>,
    limits: Limits,
    /// Where this gateway asks departments.
    sharing: Mutex<Option<Sharing>>,
    leases: Arc<Leases>,
    blocks: Arc<Blocks>,
    /// Read while a new case is sealed and put in the queue: a rotation waits for those at it.
    sealing: RwLock<()>,
    /// Held by the one rotation that there may be.
    rotating: tokio::sync::Mutex<()>,
}

impl PostgresStore {
    /// Opens the store, and makes it where the tables are empty. To be called in a tokio runtime, which has to last as
    /// long as the store.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(settings: Settings, kek: Kek) -> Result<Self, OpenError> {
        let settings = Settings {
            limits: settings.limits.at_least_one(),
            ..settings
        };
        let opened = Opened::new(&settings, kek).await?;
        let (queue, requests) = mpsc::channel(settings.limits.queue_max);
        let (changes_now, changes) = watch::channel(0);
        let state = Arc::new(State::default());
        state.pulse.watch([&queue]);
        let listener = Listener {
            connector: opened.connector.clone(),
            sealer: Arc::clone(&opened.sealer),
            changes: changes_now,
            poll_every: settings.limits.poll_every,
            answer_max: settings.limits.answer_max,
        };
        let heads = Arc::new(DatabaseHeads {
            ledger: opened.ledger,
            own: opened.holding.id,
            connector: opened.connector.clone(),
            answer_max: settings.limits.answer_max,
        });
        let limits = settings.limits.clone();
        let leases = Leases::new(&settings.limits);
        let blocks = Blocks::new(settings.limits.reservations_max, settings.limits.quota_block);
        let writer = Writer {
            connector: opened.connector.clone(),
            telling: telling::Telling::new(settings.limits.tell_every),
            limits: settings.limits,
            holder: opened.holder,
            session: None,
            holding: opened.holding,
            queue: requests,
            pending: std::collections::VecDeque::new(),
            ahead: writer::Ahead::default(),
            state: Arc::clone(&state),
            leases: Arc::clone(&leases),
            blocks: Arc::clone(&blocks),
            refused: 0,
            answers: work::answers(),
        };
        let writer = writer.start()?;
        Ok(Self {
            sealer: opened.sealer,
            queue,
            readers: opened.readers,
            connector: opened.connector,
            holder: opened.holder,
            heads,
            changes,
            state,
            writer: Mutex::new(Some(writer)),
            listener: Mutex::new(Some(AbortOnDropHandle::new(tokio::spawn(listener.run())))),
            limits,
            sharing: Mutex::default(),
            leases,
            blocks,
            sealing: RwLock::default(),
            rotating: tokio::sync::Mutex::default(),
        })
    }

    /// Where every chain of the ledger ends, for the notary.
    pub fn ledger_end(&self) -> Arc<dyn Heads> {
        Arc::clone(&self.heads)
    }

    /// From now on this gateway asks departments, and has its part of their figures among all gateways of the database that do.
    /// The share comes with the first renewal, and ends with the store. To be called in a tokio runtime; a share that was
    /// kept before ends.
    pub fn keep_share(&self, keeper: ShareKeeper) {
        let sharing = Shares::new(self.connector.clone(), Uuid::new_v4(), &self.limits, keeper).keep();
        *self.sharing.lock().unwrap_or_else(PoisonError::into_inner) = Some(sharing);
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn receive(&self, change: Change, content: Zeroizing<Vec<u8>>) -> Result<Received, CommitError> {
        let (outcome, key) = {
            let _sealing = self.sealing.read().unwrap_or_else(PoisonError::into_inner);
            let (sealed, key) = self.sealer.seal_first(&change, &content)?;
            (self.enqueue(Work::Change(Box::new(sealed)))?, key)
        };
        match told(outcome).await? {
            Recorded::Done => {
                self.sealer.keep(change.case_id, key);
                Ok(Received::New)
            }
            Recorded::Known {
                case_id,
                same_content,
            } => Ok(Received::Known {
                case_id,
                same_content,
            }),
            Recorded::Leased(_) | Recorded::Granted { .. } => Err(CommitError::Stale),
        }
    }

    async fn received(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<Received, ReadError> {
        let content = self.sealer.content(organisation, request_id, content);
        let known = tables::known(&self.readers, (organisation, request_id), &content).await?;
        Ok(Received::of(known))
    }

    async fn commit(&self, change: Change) -> Result<(), CommitError> {
        let case_id = change.case_id;
        let key = match self.sealer.key(case_id) {
            Some(key) => key,
            None => {
                let wrapped = tables::wrapped_key(&self.readers, case_id).await?;
                let wrapped = wrapped.ok_or(CommitError::Stale)?;
                self.sealer.unwrap_key(case_id, wrapped)?
            }
        };
        let sealed = self.sealer.seal(&change, &key)?;
        self.done(Work::Change(Box::new(sealed))).await
    }

    async fn note(&self, entry: HouseEntry) -> Result<(), CommitError> {
        self.done(Work::Note(Note::of(&entry)?)).await
    }

    async fn note_next(&self, entry: HouseEntry, newest: Option<Timestamp>) -> Result<(), CommitError> {
        house::note_next(self, entry, newest).await
    }

    async fn noted(&self, query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError> {
        house::noted(&self.readers, query, query.limit.clamp(1, self.limits.page_max)).await
    }

    async fn open_cases(&self, agreements: &[AgreementId]) -> Result<u64, ReadError> {
        house::open_cases(&self.readers, agreements).await
    }

    async fn purge(
        &self,
        case_id: CaseId,
        expected_version: u64,
        time: Timestamp,
    ) -> Result<(), CommitError> {
        let left = Left::of(case_id, self.history(case_id).await)?;
        let purge = Purge::of(case_id, expected_version, time, &left)?;
        self.done(Work::Purge(purge)).await?;
        self.sealer.forget(case_id);
        Ok(())
    }

    async fn history(&self, id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError> {
        let stored = tables::stored_case(&self.readers, id).await?;
        stored.map(|stored| self.sealer.history(stored)).transpose()
    }

    async fn cases(&self, query: CaseQuery) -> Result<CasePage, ReadError> {
        let limit = query.limit.clamp(1, self.limits.page_max);
        // One more than wanted shows whether there is a next page.
        let mut stored = tables::page(&self.readers, &query, limit + 1).await?;
        let more = stored.len() > limit;
        stored.truncate(limit);
        let next = stored.last().map(|last| last.id).filter(|_| more);
        let sealer = Arc::clone(&self.sealer);
        let opening = move || tables::open_all(&sealer, stored, &query.organisation);
        // Several thousand entries are to be opened: too long for a thread that others wait for.
        let cases = tokio::task::spawn_blocking(opening)
            .await
            .map_err(|_panicked| ReadError::Unavailable)??;
        Ok(CasePage { cases, next })
    }

    async fn lease_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, ReadError> {
        let wanted = self.leases.wanted(now, limit);
        match self.recorded(Work::Lease(wanted)).await.map_err(unread)? {
            Recorded::Leased(leased) => leased.iter().map(|leased| leased.due()).collect(),
            _ => Err(ReadError::Unavailable),
        }
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        self.leases.next_wake(&self.readers, self.holder).await
    }

    async fn release(&self, case_ids: &[CaseId]) -> Result<(), CommitError> {
        let ids = case_ids.iter().map(|id| id.0).collect();
        self.done(Work::LetGo(ids)).await
    }

    async fn quota_used(&self, key: &QuotaKey) -> Result<u64, ReadError> {
        quotas::used(&self.readers, key).await
    }

    async fn reserve(
        &self,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Result<Reserved, QuotaError> {
        if !self.is_healthy() {
            return Err(ReadError::Unavailable.into());
        }
        if let Some(reserved) = self.blocks.reserve(case_id, key, units, limit) {
            return reserved;
        }
        self.blocks
            .look(&self.readers, self.holder, (key, units, limit))
            .await?;
        let _turn = self.blocks.turn().await;
        // Another may have taken a block meanwhile.
        if let Some(reserved) = self.blocks.reserve(case_id, key, units, limit) {
            return reserved;
        }
        self.blocks
            .look(&self.readers, self.holder, (key, units, limit))
            .await?;
        let (refill, reserved) = self.blocks.refill(case_id, key, units, limit);
        self.recorded(Work::Refill(refill)).await.map_err(unread)?;
        reserved
            .await
            .unwrap_or(Err(QuotaError::Read(ReadError::Unavailable)))
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    async fn position(&self) -> Result<Position, ReadError> {
        feed::end(&self.readers).await
    }

    async fn entries_after(
        &self,
        position: &Position,
        organisation: Option<&OrganisationId>,
        limit: usize,
    ) -> Result<Feed, FeedError> {
        let wanted = feed::Wanted {
            after: position,
            organisation,
            limit: limit.clamp(1, self.limits.feed_max),
            looked_at_max: self.limits.feed_looked_at_max,
        };
        feed::after(&self.readers, &wanted).await
    }

    fn is_healthy(&self) -> bool {
        let is_away = self.state.is_away.load(Ordering::Acquire);
        let is_stopped = self.state.is_stopped.load(Ordering::Acquire);
        !is_away && !is_stopped && !self.queue.is_closed()
    }

    async fn close(&self) {
        let sharing = self.sharing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sharing) = sharing {
            sharing.end().await;
        }
        self.readers.close().await;
        let take = |slot: &Mutex<Option<_>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(
            self.listener
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        // Gone already means that there is nothing left to drain.
        self.queue.send(Request::Close).await.ok();
        if let Some(writer) = take(&self.writer) {
            writer.ended().await;
        }
    }
}
