//! Checks at a pace of their own, whatever becomes of those before.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use statuscheck_proto::v1::answer::Outcome;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::figures::pass;
use crate::served::{Client, Served};

/// Connections over which the checks go in turn.
const CONNECTIONS: usize = 4;

/// From one check to the next: 200 a second, a busy hour of a country in which some five million people change their jobs in a
/// year, and a third of what two cores answer beside callers and departments.
const EVERY: Duration = Duration::from_millis(5);

/// How often in a second that is.
pub(crate) const A_SECOND: u32 = 200;

/// Callers of one gateway.
#[derive(Clone)]
pub(crate) struct Callers {
    served: Arc<Served>,
    clients: Vec<Client>,
}

impl Callers {
    /// Connected, and with every cache on the way warm.
    pub(crate) async fn of(served: &Arc<Served>) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(served.client().await?);
        }
        let callers = Self {
            served: Arc::clone(served),
            clients,
        };
        callers.within(Duration::from_secs(2)).await?;
        Ok(callers)
    }

    /// How long each check took within so much time.
    pub(crate) async fn within(&self, length: Duration) -> anyhow::Result<Vec<Duration>> {
        let (stop, stopped) = watch::channel(false);
        let asking = tokio::spawn(self.clone().until(stopped));
        pass(length).await;
        stop.send_replace(true);
        asking.await?
    }

    /// How long each check took that was asked before `stopped` said so.
    pub(crate) async fn until(self, stopped: watch::Receiver<bool>) -> anyhow::Result<Vec<Duration>> {
        let mut asking = JoinSet::new();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut clients = self.clients.iter().cycle();
        while !*stopped.borrow() {
            ticks.tick().await;
            let (Some(client), request) = (clients.next(), self.served.holders.next().request()) else {
                break;
            };
            let (mut client, clock) = (client.clone(), self.served.clock.clone());
            // Each goes when its time has come, also while those before are slow.
            asking.spawn(async move {
                let began = clock.elapsed();
                let response = client.check(request).await?.into_inner();
                let took = clock.elapsed().saturating_sub(began);
                let outcome = response.answer.and_then(|answer| answer.outcome);
                ensure!(
                    matches!(outcome, Some(Outcome::Established(_))),
                    "the person may work"
                );
                Ok(took)
            });
        }
        asking.join_all().await.into_iter().collect()
    }
}
