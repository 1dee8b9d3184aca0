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

impl Work {
    /// It writes nothing beside cases and entries, and rests on nothing but a case's version.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Change(change) => {
                change.spent.is_empty()
                    && change.listed.is_empty()
                    && change.hooked.is_empty()
                    && change.referred.is_empty()
                    && change.further_subjects.is_empty()
                    && change.lookup.is_none()
            }
            Self::Note(_) => true,
            Self::Purge(_)
            | Self::Hold(_)
            | Self::Rewrap(_)
            | Self::Lease(_)
            | Self::LetGo(_)
            | Self::Refill(_) => false,
        }
    }
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

/// How much of people the changes of one batch look for: each is a lock of the server's, which has room for some thousands.
const PEOPLE_MAX: usize = 256;

/// Takes what goes into the next batch off the front: at most `batch_max` changes, of one case at most one, and of those that look
/// for one person as well, for the second has to see whom the first refers. What is no change or note, and is rare, is a batch of
/// its own. The order stays.
pub(super) fn next_batch(pending: &mut VecDeque<Waiting>, batch_max: usize) -> Vec<Waiting> {
    let mut cases = HashSet::new();
    let mut people = HashSet::new();
    let mut looks_alone = |change: &SealedChange| {
        let looked = change.lookup.iter().flat_map(|lookup| &lookup.person);
        let is_known = looked.clone().any(|person| people.contains(person));
        people.extend(looked.copied());
        !is_known && people.len() <= PEOPLE_MAX
    };
    let fits = |waiting: &Waiting| match &waiting.work {
        Work::Change(change) => cases.insert(change.case_id) && looks_alone(change),
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
    use crate::store::rows::LookedUp;

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
            lookup: None,
            entries: Vec::new(),
            further_subjects: Vec::new(),
            opening: None,
        })))
    }

    /// A step that looks for somebody who is found by so many things.
    fn look(case: u128, person: std::ops::Range<u128>) -> Waiting {
        let mut waiting = step(case);
        if let Work::Change(change) = &mut waiting.work {
            change.lookup = Some(LookedUp {
                person: person.map(u128::to_be_bytes).collect(),
                open: Vec::new(),
            });
        }
        waiting
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
    fn a_batch_has_one_change_that_looks_for_a_person_and_room_for_so_many_people() {
        let sizes = |looks: Vec<Waiting>| {
            let mut pending = VecDeque::from(looks);
            std::iter::from_fn(|| Some(next_batch(&mut pending, 256).len()))
                .take_while(|size| *size > 0)
                .collect::<Vec<_>>()
        };
        let one_twice = vec![
            look(1, 0..2),
            step(2),
            look(3, 2..4),
            look(4, 1..2),
            look(5, 4..5),
        ];
        assert_eq!(sizes(one_twice), [3, 2]);
        let many = vec![look(1, 0..200), look(2, 200..256), look(3, 256..257)];
        assert_eq!(sizes(many), [2, 1]);
        let found_by_many = vec![look(1, 0..1), look(2, 1..300), look(3, 300..301)];
        assert_eq!(sizes(found_by_many), [1, 1, 1], "none waits for ever");
    }

    #[test]
    fn a_batch_is_no_larger_than_it_may_be() {
        let mut pending: VecDeque<_> = (0..5).map(step).collect();
        assert_eq!(next_batch(&mut pending, 2).len(), 2);
        assert_eq!(next_batch(&mut pending, 3).len(), 3);
        assert!(next_batch(&mut pending, 3).is_empty());
    }
}
