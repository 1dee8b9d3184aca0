//! Having a parked notice tried anew, with who said so and why in the ledger before it is.

use serde_json::Map;
use statuscheck_domain::ids::NoticeId;

use super::Live;
use crate::store::{HookRow, HouseEntry, HouseKind};
use crate::upkeep::{Housekeeping, Reason, RetryError};

impl Live {
    /// A notice that was not taken.
    ///
    /// # Errors
    /// [`RetryError`]
    pub(crate) async fn hook(&self, id: NoticeId) -> Result<HookRow, RetryError> {
        self.store.hook(id).await?.ok_or(RetryError::NoSuchHook(id))
    }

    /// Has a parked notice tried anew, at once; when this returns `Ok` that is recorded. One that waits is left to its time.
    ///
    /// # Errors
    /// [`RetryError`]
    pub(crate) async fn retry_hook(
        &self,
        housekeeping: &Housekeeping,
        actor: &str,
        id: NoticeId,
        reason: Option<&Reason>,
    ) -> Result<(), RetryError> {
        let row = self.hook(id).await?;
        if row.next.is_some() {
            return Ok(());
        }
        let mut details = Map::new();
        details.insert("hook".to_owned(), id.to_string().into());
        details.insert("receiver".to_owned(), row.receiver.to_string().into());
        if let Some(reason) = reason {
            details.insert("reason".to_owned(), reason.as_str().into());
        }
        let entry = HouseEntry {
            time: self.clock.now(),
            kind: HouseKind::HookRetried,
            actor: actor.to_owned(),
            details,
        };
        self.store.note(entry).await?;
        housekeeping.retry_hook(actor, id).await
    }
}
