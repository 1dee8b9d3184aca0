//! What only the store can tell, read now and then and kept for whoever reads the figures: open cases, and notices that are not
//! taken. Checks never wait for it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use opentelemetry::metrics::Meter;
use statuscheck_adapters::vitals::BreakerState;
use statuscheck_domain::case::Whose;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::outbox::Receiver;
use tokio::time::{MissedTickBehavior, interval};

use super::catalogue::{BREAKER, CASES, OUTBOX, OUTBOX_AGE, RECEIVERS, STATES};
use super::watched::whole;
use crate::departments::Departments;
use crate::ops::{Live, Overview};
use crate::store::{HookQuery, HookRow, ReadError, Store};

/// Notices that are looked at in a round. 10,000: past that the number says "very many", which is enough.
const NOTICES_MAX: usize = 10_000;

/// Notices of one page.
const PAGE: usize = 500;

/// Reads in rounds.
pub(crate) struct Rounds {
    store: Arc<dyn Store>,
    overview: Arc<Overview>,
    seen: Arc<Seen>,
    every: Duration,
}

/// What the last round saw.
#[derive(Default)]
struct Seen {
    cases: ArcSwap<Vec<Cases>>,
    notices: ArcSwap<BTreeMap<(&'static str, &'static str), Notices>>,
}

/// Open cases of one agreement and check, in one turn.
struct Cases {
    check: &'static str,
    agreement: String,
    turn: &'static str,
    /// In the order of [`STATES`].
    counts: [u64; STATES.len()],
}

/// Notices to receivers of one kind.
#[derive(Clone, Copy, Default)]
struct Notices {
    count: u64,
    /// When the oldest of them was written.
    oldest: Option<Timestamp>,
}

impl Rounds {
    /// Has what it will read told whenever `meter` is read.
    pub(super) fn new(meter: &Meter, live: &Live, every: Duration) -> Self {
        let seen = Arc::new(Seen::default());
        tell_cases(meter, Arc::clone(&seen));
        tell_notices(meter, Arc::clone(&seen), live.clock.clone());
        tell_breakers(meter, live.departments.clone(), live.clock.clone());
        Self {
            store: Arc::clone(&live.store),
            overview: Arc::clone(&live.overview),
            seen,
            every,
        }
    }

    /// Reads for as long as the gateway serves. What cannot be read now stays as it was seen last.
    pub(crate) async fn run(self) -> Infallible {
        let mut rounds = interval(self.every);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "what is told of the store could not be read");
            }
        }
    }

    async fn look(&self) -> Result<(), ReadError> {
        let open = self.overview.now().await?;
        let cases = open.lines.iter().map(|line| {
            let paused = if line.whose.is_paused() { line.open } else { 0 };
            Cases {
                check: line.check.as_str(),
                agreement: line.agreement.to_string(),
                turn: turn(line.whose),
                counts: [line.open, line.at_risk, line.late, paused],
            }
        });
        self.seen.cases.store(Arc::new(cases.collect()));
        self.seen.notices.store(Arc::new(self.notices().await?));
        Ok(())
    }

    async fn notices(&self) -> Result<BTreeMap<(&'static str, &'static str), Notices>, ReadError> {
        let mut seen: BTreeMap<_, Notices> = BTreeMap::new();
        let mut query = HookQuery {
            parked_only: false,
            after: None,
            limit: PAGE,
        };
        for _page in 0..NOTICES_MAX / PAGE {
            let page = self.store.hooks(query).await?;
            for row in &page {
                let state = if row.next.is_some() { "waiting" } else { "parked" };
                let notices = seen.entry((kind(&row.receiver), state)).or_default();
                notices.count += 1;
                notices.oldest = [notices.oldest, written(row)].into_iter().flatten().min();
            }
            let Some(last) = page.last() else { break };
            query.after = Some(last.id);
        }
        Ok(seen)
    }
}

fn tell_cases(meter: &Meter, seen: Arc<Seen>) {
    CASES.watched(meter, move |tell| {
        // Turns that have a line each and share a word are told together.
        let cases = seen.cases.load_full();
        let mut told: BTreeMap<[&str; 4], u64> = BTreeMap::new();
        for line in cases.iter() {
            for (state, count) in STATES.into_iter().zip(line.counts) {
                *told
                    .entry([line.check, &line.agreement, line.turn, state])
                    .or_default() += count;
            }
        }
        for (labels, count) in told {
            tell(whole(count), &labels);
        }
    });
}

fn tell_notices(meter: &Meter, seen: Arc<Seen>, clock: SharedClock) {
    let counts = Arc::clone(&seen);
    OUTBOX.watched(meter, move |tell| {
        let notices = counts.notices.load();
        for (receiver, state) in kinds() {
            let count = notices.get(&(receiver, state)).map_or(0, |notices| notices.count);
            tell(whole(count), &[receiver, state]);
        }
    });
    OUTBOX_AGE.watched(meter, move |tell| {
        let notices = seen.notices.load();
        for (receiver, state) in kinds() {
            let oldest = notices.get(&(receiver, state)).and_then(|notices| notices.oldest);
            let age = oldest.map_or(0.0, |oldest| clock.now().duration_since(oldest).as_secs_f64());
            tell(age.max(0.0), &[receiver, state]);
        }
    });
}

fn tell_breakers(meter: &Meter, departments: Departments, clock: SharedClock) {
    BREAKER.watched(meter, move |tell| {
        for department in DepartmentId::ALL {
            if let Some(condition) = departments.condition(department, &clock) {
                let state = match condition.breaker {
                    BreakerState::Closed => 0.0,
                    BreakerState::HalfOpen => 1.0,
                    BreakerState::Open => 2.0,
                };
                tell(state, &[department.as_str()]);
            }
        }
    });
}

fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let receivers = RECEIVERS.into_iter();
    receivers.flat_map(|receiver| ["waiting", "parked"].map(|state| (receiver, state)))
}

/// Whose turn it is, in a word.
fn turn(whose: Whose) -> &'static str {
    match whose {
        Whose::Departments(departments) => {
            let mut each = departments.iter();
            match (each.next(), each.next()) {
                (Some(only), None) => only.as_str(),
                _ => "several",
            }
        }
        Whose::Taskforce => "taskforce",
        Whose::Caller => "caller",
    }
}

/// Which kind of receiver it is; which one of them, nobody is told.
const fn kind(receiver: &Receiver) -> &'static str {
    match receiver {
        Receiver::Organisation(_) => "organisation",
        Receiver::Owner(_) => "owner",
        Receiver::Ops => "ops",
        Receiver::Taskforce => "taskforce",
        Receiver::Subscriber(_) => "subscriber",
    }
}

/// When a notice was written: its id tells.
fn written(row: &HookRow) -> Option<Timestamp> {
    let (seconds, nanoseconds) = row.id.0.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}
