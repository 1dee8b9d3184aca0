//! Reading: a few read-only connections, used in turn on threads that may block, and two for what nobody waits for on the line.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::apart::ReaderApart;
use crate::store::ReadError;

/// The connections.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One for each connection.
    turns: Arc<Semaphore>,
    /// One for each connection and for each that may wait for one.
    places: Semaphore,
    count: u32,
    /// For what is due. A thread of its own, so that no count holds it up.
    pub(super) due: ReaderApart,
    /// For what reads much: counts of all that is open, and of how promises were kept.
    pub(super) counts: ReaderApart,
}

impl Readers {
    /// `waiting_max`: how many may wait for a connection.
    pub(super) fn new(
        connections: Vec<Connection>,
        (due, counts): (ReaderApart, ReaderApart),
        waiting_max: usize,
    ) -> Self {
        let count = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        Self {
            due,
            counts,
            count,
            turns: Arc::new(Semaphore::new(connections.len())),
            places: Semaphore::new(connections.len() + waiting_max),
            idle: Arc::new(Mutex::new(connections)),
        }
    }

    /// Does `work` in one read transaction.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let _place = self.places.try_acquire().map_err(|_none| ReadError::Full)?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_closed| ReadError::Unavailable)?;
        let idle = Arc::clone(&self.idle);
        let reading = move || {
            // The turn goes with the work, not with the caller, who may have stopped waiting.
            let _turn = turn;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = taken.ok_or(ReadError::Unavailable)?;
            let result = in_transaction(&mut connection, work);
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            result
        };
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|_panicked| ReadError::Unavailable)?
    }

    /// Waits until every read that is at work now has ended.
    pub(super) async fn pause(&self) {
        // Closed means that there is none.
        let of_calls = async { self.turns.acquire_many(self.count).await.ok() };
        tokio::join!(of_calls, self.due.pause(), self.counts.pause());
    }

    /// Refuses new reads, waits for those at work, and closes the connections.
    pub(super) async fn close(&self) {
        tokio::join!(self.due.close(), self.counts.close());
        let all = self.turns.acquire_many(self.count).await;
        self.turns.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

pub(super) fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let transaction = connection.transaction()?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}
