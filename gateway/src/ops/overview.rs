//! The open cases counted, for everybody who looks.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;

use super::lately::Lately;
use crate::store::{Line, Marks, ReadError, Store};

/// The open cases of a store, counted at most once a second however many look.
pub struct Overview {
    store: Arc<dyn Store>,
    clock: SharedClock,
    newest: Arc<Lately<Snapshot>>,
}

/// The open cases as they were counted.
pub struct Snapshot {
    /// When.
    pub at: Timestamp,
    /// A line for each agreement, check and whose turn it is.
    pub lines: Vec<Line>,
}

impl Overview {
    /// The spans by which cases are counted, from now on. The first three are how a duty manager plans: this hour, this
    /// half-shift, this day; the others show what comes behind them, up to the longest promise.
    pub const AHEAD: [Duration; 7] = [
        Duration::from_hours(1),
        Duration::from_hours(4),
        Duration::from_hours(24),
        Duration::from_hours(48),
        Duration::from_hours(72),
        Duration::from_hours(120),
        Duration::from_hours(240),
    ];

    /// Of `store`; nothing is counted before somebody looks.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self {
            store,
            newest: Arc::new(Lately::new(clock.clone())),
            clock,
        }
    }

    /// The newest count, or a new one where that is old. While somebody counts, the others get the one before, and where counting takes
    /// long, all get that.
    ///
    /// # Errors
    /// [`ReadError`] where there is none that may still be shown.
    pub async fn now(&self) -> Result<Arc<Snapshot>, ReadError> {
        let (store, clock) = (Arc::clone(&self.store), self.clock.clone());
        let count = async move { count(store.as_ref(), &clock).await };
        self.newest.or_before(count).await
    }

    /// Counts before anybody looks, where that takes long: who looks first after a start does not wait for it either.
    pub(crate) async fn begin(&self) {
        let count = count(self.store.as_ref(), &self.clock);
        if let Err(error) = self.newest.begin(count).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "open cases cannot be counted"
            );
        }
    }
}

async fn count(store: &dyn Store, clock: &SharedClock) -> Result<Snapshot, ReadError> {
    let at = clock.now();
    let marks = Marks {
        now: at,
        ahead: Overview::AHEAD
            .iter()
            .map(|ahead| at.saturating_add(*ahead).unwrap_or(Timestamp::MAX))
            .collect(),
    };
    let lines = store.lines(marks).await?;
    Ok(Snapshot { at, lines })
}

impl Snapshot {
    /// Open cases that wait for `department`.
    pub fn waiting_for(&self, department: DepartmentId) -> u64 {
        let waiting = self.lines.iter().filter(|line| line.whose.includes(department));
        waiting.map(|line| line.open).sum()
    }
}
