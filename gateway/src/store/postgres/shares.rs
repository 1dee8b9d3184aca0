//! Keeps this gateway's share of what departments allow, by a row in the database, on a connection of its own: the
//! writer's may be busy with a batch for as long as a share lasts.

use std::num::NonZeroU32;
use std::time::Duration;

use statuscheck_adapters::share::ShareKeeper;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_postgres::SimpleQueryMessage;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::Limits;
use super::connect::{Connected, Connector};
use super::divisor::{Divisor, Seen};
use super::fault::DatabaseError;

/// One renewal at a time, in the whole database.
const LOCK: i64 = 0x7374_6174_7368_6172;

/// Round trips of one renewal: one to look, one to say what follows, and one more where others changed meanwhile.
pub(super) const TRIPS_MAX: u32 = 3;

/// How soon to look again whether the questions that are open beyond the share have ended: others wait for it.
const AGAIN: Duration = Duration::from_millis(100);

/// Keeps a share.
pub(super) struct Shares {
    connector: Connector,
    holder: Uuid,
    lease: Duration,
    renew_every: Duration,
    keeper: ShareKeeper,
    connected: Option<Connected>,
    divisor: Divisor,
    /// Grows with every statement, so that one which comes late does nothing.
    step: i64,
    /// It was told that there is no share.
    is_told: bool,
}

/// A share, while it is kept.
pub(super) struct Sharing {
    /// Ends it.
    end: oneshot::Sender<()>,
    kept: AbortOnDropHandle<()>,
}

impl Sharing {
    /// Ends it, and waits until the others know.
    pub(super) async fn end(self) {
        self.end.send(()).ok();
        self.kept.await.ok();
    }
}

impl Shares {
    pub(super) fn new(connector: Connector, holder: Uuid, limits: &Limits, keeper: ShareKeeper) -> Self {
        Self {
            connector,
            holder,
            lease: limits.lease,
            renew_every: limits.renew_every,
            keeper,
            connected: None,
            divisor: Divisor::default(),
            step: 0,
            is_told: false,
        }
    }

    /// Keeps it in a task of its own.
    pub(super) fn keep(self) -> Sharing {
        let (end, ended) = oneshot::channel();
        Sharing {
            end,
            kept: AbortOnDropHandle::new(tokio::spawn(self.run(ended))),
        }
    }

    /// Keeps it until `ended` tells, or is dropped. From then on there is no share, and the others need not wait.
    async fn run(mut self, mut ended: oneshot::Receiver<()>) {
        loop {
            let renewing = async {
                self.renew().await;
                let waits = self.divisor.gives_way();
                sleep(if waits {
                    AGAIN.min(self.renew_every)
                } else {
                    self.renew_every
                })
                .await;
            };
            tokio::select! {
                _ = &mut ended => break,
                () = renewing => {}
            }
        }
        self.keeper.end();
        if let Some(connected) = &self.connected {
            let leave = format!("DELETE FROM statuscheck.shares WHERE holder = '{}'", self.holder);
            if !matches!(
                timeout(self.renew_every, connected.client.batch_execute(&leave)).await,
                Ok(Ok(()))
            ) {
                tracing::warn!("the share of departments' figures was not given back; it runs out by itself");
            }
        }
    }

    async fn renew(&mut self) {
        let before = self.divisor.own();
        // One that takes longer than to the next is of no use.
        let renewed = timeout(self.renew_every, self.settle()).await;
        if let Err(error) = renewed.unwrap_or_else(|_elapsed| Err(DatabaseError::unanswered())) {
            self.connected = None;
            if !std::mem::replace(&mut self.is_told, true) {
                tracing::warn!(%error, "the share of departments' figures cannot be renewed; it runs out");
            }
            return;
        }
        self.is_told = false;
        let own = self.divisor.own();
        if own != before {
            tracing::info!(
                divisor = own.map(NonZeroU32::get),
                "this gateway's share of departments' figures changed"
            );
        }
    }

    /// Renews, and once more as long as that changes something.
    async fn settle(&mut self) -> Result<(), DatabaseError> {
        let mut said = None;
        for _ in 0..TRIPS_MAX {
            let wish = self.divisor.wish(self.keeper.is_kept());
            if said == Some(wish) {
                break;
            }
            self.trip(wish).await?;
            if self.divisor.is_settled() {
                break;
            }
            said = Some(wish);
        }
        Ok(())
    }

    /// Asks for `wish`, and holds the departments' stacks to what comes of it.
    async fn trip(&mut self, wish: Option<NonZeroU32>) -> Result<(), DatabaseError> {
        let connected = match self.connected.take() {
            Some(connected) => connected,
            None => self.connector.connect().await?,
        };
        let connected = self.connected.insert(connected);
        self.step += 1;
        let statement = statement(self.holder, wish, self.step, self.lease);
        // Before it is sent: by the database's clock the row lives longer than by ours.
        let until = self.keeper.clock().elapsed() + self.lease;
        let answer = connected.client.simple_query(&statement).await?;
        self.divisor.learn(seen(&answer)?);
        match self.divisor.own() {
            Some(divisor) => self.keeper.set(divisor, until),
            None => self.keeper.end(),
        }
        Ok(())
    }
}

/// All of a renewal, sent at once: a gateway that is stopped in the middle of it holds nobody up. Rows that were not renewed
/// are gone; the rest is what `divisor` says.
fn statement(holder: Uuid, wish: Option<NonZeroU32>, step: i64, lease: Duration) -> String {
    let wish = wish.map_or_else(|| "NULL::integer".to_owned(), |wish| wish.to_string());
    let lease = lease.as_secs_f64();
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED;
         SELECT pg_advisory_xact_lock({LOCK});
         DELETE FROM statuscheck.shares WHERE lease_until < clock_timestamp();
         WITH others AS (
             SELECT count(*) + 1 AS count, min(divisor) AS least FROM statuscheck.shares WHERE holder <> '{holder}'
         )
         INSERT INTO statuscheck.shares AS own (holder, divisor, step, lease_until)
         SELECT '{holder}',
                CASE WHEN {wish} >= count AND coalesce(least >= {wish}, true) THEN {wish} END,
                {step}, clock_timestamp() + make_interval(secs => {lease})
         FROM others
         ON CONFLICT (holder) DO UPDATE
         SET divisor = CASE WHEN {wish} >= own.divisor THEN {wish} ELSE coalesce(excluded.divisor, own.divisor) END,
             step = excluded.step, lease_until = excluded.lease_until
         WHERE own.step < excluded.step
         RETURNING divisor, (SELECT count FROM others);
         COMMIT"
    )
}

fn seen(answer: &[SimpleQueryMessage]) -> Result<Seen, DatabaseError> {
    let rows = answer.iter().rev().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) if row.len() == 2 => Some(row),
        _ => None,
    });
    let row = rows.into_iter().next();
    let seen = row.and_then(|row| {
        let divisor = match row.get(0) {
            Some(divisor) => Some(divisor.parse().ok()?),
            None => None,
        };
        Some(Seen {
            row: divisor,
            count: row.get(1)?.parse().ok()?,
        })
    });
    seen.ok_or_else(|| DatabaseError::lost("it did not say what became of a share"))
}
