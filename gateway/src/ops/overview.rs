//! The open cases counted, for everybody who looks.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use tokio::sync::Mutex;

use crate::store::{Line, Marks, ReadError, Store};

/// How old a count may be before it is made anew. A second: nobody reads faster.
const FRESH: Duration = Duration::from_secs(1);

/// A count that takes longer than this is not waited for where there is one before it. A tenth of a second: a page is to be there
/// within two.
const WAITED_FOR: Duration = Duration::from_millis(100);

/// Of the time, counting takes one part in so many at the most: a million open cases are counted in a fraction of a second, and
/// then not again for some.
const REST_FACTOR: u32 = 20;

/// The open cases of a store, counted at most once a second however many look.
pub struct Overview {
    store: Arc<dyn Store>,
    clock: SharedClock,
    newest: ArcSwapOption<Snapshot>,
    /// Held by whoever counts.
    counting: Mutex<()>,
}

/// The open cases as they were counted.
pub struct Snapshot {
    /// When.
    pub at: Timestamp,
    /// A line for each agreement, check and whose turn it is.
    pub lines: Vec<Line>,
    /// On the clock's `elapsed`.
    counted: Duration,
    took: Duration,
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
            clock,
            newest: ArcSwapOption::empty(),
            counting: Mutex::default(),
        }
    }

    /// The newest count, or a new one where that is old. While somebody counts, the others get the one before, and where counting takes
    /// long, all get that.
    ///
    /// # Errors
    /// [`ReadError`] where there is none that may still be shown.
    pub async fn now(self: &Arc<Self>) -> Result<Arc<Snapshot>, ReadError> {
        let before = self.newest.load_full();
        if let Some(fresh) = before.as_ref().filter(|snapshot| self.is_fresh(snapshot)) {
            return Ok(Arc::clone(fresh));
        }
        if let Some(before) = before.as_ref().filter(|before| before.took > WAITED_FOR) {
            let (overview, known) = (Arc::clone(self), Arc::clone(before));
            tokio::spawn(async move {
                if let Err(error) = overview.count_anew(Some(known)).await {
                    tracing::warn!(%error, "open cases cannot be counted");
                }
            });
            return Ok(Arc::clone(before));
        }
        self.count_anew(before).await
    }

    /// Counts before anybody looks, where that takes long: who looks first after a start does not wait for it either.
    pub(crate) async fn begin(&self) {
        match self.count().await {
            Ok(snapshot) if snapshot.took > WAITED_FOR => self.newest.store(Some(Arc::new(snapshot))),
            Ok(_quick) => {}
            Err(error) => tracing::warn!(%error, "open cases cannot be counted"),
        }
    }

    /// The newest count after this; while somebody else is at it, the one `before` where there is one.
    async fn count_anew(&self, before: Option<Arc<Snapshot>>) -> Result<Arc<Snapshot>, ReadError> {
        let _turn = match (self.counting.try_lock(), before) {
            (Ok(turn), _) => turn,
            (Err(_counting), Some(before)) => return Ok(before),
            (Err(_counting), None) => self.counting.lock().await,
        };
        if let Some(fresh) = self.newest.load_full().filter(|snapshot| self.is_fresh(snapshot)) {
            return Ok(fresh);
        }
        let snapshot = Arc::new(self.count().await?);
        self.newest.store(Some(Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    async fn count(&self) -> Result<Snapshot, ReadError> {
        let (at, began) = (self.clock.now(), self.clock.elapsed());
        let marks = Marks {
            now: at,
            ahead: Self::AHEAD
                .iter()
                .map(|ahead| at.saturating_add(*ahead).unwrap_or(Timestamp::MAX))
                .collect(),
        };
        let lines = self.store.lines(marks).await?;
        let counted = self.clock.elapsed();
        Ok(Snapshot {
            at,
            lines,
            counted,
            took: counted.saturating_sub(began),
        })
    }

    fn is_fresh(&self, snapshot: &Snapshot) -> bool {
        let age = self.clock.elapsed().saturating_sub(snapshot.counted);
        age < FRESH.max(snapshot.took.saturating_mul(REST_FACTOR))
    }
}

impl Snapshot {
    /// Open cases that wait for `department`.
    pub fn waiting_for(&self, department: DepartmentId) -> u64 {
        let waiting = self.lines.iter().filter(|line| line.whose.includes(department));
        waiting.map(|line| line.open).sum()
    }
}
