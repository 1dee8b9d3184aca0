//! The tables in the database: making them, changing them, and telling whether they are the ones that this program knows.
//!
//! A change of the tables comes in two releases. The first adds, and its program works on what was there before as well;
//! the second, once no older program runs any more, takes away. So gateways of two releases can run beside each other for
//! as long as a roll-out takes.

use std::time::Duration;

use std::sync::Arc;

use tokio_postgres::Client;

use super::Settings;
use super::connect::{ConnectError, Connector};
use super::fault::DatabaseError;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Who may do what; see there.
const GRANTS: &str = include_str!("../../../migrations/grants.sql");

/// Refinery's table of what was done.
const HISTORY: &str = "statuscheck.migrations";

/// Any number, as long as it stays: who migrates holds this lock, so that two who start at once do not meet.
const LOCK: i64 = 0x7374_6174_7573_6368;

/// How long a migration waits for another, and for any table that it changes. A minute: longer than a small migration
/// takes, and a gateway that starts with one is not held for ever.
const LOCK_MAX: Duration = Duration::from_secs(60);

/// The oldest tables that this program works on.
const NEEDED: i32 = 1;

/// Why the tables were not brought up to date. What was done of a migration that failed was undone.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Mend the settings of the connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Use the newer program.
    #[error(
        "the tables were made by a newer version of this program (tables {found}, known {known}); start that version"
    )]
    Newer {
        /// Version of the tables.
        found: i32,
        /// Newest version that this program knows.
        known: i32,
    },
    /// Look at the database, and at the rights of the role: it must own the schema, or be allowed to make it.
    #[error("the tables cannot be made or changed")]
    Database(#[from] DatabaseError),
    /// Find out who changed the table of migrations: it does not fit this program's.
    #[error("the migrations that were done are not the ones of this program: {0}")]
    History(String),
}

/// What a migration did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// Version of the tables before; none where there were none.
    pub from: Option<i32>,
    /// Version of the tables now.
    pub to: i32,
    /// Names of the migrations that were done, in order; empty where the tables were up to date.
    pub done: Vec<String>,
}

/// How the tables fit this program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    Known,
    Missing,
    Newer { found: i32, known: i32 },
    Older { found: i32, needed: i32 },
}

/// Brings the tables of `settings`' database up to date, and gives the gateway's and the auditor's roles their rights. Only
/// address, password and authority of the settings count; the role has to own the schema, as `statuscheck_owner` does.
///
/// # Errors
/// [`MigrateError`]
pub async fn migrate(settings: &Settings) -> Result<Migrated, MigrateError> {
    let connector = Connector::new(settings)?;
    let (mut client, connection) = connector.open().await?;
    let driver = tokio::spawn(super::connect::drive(connection, Arc::default()));
    let migrated = migrate_on(&mut client).await;
    // The connection, and with it the lock, is gone when this returns.
    drop(client);
    driver.await.ok();
    migrated
}

async fn migrate_on(client: &mut Client) -> Result<Migrated, MigrateError> {
    let limit = LOCK_MAX.as_millis();
    run(
        client,
        &format!("SET lock_timeout = {limit}; SELECT pg_advisory_lock({LOCK})"),
    )
    .await?;
    // Asked first: who may use the schema need not be allowed to make one.
    let is_there = client
        .query_opt("SELECT FROM pg_namespace WHERE nspname = 'statuscheck'", &[])
        .await
        .map_err(DatabaseError::from)?;
    if is_there.is_none() {
        run(client, "CREATE SCHEMA statuscheck").await?;
    }
    let from = version(client).await?;
    let known = known();
    if let Some(found) = from.filter(|found| *found > known) {
        return Err(MigrateError::Newer { found, known });
    }
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    let report = runner.run_async(client).await.map_err(failed)?;
    run(client, GRANTS).await?;
    Ok(Migrated {
        from,
        to: known,
        done: report
            .applied_migrations()
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}

async fn run(client: &Client, statements: &str) -> Result<(), MigrateError> {
    Ok(client
        .batch_execute(statements)
        .await
        .map_err(DatabaseError::from)?)
}

/// Its cause is told in our words: a constraint that does not hold would be told with the row that it fails at.
fn failed(error: refinery::Error) -> MigrateError {
    match error.kind() {
        refinery::error::Kind::Connection(_, cause) => match cause.downcast_ref::<tokio_postgres::Error>() {
            Some(cause) => MigrateError::Database(DatabaseError::of(cause)),
            None => MigrateError::Database(DatabaseError::lost("a migration failed")),
        },
        _ => MigrateError::History(error.to_string()),
    }
}

/// The newest tables that this program knows.
fn known() -> i32 {
    let runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(refinery::Migration::version);
    versions.max().unwrap_or_default()
}

/// The version of the tables; none where there are none.
pub(super) async fn version(client: &Client) -> Result<Option<i32>, DatabaseError> {
    let there = client
        .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&HISTORY])
        .await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let newest = client
        .query_one(&format!("SELECT max(version) FROM {HISTORY}"), &[])
        .await?;
    Ok(newest.try_get(0)?)
}

/// How the tables fit.
pub(super) async fn fit(client: &Client) -> Result<Fit, DatabaseError> {
    let known = known();
    Ok(match version(client).await? {
        None => Fit::Missing,
        Some(found) if found > known => Fit::Newer { found, known },
        Some(found) if found < NEEDED => Fit::Older {
            found,
            needed: NEEDED,
        },
        Some(_) => Fit::Known,
    })
}
