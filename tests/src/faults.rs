//! A disk that fails when a test wants it to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck::store::{
    CasePage, CaseQuery, CommitError, CoursePage, CourseQuery, Due, Feed, FeedError, HookQuery, HookRow,
    Hooks, HouseEntry, HouseQuery, Line, Marks, Measuring, OpenCase, PlacedEvent, Position, QuotaError,
    ReadError, Received, ReferralQuery, ReferralRow, ReferralRows, Reserved, Standings, Store, UrgentQuery,
    WorkQuery, WorkRow, Worklists,
};
use statuscheck_domain::case::Case;
use statuscheck_domain::event::{Change, Event, EventKind};
use statuscheck_domain::ids::{
    AgreementId, CaseId, DepartmentId, NoticeId, OrganisationId, QuestionId, ReferralId, RequestId,
};
use statuscheck_domain::quota::QuotaKey;
use statuscheck_domain::referral::ReferralEvent;
use statuscheck_domain::subject::Identity;
use tokio::sync::watch;
use zeroize::Zeroizing;

/// What fails from now on; a test holds it, the store looks at it.
#[derive(Clone, Default)]
pub struct Faults {
    receipts: Arc<AtomicBool>,
    further: Arc<AtomicBool>,
    reads: Arc<AtomicBool>,
    recorded: Arc<AtomicU64>,
    histories: Arc<AtomicU64>,
    quicker: Arc<AtomicU64>,
    held_back: Arc<watch::Sender<(&'static str, Way)>>,
}

/// The way of steps of one name to the disk.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Free,
    Shut,
    /// Shut, and one stands before it.
    Waited,
}

impl Faults {
    /// New cases cannot be recorded.
    pub fn refuse_receipts(&self) {
        self.receipts.store(true, Ordering::SeqCst);
    }

    /// Nothing further can be recorded of a case that is there.
    pub fn refuse_further_events(&self) {
        self.further.store(true, Ordering::SeqCst);
    }

    /// Cases cannot be read.
    pub fn refuse_reads(&self) {
        self.reads.store(true, Ordering::SeqCst);
    }

    /// So many times from now on, a colleague's look at a referral is recorded of a case just before a step of the taskforce would be.
    pub fn let_others_be_quicker(&self, times: u64) {
        self.quicker.store(times, Ordering::SeqCst);
    }

    /// Times that are left of that.
    pub fn quicker_left(&self) -> u64 {
        self.quicker.load(Ordering::SeqCst)
    }

    /// Steps of that name, as `referral_resolved`, are decided from now on, and not recorded.
    pub fn hold_back(&self, name: &'static str) {
        self.held_back.send_replace((name, Way::Shut));
    }

    /// Waits until one is held back.
    pub async fn one_held_back(&self) {
        let mut held_back = self.held_back.subscribe();
        // The sender is here, so this ends in no other way.
        held_back.wait_for(|(_, way)| *way == Way::Waited).await.ok();
    }

    /// They are recorded again, that which was held back too.
    pub fn let_through(&self) {
        self.held_back.send_modify(|(_, way)| *way = Way::Free);
    }

    /// Everything works again.
    pub fn mend(&self) {
        for fault in [&self.receipts, &self.further, &self.reads] {
            fault.store(false, Ordering::SeqCst);
        }
    }

    /// Changes that the store has recorded since the gateway started, receipts of new cases included.
    pub fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::SeqCst)
    }

    /// How often the history of one case was read since the gateway started.
    pub fn histories(&self) -> u64 {
        self.histories.load(Ordering::SeqCst)
    }

    pub(crate) fn before(self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(FaultyStore { store, faults: self })
    }
}

struct FaultyStore {
    store: Arc<dyn Store>,
    faults: Faults,
}

impl FaultyStore {
    fn readable(&self) -> Result<(), ReadError> {
        if self.faults.reads.load(Ordering::SeqCst) {
            return Err(ReadError::Unavailable);
        }
        Ok(())
    }

    /// Holds `change` back where it has a step that is to be.
    async fn hold_back(&self, change: &Change) {
        let held_back = &self.faults.held_back;
        let is_held_back = held_back.send_if_modified(|(name, way)| {
            let mut names = change.events.iter().map(|event| event.kind.as_str());
            let is_held_back = *way != Way::Free && names.any(|own| own == *name);
            if is_held_back {
                *way = Way::Waited;
            }
            is_held_back
        });
        if is_held_back {
            let mut held_back = held_back.subscribe();
            held_back.wait_for(|(_, way)| *way == Way::Free).await.ok();
        }
    }

    /// Others are quicker than `change`, where that is a step of the taskforce and they are to be.
    async fn overtake(&self, change: &Change) -> Result<(), CommitError> {
        let is_of_taskforce = |event: &Event| {
            matches!(
                &event.kind,
                EventKind::Referral(
                    ReferralEvent::Viewed { .. }
                        | ReferralEvent::Said(_)
                        | ReferralEvent::InformationAsked { .. }
                )
            )
        };
        let Some(step) = change.events.iter().find(|event| is_of_taskforce(event)) else {
            return Ok(());
        };
        let quicker = &self.faults.quicker;
        if quicker
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_err()
        {
            return Ok(());
        }
        let case = self
            .store
            .case(change.case_id)
            .await
            .expect("a case that can be read");
        let look = ReferralEvent::Viewed {
            by: "taskforce/colleague".to_owned(),
        };
        let looked = case
            .expect("a case")
            .change(step.time, [EventKind::Referral(look)]);
        let (looked, _) = looked.expect("a step that can be");
        self.store.commit(looked).await
    }
}

#[async_trait]
impl Worklists for FaultyStore {
    async fn worklist(&self, query: WorkQuery) -> Result<Vec<WorkRow>, ReadError> {
        self.readable()?;
        self.store.worklist(query).await
    }

    async fn question(&self, department: DepartmentId, id: QuestionId) -> Result<Option<WorkRow>, ReadError> {
        self.readable()?;
        self.store.question(department, id).await
    }

    async fn questions_of(
        &self,
        department: DepartmentId,
        cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError> {
        self.readable()?;
        self.store.questions_of(department, cases).await
    }
}

#[async_trait]
impl Hooks for FaultyStore {
    async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        self.readable()?;
        self.store.hooks(query).await
    }

    async fn hook(&self, id: NoticeId) -> Result<Option<HookRow>, ReadError> {
        self.readable()?;
        self.store.hook(id).await
    }
}

#[async_trait]
impl Measuring for FaultyStore {
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError> {
        self.readable()?;
        self.store.courses(query).await
    }
}

#[async_trait]
impl Standings for FaultyStore {
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError> {
        self.readable()?;
        self.store.lines(marks).await
    }

    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError> {
        self.readable()?;
        self.store.most_urgent(query).await
    }
}

#[async_trait]
impl ReferralRows for FaultyStore {
    async fn referrals(&self, query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError> {
        self.readable()?;
        self.store.referrals(query).await
    }

    async fn referral(&self, id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
        self.readable()?;
        self.store.referral(id).await
    }

    async fn joined(&self, id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
        self.readable()?;
        self.store.joined(id).await
    }

    async fn referred(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        self.readable()?;
        self.store.referred(identities, limit).await
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn receive(&self, change: Change, content: Zeroizing<Vec<u8>>) -> Result<Received, CommitError> {
        if self.faults.receipts.load(Ordering::SeqCst) {
            return Err(CommitError::Unavailable);
        }
        let received = self.store.receive(change, content).await?;
        if received == Received::New {
            self.faults.recorded.fetch_add(1, Ordering::SeqCst);
        }
        Ok(received)
    }

    async fn received(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<Received, ReadError> {
        self.readable()?;
        self.store.received(organisation, request_id, content).await
    }

    async fn commit(&self, change: Change) -> Result<(), CommitError> {
        if self.faults.further.load(Ordering::SeqCst) {
            return Err(CommitError::Unavailable);
        }
        self.overtake(&change).await?;
        self.hold_back(&change).await;
        self.store.commit(change).await?;
        self.faults.recorded.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn note(&self, entry: HouseEntry) -> Result<(), CommitError> {
        self.store.note(entry).await
    }

    async fn note_next(&self, entry: HouseEntry, newest: Option<Timestamp>) -> Result<(), CommitError> {
        self.store.note_next(entry, newest).await
    }

    async fn noted(&self, query: HouseQuery) -> Result<Vec<HouseEntry>, ReadError> {
        self.readable()?;
        self.store.noted(query).await
    }

    async fn open_cases(&self, agreements: &[AgreementId]) -> Result<u64, ReadError> {
        self.readable()?;
        self.store.open_cases(agreements).await
    }

    async fn purge(
        &self,
        case_id: CaseId,
        expected_version: u64,
        time: Timestamp,
    ) -> Result<(), CommitError> {
        self.store.purge(case_id, expected_version, time).await
    }

    async fn history(&self, id: CaseId) -> Result<Option<Vec<PlacedEvent>>, ReadError> {
        self.readable()?;
        self.faults.histories.fetch_add(1, Ordering::SeqCst);
        self.store.history(id).await
    }

    async fn cases(&self, query: CaseQuery) -> Result<CasePage, ReadError> {
        self.readable()?;
        self.store.cases(query).await
    }

    async fn lease_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, ReadError> {
        self.readable()?;
        self.store.lease_due(now, limit).await
    }

    async fn next_wake(&self) -> Result<Option<Timestamp>, ReadError> {
        self.readable()?;
        self.store.next_wake().await
    }

    async fn release(&self, case_ids: &[CaseId]) -> Result<(), CommitError> {
        self.store.release(case_ids).await
    }

    async fn quota_used(&self, key: &QuotaKey) -> Result<u64, ReadError> {
        self.readable()?;
        self.store.quota_used(key).await
    }

    async fn reserve(
        &self,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Result<Reserved, QuotaError> {
        self.readable()?;
        self.store.reserve(case_id, key, units, limit).await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.store.changed()
    }

    async fn position(&self) -> Result<Position, ReadError> {
        self.readable()?;
        self.store.position().await
    }

    async fn entries_after(
        &self,
        position: &Position,
        organisation: Option<&OrganisationId>,
        limit: usize,
    ) -> Result<Feed, FeedError> {
        self.readable()?;
        self.store.entries_after(position, organisation, limit).await
    }

    fn is_healthy(&self) -> bool {
        self.store.is_healthy()
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
