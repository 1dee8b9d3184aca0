//! Taking up what other gateways applied.

use std::convert::Infallible;

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::RegisterChanges;

impl RegisterChanges {
    /// Looks for newer versions for ever. While none can be looked for, after some attempts nothing is asked any more: an
    /// agreement might have ended that this gateway still takes to be in force.
    pub async fn follow(&self) -> Infallible {
        let every = self.settings.poll_every;
        let mut looks = interval(every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed = 0;
        loop {
            looks.tick().await;
            let before = self.served.now().number;
            let error: Box<dyn std::error::Error> =
                match timeout(self.settings.poll_max, self.served.take_up(self.store.as_ref())).await {
                    Ok(Ok(version)) => {
                        if version.number > before {
                            tracing::info!(
                                version = version.number,
                                "another version of the register was taken up"
                            );
                        }
                        if failed >= self.settings.polls_failed_max {
                            tracing::info!("the register's versions can be followed again");
                        }
                        self.served.set_current(true);
                        failed = 0;
                        continue;
                    }
                    Ok(Err(error)) => error.into(),
                    Err(elapsed) => elapsed.into(),
                };
            failed += 1;
            if failed == self.settings.polls_failed_max {
                tracing::error!(
                    error = error.as_ref(),
                    "the register's versions cannot be followed; nothing is asked until they can"
                );
                self.served.set_current(false);
            }
        }
    }
}
