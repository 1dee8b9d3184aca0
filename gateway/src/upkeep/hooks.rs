//! Notices that receivers have not taken: shown to operators, who can have one tried anew.

use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::NoticeId;
use statuscheck_domain::outbox::NoticeEvent;

use super::{Housekeeping, UpkeepError};
use crate::asking::ATTEMPTS_MAX;
use crate::store::{CommitError, HookQuery, HookRow, ReadError};

/// Why a notice is not tried anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RetryError {
    /// It was taken, or never was, or its case is purged.
    #[error("there is no such notice to be delivered")]
    NoSuchHook(NoticeId),
    /// The store cannot do it now.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
}

impl From<ReadError> for RetryError {
    fn from(error: ReadError) -> Self {
        UpkeepError::from(error).into()
    }
}

impl From<CommitError> for RetryError {
    fn from(error: CommitError) -> Self {
        UpkeepError::from(error).into()
    }
}

impl Housekeeping {
    /// One page of notices that wait or are parked, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        self.store.hooks(query).await
    }

    /// Has a parked notice tried anew, at once, with all its time before it. One that waits is left to its time.
    ///
    /// # Errors
    /// [`RetryError`]
    pub async fn retry_hook(&self, actor: &str, id: NoticeId) -> Result<(), RetryError> {
        for _ in 0..ATTEMPTS_MAX {
            let row = self.store.hook(id).await?.ok_or(RetryError::NoSuchHook(id))?;
            let case = self.store.case(row.case_id).await?;
            let case = case.ok_or(RetryError::NoSuchHook(id))?;
            // Between two reads it may have been taken.
            let left = case.outbox.notice(id).ok_or(RetryError::NoSuchHook(id))?;
            if !left.is_parked() {
                return Ok(());
            }
            let by = actor.to_owned();
            let retried = EventKind::Outbox(NoticeEvent::Retried { id, by });
            let change = case.change(self.clock.now(), [retried]);
            let (change, _) = change.map_err(|_no_history| CommitError::Malformed)?;
            match self.store.commit(change).await {
                Ok(()) => {
                    tracing::info!(notice = %id, receiver = %row.receiver, actor, "a parked notice is tried anew");
                    return Ok(());
                }
                Err(CommitError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Full.into())
    }
}
