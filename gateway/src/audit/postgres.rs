//! A PostgreSQL database as an auditor reads it: with statements of its own, in one read-only transaction.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use futures_util::{StreamExt as _, pin_mut};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row as Found};
use uuid::Uuid;

pub use self::address::Address;
use super::AuditError;
use super::encoding::{Hash, Id, Row};
use super::source::{Extent, Look, Source, UNNAMED_MAX};

mod address;
mod connect;
mod password;

/// Why a database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// Mend the address.
    #[error("the address of the database: {0}")]
    Address(&'static str),
    /// Mend the address: the driver does not take it.
    #[error("the address of the database does not parse")]
    Syntax(#[source] tokio_postgres::Error),
    /// Look at the file of the password: it cannot be read, or others than its owner can.
    #[error("cannot take the password from {path}: {fault}")]
    Password {
        /// The file.
        path: PathBuf,
        /// What is the matter.
        fault: String,
    },
    /// Look at the file of root certificates.
    #[error("{path} has no root certificates in PEM")]
    Roots {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no thread or socket.
    #[error("cannot begin to connect")]
    Io(#[from] std::io::Error),
    /// Look at the server, its certificate, the name and the password.
    #[error("cannot connect to the database")]
    Connect(#[source] tokio_postgres::Error),
    /// Look at the server and the rights: it broke off, so nothing is known about the rest.
    #[error("the database broke off")]
    Read(#[source] tokio_postgres::Error),
}

/// What is set for the one transaction. Entries are to come in the order of the primary key's index, so that the server
/// neither sorts a chain on its disk nor keeps it in memory; and however long that takes, it is to go on.
const BEGIN: &str = "
    BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET LOCAL search_path = pg_catalog;
    SET LOCAL enable_sort = off;
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_bitmapscan = off;
    SET LOCAL max_parallel_workers_per_gather = 0;
    SET LOCAL jit = off;
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
";

/// The numbers that entries have, by leaps through the index.
const NUMBERS: &str = "
    WITH RECURSIVE used (chain) AS (
        SELECT min(chain) FROM statuscheck.entries
        UNION ALL
        SELECT (SELECT min(chain) FROM statuscheck.entries WHERE chain > used.chain)
        FROM used WHERE used.chain IS NOT NULL
    )
    SELECT chain::bigint FROM used
    WHERE chain IS NOT NULL AND chain NOT IN (SELECT number FROM statuscheck.chains) LIMIT $1";

/// A ledger in a database.
pub(super) struct Database {
    runtime: Runtime,
    client: Client,
    ledger: Id,
    /// How it is named where it turns out to be none.
    shown: String,
}

impl Database {
    /// Connects; see [`super::verify`] for where that may be done.
    pub(super) fn open(address: &Address) -> Result<Self, AuditError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(PostgresError::Io)?;
        let client = runtime.block_on(connect::connect(address))?;
        let mut database = Self {
            runtime,
            client,
            ledger: [0; 16],
            shown: address.to_string(),
        };
        let row = database.runtime.block_on(
            database
                .client
                .query_opt("SELECT ledger FROM statuscheck.store", &[]),
        );
        let row = row.map_err(|error| database.failed(error))?;
        let ledger = row.as_ref().and_then(|row| bytes(row, 0)?.try_into().ok());
        database.ledger = ledger.ok_or_else(|| database.not_a_ledger())?;
        Ok(database)
    }

    async fn extent(&self) -> Result<Extent, tokio_postgres::Error> {
        self.client.batch_execute(BEGIN).await?;
        let mut extent = Extent::default();
        let chains = "SELECT number::bigint, id, sequence, hash,
                (SELECT max(e.sequence) FROM statuscheck.entries e WHERE e.chain = c.number)
            FROM statuscheck.chains c ORDER BY number";
        for row in self.client.query(chains, &[]).await? {
            let id = bytes(&row, 1).and_then(|id| id.try_into().ok());
            let hash = bytes(&row, 3).and_then(|hash| hash.try_into().ok());
            let last: Option<i64> = row.try_get(4)?;
            extent.take(row.try_get(0)?, id, (row.try_get(2)?, hash), last.unwrap_or(0));
        }
        let most = i64::try_from(UNNAMED_MAX).unwrap_or(i64::MAX);
        for row in self.client.query(NUMBERS, &[&most]).await? {
            extent.unnamed.push(row.try_get(0)?);
        }
        Ok(extent)
    }

    /// Rows come as they are read: the driver stops reading from the server while nobody takes them.
    async fn stream(
        &self,
        number: i64,
        (first, last): (i64, i64),
        look: Look<'_>,
    ) -> Result<(), tokio_postgres::Error> {
        let entries = "SELECT sequence, case_id, version, time, kind, payload, hash FROM statuscheck.entries
            WHERE chain = $1::bigint AND sequence BETWEEN $2 AND $3 ORDER BY chain, sequence";
        let bounds: [&(dyn ToSql + Sync); 3] = [&number, &first, &last];
        let rows = self.client.query_raw(entries, bounds).await?;
        pin_mut!(rows);
        while let Some(row) = rows.next().await {
            let row = row?;
            let sequence = row.try_get(0)?;
            if let ControlFlow::Break(()) = look_at(&row, sequence, look) {
                break;
            }
        }
        Ok(())
    }

    async fn hash(&self, number: i64, sequence: i64) -> Result<Option<Hash>, tokio_postgres::Error> {
        let hash = "SELECT hash FROM statuscheck.entries WHERE chain = $1::bigint AND sequence = $2";
        let row = self.client.query_opt(hash, &[&number, &sequence]).await?;
        Ok(row.as_ref().and_then(|row| bytes(row, 0)?.try_into().ok()))
    }

    fn failed(&self, error: tokio_postgres::Error) -> AuditError {
        let missing = [
            SqlState::UNDEFINED_TABLE,
            SqlState::UNDEFINED_COLUMN,
            SqlState::INVALID_SCHEMA_NAME,
        ];
        if error.code().is_some_and(|code| missing.contains(code)) {
            return self.not_a_ledger();
        }
        PostgresError::Read(error).into()
    }

    fn not_a_ledger(&self) -> AuditError {
        AuditError::NotALedger {
            store: self.shown.clone(),
        }
    }
}

impl Source for Database {
    fn ledger(&self) -> Id {
        self.ledger
    }

    fn begin(&mut self) -> Result<Extent, AuditError> {
        let extent = self.runtime.block_on(self.extent());
        extent.map_err(|error| self.failed(error))
    }

    fn each(&self, number: i64, range: (i64, i64), look: Look<'_>) -> Result<(), AuditError> {
        let streamed = self.runtime.block_on(self.stream(number, range, look));
        streamed.map_err(|error| self.failed(error))
    }

    fn hash_of(&self, number: i64, sequence: i64) -> Result<Option<Hash>, AuditError> {
        let hash = self.runtime.block_on(self.hash(number, sequence));
        hash.map_err(|error| self.failed(error))
    }
}

fn look_at(row: &Found, sequence: i64, look: Look<'_>) -> ControlFlow<()> {
    let case_id = match row.try_get::<_, Option<Uuid>>(1) {
        // Zeros stand for no case where hashes are made, so they must not stand in a table.
        Ok(id) if id.is_none_or(|id| !id.is_nil()) => id,
        _ => return look(Err(sequence)),
    };
    let shaped = || {
        Some(Row {
            sequence,
            case_id: case_id.as_ref().map(Uuid::as_bytes),
            version: row.try_get(2).ok()?,
            time: row.try_get(3).ok()?,
            kind: row.try_get::<_, &str>(4).ok()?.as_bytes(),
            payload: bytes(row, 5)?,
            hash: bytes(row, 6)?.try_into().ok()?,
        })
    };
    look(shaped().ok_or(sequence))
}

fn bytes(row: &Found, column: usize) -> Option<&[u8]> {
    row.try_get(column).ok()
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands behind the question mark is about how to connect.
        let shown = self.url.split('?').next().unwrap_or_default();
        formatter.write_str(shown)
    }
}
