//! One more try after a failure, within a budget.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use governor::Jitter;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::reply::Reply;
use tower::retry::budget::{Budget as _, TpsBudget};
use tower::{Service, ServiceExt as _};

use super::{Rate, Replying, Timed, requests_at_least};
use crate::settings::RetrySettings;
use crate::{Ask, AskError};

/// Questions count towards the budget for that long: as long as the breaker's window.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
/// Repeats a second that are always allowed, so that a department which is seldom asked gets its repeat.
const REPEATS_PER_SECOND_MIN: u32 = 1;

/// Repeats a question whose department was [`AskError::Unavailable`], which is safe: every operation only looks up, and
/// a department that opened work for a question knows the question again.
#[derive(Clone)]
pub(super) struct Retry<S> {
    inner: S,
    settings: RetrySettings,
    budget: Arc<TpsBudget>,
    rate: Arc<Rate>,
    clock: SharedClock,
}

impl<S> Retry<S> {
    pub(super) fn new(inner: S, settings: RetrySettings, rate: Arc<Rate>, clock: SharedClock) -> Self {
        let share = f32::from(settings.budget_percent) / 100.0;
        Self {
            inner,
            settings,
            budget: Arc::new(TpsBudget::new(BUDGET_WINDOW, REPEATS_PER_SECOND_MIN, share)),
            rate,
            clock,
        }
    }
}

impl<S> Retry<S>
where
    S: Service<Ask, Response = Reply, Error = AskError, Future: Send> + Clone + Send + 'static,
{
    async fn ask(self, timed: Timed) -> Result<Reply, AskError> {
        self.budget.deposit();
        let mut repeats_left = self.settings.repeats_max;
        loop {
            let ask = Ask {
                within: timed.left(&self.clock),
                ..timed.ask.clone()
            };
            let reply = self.inner.clone().oneshot(ask).await;
            if !matches!(reply, Err(AskError::Unavailable)) || repeats_left == 0 {
                return reply;
            }
            repeats_left -= 1;
            if !self.pause_before_repeat(&timed).await {
                return reply;
            }
        }
    }

    /// There is time, budget and rate for a repeat, and the pause is over. It never waits for the rate: a first question
    /// goes before a repeat, and a known failure is worth more than one found out at the deadline.
    async fn pause_before_repeat(&self, timed: &Timed) -> bool {
        let pause = Jitter::new(self.settings.pause, self.settings.jitter) + Duration::ZERO;
        if pause >= timed.left(&self.clock) || !self.budget.withdraw() {
            return false;
        }
        tokio::time::sleep(pause).await;
        let requests = requests_at_least(timed.ask.question.operation);
        self.rate
            .take(requests, Duration::ZERO, &self.clock)
            .await
            .is_ok()
    }
}

impl<S> Service<Timed> for Retry<S>
where
    S: Service<Ask, Response = Reply, Error = AskError, Future: Send> + Clone + Send + Sync + 'static,
{
    type Response = Reply;
    type Error = AskError;
    type Future = Replying;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), AskError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, timed: Timed) -> Replying {
        Box::pin(self.clone().ask(timed))
    }
}
