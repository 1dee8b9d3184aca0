//! Departments that operators closed by hand. That is an entry of the house, so it outlives the gateway, and every gateway of
//! the store takes it up.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use crate::store::{CommitError, HouseEntry, HouseKind, HouseQuery, ReadError, Store};
use crate::upkeep::{Reason, UpkeepError};

/// How often it is looked for what other gateways recorded. A second: who closes a department wants it closed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Entries read at once.
const PAGE: usize = 50;

/// Pages looked through for the last word about every department. A thousand openings and closings: an older one of a
/// department that was never touched since has been forgotten by everybody.
const PAGES_MAX: usize = 20;

/// How often it is tried to record behind others who record one at the same moment.
const ATTEMPTS_MAX: usize = 5;

/// The departments that are closed by hand.
pub struct Closures {
    store: Arc<dyn Store>,
    clock: SharedClock,
    known: ArcSwap<Known>,
    /// Held by whoever takes up what was recorded, so that none puts what it read earlier in the place of what is newer.
    taking_up: Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// Of the newest entry.
    newest: Option<Timestamp>,
    closed: BTreeMap<DepartmentId, Closure>,
}

/// A department that is closed by hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closure {
    /// When it opens again by itself; none where somebody has to open it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who closed it, as the ledger names them.
    pub actor: String,
    /// Since when.
    pub since: Timestamp,
}

impl Closures {
    /// What was recorded in `store`.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn load(store: Arc<dyn Store>, clock: SharedClock) -> Result<Self, ReadError> {
        let closures = Self {
            store,
            clock,
            known: ArcSwap::default(),
            taking_up: Mutex::default(),
        };
        closures.take_up().await?;
        Ok(closures)
    }

    /// How `department` is closed now; none where it is open.
    pub fn of(&self, department: DepartmentId) -> Option<Closure> {
        let known = self.known.load();
        let closure = known.closed.get(&department)?;
        let now = self.clock.now();
        let lasts = closure.until.is_none_or(|until| now < until);
        lasts.then(|| closure.clone())
    }

    /// Closes a department, or opens it. When this returns `Ok` it is recorded, and in force in this gateway.
    ///
    /// # Errors
    /// [`UpkeepError`]
    pub async fn set(
        &self,
        actor: &str,
        department: DepartmentId,
        closed: Option<Option<Timestamp>>,
        reason: &Reason,
    ) -> Result<(), UpkeepError> {
        let mut details = Map::new();
        details.insert("department".to_owned(), department.as_str().into());
        details.insert("closed".to_owned(), closed.is_some().into());
        if let Some(until) = closed.flatten() {
            details.insert("until".to_owned(), until.to_string().into());
        }
        details.insert("reason".to_owned(), reason.as_str().into());
        for _ in 0..ATTEMPTS_MAX {
            let newest = self.entries(None, None, 1).await?.first().map(|entry| entry.time);
            let after = newest.and_then(|newest| newest.checked_add(SignedDuration::from_nanos(1)).ok());
            let now = self.clock.now();
            let entry = HouseEntry {
                time: after.map_or(now, |after| after.max(now)),
                kind: HouseKind::DepartmentSet,
                actor: actor.to_owned(),
                details: details.clone(),
            };
            match self.store.note_next(entry, newest).await {
                Ok(()) => return Ok(self.take_up().await?),
                Err(CommitError::Stale | CommitError::Full) => tokio::task::yield_now().await,
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Full.into())
    }

    /// Takes up what other gateways record, for as long as the gateway serves.
    pub(crate) async fn follow(&self) -> Infallible {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changed = self.store.changed();
        loop {
            looks.tick().await;
            if let Err(error) = self.take_up().await {
                tracing::warn!(%error, "it cannot be looked for departments that were closed by hand");
            }
            // Where nothing was recorded there is nothing to look for. A store that has ended says no more.
            if changed.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Takes up what was recorded since it was last looked for.
    ///
    /// # Errors
    /// [`ReadError`]; what was known stays.
    pub async fn take_up(&self) -> Result<(), ReadError> {
        let _turn = self.taking_up.lock().await;
        let known = self.known.load();
        let mut before = None;
        let mut newest = known.newest;
        let mut told: BTreeMap<DepartmentId, Option<Closure>> = BTreeMap::new();
        for _ in 0..PAGES_MAX {
            let page = self.entries(known.newest, before, PAGE).await?;
            newest = newest.max(page.first().map(|entry| entry.time));
            for (department, closure) in page.iter().filter_map(read) {
                told.entry(department).or_insert(closure);
            }
            before = page.last().map(|entry| entry.time);
            if page.len() < PAGE || told.len() == DepartmentId::ALL.len() {
                break;
            }
        }
        if newest != known.newest {
            let mut closed = known.closed.clone();
            for (department, closure) in told {
                match closure {
                    Some(closure) => closed.insert(department, closure),
                    None => closed.remove(&department),
                };
            }
            self.known.store(Arc::new(Known { newest, closed }));
        }
        Ok(())
    }

    async fn entries(
        &self,
        after: Option<Timestamp>,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<HouseEntry>, ReadError> {
        let query = HouseQuery {
            kind: HouseKind::DepartmentSet,
            after,
            before,
            limit,
        };
        self.store.noted(query).await
    }
}

/// Which department an entry is about, and how it is closed since; none of the latter where it is open.
fn read(entry: &HouseEntry) -> Option<(DepartmentId, Option<Closure>)> {
    let text = |name: &str| entry.details.get(name).and_then(Value::as_str);
    let department = text("department")?.parse().ok()?;
    let is_closed = entry.details.get("closed").and_then(Value::as_bool)?;
    let until = text("until").map(str::parse).transpose().ok()?;
    let closure = Closure {
        until,
        reason: text("reason").unwrap_or_default().to_owned(),
        actor: entry.actor.clone(),
        since: entry.time,
    };
    Some((department, is_closed.then_some(closure)))
}
