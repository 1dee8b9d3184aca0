//! Who looked at what, in the ledger.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use serde_json::Map;
use statuscheck_domain::clock::SharedClock;

use crate::store::{CommitError, HouseEntry, HouseKind, Store};

/// One entry says that somebody looks at a view; while they go on, it is not said again for so long. Five minutes: a page that
/// renews itself every few seconds would fill the ledger with what everybody knows.
const REPEAT: Duration = Duration::from_secs(300);

/// Looks that are remembered. What was looked at longest ago is recorded again earlier than it would have to be.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// Records who looks at what.
pub(crate) struct Views {
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// Who looks at what, by the session, and when that was recorded, on the clock's `elapsed`.
    seen: Mutex<LruCache<(String, String), Duration>>,
}

impl Views {
    pub(crate) fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self {
            store,
            clock,
            seen: Mutex::new(LruCache::new(REMEMBERED_MAX)),
        }
    }

    /// `actor` looks at `view`, such as `now` or `case/<id>`, in the session of that name. Nothing may be shown before this
    /// returns `Ok`.
    ///
    /// # Errors
    /// [`CommitError`]
    pub(crate) async fn record(&self, actor: &str, session: &str, view: &str) -> Result<(), CommitError> {
        let key = (session.to_owned(), view.to_owned());
        let now = self.clock.elapsed();
        let last = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .copied();
        if last.is_some_and(|last| now.saturating_sub(last) < REPEAT) {
            return Ok(());
        }
        let entry = HouseEntry {
            time: self.clock.now(),
            kind: HouseKind::OpsViewed,
            actor: actor.to_owned(),
            details: Map::from_iter([("view".to_owned(), view.into())]),
        };
        self.store.note(entry).await?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.put(key, now);
        Ok(())
    }
}
