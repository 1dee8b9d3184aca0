//! Handing work to the writer, and hearing what became of it.

use tokio::sync::{mpsc, oneshot};

use super::PostgresStore;
use super::work::{Outcome, Recorded, Request, Waiting, Work};
use crate::store::pulse::Pulse;
use crate::store::{CommitError, ReadError, Store as _};

impl PostgresStore {
    /// What it tells of its writer.
    pub fn pulse(&self) -> Pulse {
        self.state.pulse.clone()
    }

    /// Hands a new case to the writer, or refuses it where the queue is full.
    pub(super) fn enqueue(&self, work: Work) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        let place = self.queue.try_reserve().map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(()) => CommitError::Full,
            mpsc::error::TrySendError::Closed(()) => CommitError::Unavailable,
        })?;
        self.hand_over(place, work)
    }

    /// Hands work on what is recorded already to the writer and waits until it is done. It waits for its turn, for
    /// departments were asked about a known case already, and there are no more such steps than cases that were let in.
    pub(super) async fn recorded(&self, work: Work) -> Result<Recorded, CommitError> {
        let place = self
            .queue
            .reserve()
            .await
            .map_err(|_closed| CommitError::Unavailable)?;
        told(self.hand_over(place, work)?).await
    }

    /// Records what is either done or stale.
    pub(super) async fn done(&self, work: Work) -> Result<(), CommitError> {
        match self.recorded(work).await? {
            Recorded::Done => Ok(()),
            _ => Err(CommitError::Stale),
        }
    }

    fn hand_over(
        &self,
        place: mpsc::Permit<'_, Request>,
        work: Work,
    ) -> Result<oneshot::Receiver<Outcome>, CommitError> {
        if !self.is_healthy() {
            return Err(CommitError::Unavailable);
        }
        let (answer, outcome) = oneshot::channel();
        place.send(Request::Record(Waiting { work, answer }));
        Ok(outcome)
    }
}

pub(super) async fn told(outcome: oneshot::Receiver<Outcome>) -> Outcome {
    outcome.await.unwrap_or(Err(CommitError::Unavailable))
}

/// What the writer was asked for that changes no case.
pub(super) fn unread(error: CommitError) -> ReadError {
    match error {
        CommitError::Full => ReadError::Full,
        CommitError::Corrupt => ReadError::Corrupt,
        CommitError::Stale | CommitError::Unavailable | CommitError::Malformed => ReadError::Unavailable,
    }
}
