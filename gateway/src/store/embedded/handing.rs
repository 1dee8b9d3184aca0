//! How work is handed to the writer, and what comes of it.

use statuscheck_domain::event::Change;
use tokio::sync::{mpsc, oneshot};

use super::EmbeddedStore;
use super::queue::{Lane, Request};
use super::tables::Recorded;
use super::writer::{Outcome, Waiting, Work};
use crate::store::{CommitError, Store as _};

impl EmbeddedStore {
    /// Hands a new case to the writer, or refuses it where the queue is full.
    pub(super) fn enqueue(&self, work: Work) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        self.hand_over(self.queue.place_now()?, Lane::Calls, work)
    }

    /// Hands work on what is recorded already to the writer and waits until it is done. It waits for its turn, for
    /// departments were asked about a known case already, and there are no more such steps than cases that were let in.
    pub(super) async fn record(&self, lane: Lane, work: Work) -> Result<Recorded, CommitError> {
        let place = self.queue.place(lane).await?;
        told(self.hand_over(place, lane, work)?).await
    }

    fn hand_over(
        &self,
        place: mpsc::Permit<'_, Request<Waiting>>,
        lane: Lane,
        work: Work,
    ) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        if !self.is_healthy() {
            return Err(CommitError::Unavailable);
        }
        let (answer, outcome) = oneshot::channel();
        place.send(Request::Record(Waiting { work, lane, answer }));
        Ok(outcome)
    }

    /// Records what is either done or stale.
    pub(super) async fn done(&self, lane: Lane, work: Work) -> Result<(), CommitError> {
        match self.record(lane, work).await? {
            Recorded::Done => Ok(()),
            Recorded::Known { .. } | Recorded::Stale => Err(CommitError::Stale),
            Recorded::Damaged => Err(CommitError::Corrupt),
        }
    }

    /// Records further events of a case, for whoever waits in `lane`.
    pub(super) async fn step(&self, lane: Lane, change: Change) -> Result<(), CommitError> {
        let key = self.key_of(change.case_id).await?.ok_or(CommitError::Stale)?;
        let sealed = self.sealer.seal(&change, &key)?;
        self.done(lane, Work::Change(Box::new(sealed))).await
    }
}

pub(super) async fn told(outcome: oneshot::Receiver<Outcome>) -> Outcome {
    outcome.await.unwrap_or(Err(CommitError::Unavailable))
}
