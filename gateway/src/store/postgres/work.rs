//! What is asked of the writer, and what goes into one batch.

use std::collections::{HashSet, VecDeque};

use statuscheck_domain::ids::CaseId;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::dues::{Lease, Leased};
use super::quotas::Refill;
use crate::store::CommitError;
use crate::store::rows::{Note, Purge, SealedChange};

/// What is asked of the writer.
pub(super) enum Request {
    /// To record a change.
    Record(Waiting),
    /// To record what waits already, take no more, and end.
    Close,
}

/// Something to record, and who waits for it.
pub(super) struct Waiting {
    pub(super) work: Work,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// What the writer records. Each is one step of the ledger: recorded whole, or refused and not there at all.
pub(super) enum Work {
    /// Events of a case.
    Change(Box<SealedChange>),
    /// An entry of the house.
    Note(Note),
    /// The end of a case.
    Purge(Purge),
    /// A case must be kept, or need not.
    Hold(Hold),
    /// Keys that are wrapped anew; the ledger has no entry for each.
    Rewrap(Rewrapped),
    /// Due cases that are to be leased; not in the ledger, as those below.
    Lease(Lease),
    /// Leases that end.
    LetGo(Vec<Uuid>),
    /// Units of a quota that are set aside.
    Refill(Refill),
}

/// A hold that is set or released, with its entry.
pub(super) struct Hold {
    pub(super) case_id: CaseId,
    pub(super) held: bool,
    pub(super) note: Note,
}

/// Wrapped keys that take the place of others.
pub(super) enum Rewrapped {
    /// Of cases: id, as it was, as it shall be.
    Cases(Vec<(CaseId, Vec<u8>, Vec<u8>)>),
    /// The store's secret.
    Secret(Vec<u8>),
}

/// What became of a change that was not refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Recorded {
    /// It is on disk.
    Done,
    /// The request id was used before; nothing was written.
    Known { case_id: CaseId, same_content: bool },
    /// These are leased, the one that is due longest first.
    Leased(Vec<Leased>),
    /// The block has so many units now, and before there was room for so many more.
    Granted { units: i64, room: i64 },
}

/// What a waiter is told. One that is told nothing, because the writer is gone, knows no more than `Unavailable` says.
pub(super) type Outcome = Result<Recorded, CommitError>;

/// The answers of one batch.
pub(super) type Answers = Vec<(oneshot::Sender<Outcome>, Outcome)>;

/// Batches whose answers may wait to be passed on: the writer works on one while the one before is.
const ANSWERS_MAX: usize = 2;

/// Where the writer puts the answers of a batch, for a task of this runtime to pass them on.
pub(super) fn answers() -> mpsc::Sender<Answers> {
    let (answers, batches) = mpsc::channel(ANSWERS_MAX);
    tokio::spawn(pass_on(batches));
    answers
}

async fn pass_on(mut batches: mpsc::Receiver<Answers>) {
    while let Some(batch) = batches.recv().await {
        for (answer, outcome) in batch {
            // A caller that stopped waiting is told nothing; its change stands.
            answer.send(outcome).ok();
        }
    }
}

/// Tells a waiter. One that stopped waiting is told nothing, and its change stands; the outcome comes back then.
pub(super) fn tell(waiting: Waiting, outcome: Outcome) -> Option<Outcome> {
    waiting.answer.send(outcome).err()
}

/// Takes what goes into the next batch off the front: at most `batch_max` changes, of one case at most one. What is no
/// change or note, and is rare, is a batch of its own. The order stays.
pub(super) fn next_batch(pending: &mut VecDeque<Waiting>, batch_max: usize) -> Vec<Waiting> {
    let mut cases = HashSet::new();
    let fits = |waiting: &Waiting| match &waiting.work {
        Work::Change(change) => cases.insert(change.case_id),
        Work::Note(_) => true,
        Work::Purge(_)
        | Work::Hold(_)
        | Work::Rewrap(_)
        | Work::Lease(_)
        | Work::LetGo(_)
        | Work::Refill(_) => false,
    };
    let together = pending
        .iter()
        .take(batch_max)
        .map(fits)
        .take_while(|fits| *fits)
        .count();
    pending.drain(..together.max(1).min(pending.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(work: Work) -> Waiting {
        Waiting {
            work,
            answer: oneshot::channel().0,
        }
    }

    fn step(case: u128) -> Waiting {
        waiting(Work::Change(Box::new(SealedChange {
            case_id: CaseId(uuid::Uuid::from_u128(case)),
            expected_version: 1,
            version: 2,
            state: None,
            wake: None,
            standing: None,
            spent: Vec::new(),
            listed: Vec::new(),
            hooked: Vec::new(),
            referred: Vec::new(),
            entries: Vec::new(),
            further_subjects: Vec::new(),
            opening: None,
        })))
    }

    fn purge(case: u128) -> Waiting {
        waiting(Work::Purge(Purge {
            case_id: CaseId(uuid::Uuid::from_u128(case)),
            expected_version: 1,
            time: 0,
            payload: Vec::new(),
        }))
    }

    #[test]
    fn a_batch_has_one_change_of_a_case_and_the_order_stays() {
        let mut pending: VecDeque<_> =
            [step(1), step(2), step(1), step(3), purge(3), purge(4), step(5)].into();
        let sizes: Vec<_> = std::iter::from_fn(|| Some(next_batch(&mut pending, 256).len()))
            .take_while(|size| *size > 0)
            .collect();
        assert_eq!(sizes, [2, 2, 1, 1, 1]);
    }

    #[test]
    fn a_batch_is_no_larger_than_it_may_be() {
        let mut pending: VecDeque<_> = (0..5).map(step).collect();
        assert_eq!(next_batch(&mut pending, 2).len(), 2);
        assert_eq!(next_batch(&mut pending, 3).len(), 3);
        assert!(next_batch(&mut pending, 3).is_empty());
    }
}
