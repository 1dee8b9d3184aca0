//! When the other gateways are told that something was recorded.
//!
//! A signal is a transaction of its own, and wakes every gateway. A busy writer commits some hundred times a second, and nobody
//! reads so often: so it tells at once after a pause, and then once for all that was recorded since the last time.

use std::future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Whether the others are to be told now.
pub(super) struct Telling {
    /// From one signal to the next at the least.
    every: Duration,
    /// Runs from the last signal until the next may be given.
    resting: Option<Pin<Box<Sleep>>>,
    /// Something was recorded of which nobody was told.
    owing: bool,
}

impl Telling {
    pub(super) const fn new(every: Duration) -> Self {
        Self {
            every,
            resting: None,
            owing: false,
        }
    }

    /// The next commit is to tell.
    pub(super) const fn may_tell(&self) -> bool {
        self.resting.is_none()
    }

    /// Something was recorded of which the others have to be told, and may be now.
    pub(super) const fn is_owing(&self) -> bool {
        self.owing && self.resting.is_none()
    }

    /// Something was recorded, and the others were `told`, or not yet.
    pub(super) fn recorded(&mut self, told: bool) {
        self.owing = !told;
        if told {
            self.resting = Some(Box::pin(sleep(self.every)));
        }
    }

    /// Waits until the next signal may be given; for ever where it may already.
    pub(super) async fn rested(&mut self) {
        match &mut self.resting {
            Some(resting) => resting.await,
            None => future::pending().await,
        }
        self.resting = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn others_are_told_at_once_after_a_pause_and_then_once_for_all() {
        let mut telling = Telling::new(Duration::from_millis(20));
        assert!(telling.may_tell() && !telling.is_owing());
        telling.recorded(true);
        assert!(!telling.may_tell());
        telling.recorded(false);
        telling.recorded(false);
        assert!(!telling.is_owing(), "not before the pause is over");
        telling.rested().await;
        assert!(telling.may_tell() && telling.is_owing());
        telling.recorded(true);
        telling.rested().await;
        assert!(!telling.is_owing(), "once for both");
    }
}
