//! How a department is doing, as this gateway sees it from its questions.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::reply::{Outcome, Reply};

use crate::AskError;
use crate::stack::{Circuit, Rate};

/// How far back "recent" goes. Five minutes: long enough for a figure at a quiet desk, short enough to be about now.
const RECENT: Duration = Duration::from_secs(300);

/// Questions remembered at most. 512: a 95th percentile needs some hundred, and more would cost memory for nothing.
const REMEMBERED_MAX: usize = 512;

/// A department's vitals; clones look at the same department.
#[derive(Clone)]
pub struct Vitals {
    circuit: Arc<Circuit>,
    rate: Arc<Rate>,
    pulse: Arc<Pulse>,
}

/// How a department is doing at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// The last question about which that can be said was answered; also before the first.
    pub is_reachable: bool,
    /// Share of recent questions that failed, 0 to 1; 0 where there were none.
    pub error_ratio: f64,
    /// How long 95 of 100 recent questions took at the most; none where there were none.
    pub latency_p95: Option<Duration>,
    /// The largest share of any of its limits that is in use, 0 to 1; of this gateway's part of them.
    pub rate_used: f64,
    /// Until when it said that its desk is closed; none once that is over.
    pub closed_until: Option<Timestamp>,
}

/// Where a department's breaker stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BreakerState {
    /// It is asked.
    Closed,
    /// It rests, and nothing is asked.
    Open,
    /// The rest is over, and one question is out, or will be, to see.
    HalfOpen,
}

impl BreakerState {
    /// The stable name: `closed`, `open` or `half_open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What the latest questions came to.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Beats>);

#[derive(Default)]
struct Beats {
    /// When each ended, on the clock's `elapsed`, how long it took, and whether it failed; oldest first.
    recent: VecDeque<(Duration, Duration, bool)>,
    has_failed_last: bool,
    closed_until: Option<Timestamp>,
}

impl Vitals {
    pub(crate) const fn new(circuit: Arc<Circuit>, rate: Arc<Rate>, pulse: Arc<Pulse>) -> Self {
        Self { circuit, rate, pulse }
    }

    /// How it is doing now.
    pub fn now(&self, clock: &SharedClock) -> Condition {
        let since = clock.elapsed().saturating_sub(RECENT);
        let now = clock.now();
        let beats = self.pulse.beats();
        let recent = || beats.recent.iter().filter(|(ended, ..)| *ended >= since);
        let mut took: Vec<_> = recent().map(|(_, took, _)| *took).collect();
        took.sort_unstable();
        let failed = recent().filter(|(.., failed)| *failed).count();
        Condition {
            breaker: self.circuit.stands(),
            is_reachable: !beats.has_failed_last,
            error_ratio: share(failed, took.len()),
            latency_p95: took
                .get((took.len() * 95).div_ceil(100).saturating_sub(1))
                .copied(),
            rate_used: self.rate.used(),
            closed_until: beats.closed_until.filter(|until| *until > now),
        }
    }
}

/// `part` of `whole`, 0 to 1.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    let number = |count| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 {
        0.0
    } else {
        number(part) / number(whole)
    }
}

impl Pulse {
    /// A question ended at `ended`, on the clock's `elapsed`, after `took`. What was never put to the department says nothing
    /// about it.
    pub(crate) fn hear(&self, reply: &Result<Reply, AskError>, ended: Duration, took: Duration) {
        let failed = match reply {
            Ok(_) => false,
            Err(AskError::Unavailable | AskError::Garbage | AskError::OutOfTime | AskError::Refused) => true,
            Err(AskError::Throttled { .. } | AskError::BreakerOpen) => return,
        };
        let mut beats = self.beats();
        if beats.recent.len() == REMEMBERED_MAX {
            beats.recent.pop_front();
        }
        beats.recent.push_back((ended, took, failed));
        beats.has_failed_last = failed;
        if let Ok(reply) = reply {
            beats.closed_until = match reply.outcome {
                Outcome::Closed { until } => until,
                _ => None,
            };
        }
    }

    /// Held for a few instructions, or for one look at some hundred figures, never while something is awaited.
    fn beats(&self) -> MutexGuard<'_, Beats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
