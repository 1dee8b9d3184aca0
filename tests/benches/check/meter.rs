//! What a check spends outside the gateway's own code: with a department, and in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::date;
use statuscheck::store::embedded::EmbeddedStore;
use statuscheck::store::{
    CasePage, CaseQuery, CommitError, Due, Feed, FeedError, HouseEntry, HouseQuery, PlacedEvent, Position,
    QuotaError, ReadError, Received, Reserved, Store,
};
use statuscheck_adapters::{Ask, AskError, BoxDepartment};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::event::Change;
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use statuscheck_domain::quota::QuotaKey;
use statuscheck_domain::reply::{Facts, ImmigrationStatus, Outcome, Reply};
use tokio::sync::watch;
use tower::{Service, ServiceExt as _};
use zeroize::Zeroizing;

type Replying = std::pin::Pin<Box<dyn Future<Output = Result<Reply, AskError>> + Send>>;

/// Time spent since it was last read. Meant for one check at a time whose questions do not overlap.
#[derive(Clone, Default)]
pub(crate) struct Meter {
    nanoseconds: Arc<AtomicU64>,
    count: Arc<AtomicU64>,
}

impl Meter {
    fn add(&self, spent: Duration) {
        let spent = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(spent, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// What was spent, in how many goes; begins anew.
    pub(crate) fn read(&self) -> (Duration, u64) {
        let spent = self.nanoseconds.swap(0, Ordering::Relaxed);
        (Duration::from_nanos(spent), self.count.swap(0, Ordering::Relaxed))
    }
}

/// A department that tells how long it was busy.
#[derive(Clone)]
pub(crate) struct Metered {
    pub(crate) inner: BoxDepartment,
    pub(crate) busy: Meter,
    pub(crate) clock: SharedClock,
}

impl Service<Ask> for Metered {
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, ask: Ask) -> Replying {
        let Self { inner, busy, clock } = self.clone();
        Box::pin(async move {
            let began = clock.elapsed();
            let reply = inner.oneshot(ask).await;
            busy.add(clock.elapsed().saturating_sub(began));
            reply
        })
    }
}

/// A department that answers from memory, the same about everybody.
#[derive(Clone)]
pub(crate) struct AtHand;

impl Service<Ask> for AtHand {
    type Response = Reply;
    type Error = AskError;
    type Future = std::future::Ready<Result<Reply, AskError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _ask: Ask) -> Self::Future {
        let facts = Facts::ImmigrationStatus(ImmigrationStatus {
            leave: "Settled status".to_owned(),
            valid_from: date(2020, 1, 1),
            valid_until: None,
            may_work: true,
            may_rent: true,
            conditions: Vec::new(),
            health_surcharge_paid: None,
            arrived_on: None,
            document_valid_until: None,
        });
        std::future::ready(Ok(Reply::of(Outcome::Found(facts))))
    }
}

/// A store that tells how long it recorded.
pub(crate) struct MeteredStore {
    pub(crate) inner: Arc<EmbeddedStore>,
    pub(crate) recording: Meter,
    pub(crate) clock: SharedClock,
}

#[async_trait]
impl Store for MeteredStore {
    async fn receive(&self, change: Change, content: Zeroizing<Vec<u8>>) -> Result<Received, CommitError> {
        let began = self.clock.elapsed();
        let received = self.inner.receive(change, content).await;
        self.recording.add(self.clock.elapsed().saturating_sub(began));
        received
    }

    async fn received(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<Received, ReadError> {
        self.inner.received(organisation, request_id, content).await
    }

    async fn commit(&self, change: Change) -> Result<(), CommitError> {
        let began = self.clock.elapsed();
        let committed = self.inner.commit(change).await;
        self.recording.add(self.clock.elapsed().saturating_sub(began));
        committed
    }

    async fn note(&self, entry: HouseEntry) -> Result<(), CommitError> {
        self.inner.note(entry).await
    }

    async fn note_next(&self, entry: HouseEntry, newest: Option<Timestamp>) -> Result<(), CommitError> {
        self.inner.note_next(entry, newest).await
    }

    async fn noted(&self, query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError> {
        self.inner.noted(query).await
    }

    async fn open_cases(&self, agreements: &[AgreementId]) -> Result<u64, ReadError> {
        self.inner.open_cases(agreements).await
    }

    async fn purge(&self, id: CaseId, expected_version: u64, time: Timestamp) -> Result<(), CommitError> {
        self.inner.purge(id, expected_version, time).await
    }

    async fn history(&self, id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError> {
        self.inner.history(id).await
    }

    async fn cases(&self, query: CaseQuery) -> Result<CasePage, ReadError> {
        self.inner.cases(query).await
    }

    async fn lease_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, ReadError> {
        self.inner.lease_due(now, limit).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        self.inner.next_wake().await
    }

    async fn release(&self, case_ids: &[CaseId]) -> Result<(), CommitError> {
        self.inner.release(case_ids).await
    }

    async fn quota_used(&self, key: &QuotaKey) -> Result<u64, ReadError> {
        self.inner.quota_used(key).await
    }

    async fn reserve(
        &self,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Result<Reserved, QuotaError> {
        self.inner.reserve(case_id, key, units, limit).await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.inner.changed()
    }

    async fn position(&self) -> Result<Position, ReadError> {
        self.inner.position().await
    }

    async fn entries_after(
        &self,
        position: &Position,
        organisation: Option<&OrganisationId>,
        limit: usize,
    ) -> Result<Feed, FeedError> {
        self.inner.entries_after(position, organisation, limit).await
    }

    fn is_healthy(&self) -> bool {
        self.inner.is_healthy()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// A store that forgets everything, to see what the other one costs.
#[derive(Default)]
pub(crate) struct CountingStore {
    changes: AtomicU64,
}

#[async_trait]
impl Store for CountingStore {
    async fn receive(&self, _change: Change, _content: Zeroizing<Vec<u8>>) -> Result<Received, CommitError> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(Received::New)
    }

    async fn received(
        &self,
        _organisation: &OrganisationId,
        _request_id: RequestId,
        _content: &[u8],
    ) -> Result<Received, ReadError> {
        Ok(Received::New)
    }

    async fn commit(&self, _change: Change) -> Result<(), CommitError> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn note(&self, _entry: HouseEntry) -> Result<(), CommitError> {
        Ok(())
    }

    async fn note_next(&self, _entry: HouseEntry, _newest: Option<Timestamp>) -> Result<(), CommitError> {
        Ok(())
    }

    async fn noted(&self, _query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError> {
        Ok(Vec::new())
    }

    async fn open_cases(&self, _agreements: &[AgreementId]) -> Result<u64, ReadError> {
        Ok(0)
    }

    async fn purge(&self, _id: CaseId, _expected_version: u64, _time: Timestamp) -> Result<(), CommitError> {
        Ok(())
    }

    async fn history(&self, _id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError> {
        Ok(None)
    }

    async fn cases(&self, _query: CaseQuery) -> Result<CasePage, ReadError> {
        Ok(CasePage {
            cases: Vec::new(),
            next: None,
        })
    }

    async fn lease_due(&self, _now: Timestamp, _limit: usize) -> Result<Vec<Due>, ReadError> {
        Ok(Vec::new())
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        Ok(None)
    }

    async fn release(&self, _case_ids: &[CaseId]) -> Result<(), CommitError> {
        Ok(())
    }

    async fn quota_used(&self, _key: &QuotaKey) -> Result<u64, ReadError> {
        Ok(0)
    }

    async fn reserve(
        &self,
        _case_id: CaseId,
        _key: &QuotaKey,
        _units: u64,
        _limit: u64,
    ) -> Result<Reserved, QuotaError> {
        Err(ReadError::Unavailable.into())
    }

    fn changed(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    async fn position(&self) -> Result<Position, ReadError> {
        Ok(Position::default())
    }

    async fn entries_after(
        &self,
        position: &Position,
        _organisation: Option<&OrganisationId>,
        _limit: usize,
    ) -> Result<Feed, FeedError> {
        Ok(Feed {
            entries: Vec::new(),
            next: position.clone(),
            more: false,
        })
    }

    fn is_healthy(&self) -> bool {
        true
    }

    async fn close(&self) {}
}
