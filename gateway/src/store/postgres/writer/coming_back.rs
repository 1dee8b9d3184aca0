//! How the writer comes back when the database does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::sleep;

use super::Writer;
use crate::store::postgres::lease;
use crate::store::postgres::pauses::Pauses;

impl Writer {
    /// Connects again, however long it takes, and refuses what comes meanwhile. False where the store is closed first.
    pub(super) async fn come_back(&mut self) -> bool {
        let mut pauses = Pauses::new(self.limits.retry_after, self.limits.reconnect_max);
        let mut requests = Vec::new();
        loop {
            self.refuse_pending();
            if self.reconnect().await {
                self.state.is_away.store(false, Ordering::Release);
                tracing::info!("the database is back");
                return true;
            }
            if self.state.is_stopped.load(Ordering::Acquire) {
                return false;
            }
            let mut pause = std::pin::pin!(sleep(pauses.next()));
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    count = self.queue.recv_many(&mut requests, self.limits.batch_max) => {
                        if count == 0 {
                            return false;
                        }
                    }
                }
                self.take_in(&mut requests);
                self.refuse_pending();
            }
        }
    }

    pub(super) async fn reconnect(&mut self) -> bool {
        let Ok(session) = self.connect().await else {
            return false;
        };
        let lease = self.limits.lease;
        let held = session
            .trip(lease::renew(session.client(), self.holding, lease))
            .await;
        let claimed = match held {
            Ok(true) => Ok(self.holding),
            Ok(false) => session.claim(self.holder).await.map(|(holding, _head)| holding),
            Err(error) => Err(error.into()),
        };
        match claimed {
            Ok(holding) => {
                self.hold(holding);
                self.session = Some(Arc::new(session));
                true
            }
            Err(error) => {
                self.cannot_claim(error);
                false
            }
        }
    }
}
