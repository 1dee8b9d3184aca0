//! The ledger in the file: the table `entries`, which is only ever added to, and its head.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::ids::CaseId;
use uuid::Uuid;

use crate::store::chain::{Chain, Entry, Head, LedgerId};

/// Why the end of the ledger cannot be gone on from.
pub(super) enum HeadError {
    /// The last entries are gone or altered, or the head is.
    Broken,
    Engine(rusqlite::Error),
}

impl From<rusqlite::Error> for HeadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

/// Adds one entry at the end of the chain.
pub(super) fn append(connection: &Connection, chain: &mut Chain, entry: &Entry<'_>) -> rusqlite::Result<()> {
    let Head { sequence, hash } = chain.append(entry);
    connection
        .prepare_cached(
            "INSERT INTO entries (sequence, case_id, version, time, kind, payload, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            sequence,
            entry.case_id.map(|id| id.0.into_bytes()),
            entry.version,
            entry.time,
            entry.kind,
            entry.payload,
            hash
        ])?;
    Ok(())
}

/// Writes where the ledger ends. Once in each transaction that adds to it: without it, a ledger that lost its last entries
/// would look whole.
pub(super) fn write_head(connection: &Connection, head: Head) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE ledger SET sequence = ?1, hash = ?2")?
        .execute(params![head.sequence, head.hash])?;
    Ok(())
}

/// Where the ledger ends, once the last entry was found to be there and to be the one that the head means.
pub(super) fn read_head(connection: &Connection) -> Result<(LedgerId, Head), HeadError> {
    let (id, head) = connection
        .query_row("SELECT id, sequence, hash FROM ledger", [], |row| {
            Ok((LedgerId(row.get(0)?), head(row, 1)?))
        })
        .optional()?
        .ok_or(HeadError::Broken)?;
    let last: i64 = connection.query_row("SELECT ifnull(max(sequence), 0) FROM entries", [], |row| {
        row.get(0)
    })?;
    if last != head.sequence || rehashed(connection, id, last)? != Some(head) {
        return Err(HeadError::Broken);
    }
    Ok((id, head))
}

/// The entry `sequence` hashed anew on top of the one before it.
fn rehashed(connection: &Connection, id: LedgerId, sequence: i64) -> rusqlite::Result<Option<Head>> {
    if sequence == 0 {
        return Ok(Some(Head::genesis(id)));
    }
    let before = if sequence == 1 {
        Some(Head::genesis(id))
    } else {
        connection
            .query_row(
                "SELECT sequence, hash FROM entries WHERE sequence = ?1",
                [sequence - 1],
                |row| head(row, 0),
            )
            .optional()?
    };
    let Some(before) = before else {
        return Ok(None);
    };
    connection
        .query_row(
            "SELECT case_id, version, time, kind, payload FROM entries WHERE sequence = ?1",
            [sequence],
            |row| {
                let case_id: Option<[u8; 16]> = row.get(0)?;
                let kind: String = row.get(3)?;
                let payload: Vec<u8> = row.get(4)?;
                Ok(Chain::from(before).append(&Entry {
                    case_id: case_id.map(|id| CaseId(Uuid::from_bytes(id))),
                    version: row.get(1)?,
                    time: row.get(2)?,
                    kind: &kind,
                    payload: &payload,
                }))
            },
        )
        .optional()
}

fn head(row: &Row<'_>, first: usize) -> rusqlite::Result<Head> {
    Ok(Head {
        sequence: row.get(first)?,
        hash: row.get(first + 1)?,
    })
}
