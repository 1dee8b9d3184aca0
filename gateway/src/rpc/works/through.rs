//! A store behind something that sees every operation: one that counts, measures, or ends the world.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::case::Case;
use statuscheck_domain::event::Change;
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use statuscheck_domain::quota::QuotaKey;
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::store::{
    CasePage, CaseQuery, CommitError, Due, Feed, FeedError, HouseEntry, HouseQuery, PlacedEvent, Position,
    QuotaError, ReadError, Received, Reserved, Store,
};

mod rows;

/// What is done with a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Steps of a case are recorded, those of a new one too.
    Record {
        /// Which case.
        case_id: CaseId,
        /// Names of the steps.
        kinds: Vec<&'static str>,
    },
    /// Anything else, by its name.
    Other(&'static str),
}

/// What stands before a store.
pub trait Around: Send + Sync + 'static {
    /// Has an operation done, or not.
    fn pass<T: Send>(
        &self,
        operation: Operation,
        doing: impl Future<Output = T> + Send,
    ) -> impl Future<Output = T> + Send;
}

/// A store, and what stands before it.
pub struct Through<A> {
    /// What stands before it.
    pub around: A,
    /// The store.
    pub store: Arc<dyn Store>,
}

fn recording(change: &Change) -> Operation {
    Operation::Record {
        case_id: change.case_id,
        kinds: change.events.iter().map(|event| event.kind.as_str()).collect(),
    }
}

impl<A: Around> Through<A> {
    async fn other<T: Send>(&self, name: &'static str, doing: impl Future<Output = T> + Send) -> T {
        self.around.pass(Operation::Other(name), doing).await
    }
}

#[async_trait]
impl<A: Around> Store for Through<A> {
    async fn receive(&self, change: Change, content: Zeroizing<Vec<u8>>) -> Result<Received, CommitError> {
        let operation = recording(&change);
        self.around
            .pass(operation, self.store.receive(change, content))
            .await
    }

    async fn received(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<Received, ReadError> {
        let reading = self.store.received(organisation, request_id, content);
        self.other("read a receipt", reading).await
    }

    async fn commit(&self, change: Change) -> Result<(), CommitError> {
        self.around
            .pass(recording(&change), self.store.commit(change))
            .await
    }

    async fn commit_behind(&self, change: Change) -> Result<(), CommitError> {
        self.around
            .pass(recording(&change), self.store.commit_behind(change))
            .await
    }

    async fn note(&self, entry: HouseEntry) -> Result<(), CommitError> {
        self.other("note", self.store.note(entry)).await
    }

    async fn note_next(&self, entry: HouseEntry, newest: Option<Timestamp>) -> Result<(), CommitError> {
        self.other("note", self.store.note_next(entry, newest)).await
    }

    async fn noted(&self, query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError> {
        self.other("read notes", self.store.noted(query)).await
    }

    async fn open_cases(&self, agreements: &[AgreementId]) -> Result<u64, ReadError> {
        self.other("count cases", self.store.open_cases(agreements)).await
    }

    async fn purge(
        &self,
        case_id: CaseId,
        expected_version: u64,
        time: Timestamp,
    ) -> Result<(), CommitError> {
        self.other("purge", self.store.purge(case_id, expected_version, time))
            .await
    }

    async fn several(&self, ids: &[CaseId]) -> Vec<Result<Option<Case>, ReadError>> {
        self.other("read cases", self.store.several(ids)).await
    }

    async fn history(&self, id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError> {
        self.other("read a case", self.store.history(id)).await
    }

    async fn cases(&self, query: CaseQuery) -> Result<CasePage, ReadError> {
        self.other("list cases", self.store.cases(query)).await
    }

    async fn lease_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, ReadError> {
        self.other("lease", self.store.lease_due(now, limit)).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        self.other("read the next wake", self.store.next_wake()).await
    }

    async fn release(&self, case_ids: &[CaseId]) -> Result<(), CommitError> {
        self.other("release", self.store.release(case_ids)).await
    }

    async fn quota_used(&self, key: &QuotaKey) -> Result<u64, ReadError> {
        self.other("read a quota", self.store.quota_used(key)).await
    }

    async fn reserve(
        &self,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Result<Reserved, QuotaError> {
        let reserving = self.store.reserve(case_id, key, units, limit);
        self.other("reserve", reserving).await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.store.changed()
    }

    async fn position(&self) -> Result<Position, ReadError> {
        self.other("read the position", self.store.position()).await
    }

    async fn entries_after(
        &self,
        position: &Position,
        organisation: Option<&OrganisationId>,
        limit: usize,
    ) -> Result<Feed, FeedError> {
        let reading = self.store.entries_after(position, organisation, limit);
        self.other("read the feed", reading).await
    }

    fn is_healthy(&self) -> bool {
        self.store.is_healthy()
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
