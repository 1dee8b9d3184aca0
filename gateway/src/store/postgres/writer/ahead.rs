//! Batches that are sent before those in front of them are answered, so that the server has the next one at hand when it is
//! done with the one before: otherwise it would stand idle while the writer makes it.
//!
//! Each begins where the one in front of it leaves the chain, and fails with it.

use std::collections::VecDeque;
use std::future;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};

use super::super::batch::{Failure, Session, Settled};
use super::super::quotas::Taken;
use super::super::work::{Waiting, Work};
use super::Writer;
use super::attempts::Patience;

/// Batches that are sent and not answered. Two: one that the server works on, and one that it finds next. More would only make
/// each smaller.
const AHEAD_MAX: usize = 2;

/// A batch that was sent.
pub(in crate::store::postgres) struct Ahead {
    size: usize,
    /// The other gateways hear of it.
    tells: bool,
    /// As long as its callers are kept waiting.
    patience: Patience,
    answer: JoinHandle<Answered>,
}

/// What came of it: none where it was refused, as one of another kind.
type Answer = Result<Option<Settled>, Failure>;

type Answered = (Vec<Waiting>, Answer);

/// A batch that was answered, unless recording it panicked.
pub(super) struct Heard(Result<Answered, JoinError>);

/// Waits for the answer to the first; for ever where nothing was sent.
pub(super) async fn first(ahead: &mut VecDeque<Ahead>) -> Heard {
    match ahead.front_mut() {
        Some(first) => Heard((&mut first.answer).await),
        None => future::pending().await,
    }
}

impl Writer {
    /// There is something to send, and now is the time: the server has nothing to do, or will find a batch behind the one that it
    /// works on which is no smaller. Smaller ones would cost it more than they save.
    pub(super) fn may_send(&self) -> bool {
        let waiting = self.pending.len();
        let is_time = match self.ahead.back() {
            None => true,
            Some(last) => self.ahead.len() < AHEAD_MAX && waiting >= last.size,
        };
        waiting > 0 && is_time
    }

    /// Sends a batch, ahead of the answers to those before where it can be, or has it recorded.
    pub(super) async fn send(&mut self, batch: Vec<Waiting>) {
        let can_go_ahead = |session: &Arc<Session>| session.may_record_whole(self.holding);
        if batch.iter().all(|waiting| waiting.work.is_plain())
            && let Some(session) = self.session.clone().filter(can_go_ahead)
        {
            let tells = self.telling.may_tell() && !self.ahead.iter().any(|ahead| ahead.tells);
            let holding = self.holding;
            let size = batch.len();
            let answer = tokio::spawn(async move {
                let works: Vec<&Work> = batch.iter().map(|waiting| &waiting.work).collect();
                let answer = session.record_whole(holding, &works, tells).await;
                (batch, answer)
            });
            self.ahead.push_back(Ahead {
                size,
                tells,
                patience: self.limits.wait(),
                answer,
            });
            return;
        }
        self.hear_all().await;
        self.settle(batch, (None, self.limits.wait())).await;
    }

    /// Waits until everything that was sent is answered.
    pub(super) async fn hear_all(&mut self) {
        while !self.ahead.is_empty() {
            let heard = first(&mut self.ahead).await;
            self.hear(heard).await;
        }
    }

    /// Tells those who wait for the first batch. Where it was not recorded, the others are heard before anything else is sent, for
    /// they count on it; then each that failed is recorded by itself.
    pub(super) async fn hear(&mut self, heard: Heard) {
        let mut answered = Vec::with_capacity(AHEAD_MAX);
        let mut heard = Some(heard);
        while let Some(Heard(answer)) = heard.take()
            && let Some(sent) = self.ahead.pop_front()
        {
            match answer {
                Ok(answer) => answered.push((answer, sent)),
                // Whoever waits for it is told that, as where the writer is gone.
                Err(error) => tracing::error!(%error, "recording a batch panicked"),
            }
            let is_recorded = matches!(answered.last(), Some(((_, Ok(Some(_))), _)));
            if !(is_recorded && answered.len() == 1 || self.ahead.is_empty()) {
                heard = Some(first(&mut self.ahead).await);
            }
        }
        for ((batch, answer), sent) in answered {
            let patience = sent.patience;
            match answer {
                Ok(Some(settled)) => {
                    self.telling.recorded(sent.tells);
                    self.recorded(batch.len());
                    self.answer(batch, settled.outcomes, &Taken::default()).await;
                }
                Ok(None) => self.settle(batch, (None, patience)).await,
                Err(failure) => self.settle(batch, (Some(failure), patience)).await,
            }
        }
    }
}
