//! Reading: a bounded pool of connections, and a bounded number that wait for one.
//!
//! Each read is one statement, which sees one state of the database from beginning to end. That is all that a transaction
//! would give it, and costs one round trip less.

use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio::sync::{RwLock, Semaphore, TryAcquireError};
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Settings;
use super::connect::Connector;
use super::fault::{DatabaseError, Fault};
use crate::store::ReadError;

/// The connections.
pub(super) struct Readers {
    pool: Pool,
    /// One for each connection and for each that may wait for one.
    places: Semaphore,
    /// Shared by the reads at work.
    at_work: RwLock<()>,
    answer_max: Duration,
}

impl Readers {
    /// A pool without connections: each is made when it is first needed.
    pub(super) fn new(connector: Connector, settings: &Settings) -> Result<Self, DatabaseError> {
        let count = settings.limits.readers.max(1);
        let places = count + settings.limits.reads_waiting_max;
        let manager = Manager::from_connect(
            // Not used: the connector knows its hosts.
            tokio_postgres::Config::new(),
            connector,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(count)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(settings.limits.read_wait_max))
            .create_timeout(Some(settings.limits.connect_max))
            .recycle_timeout(Some(settings.limits.connect_max))
            .build()
            .map_err(|_no_runtime| DatabaseError::lost("there is no runtime"))?;
        Ok(Self {
            pool,
            places: Semaphore::new(places),
            at_work: RwLock::default(),
            answer_max: settings.limits.answer_max,
        })
    }

    /// What `statement` finds. It only reads, so it is asked once more where the first connection turns out to be lost.
    pub(super) async fn rows(
        &self,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, ReadError> {
        let _place = self.places.try_acquire().map_err(|refused| match refused {
            TryAcquireError::NoPermits => ReadError::Full,
            TryAcquireError::Closed => ReadError::Unavailable,
        })?;
        let _at_work = self.at_work.read().await;
        match self.rows_once(statement, values).await? {
            Err(error) if error.fault() == Fault::Lost => {}
            answered => return Ok(answered?),
        }
        Ok(self.rows_once(statement, values).await??)
    }

    async fn rows_once(
        &self,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Result<Vec<Row>, DatabaseError>, ReadError> {
        let connection = match self.pool.get().await {
            Ok(connection) => connection,
            Err(PoolError::Timeout(TimeoutType::Wait)) => return Err(ReadError::Full),
            Err(PoolError::Backend(error)) => return Ok(Err(error.into())),
            Err(PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)) => {
                return Ok(Err(DatabaseError::unanswered()));
            }
            Err(PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                return Err(ReadError::Unavailable);
            }
        };
        let reading = async {
            let statement = connection.prepare_cached(statement).await?;
            connection.query(&statement, values).await
        };
        let answered = match timeout(self.answer_max, reading).await {
            Ok(answered) => answered.map_err(DatabaseError::from),
            Err(_elapsed) => Err(DatabaseError::unanswered()),
        };
        if answered.as_ref().is_err_and(|error| error.fault() == Fault::Lost) {
            // Not back into the pool.
            drop(Object::take(connection));
        }
        Ok(answered)
    }

    /// Waits until every read that is at work now has ended.
    pub(super) async fn pause(&self) {
        drop(self.at_work.write().await);
    }

    /// Refuses new reads, waits for those at work, and closes the connections.
    pub(super) async fn close(&self) {
        self.places.close();
        self.pause().await;
        self.pool.close();
    }
}
