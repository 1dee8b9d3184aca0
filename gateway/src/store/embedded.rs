//! The embedded engine: one SQLite file, one writer, no server to install.
//!
//! WAL mode with `synchronous=FULL`: a commit returns after its fsync. One process holds the file, by a lock beside it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::case::Case;
use statuscheck_domain::event::Change;
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use statuscheck_domain::quota::QuotaKey;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

pub(super) use self::condition::condition;
pub(super) use self::copying::{FileDestination, FileSource};
use self::dues::Dues;
use self::handing::told;
use self::heads::FileHeads;
pub use self::opening::OpenError;
use self::opening::Opened;
use self::queue::{Lane, Queue};
use self::readers::Readers;
pub use self::rebuild::{Difference, RebuildError, Rebuilt, rebuild};
pub use self::settings::Settings;
use self::tables::Recorded;
use self::writer::{Waiting, Work, Writer};
use super::chain::Chain;
use super::notary::Heads;
use super::pulse::Pulse;
use super::quota::Tallies;
use super::remainder::Left;
use super::rows::{Note, Purge};
use super::seal::Kek;
use super::sealed::Sealer;
use super::{
    CasePage, CaseQuery, CommitError, Due, Feed, FeedError, HouseEntry, HouseQuery, PlacedEvent, Position,
    QuotaError, ReadError, Received, Reserved, Store,
};

mod apart;
mod checkpoints;
mod condition;
mod copying;
mod dues;
mod entries;
mod fault;
mod feed;
mod handing;
mod heads;
mod histories;
mod hooks;
mod house;
mod kept;
mod lock;
mod measuring;
mod opening;
mod places;
mod queue;
mod quotas;
mod readers;
mod reading;
mod rebuild;
mod referrals;
mod retained;
mod rotation;
mod settings;
mod shelves;
mod subjects;
mod tables;
mod upkeep;
mod worklist;
mod writer;

/// Batches whose answers may wait to be passed on: the writer works on one while the one before is.
const SETTLED_MAX: usize = 2;

/// A store in one file.
pub struct EmbeddedStore {
    sealer: Arc<Sealer>,
    queue: Queue<Waiting>,
    readers: Readers,
    heads: Arc<FileHeads>,
    changed: watch::Receiver<u64>,
    dues: Arc<Dues>,
    tallies: Arc<Tallies>,
    pulse: Pulse,
    feed_max: usize,
    feed_looked_at_max: usize,
    stopped: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
    page_max: usize,
    path: PathBuf,
    /// Read while a new case is sealed and put in the queue: a rotation waits for those at it.
    sealing: RwLock<()>,
    /// Held by the one rotation that there may be.
    rotating: tokio::sync::Mutex<()>,
    /// Held by the one entry that must be the next of its kind.
    noting: tokio::sync::Mutex<()>,
}

impl EmbeddedStore {
    /// Opens the store, and makes it where there is none. To be called in a tokio runtime, which has to last as long
    /// as the store.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(settings: Settings, kek: Kek) -> Result<Self, OpenError> {
        let path = settings.path.clone();
        let failed = |source| OpenError::Io { path, source };
        let (settings, opened) =
            tokio::task::spawn_blocking(move || Opened::new(&settings, kek).map(|opened| (settings, opened)))
                .await
                .map_err(|panicked| failed(panicked.into()))??;
        let tallies = Tallies::new(settings.reservations_max);
        tallies.load(
            quotas::used(&opened.writer).map_err(|_logged| OpenError::Projection {
                path: settings.path.clone(),
            })?,
        );
        let dues = Arc::new(Dues::new(&settings));
        let (changed_now, changed) = watch::channel(0);
        let (queue, lanes) = queue::queue(&settings, Handle::current());
        let pulse = Pulse::default();
        pulse.watch(queue.lanes());
        let (settled, batches) = mpsc::channel(SETTLED_MAX);
        tokio::spawn(writer::pass_on(batches));
        let (head_now, head) = watch::channel(opened.ends.own.head);
        let writer = Writer {
            connection: opened.writer,
            chain: Chain::at(opened.ends.number, opened.ends.own.head),
            lately: RefCell::default(),
            head: head_now,
            changed: changed_now,
            dues: Arc::clone(&dues),
            tallies: Arc::clone(&tallies),
            lanes,
            settled,
            checkpoints: opened.checkpoints,
            stopped: Arc::clone(&opened.stopped),
            refused: 0,
            pulse: pulse.clone(),
        };
        let thread = writer::start(writer, opened.lock).map_err(|source| OpenError::Io {
            path: settings.path.clone(),
            source,
        })?;
        Ok(Self {
            sealer: Arc::new(opened.sealer),
            queue,
            readers: opened.readers,
            heads: Arc::new(FileHeads::new(opened.ends, head)),
            changed,
            dues,
            tallies,
            pulse,
            feed_max: settings.feed_max.max(1),
            feed_looked_at_max: settings.feed_looked_at_max.max(1),
            stopped: opened.stopped,
            thread: Mutex::new(Some(thread)),
            page_max: settings.page_max.max(1),
            path: settings.path,
            sealing: RwLock::default(),
            rotating: tokio::sync::Mutex::default(),
            noting: tokio::sync::Mutex::default(),
        })
    }

    /// Which ledger it is, and where it ends: what the heads say is on disk. After [`Store::close`] they are the end for
    /// good.
    pub fn ledger_end(&self) -> Arc<dyn Heads> {
        Arc::clone(&self.heads) as _
    }

    /// What it tells of its writer.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }
}

#[async_trait]
impl Store for EmbeddedStore {
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
            Recorded::Stale => Err(CommitError::Stale),
            Recorded::Damaged => Err(CommitError::Corrupt),
        }
    }

    async fn received(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<Received, ReadError> {
        let content = self.sealer.content(organisation, request_id, content);
        let of = organisation.clone();
        let read = move |connection: &_| Ok(tables::known(connection, (&of, request_id), &content)?);
        Ok(Received::of(self.readers.read(read).await?))
    }

    async fn commit(&self, change: Change) -> Result<(), CommitError> {
        self.step(Lane::Calls, change).await
    }

    async fn commit_behind(&self, change: Change) -> Result<(), CommitError> {
        self.step(Lane::Behind, change).await
    }

    async fn note(&self, entry: HouseEntry) -> Result<(), CommitError> {
        self.done(Lane::Calls, Work::Note(Note::of(&entry)?)).await
    }

    async fn note_next(&self, entry: HouseEntry, newest: Option<Timestamp>) -> Result<(), CommitError> {
        house::note_next(self, entry, newest).await
    }

    async fn noted(&self, query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        self.readers
            .read(move |connection| house::noted(connection, query, limit))
            .await
    }

    async fn open_cases(&self, agreements: &[AgreementId]) -> Result<u64, ReadError> {
        let agreements = agreements.to_vec();
        let count = move |connection: &_| Ok(shelves::open_cases(connection, &agreements)?);
        self.readers.counts.read(count).await
    }

    async fn purge(
        &self,
        case_id: CaseId,
        expected_version: u64,
        time: Timestamp,
    ) -> Result<(), CommitError> {
        let left = Left::of(case_id, self.history(case_id).await)?;
        let purge = Purge::of(case_id, expected_version, time, &left)?;
        self.done(Lane::Behind, Work::Purge(purge)).await?;
        self.sealer.forget(case_id);
        Ok(())
    }

    async fn several(&self, ids: &[CaseId]) -> Vec<Result<Option<Case>, ReadError>> {
        self.read_several(ids).await
    }

    async fn history(&self, id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError> {
        let sealer = Arc::clone(&self.sealer);
        let read = move |connection: &_| {
            tables::stored_case(connection, id)?
                .map(|stored| sealer.history(stored))
                .transpose()
        };
        self.readers.read(read).await
    }

    async fn cases(&self, query: CaseQuery) -> Result<CasePage, ReadError> {
        let sealer = Arc::clone(&self.sealer);
        let limit = query.limit.clamp(1, self.page_max);
        let read = move |connection: &_| shelves::page(connection, &sealer, &query, limit);
        self.readers.read(read).await
    }

    async fn lease_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, ReadError> {
        self.dues.lease(&self.readers, now, limit).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        self.dues.next_wake(&self.readers).await
    }

    async fn release(&self, case_ids: &[CaseId]) -> Result<(), CommitError> {
        self.dues.release(case_ids);
        Ok(())
    }

    async fn quota_used(&self, key: &QuotaKey) -> Result<u64, ReadError> {
        Ok(self.tallies.used(key))
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
        self.tallies.reserve(case_id, key, units, limit)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.clone()
    }

    async fn position(&self) -> Result<Position, ReadError> {
        self.readers.read(feed::end).await
    }

    async fn entries_after(
        &self,
        position: &Position,
        organisation: Option<&OrganisationId>,
        limit: usize,
    ) -> Result<Feed, FeedError> {
        let wanted = feed::Wanted {
            after: position.clone(),
            organisation: organisation.cloned(),
            limit: limit.clamp(1, self.feed_max),
            looked_at_max: self.feed_looked_at_max,
        };
        let read = move |connection: &_| feed::after(connection, &wanted);
        self.readers.read(read).await?.ok_or(FeedError::Unknown)
    }

    fn is_healthy(&self) -> bool {
        !self.stopped.load(Ordering::Acquire) && !self.queue.is_closed()
    }

    async fn close(&self) {
        // Readers first: who closes last tidies the log away, and only the writer can.
        self.readers.close().await;
        self.queue.close().await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && !matches!(
                tokio::task::spawn_blocking(move || thread.join()).await,
                Ok(Ok(()))
            )
        {
            tracing::error!("the store's writer panicked");
        }
    }
}
