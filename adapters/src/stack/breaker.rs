//! A department that keeps failing is given a rest. On the typed call, because a department's failure is more than a
//! status: garbage with a 200 counts, "no record" with a 404 does not.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::reply::Reply;
use tower::{Service, ServiceExt as _};

use super::{Replying, Timed};
use crate::AskError;
use crate::settings::BreakerSettings;
use crate::vitals::BreakerState;

/// Slices of the window; the oldest is dropped as a whole, so the window is exact to a tenth.
const SLICES: u32 = 10;

#[derive(Clone)]
pub(super) struct Breaker<S> {
    inner: S,
    circuit: Arc<Circuit>,
}

impl<S> Breaker<S> {
    pub(super) const fn new(inner: S, circuit: Arc<Circuit>) -> Self {
        Self { inner, circuit }
    }
}

impl<S> Service<Timed> for Breaker<S>
where
    S: Service<Timed, Response = Reply, Error = AskError, Future: Send> + Clone + Send + 'static,
{
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, timed: Timed) -> Replying {
        let inner = self.inner.clone();
        let circuit = self.circuit.clone();
        Box::pin(async move {
            let probe = circuit.admit()?;
            let mut open = OpenAsk {
                circuit: &circuit,
                probe,
                patient: timed.ask.within >= circuit.settings.patience,
                timed: timed.clone(),
                verdict: None,
            };
            let reply = inner.oneshot(timed).await;
            open.verdict = Verdict::on(&reply, open.patient);
            reply
        })
    }
}

/// Whether a department is asked, and what speaks for that.
pub(crate) struct Circuit {
    department: DepartmentId,
    settings: BreakerSettings,
    clock: SharedClock,
    state: Mutex<State>,
}

enum State {
    /// Asked; what came of it, oldest slice first.
    Closed(VecDeque<Slice>),
    /// At rest since then.
    Open { since: Duration },
    /// The rest is over and one question is out to see.
    Probing,
}

/// What came of the questions of a tenth of the window.
struct Slice {
    number: u128,
    asks: u32,
    failures: u32,
}

/// What a reply says about the department's health.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Well,
    Failed,
}

impl Verdict {
    /// None for what says nothing: a limit, ours or theirs, a refusal of our own request, and too little patience.
    fn on(reply: &Result<Reply, AskError>, patient: bool) -> Option<Self> {
        match reply {
            Ok(_) => Some(Self::Well),
            Err(AskError::Unavailable | AskError::Garbage) => Some(Self::Failed),
            Err(AskError::OutOfTime) => patient.then_some(Self::Failed),
            Err(AskError::Throttled { .. } | AskError::Refused | AskError::BreakerOpen) => None,
        }
    }
}

/// A question that is out. However it ends, the circuit hears of it.
struct OpenAsk<'a> {
    circuit: &'a Circuit,
    probe: bool,
    /// The department was given long enough for its silence to say something.
    patient: bool,
    timed: Timed,
    verdict: Option<Verdict>,
}

impl Drop for OpenAsk<'_> {
    fn drop(&mut self) {
        let out_of_time = self.patient && self.timed.out_of_time.load(Ordering::Relaxed);
        let verdict = self.verdict.or(out_of_time.then_some(Verdict::Failed));
        self.circuit.hear(verdict, self.probe);
    }
}

impl Circuit {
    pub(super) fn new(department: DepartmentId, settings: BreakerSettings, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            department,
            settings,
            clock,
            state: Mutex::new(State::Closed(VecDeque::new())),
        })
    }

    /// Where it stands now.
    pub(crate) fn stands(&self) -> BreakerState {
        let now = self.clock.elapsed();
        match &*self.state() {
            State::Closed(_) => BreakerState::Closed,
            State::Open { since } if now < since.saturating_add(self.settings.rest) => BreakerState::Open,
            State::Open { .. } | State::Probing => BreakerState::HalfOpen,
        }
    }

    /// Lets a question through; true where it is the probe.
    fn admit(&self) -> Result<bool, AskError> {
        let now = self.clock.elapsed();
        let mut state = self.state();
        match &*state {
            State::Closed(_) => Ok(false),
            State::Open { since } if now >= since.saturating_add(self.settings.rest) => {
                *state = State::Probing;
                Ok(true)
            }
            State::Open { .. } | State::Probing => Err(AskError::BreakerOpen),
        }
    }

    fn hear(&self, verdict: Option<Verdict>, probe: bool) {
        let now = self.clock.elapsed();
        let mut state = self.state();
        match (&mut *state, verdict) {
            (State::Probing, Some(Verdict::Well)) if probe => {
                *state = State::Closed(VecDeque::new());
                tracing::info!(department = %self.department, "the department answers again");
            }
            (State::Probing, Some(Verdict::Failed)) if probe => *state = State::Open { since: now },
            // The probe came to nothing: the rest is over all the same, and the next question probes.
            (State::Probing, None) if probe => {
                *state = State::Open {
                    since: now.saturating_sub(self.settings.rest),
                };
            }
            (State::Closed(slices), Some(verdict)) => {
                self.count(slices, verdict, now);
                if self.is_failing(slices) {
                    *state = State::Open { since: now };
                    tracing::warn!(department = %self.department, "the department is given a rest after failures");
                }
            }
            // Asked before the rest began, heard during it.
            (State::Open { .. } | State::Probing, _) | (State::Closed(_), None) => {}
        }
    }

    fn count(&self, slices: &mut VecDeque<Slice>, verdict: Verdict, now: Duration) {
        let length = (self.settings.window / SLICES).max(Duration::from_millis(1));
        let number = now.as_nanos() / length.as_nanos();
        slices.retain(|slice| slice.number + u128::from(SLICES) > number);
        if slices.back().is_none_or(|slice| slice.number != number) {
            slices.push_back(Slice {
                number,
                asks: 0,
                failures: 0,
            });
        }
        if let Some(slice) = slices.back_mut() {
            slice.asks = slice.asks.saturating_add(1);
            slice.failures = slice
                .failures
                .saturating_add(u32::from(verdict == Verdict::Failed));
        }
    }

    fn is_failing(&self, slices: &VecDeque<Slice>) -> bool {
        let asks: u64 = slices.iter().map(|slice| u64::from(slice.asks)).sum();
        let failures: u64 = slices.iter().map(|slice| u64::from(slice.failures)).sum();
        asks >= u64::from(self.settings.asks_min)
            && failures * 100 >= asks * u64::from(self.settings.failures_percent)
    }

    /// Held for a few instructions, never while something is awaited.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
