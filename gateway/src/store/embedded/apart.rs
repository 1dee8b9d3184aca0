//! Reading that nobody waits for on the line: on threads of its own, which give way to those that answer calls. What a thread reads
//! for a while holds up nothing but what else is read on it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::readers::in_transaction;
use crate::precedence::{give_way, rest};
use crate::store::ReadError;

/// After so many steps of its engine such a thread rests. 1,000: some six cases that are read, a fifth of a millisecond.
const STEPS_TOGETHER: i32 = 1_000;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A thread that reads, with its connection.
pub(super) struct ReaderApart {
    /// None once it is closed.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    /// Told when the connection is closed; taken by who waits for that.
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

impl ReaderApart {
    /// Starts one. It ends when this is dropped or closed. At most `waiting_max` reads wait.
    pub(super) fn start(name: &str, mut connection: Connection, waiting_max: usize) -> io::Result<Self> {
        let resting = || {
            rest();
            // It goes on.
            false
        };
        connection
            .progress_handler(STEPS_TOGETHER, Some(resting))
            .map_err(io::Error::other)?;
        let (jobs, mut waiting) = mpsc::channel::<Job>(waiting_max.max(1));
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            give_way();
            while let Some(job) = waiting.blocking_recv() {
                // Who asked for it is told that it came to nothing; the others are not to be.
                catch_unwind(AssertUnwindSafe(|| job(&mut connection))).ok();
            }
            drop(connection);
            // Gone where nobody waits for it.
            end.send(()).ok();
        })?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            ended: Mutex::new(Some(ended)),
        })
    }

    /// Does `work` in one read transaction.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (answer, read) = oneshot::channel();
        let job = Box::new(move |connection: &mut Connection| {
            // Who stopped waiting is told nothing.
            answer.send(in_transaction(connection, work)).ok();
        });
        let jobs = self.jobs().clone().ok_or(ReadError::Unavailable)?;
        jobs.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_job) => ReadError::Full,
            mpsc::error::TrySendError::Closed(_job) => ReadError::Unavailable,
        })?;
        // Not kept while it is waited: whoever closes it waits for the last.
        drop(jobs);
        read.await.unwrap_or(Err(ReadError::Unavailable))
    }

    /// Waits until all that it was asked to read is read.
    pub(super) async fn pause(&self) {
        let (answer, passed) = oneshot::channel();
        let jobs = self.jobs().clone();
        let job: Job = Box::new(|_connection| drop(answer));
        // Closed means that there is nothing.
        if let Some(jobs) = jobs
            && jobs.send(job).await.is_ok()
        {
            drop(jobs);
            passed.await.unwrap_or(());
        }
    }

    /// Refuses new reads, and waits for those that it was asked for and until the connection is closed.
    pub(super) async fn close(&self) {
        drop(self.jobs().take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            ended.await.ok();
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
