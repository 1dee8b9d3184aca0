//! The one writer of a gateway: it takes every change that waits, records them in one transaction, and has all of them
//! answered. While the database is away it refuses at once, and comes back by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::Limits;
use super::batch::{Failure, Session};
use super::connect::Connector;
use super::dues::Leases;
use super::fault::DatabaseError;
use super::lease::{self, Holding, LeaseError};
use super::quotas::{Blocks, Taken};
use super::telling::Telling;
use super::work::{Answers, Outcome, Recorded, Request, Waiting, Work, tell};
use crate::store::CommitError;

mod ahead;
mod attempts;
mod coming_back;
mod running;

pub(super) use self::ahead::Ahead;
use self::attempts::{Patience, Refusal};
pub(super) use self::running::Running;

/// What the store tells of its writer.
#[derive(Default)]
pub(super) struct State {
    /// The database cannot be reached now.
    pub(super) is_away: AtomicBool,
    /// The writer has ended, or the ledger is damaged: for good.
    pub(super) is_stopped: AtomicBool,
    pub(super) pulse: crate::store::pulse::Pulse,
}

/// The writer.
pub(super) struct Writer {
    pub(super) connector: Connector,
    pub(super) limits: Limits,
    pub(super) holder: Uuid,
    /// None where the connection is lost.
    pub(super) session: Option<Arc<Session>>,
    pub(super) holding: Holding,
    pub(super) queue: mpsc::Receiver<Request>,
    pub(super) pending: VecDeque<Waiting>,
    /// Sent, and not answered yet.
    pub(super) ahead: Ahead,
    pub(super) state: Arc<State>,
    pub(super) leases: Arc<Leases>,
    pub(super) blocks: Arc<Blocks>,
    pub(super) telling: Telling,
    /// Changes refused since the last one was recorded.
    pub(super) refused: u64,
    /// Answers to be passed on.
    pub(super) answers: mpsc::Sender<Answers>,
}

impl Writer {
    /// Runs until it is closed, or finds the ledger damaged. What waits then is refused.
    pub(super) async fn run(mut self) {
        // A connection is driven by the runtime in which it was made. Where there is none now, the first batch makes it.
        self.reconnect().await;
        let mut renewals = interval(self.limits.renew_every);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first is at once, and the lease is new.
        renewals.tick().await;
        let mut requests = Vec::new();
        let mut is_open = true;
        while !self.is_stopped() && (is_open || !self.pending.is_empty() || !self.ahead.is_empty()) {
            if self.is_away() {
                self.hear_all().await;
                if !self.come_back().await {
                    break;
                }
            }
            // What waits in here is bounded as the queue is.
            let room = self.limits.batch_max.saturating_sub(self.pending.len());
            tokio::select! {
                biased;
                _ = renewals.tick() => {
                    self.hear_all().await;
                    self.renew().await;
                }
                () = self.telling.rested() => {}
                heard = self.ahead.news() => if let Some(heard) = heard {
                    self.hear(heard).await;
                },
                () = future::ready(()), if self.may_send() => {}
                count = self.queue.recv_many(&mut requests, room), if is_open && room > 0 => is_open = count > 0,
            }
            // What came in while the batch before was on its way.
            while self.pending.len() + requests.len() < self.limits.batch_max
                && let Ok(request) = self.queue.try_recv()
            {
                requests.push(request);
            }
            self.take_in(&mut requests);
            if self.is_away() || self.is_stopped() {
                continue;
            }
            self.gather();
            if self.may_send() {
                let batch = self.next();
                self.send(batch).await;
            } else if self.ahead.is_empty() && self.telling.is_owing() {
                self.tell_of_change().await;
            }
        }
        self.hear_all().await;
        self.end().await;
    }

    fn is_away(&self) -> bool {
        self.state.is_away.load(Ordering::Acquire)
    }

    fn is_stopped(&self) -> bool {
        self.state.is_stopped.load(Ordering::Acquire)
    }

    fn take_in(&mut self, requests: &mut Vec<Request>) {
        for request in requests.drain(..) {
            match request {
                Request::Record(waiting) => self.pending.push_back(waiting),
                Request::Close => self.queue.close(),
            }
        }
    }

    /// Records a batch, whose first attempt failed where that is said, and tells those who wait for it.
    async fn settle(&mut self, batch: Vec<Waiting>, (failure, patience): (Option<Failure>, Patience)) {
        if self.is_stopped() {
            let refused = vec![Err(CommitError::Unavailable); batch.len()];
            return self.answer(batch, refused, &Taken::default()).await;
        }
        let (taken, void) = self.blocks.take(batch.iter().map(|waiting| &waiting.work));
        let batch = self.refuse_void(batch, &void, &taken);
        let works: Vec<&Work> = batch.iter().map(|waiting| &waiting.work).collect();
        let outcomes = match self.record(&works, &taken, (failure, patience)).await {
            Ok(outcomes) => outcomes,
            Err(Refusal::Constraint(_)) if works.len() > 1 => {
                // One of them meets a damaged case: that one is found by recording each alone.
                let mut outcomes = Vec::with_capacity(works.len());
                for work in works {
                    let alone = self.record(&[work], &taken, (None, self.limits.wait())).await;
                    let alone = match alone {
                        Ok(mut outcome) => outcome.pop().unwrap_or(Err(CommitError::Unavailable)),
                        Err(refusal) => self.refuse(&refusal, 1).await,
                    };
                    outcomes.push(alone);
                }
                outcomes
            }
            Err(refusal) => {
                let outcome = self.refuse(&refusal, works.len() as u64).await;
                vec![outcome; works.len()]
            }
        };
        self.answer(batch, outcomes, &taken).await;
    }

    async fn answer(&self, batch: Vec<Waiting>, outcomes: Vec<Outcome>, taken: &Taken) {
        for (waiting, outcome) in batch.iter().zip(&outcomes) {
            self.leases.settle(&waiting.work, outcome);
            self.blocks.settle(&waiting.work, outcome, taken);
        }
        if batch.len() > 1 {
            // Waking a task from this thread costs more than the commit's share of a change; one wakes the others.
            let answers = batch.into_iter().map(|waiting| waiting.answer).zip(outcomes);
            self.answers.send(answers.collect()).await.ok();
            return;
        }
        for (waiting, outcome) in batch.into_iter().zip(outcomes) {
            if let Some(Ok(Recorded::Leased(leased))) = tell(waiting, outcome) {
                self.leases.untold(&leased);
            }
        }
    }

    /// Refuses the changes at the places `void`: what they would use is no longer set aside for them.
    fn refuse_void(&self, batch: Vec<Waiting>, void: &[usize], taken: &Taken) -> Vec<Waiting> {
        let mut sound = Vec::with_capacity(batch.len());
        for (place, waiting) in batch.into_iter().enumerate() {
            if void.contains(&place) {
                self.blocks
                    .settle(&waiting.work, &Err(CommitError::Unavailable), taken);
                tell(waiting, Err(CommitError::Unavailable));
            } else {
                sound.push(waiting);
            }
        }
        sound
    }

    async fn tell_of_change(&mut self) {
        let Some(session) = &self.session else {
            return;
        };
        if let Err(error) = session.tell_of_change().await {
            // Nobody waits for a signal: whoever records something meanwhile is not to feel that the connection was lost. To make
            // one anew gives a signal, too.
            self.session = None;
            if !self.reconnect().await {
                return self.leave(&error);
            }
        }
        self.telling.recorded(true);
    }

    async fn connect(&self) -> Result<Session, DatabaseError> {
        let session = Session::open(&self.connector, self.limits.answer_max, self.limits.lease).await?;
        // Signals may have been lost with the connection before.
        session.tell_of_change().await?;
        Ok(session)
    }

    /// What to tell those whose batch was not recorded, and what follows from it.
    async fn refuse(&mut self, refusal: &Refusal, count: u64) -> Outcome {
        match refusal {
            Refusal::Constraint(error) => {
                tracing::error!(%error, "a case is damaged");
                return Err(CommitError::Corrupt);
            }
            Refusal::Away(error) => self.leave(error),
            Refusal::Fenced => self.claim_anew().await,
            Refusal::Damaged => {
                tracing::error!("the ledger is damaged: nothing is recorded any more");
                self.state.is_stopped.store(true, Ordering::Release);
            }
        }
        self.refused = self.refused.saturating_add(count);
        Err(CommitError::Unavailable)
    }

    /// Told once: while a database is away every change would say the same.
    fn leave(&mut self, error: &DatabaseError) {
        self.session = None;
        if !self.state.is_away.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "changes cannot be recorded");
        }
    }

    async fn renew(&mut self) {
        let Some(session) = &self.session else {
            return;
        };
        let renewed = session.trip(lease::renew(session.client(), self.holding, self.limits.lease));
        match renewed.await {
            Ok(true) => {
                let (client, statements) = (session.client(), &session.statements);
                let giving = self.blocks.give_back(client, statements, self.holding);
                if let Err(error) = session.trip(giving).await {
                    self.leave(&error);
                }
            }
            Ok(false) => self.claim_anew().await,
            Err(error) => self.leave(&error),
        }
    }

    /// Another writer has this one's chain: it was stopped past its lease. From here on it has a chain anew, and whoever waits
    /// decides again.
    async fn claim_anew(&mut self) {
        tracing::error!(
            "another gateway has taken over what this one wrote to; it goes on with a chain anew"
        );
        let Some(session) = &self.session else {
            return self.leave(&DatabaseError::lost("there is no connection"));
        };
        match session.claim(self.holder).await {
            Ok((holding, _head)) => self.hold(holding),
            Err(error) => self.cannot_claim(error),
        }
    }

    /// Leases and blocks go with the chain and the fence under which they were taken.
    fn hold(&mut self, holding: Holding) {
        if (holding.number, holding.fence) != (self.holding.number, self.holding.fence) {
            self.leases.lose();
            self.blocks.lose();
        }
        self.holding = holding;
    }

    fn cannot_claim(&mut self, error: LeaseError) {
        match error {
            LeaseError::Broken(chain) => {
                tracing::error!(%chain, "a chain of the ledger does not end where it says");
                self.state.is_stopped.store(true, Ordering::Release);
            }
            LeaseError::Database(error) => self.leave(&error),
            LeaseError::Seal(error) => self.leave(&DatabaseError::lost(&error.to_string())),
        }
    }

    fn refuse_pending(&mut self) {
        self.refused = self.refused.saturating_add(self.pending.len() as u64);
        for waiting in self.pending.drain(..) {
            tell(waiting, Err(CommitError::Unavailable));
        }
    }

    async fn end(mut self) {
        self.state.is_stopped.store(true, Ordering::Release);
        self.queue.close();
        self.refuse_pending();
        if let Some(session) = &self.session
            && let Err(error) = session.trip(lease::release(session.client(), self.holding)).await
        {
            tracing::warn!(%error, "the lease was not given back; it runs out by itself");
        }
    }
}
