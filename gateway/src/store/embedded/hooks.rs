//! Notices that receivers have not taken: a row for each that waits or is parked. A case that nobody is told of has none.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::ids::{CaseId, NoticeId};
use uuid::Uuid;

use super::EmbeddedStore;
use super::tables::{case_id, key};
use crate::store::hooks::Found;
use crate::store::rows::{HookedRow, PostedRow};
use crate::store::{HookQuery, HookRow, Hooks, ReadError};

pub(super) const SCHEMA: &str = "
    CREATE TABLE hooks (
        id BLOB PRIMARY KEY,
        case_id BLOB NOT NULL,
        receiver TEXT NOT NULL,
        happening TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next INTEGER,
        fault TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX hooks_by_case ON hooks (case_id);
    CREATE INDEX hooks_parked ON hooks (id) WHERE next IS NULL;
";

/// Writes into `table` how notices of a case stand.
pub(super) fn write(
    connection: &Connection,
    table: &str,
    case: CaseId,
    hooked: &[HookedRow],
) -> rusqlite::Result<()> {
    for hook in hooked {
        match hook {
            HookedRow::Left(posted) => put(connection, table, case, posted)?,
            HookedRow::Taken(id) => {
                connection
                    .prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?
                    .execute([id.0.as_bytes()])?;
            }
        }
    }
    Ok(())
}

fn put(connection: &Connection, table: &str, case: CaseId, posted: &PostedRow) -> rusqlite::Result<()> {
    connection
        .prepare_cached(&format!(
            "INSERT INTO {table} (id, case_id, receiver, happening, attempts, next, fault)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, next = excluded.next, fault = excluded.fault"
        ))?
        .execute(params![
            posted.id.0.as_bytes(),
            key(case),
            posted.receiver.to_string(),
            posted.happening,
            posted.attempts,
            posted.next,
            posted.fault(),
        ])?;
    Ok(())
}

/// Removes the notices of a case.
pub(super) fn remove(connection: &Connection, case: CaseId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM hooks WHERE case_id = ?1")?
        .execute([key(case)])?;
    Ok(())
}

fn page(connection: &Connection, query: &HookQuery, limit: usize) -> Result<Vec<HookRow>, ReadError> {
    let parked = if query.parked_only { "next IS NULL AND" } else { "" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, case_id, receiver, happening, attempts, next, fault FROM hooks
         WHERE {parked} id > ?1 ORDER BY id LIMIT ?2"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![query.start().0.as_bytes(), limit], read)?;
    rows.map(|found| found?.row()).collect()
}

fn one(connection: &Connection, id: NoticeId) -> Result<Option<HookRow>, ReadError> {
    connection
        .prepare_cached(
            "SELECT id, case_id, receiver, happening, attempts, next, fault FROM hooks WHERE id = ?1",
        )?
        .query_row([id.0.as_bytes()], read)
        .optional()?
        .map(Found::row)
        .transpose()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        id: NoticeId(Uuid::from_bytes(row.get(0)?)),
        case_id: case_id(row, 1)?,
        receiver: row.get(2)?,
        happening: row.get(3)?,
        attempts: row.get(4)?,
        next: row.get(5)?,
        fault: row.get(6)?,
    })
}

#[async_trait]
impl Hooks for EmbeddedStore {
    async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        let read = move |connection: &_| page(connection, &query, limit);
        self.readers.read(read).await
    }

    async fn hook(&self, id: NoticeId) -> Result<Option<HookRow>, ReadError> {
        self.readers.read(move |connection: &_| one(connection, id)).await
    }
}
