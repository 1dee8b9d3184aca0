//! Batches: some rows are under way at once, and no further one is read meanwhile. What a caller sends too fast waits with
//! the caller, held back by HTTP/2's windows, and not in this gateway's memory.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use tokio::time::sleep;

use crate::error::Error;

/// What one batch may take.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct BatchSettings {
    /// Rows of one batch that are under way at once. 64: at half a second each 128 a second, and an eighth of the seats that
    /// one organisation may have, so that its single checks find theirs. A row takes 64 KiB at most, a batch 4 MiB.
    pub rows_in_flight_max: usize,
    /// How long a row waits for its organisation's rate, or for a seat, before it is told to come again; meanwhile the rows
    /// behind it wait too. 60 s: agreements' rates are by the minute, so in that time each lets one more through.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub wait_max: Duration,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            rows_in_flight_max: 64,
            wait_max: Duration::from_secs(60),
        }
    }
}

/// The shortest pause between two attempts.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// What becomes of `rows`: each is begun in its turn, one after the other, and ended with up to `at_once` others, in whatever
/// order they end. One row is read beyond those, at most.
pub(crate) fn outcomes<R, B, E>(
    rows: impl Stream<Item = R>,
    begin: impl FnMut(R) -> B,
    end: impl FnMut(B::Output) -> E,
    at_once: usize,
) -> impl Stream<Item = E::Output>
where
    B: Future,
    E: Future,
{
    rows.then(begin).map(end).buffer_unordered(at_once.max(1))
}

/// How long is still waited for what only waiting helps.
pub(crate) struct Patience {
    left: Duration,
}

impl Patience {
    pub(crate) const fn of(left: Duration) -> Self {
        Self { left }
    }

    /// Waits for as long as `error` asks for, so that the same can be tried again.
    ///
    /// # Errors
    /// `error` itself, where waiting is not all it takes, or takes longer than is left.
    pub(crate) async fn with(&mut self, error: Error) -> Result<(), Error> {
        let pause = error.retry_after().map(|pause| pause.max(PAUSE_MIN));
        let Some((pause, left)) = pause.and_then(|pause| Some((pause, self.left.checked_sub(pause)?))) else {
            return Err(error);
        };
        self.left = left;
        sleep(pause).await;
        Ok(())
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
