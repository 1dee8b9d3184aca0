//! The one writer: it takes what waits (`queue` says how much of it), applies each change, commits once, and has all of them
//! answered.
//!
//! The answers of a batch go to one task of the runtime, which passes them on. Waking a task from this thread costs
//! more than the commit's share of a change; waking one for the batch, and the rest from within the runtime, does not.
//! Who waits alone is told straight away: that is one wake as well, and saves the turn of the task between.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::checkpoints::{Checkpoints, checkpoint};
use super::dues::Dues;
use super::entries::{self, HeadError};
use super::fault;
use super::kept::Kept;
use super::lock::Lock;
use super::places::Lately;
use super::queue::{Lane, Lanes, Taken};
use super::quotas;
use super::retained::{self, Hold};
use super::rotation::{self, Rewrapped};
use super::tables::{self, Recorded};
use crate::store::CommitError;
use crate::store::chain::{Chain, Head};
use crate::store::pulse::Pulse;
use crate::store::quota::Tallies;
use crate::store::rows::{Note, Purge, SealedChange};

/// Steps that nobody waits for after which the writer lets others have the processor. 8: a fifth of a millisecond. What answers calls
/// is often woken on the writer's own processor, and would else wait until the batch goes to disk.
/// It yields and does not rest: calls may come at any time, and the file is locked meanwhile.
const STEPS_TOGETHER: usize = 8;

/// Something to record, and who waits for it.
pub(super) struct Waiting {
    pub(super) work: Work,
    pub(super) lane: Lane,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// What the writer records. Each is one step of the ledger: recorded whole, or refused and not there at all.
pub(super) enum Work {
    /// Events of a case.
    Change(Box<SealedChange>),
    /// An entry of the house.
    Note(Note),
    /// The end of a case.
    Purge(Purge),
    /// A case must be kept, or need not.
    Hold(Hold),
    /// Keys that are wrapped anew; the ledger has no entry for each.
    Rewrap(Rewrapped),
}

/// What a waiter is told. One that is told nothing, because the writer is gone, knows no more than `Unavailable` says.
pub(super) type Outcome = Result<Recorded, CommitError>;

/// Who is told what.
type Told = (oneshot::Sender<Outcome>, Outcome);

/// The answers of one batch.
pub(super) type Settled = Vec<Told>;

/// Passes the answers of each batch on, until the writer ends.
pub(super) async fn pass_on(mut batches: mpsc::Receiver<Settled>) {
    while let Some(batch) = batches.recv().await {
        for (answer, outcome) in batch {
            tell_one(answer, outcome);
        }
    }
}

fn tell_one(answer: oneshot::Sender<Outcome>, outcome: Outcome) {
    // A caller that stopped waiting is told nothing; its change stands.
    answer.send(outcome).ok();
}

/// The writer, to be run on a thread of its own.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) chain: Chain,
    pub(super) lately: RefCell<Lately>,
    /// Where the recorded ledger ends; nobody waits on it, so that no commit pays for a wake.
    pub(super) head: watch::Sender<Head>,
    /// How often something was recorded; whoever waits on it is woken once for a batch.
    pub(super) changed: watch::Sender<u64>,
    pub(super) dues: Arc<Dues>,
    pub(super) tallies: Arc<Tallies>,
    pub(super) lanes: Lanes<Waiting>,
    pub(super) settled: mpsc::Sender<Settled>,
    pub(super) checkpoints: Checkpoints,
    /// Set where the file can no longer be trusted; read wherever a change is about to be taken.
    pub(super) stopped: Arc<AtomicBool>,
    /// Changes refused since the last one was recorded.
    pub(super) refused: u64,
    pub(super) pulse: Pulse,
}

/// Runs a writer on a thread of its own. The lock goes with it: it is free when the last commit is done.
pub(super) fn start(writer: Writer, lock: Lock) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || {
            writer.run();
            drop(lock);
        })
}

impl Writer {
    /// Runs until it is closed, or stopped by a fault. What waits then is dropped, and so are its answers.
    pub(super) fn run(mut self) {
        let mut taken = Taken::default();
        while let Some(first) = self.lanes.first(&mut taken) {
            if self.is_stopped() {
                break;
            }
            let settled = self.settle(first, &mut taken);
            self.lanes.end(&taken);
            self.tell(settled);
            if self.is_stopped() {
                break;
            }
            taken = Taken::default();
        }
        self.end();
    }

    /// Calls are told first, and one that was alone among what nobody waits for straight away.
    fn tell(&self, mut settled: Vec<(Lane, Told)>) {
        settled.sort_by_key(|(lane, _)| *lane);
        let calls = settled.iter().take_while(|(lane, _)| *lane == Lane::Calls);
        let alone = if settled.len() == 1 { 1 } else { calls.count() };
        let mut told = settled.into_iter().map(|(_, told)| told);
        if alone == 1
            && let Some((answer, outcome)) = told.next()
        {
            tell_one(answer, outcome);
        }
        let rest: Settled = told.collect();
        if !rest.is_empty() {
            // Without a runtime there is nobody left to tell.
            self.settled.blocking_send(rest).ok();
        }
    }

    /// Records `first` and what else belongs to its batch.
    fn settle(&mut self, first: Waiting, taken: &mut Taken) -> Vec<(Lane, Told)> {
        let mut batch = vec![first];
        let mut more = || self.lanes.next(taken);
        let outcomes = record(
            &mut self.connection,
            &mut self.chain,
            &self.lately,
            &mut batch,
            &mut more,
        );
        if outcomes.is_ok()
            && let Err(error) = self.checkpoints.after_commit(&self.connection)
        {
            self.judge(&error, "a checkpoint failed");
        }
        match outcomes {
            Ok(outcomes) => {
                self.tell_of_recovery();
                self.recorded(&batch, &outcomes);
                let told = batch.into_iter().zip(outcomes);
                told.map(|(waiting, outcome)| (waiting.lane, (waiting.answer, outcome)))
                    .collect()
            }
            Err(error) => {
                // Told once: on a full disk every change of a busy hour would say the same.
                if self.refused == 0 {
                    self.judge(&error, "changes cannot be recorded");
                } else if fault::of(&error).is_lasting() {
                    self.judge(&error, "changes can no longer be recorded");
                }
                self.refused = self.refused.saturating_add(batch.len() as u64);
                self.find_head();
                let unavailable =
                    |waiting: Waiting| (waiting.lane, (waiting.answer, Err(CommitError::Unavailable)));
                batch.into_iter().map(unavailable).collect()
            }
        }
    }

    /// What is in memory follows what is on disk, before anybody is told.
    fn recorded(&self, batch: &[Waiting], outcomes: &[Outcome]) {
        let head = self.chain.head();
        if self.head.send_replace(head) == head {
            return;
        }
        let done = || {
            let pairs = batch.iter().zip(outcomes);
            let done = pairs.filter(|(_, outcome)| matches!(outcome, Ok(Recorded::Done)));
            done.map(|(waiting, _)| &waiting.work)
        };
        self.pulse.committed(done().count());
        self.dues.recorded(done());
        for work in done() {
            if let Work::Change(change) = work {
                self.tallies.record(change.case_id, &change.spent);
            }
        }
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// After a failed commit only the file knows where the ledger ends, and what is used.
    fn find_head(&mut self) {
        self.dues.is_uncertain();
        match quotas::used(&self.connection) {
            Ok(used) => self.tallies.load(used),
            Err(_logged) => self.stopped.store(true, Ordering::Release),
        }
        match entries::read_head(&self.connection, self.chain.number()) {
            Ok(head) => self.chain.rewind(head),
            Err(HeadError::Engine(error)) => {
                self.judge(&error, "the end of the ledger cannot be read");
                self.stopped.store(true, Ordering::Release);
            }
            Err(HeadError::Broken) => {
                tracing::error!("the ledger does not end where it says");
                self.stopped.store(true, Ordering::Release);
            }
        }
    }

    /// Logs the chain of `error`, which ends here. It names tables and columns, never what is in them.
    fn judge(&self, error: &rusqlite::Error, what: &'static str) {
        let fault = fault::of(error);
        tracing::error!(error = error as &dyn std::error::Error, %fault, what);
        if fault.is_lasting() {
            self.stopped.store(true, Ordering::Release);
        }
    }

    fn tell_of_recovery(&mut self) {
        if self.refused > 0 {
            tracing::info!(refused = self.refused, "changes are recorded again");
            self.refused = 0;
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn end(self) {
        let stopped = self.is_stopped();
        self.checkpoints.end();
        // Leaves one file behind; where the disk failed it is left as it is, for the next opening to recover.
        if !stopped && let Err(error) = checkpoint(&self.connection, "TRUNCATE") {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the last checkpoint failed"
            );
        }
    }
}

/// Records a batch in one transaction, which grows by what `more` gives while it is applied: on return it is on disk. Each change
/// is recorded or refused alone.
///
/// A savepoint around a change keeps a copy of every page that the change touches, which costs more than the change
/// itself, and only a damaged case ever needs it. So the batch is tried without, and done anew with one around each change
/// where one of them met damage.
///
/// # Errors
/// None of the batch is recorded, or, where the commit itself failed, perhaps all of it.
fn record(
    connection: &mut Connection,
    chain: &mut Chain,
    lately: &RefCell<Lately>,
    batch: &mut Vec<Waiting>,
    more: &mut dyn FnMut() -> Option<Waiting>,
) -> rusqlite::Result<Vec<Outcome>> {
    let before = chain.head();
    let mut recorded = attempt(connection, chain, lately, (batch, more), apply);
    if let Err(error) = &recorded
        && is_damage(error)
    {
        chain.rewind(before);
        lately.borrow_mut().forget();
        recorded = attempt(connection, chain, lately, (batch, &mut || None), apply_alone);
    }
    if recorded.is_err() {
        lately.borrow_mut().forget();
    }
    recorded
}

/// How one work of a batch is written.
type Apply = fn(&Kept<'_>, &mut Chain, &Work) -> rusqlite::Result<Outcome>;

fn attempt(
    connection: &mut Connection,
    chain: &mut Chain,
    lately: &RefCell<Lately>,
    (batch, more): (&mut Vec<Waiting>, &mut dyn FnMut() -> Option<Waiting>),
    apply: Apply,
) -> rusqlite::Result<Vec<Outcome>> {
    let before = chain.head();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let kept = Kept::new(&transaction, lately);
    let mut outcomes = Vec::with_capacity(batch.len());
    loop {
        if outcomes.len() == batch.len() {
            batch.extend(more());
        }
        let Some(waiting) = batch.get(outcomes.len()) else {
            break;
        };
        if (outcomes.len() + 1).is_multiple_of(STEPS_TOGETHER)
            && batch.iter().all(|one| one.lane == Lane::Behind)
        {
            thread::yield_now();
        }
        outcomes.push(apply(&kept, chain, &waiting.work)?);
    }
    drop(kept);
    if chain.head() != before {
        entries::write_head(&transaction, chain)?;
    }
    transaction.commit()?;
    Ok(outcomes)
}

fn apply(connection: &Kept<'_>, chain: &mut Chain, work: &Work) -> rusqlite::Result<Outcome> {
    let recorded = match work {
        Work::Change(change) => tables::record(connection, chain, change),
        Work::Note(note) => tables::note(connection, chain, note),
        Work::Purge(purge) => tables::purge(connection, chain, purge),
        Work::Rewrap(rewrapped) => rotation::write(connection, rewrapped),
        Work::Hold(hold) => retained::set_hold(connection, chain, hold),
    };
    recorded.map(|recorded| match recorded {
        Recorded::Stale => Err(CommitError::Stale),
        Recorded::Damaged => {
            tracing::error!("a case is damaged: its row says that it has other entries than its version");
            Err(CommitError::Corrupt)
        }
        recorded => Ok(recorded),
    })
}

/// As [`apply`], and undone where it meets damage.
fn apply_alone(connection: &Kept<'_>, chain: &mut Chain, work: &Work) -> rusqlite::Result<Outcome> {
    let before = chain.head();
    let step = |statement: &str| connection.prepare_cached(statement)?.execute([]);
    step("SAVEPOINT change")?;
    let outcome = match apply(connection, chain, work) {
        Err(error) if is_damage(&error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a case is damaged");
            step("ROLLBACK TO change")?;
            chain.rewind(before);
            connection.lately().forget();
            Err(CommitError::Corrupt)
        }
        outcome => outcome?,
    };
    step("RELEASE change")?;
    Ok(outcome)
}

/// A row is there that the case's version says cannot be: this case is damaged, the others are not.
fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
