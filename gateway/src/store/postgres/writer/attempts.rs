//! Recording one batch: again after what passes, looked up where its outcome was not told, and never blindly repeated.

use std::pin::Pin;
use std::sync::Arc;

use tokio::time::{Sleep, sleep};

use super::super::batch::{Failure, Settled};
use super::super::fault::{DatabaseError, Fault};
use super::super::pauses::Pauses;
use super::super::quotas::Taken;
use super::super::work::{Outcome, Work};
use super::{Limits, Writer};

/// Runs from when a batch is taken up until its callers are kept waiting no longer.
pub(super) type Patience = Pin<Box<Sleep>>;

/// Why a batch was not recorded.
pub(super) enum Refusal {
    /// The database is away, or too busy for too long.
    Away(DatabaseError),
    /// The chain has another writer.
    Fenced,
    /// A row is there that another says cannot be.
    Constraint(DatabaseError),
    /// The ledger makes no sense.
    Damaged,
}

impl Limits {
    pub(super) fn wait(&self) -> Patience {
        Box::pin(sleep(self.patience))
    }
}

impl Writer {
    /// Records a batch, within the time that its callers are kept waiting at most.
    pub(super) async fn record(
        &mut self,
        works: &[&Work],
        taken: &Taken,
        (failure, patience): (Option<Failure>, Patience),
    ) -> Result<Vec<Outcome>, Refusal> {
        let settled = tokio::select! {
            biased;
            settled = self.attempt(works, taken, failure) => Some(settled?),
            () = patience => None,
        };
        let Some(settled) = settled else {
            // Whether it was recorded is found out by nobody: its callers ask again.
            self.session = None;
            return Err(Refusal::Away(DatabaseError::unanswered()));
        };
        self.recorded(works.len());
        Ok(settled.outcomes)
    }

    pub(super) fn recorded(&mut self, count: usize) {
        self.state.pulse.committed(count);
        if self.refused > 0 {
            tracing::info!(refused = self.refused, "changes are recorded again");
            self.refused = 0;
        }
    }

    /// Tries until the batch is known to be recorded, or known not to be, or the attempts are used up.
    async fn attempt(
        &mut self,
        works: &[&Work],
        taken: &Taken,
        failure: Option<Failure>,
    ) -> Result<Settled, Refusal> {
        let mut unknown = None;
        let mut failed = failure.map(|failure| self.failed(failure, &mut unknown));
        let mut pauses = Pauses::new(self.limits.retry_after, self.limits.patience);
        let mut last = DatabaseError::unanswered();
        for attempt in 0..=self.limits.retries_max {
            if attempt > 0 {
                sleep(pauses.next()).await;
            }
            let attempted = match failed.take() {
                Some(refusal) => Err(refusal),
                None => self.attempt_once(works, taken, &mut unknown).await,
            };
            last = match attempted {
                Ok(settled) => return Ok(settled),
                Err(Refusal::Away(error)) => error,
                Err(refusal) => return Err(refusal),
            };
            tracing::warn!(error = %last, attempt, "a batch was not recorded, or it is not known whether it was");
            if last.fault() == Fault::Lost {
                self.session = None;
            }
        }
        Err(Refusal::Away(last))
    }

    /// `unknown` is what the attempt before came to, where it committed and was not told how that went.
    async fn attempt_once(
        &mut self,
        works: &[&Work],
        taken: &Taken,
        unknown: &mut Option<Settled>,
    ) -> Result<Settled, Refusal> {
        let session = match &self.session {
            Some(session) => session,
            None => {
                let session = self.connect().await.map_err(Refusal::Away)?;
                self.session.insert(Arc::new(session))
            }
        };
        let session = Arc::clone(session);
        if let Some(head) = unknown.as_ref().and_then(|settled| settled.head)
            && session
                .is_recorded(self.holding, head)
                .await
                .map_err(Refusal::Away)?
            && let Some(settled) = unknown.take()
        {
            return Ok(settled);
        }
        let tells = self.telling.may_tell();
        let before = unknown.as_ref().and_then(|settled| settled.head);
        match Box::pin(session.record(self.holding, works, taken, (tells, before))).await {
            Ok(None) => unknown
                .take()
                .ok_or_else(|| Refusal::Away(DatabaseError::unanswered())),
            Ok(Some(settled)) => {
                if settled.head.is_some() {
                    self.telling.recorded(tells);
                }
                Ok(settled)
            }
            Err(failure) => Err(self.failed(failure, unknown)),
        }
    }

    /// What a failure means for those who wait, and what is `unknown` since.
    fn failed(&mut self, failure: Failure, unknown: &mut Option<Settled>) -> Refusal {
        match failure {
            Failure::Fenced => Refusal::Fenced,
            Failure::Unknown(error, settled) => {
                *unknown = Some(settled);
                self.session = None;
                Refusal::Away(error)
            }
            Failure::Refused(error) => match error.fault() {
                Fault::Lost | Fault::Passing => Refusal::Away(error),
                // An entry is where the chain's end says that there is none.
                Fault::Constraint if error.constraint() == Some("entries_pkey") => Refusal::Damaged,
                Fault::Constraint => Refusal::Constraint(error),
                Fault::Damage => Refusal::Damaged,
            },
        }
    }
}
