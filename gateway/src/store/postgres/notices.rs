//! What gateways tell each other through the database: that something changed, and which key went.
//!
//! A signal says no more than "look again". It may come late, twice, or for nothing; after a lost connection one is given
//! in any case. Whoever looks goes by the position that it read up to, so that nothing is missed.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use statuscheck_domain::ids::CaseId;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_postgres::AsyncMessage;

use super::connect::{Connector, Socket};
use super::fault::DatabaseError;
use crate::store::sealed::Sealer;

/// The chain grew; the news is `<chain>:<sequence>`.
pub(super) const CHANGED: &str = "statuscheck_changed";

/// A case is purged; the news is its id.
pub(super) const PURGED: &str = "statuscheck_purged";

/// Hears what is told, on a connection of its own.
pub(super) struct Listener {
    pub(super) connector: Connector,
    pub(super) sealer: Arc<Sealer>,
    pub(super) changes: watch::Sender<u64>,
    /// How often to look for changes, and to try to connect, while there is no connection.
    pub(super) poll_every: Duration,
    pub(super) answer_max: Duration,
}

impl Listener {
    /// Listens for good.
    pub(super) async fn run(self) {
        let mut is_told = false;
        loop {
            match self.listen().await {
                Err(error) if !is_told => {
                    tracing::warn!(%error, "changes of other gateways are looked for, for they cannot be heard of");
                    is_told = true;
                }
                Err(_again) => {}
                Ok(()) => is_told = false,
            }
            // What was purged meanwhile is not known.
            self.sealer.forget_all();
            self.signal();
            sleep(self.poll_every).await;
        }
    }

    /// Listens until the connection is lost. Ok where it was there for a while.
    async fn listen(&self) -> Result<(), DatabaseError> {
        let (client, mut connection) = self.connector.open().await?;
        let topics = format!("LISTEN {CHANGED}; LISTEN {PURGED}");
        let listening = timeout(self.answer_max, client.batch_execute(&topics));
        tokio::select! {
            listening = listening => listening.map_err(|_elapsed| DatabaseError::unanswered())??,
            () = self.hear(&mut connection) => return Err(DatabaseError::lost("the connection is closed")),
        }
        // From here on nothing is missed; what was before may have been.
        self.sealer.forget_all();
        self.signal();
        self.hear(&mut connection).await;
        drop(client);
        Ok(())
    }

    async fn hear(&self, connection: &mut Socket) {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            let AsyncMessage::Notification(news) = message else {
                continue;
            };
            if news.channel() == PURGED
                && let Ok(id) = news.payload().parse()
            {
                self.sealer.forget(CaseId(id));
            }
            self.signal();
        }
    }

    fn signal(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}
