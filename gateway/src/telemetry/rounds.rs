//! What only the store can tell, read now and then and kept for whoever reads the figures: open cases, and notices that are not
//! taken. Checks never wait for it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use opentelemetry::metrics::Meter;
use statuscheck_adapters::vitals::BreakerState;
use statuscheck_domain::case::Whose;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use tokio::time::{MissedTickBehavior, interval};

use super::Figures;
use super::catalogue::{BREAKER, CASES, OUTBOX, OUTBOX_AGE, RECEIVERS, STATES};
use super::watched::whole;
use crate::departments::Departments;
use crate::ops::{Live, NoticeCount, NoticeState, Notices, Overview};
use crate::store::ReadError;

/// How often it is looked whether a minute has begun. A second: so near to its beginning is what is told of it cut off.
const TURN_EVERY: Duration = Duration::from_secs(1);

/// Reads in rounds, and lets the minutes of the last hour go by.
pub(crate) struct Rounds {
    overview: Arc<Overview>,
    notices: Arc<Notices>,
    figures: Arc<Figures>,
    seen: Arc<Seen>,
    every: Duration,
}

/// What the last round saw.
#[derive(Default)]
struct Seen {
    cases: ArcSwap<Vec<Cases>>,
    notices: ArcSwap<NoticeCount>,
}

/// Open cases of one agreement and check, in one turn.
struct Cases {
    check: &'static str,
    agreement: String,
    turn: &'static str,
    /// In the order of [`STATES`].
    counts: [u64; STATES.len()],
}

impl Rounds {
    /// Has what it will read told whenever `meter` is read.
    pub(super) fn new(meter: &Meter, live: &Live, figures: Arc<Figures>, every: Duration) -> Self {
        let seen = Arc::new(Seen::default());
        tell_cases(meter, Arc::clone(&seen));
        tell_notices(meter, Arc::clone(&seen), live.clock.clone());
        tell_breakers(meter, live.departments.clone(), live.clock.clone());
        Self {
            overview: Arc::clone(&live.overview),
            notices: Arc::clone(&live.notices),
            figures,
            seen,
            every,
        }
    }

    /// Reads for as long as the gateway serves. What cannot be read now stays as it was seen last.
    pub(crate) async fn run(self) -> Infallible {
        let mut rounds = interval(self.every);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turns = interval(TURN_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let looking = async {
            loop {
                rounds.tick().await;
                if let Err(error) = self.look().await {
                    tracing::debug!(%error, "what is told of the store could not be read");
                }
            }
        };
        let turning = async {
            loop {
                turns.tick().await;
                self.figures.turn();
            }
        };
        tokio::join!(looking, turning).0
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
        self.seen.notices.store(self.notices.now().await?);
        Ok(())
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
        for (receiver, state, states) in kinds() {
            tell(whole(notices.pile(receiver, states).count), &[receiver, state]);
        }
    });
    OUTBOX_AGE.watched(meter, move |tell| {
        let notices = seen.notices.load();
        for (receiver, state, states) in kinds() {
            let oldest = notices.pile(receiver, states).oldest;
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

/// Kinds of receivers, each with what its notices can stand in, in a word and in full.
fn kinds() -> impl Iterator<Item = (&'static str, &'static str, &'static [NoticeState])> {
    let receivers = RECEIVERS.into_iter();
    receivers.flat_map(|receiver| {
        [
            (
                receiver,
                "waiting",
                &[NoticeState::Waiting, NoticeState::Retried][..],
            ),
            (receiver, "parked", &[NoticeState::Parked][..]),
        ]
    })
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
