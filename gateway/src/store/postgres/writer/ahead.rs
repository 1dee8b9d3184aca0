//! Batches that are sent before those in front of them are answered, so that the server has the next one at hand when it is
//! done with the one before: otherwise it would stand idle while the writer makes it.
//!
//! Each begins where the one in front of it leaves the chain, and fails with it.

use std::collections::VecDeque;
use std::future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Sleep, sleep};

use super::super::batch::{Failure, Session, Settled};
use super::super::quotas::Taken;
use super::super::work::{Waiting, Work, next_batch};
use super::Writer;
use super::attempts::Patience;

/// Batches that are sent and not answered. Two: one that the server works on, and one that it finds next. More would only make
/// each smaller.
const AHEAD_MAX: usize = 2;

/// Part by which the number of changes at once is forgotten with each batch.
const FORGOTTEN: usize = 16;

/// Changes that there lately were at once from which on a batch waits for more: some eight in each of two batches.
const SEVERAL: usize = 16;

/// Batches on their way. Each is half of the changes that there are at once, so that one half of those who come with changes waits
/// for the batch that the server works on, and the other half for the one behind it.
#[derive(Default)]
pub(in crate::store::postgres) struct Ahead {
    /// The oldest first.
    sent: VecDeque<Sent>,
    /// Changes that there lately were at once, on their way or waiting.
    reach: usize,
    gathering: Gathering,
}

/// Whether a batch that is to be sent waits for more.
#[derive(Default)]
enum Gathering {
    #[default]
    No,
    Until(Pin<Box<Sleep>>),
    Over,
}

/// A batch that was sent.
struct Sent {
    size: usize,
    /// The other gateways hear of it.
    tells: bool,
    /// As long as its callers are kept waiting.
    patience: Patience,
    answer: JoinHandle<Answered>,
}

impl Ahead {
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Waits for the answer to the first; where nothing was sent, until enough was waited for more to send, or else for ever.
    pub(super) async fn news(&mut self) -> Option<Heard> {
        if let Some(first) = self.sent.front_mut() {
            return Some(Heard((&mut first.answer).await));
        }
        match &mut self.gathering {
            Gathering::Until(end) => end.await,
            Gathering::No | Gathering::Over => future::pending().await,
        }
        self.gathering = Gathering::Over;
        None
    }

    /// So many wait for a batch to be sent.
    fn come(&mut self, waiting: usize) {
        let sent: usize = self.sent.iter().map(|sent| sent.size).sum();
        self.reach = (sent + waiting).max(self.reach - self.reach.div_ceil(FORGOTTEN));
    }

    /// And so many at the least.
    fn half(&self, least: usize) -> usize {
        self.reach.div_ceil(2).max(least)
    }
}

/// What came of it: none where it was refused, as one of another kind.
type Answer = Result<Option<Settled>, Failure>;

type Answered = (Vec<Waiting>, Answer);

/// A batch that was answered, unless recording it panicked.
pub(super) struct Heard(Result<Answered, JoinError>);

impl Writer {
    /// There is something to send, and now is the time: the server has nothing to do, or there is enough for a batch behind the one
    /// that it works on.
    pub(super) fn may_send(&self) -> bool {
        let waiting = self.pending.len();
        if waiting >= self.half() {
            return self.ahead.sent.len() < AHEAD_MAX;
        }
        waiting > 0 && self.ahead.is_empty() && !matches!(self.ahead.gathering, Gathering::Until(_))
    }

    /// Begins to wait for more, where that is worth it.
    pub(super) fn gather(&mut self) {
        let is_small = (1..self.half()).contains(&self.pending.len());
        if is_small
            && self.ahead.is_empty()
            && self.ahead.reach >= SEVERAL
            && matches!(self.ahead.gathering, Gathering::No)
        {
            self.ahead.gathering = Gathering::Until(Box::pin(sleep(self.limits.gather_max)));
        }
    }

    fn half(&self) -> usize {
        self.ahead.half(self.limits.ahead_min)
    }

    /// What is to be sent now.
    pub(super) fn next(&mut self) -> Vec<Waiting> {
        self.ahead.come(self.pending.len());
        self.ahead.gathering = Gathering::No;
        let half = self.half();
        // What cannot go ahead of an answer has nothing behind it either.
        let can_go_ahead = self
            .pending
            .iter()
            .take(half)
            .all(|waiting| waiting.work.is_plain());
        let most = if can_go_ahead { half } else { usize::MAX };
        next_batch(&mut self.pending, self.limits.batch_max.min(most))
    }

    /// Sends a batch, ahead of the answers to those before where it can be, or has it recorded.
    pub(super) async fn send(&mut self, batch: Vec<Waiting>) {
        let can_go_ahead = |session: &Arc<Session>| session.may_record_whole(self.holding);
        if batch.iter().all(|waiting| waiting.work.is_plain())
            && let Some(session) = self.session.clone().filter(can_go_ahead)
        {
            let tells = self.telling.may_tell() && !self.ahead.sent.iter().any(|sent| sent.tells);
            let holding = self.holding;
            let size = batch.len();
            let in_front = u32::try_from(self.ahead.sent.len()).unwrap_or(u32::MAX);
            let answer = tokio::spawn(async move {
                let works: Vec<&Work> = batch.iter().map(|waiting| &waiting.work).collect();
                let answer = session.record_whole(holding, &works, (tells, in_front)).await;
                (batch, answer)
            });
            self.ahead.sent.push_back(Sent {
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
        while !self.ahead.is_empty()
            && let Some(heard) = self.ahead.news().await
        {
            self.hear(heard).await;
        }
    }

    /// Tells those who wait for the first batch. Where it was not recorded, the others are heard before anything else is sent, for
    /// they count on it; then each that failed is recorded by itself.
    pub(super) async fn hear(&mut self, heard: Heard) {
        let mut answered = Vec::with_capacity(AHEAD_MAX);
        let mut heard = Some(heard);
        while let Some(Heard(answer)) = heard.take()
            && let Some(sent) = self.ahead.sent.pop_front()
        {
            match answer {
                Ok(answer) => answered.push((answer, sent)),
                // Whoever waits for it is told that, as where the writer is gone.
                Err(error) => tracing::error!(%error, "recording a batch panicked"),
            }
            let is_recorded = matches!(answered.last(), Some(((_, Ok(Some(_))), _)));
            if !(is_recorded && answered.len() == 1 || self.ahead.is_empty()) {
                heard = self.ahead.news().await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_half_of_what_there_was_at_once_lately() {
        let mut ahead = Ahead::default();
        assert_eq!(ahead.half(1), 1);
        ahead.come(128);
        assert_eq!(ahead.half(1), 64);
        // Those who were just answered are on their way back.
        ahead.come(70);
        assert_eq!(ahead.half(1), 60);
        assert_eq!(ahead.half(100), 100);
        for _ in 0..128 {
            ahead.come(1);
        }
        assert_eq!(ahead.half(1), 1);
    }
}
