//! One look at the ledger for all who follow it: whose cases did something happen to?

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::watchers::Watchers;
use crate::store::{FeedError, Position, Store};

/// Entries that are read at once; the store may give fewer.
const PAGE: usize = 1_000;

/// The pause after the ledger could not be read. Long enough not to spin, short enough that nobody notices once it can.
const FAILED_PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Lookout {
    store: Arc<dyn Store>,
    watchers: Arc<Watchers>,
    pause: Duration,
}

impl Lookout {
    pub(super) const fn new(store: Arc<dyn Store>, watchers: Arc<Watchers>, pause: Duration) -> Self {
        Self {
            store,
            watchers,
            pause,
        }
    }

    /// Reads while anybody follows. What cannot be read now is looked at by everybody once it can.
    pub(super) async fn run(self) -> Infallible {
        let mut count = self.watchers.count();
        loop {
            until_count(&mut count, |count| count > 0).await;
            tokio::select! {
                Err(error) = self.look_out() => {
                    tracing::debug!(%error, "the ledger could not be followed");
                    sleep(FAILED_PAUSE).await;
                }
                () = until_count(&mut count, |count| count == 0) => {}
            }
        }
    }

    async fn look_out(&self) -> Result<Infallible, FeedError> {
        let mut changed = self.store.changed();
        let mut position = self.store.position().await?;
        // What was recorded before that and after a follower's own look would be missed.
        self.watchers.wake_all();
        loop {
            changed.borrow_and_update();
            position = self.pass_on(position).await?;
            sleep(self.pause).await;
            until_changed(&mut changed).await;
        }
    }

    /// Wakes whoever has something to read after `position`; where the ledger ends.
    async fn pass_on(&self, mut position: Position) -> Result<Position, FeedError> {
        loop {
            let feed = self.store.entries_after(&position, None, PAGE).await?;
            let before = Arc::new(position);
            let entries = feed.entries.iter();
            let touched: BTreeSet<_> = entries.filter_map(|entry| entry.organisation.as_ref()).collect();
            for organisation in touched {
                self.watchers.wake(organisation, &before);
            }
            position = feed.next;
            if !feed.more {
                return Ok(position);
            }
        }
    }
}

async fn until_count(count: &mut watch::Receiver<usize>, is_so: impl Fn(usize) -> bool) {
    // The sender lasts as long as the lookout, so that the wait itself cannot fail.
    count.wait_for(|count| is_so(*count)).await.ok();
}

/// Waits for a change; for ever where the store was closed.
async fn until_changed(changed: &mut watch::Receiver<u64>) {
    if changed.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
