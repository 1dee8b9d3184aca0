//! The tables, and every statement that touches them.
//!
//! `entries` is the ledger, and `chains` is where it ends ([`entries`]). The others are made from it, or are keys to it. Case ids and
//! places grow, so new rows go to the end of their trees; only the request ids, which callers choose, do not.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::case::CaseState;
use statuscheck_domain::ids::{CaseId, OrganisationId};
use uuid::Uuid;

use super::{entries, retained};
use crate::store::CaseQuery;
use crate::store::chain::{Chain, ChainId, Entry, LedgerId};
use crate::store::sealed::{Note, Opening, PURGED, Purge, SealedChange, SealedEntry, StoredCase};

/// The version of the tables, in `PRAGMA user_version`.
pub(super) const VERSION: i64 = 3;

const SCHEMA: &str = "
    CREATE TABLE store (
        secret BLOB NOT NULL,
        ledger BLOB NOT NULL
    ) STRICT;
    CREATE TABLE chains (
        number INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE,
        sequence INTEGER NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE entries (
        place INTEGER PRIMARY KEY,
        case_id BLOB,
        version INTEGER NOT NULL,
        time INTEGER NOT NULL,
        kind TEXT NOT NULL,
        payload BLOB NOT NULL,
        hash BLOB NOT NULL,
        UNIQUE (case_id, version)
    ) STRICT;
    CREATE TABLE cases (
        id BLOB PRIMARY KEY,
        organisation TEXT NOT NULL,
        request_id BLOB NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX cases_by_state ON cases (organisation, state, id);
    CREATE TABLE requests (
        organisation TEXT NOT NULL,
        request_id BLOB NOT NULL,
        case_id BLOB NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (organisation, request_id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE case_keys (
        place INTEGER PRIMARY KEY,
        case_id BLOB NOT NULL UNIQUE,
        wrapped BLOB NOT NULL
    ) STRICT;
";

/// What became of a change.
#[derive(Clone, Copy)]
pub(super) enum Recorded {
    /// It is in the transaction.
    Done,
    /// The request id was used before; nothing was written.
    Known { case_id: CaseId, same_content: bool },
    /// The case is at another version; nothing was written.
    Stale,
}

/// Makes the tables in an empty file.
pub(super) fn create(
    connection: &mut Connection,
    wrapped_secret: &[u8],
    (ledger, chain): (LedgerId, ChainId),
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute_batch(retained::SCHEMA)?;
    transaction.execute(
        "INSERT INTO store (secret, ledger) VALUES (?1, ?2)",
        params![wrapped_secret, ledger.0],
    )?;
    entries::begin(&transaction, chain)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// The version of the tables; none where the file is empty.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((tables > 0 || version != 0).then_some(version))
}

/// The store's sealed secret.
pub(super) fn wrapped_secret(connection: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .query_row("SELECT secret FROM store", [], |row| row.get(0))
        .optional()
}

/// Writes one change. A refused change writes nothing; after an error the caller must roll back, the chain too.
pub(super) fn record(
    connection: &Connection,
    chain: &mut Chain,
    change: &SealedChange,
) -> rusqlite::Result<Recorded> {
    let refused = match &change.opening {
        Some(opening) => open_case(connection, change, opening)?,
        None => advance_case(connection, change)?,
    };
    if let Some(refused) = refused {
        return Ok(refused);
    }
    for sealed in &change.entries {
        let entry = Entry {
            case_id: Some(change.case_id),
            version: sealed.version,
            time: sealed.time,
            kind: &sealed.kind,
            payload: &sealed.payload,
        };
        entries::append(connection, chain, &entry)?;
    }
    Ok(Recorded::Done)
}

/// Writes an entry of the house.
pub(super) fn note(connection: &Connection, chain: &mut Chain, note: &Note) -> rusqlite::Result<Recorded> {
    entries::append(connection, chain, &house(note))?;
    Ok(Recorded::Done)
}

/// The entry of `note`.
pub(super) fn house(note: &Note) -> Entry<'_> {
    Entry {
        case_id: None,
        version: 0,
        time: note.time,
        kind: note.kind.as_str(),
        payload: &note.payload,
    }
}

/// Destroys the key of a case and all that was made from its entries. The entries stay, with one more that says so.
pub(super) fn purge(connection: &Connection, chain: &mut Chain, purge: &Purge) -> rusqlite::Result<Recorded> {
    let id = key(purge.case_id);
    // Looked at here, where nothing can come between: a hold that was acknowledged is kept.
    if retained::is_held(connection, purge.case_id)? {
        return Ok(Recorded::Stale);
    }
    let request = connection
        .prepare_cached(
            "DELETE FROM cases WHERE id = ?1 AND version = ?2 RETURNING organisation, request_id",
        )?
        .query_row(params![id, purge.expected_version], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, [u8; 16]>(1)?))
        })
        .optional()?;
    let Some((organisation, request_id)) = request else {
        return Ok(Recorded::Stale);
    };
    connection
        .prepare_cached("DELETE FROM requests WHERE organisation = ?1 AND request_id = ?2")?
        .execute(params![organisation, request_id])?;
    destroy_key(connection, purge.case_id)?;
    retained::purge(connection, purge.case_id)?;
    let entry = Entry {
        case_id: Some(purge.case_id),
        version: purge.expected_version + 1,
        time: purge.time,
        kind: PURGED,
        payload: &[],
    };
    entries::append(connection, chain, &entry)?;
    Ok(Recorded::Done)
}

fn open_case(
    connection: &Connection,
    change: &SealedChange,
    opening: &Opening,
) -> rusqlite::Result<Option<Recorded>> {
    let organisation = opening.organisation.as_str();
    let request_id = opening.request_id.0.as_bytes();
    let known = connection
        .prepare_cached("SELECT case_id, content FROM requests WHERE organisation = ?1 AND request_id = ?2")?
        .query_row(params![organisation, request_id], |row| {
            Ok(Recorded::Known {
                case_id: case_id(row, 0)?,
                same_content: opening.content.is(&row.get::<_, Vec<u8>>(1)?),
            })
        })
        .optional()?;
    if known.is_some() {
        return Ok(known);
    }
    let id = key(change.case_id);
    let created = change.entries.first().map(|entry| entry.time);
    let state = change.state.map(CaseState::as_str);
    let inserted = connection
        .prepare_cached(
            "INSERT INTO cases (id, organisation, request_id, state, version, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![id, organisation, request_id, state, change.version, created])?;
    if inserted == 0 {
        return Ok(Some(Recorded::Stale));
    }
    connection
        .prepare_cached(
            "INSERT INTO requests (organisation, request_id, case_id, content) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![organisation, request_id, id, opening.content.0])?;
    connection
        .prepare_cached("INSERT INTO case_keys (case_id, wrapped) VALUES (?1, ?2)")?
        .execute(params![id, opening.wrapped_key])?;
    retained::open_case(connection, change.case_id, opening)?;
    Ok(None)
}

fn advance_case(connection: &Connection, change: &SealedChange) -> rusqlite::Result<Option<Recorded>> {
    let id = key(change.case_id);
    let (version, expected) = (change.version, change.expected_version);
    // Two statements: naming the state would write its index anew each time.
    let updated = match change.state {
        Some(state) => connection
            .prepare_cached("UPDATE cases SET version = ?3, state = ?4 WHERE id = ?1 AND version = ?2")?
            .execute(params![id, expected, version, state.as_str()])?,
        None => connection
            .prepare_cached("UPDATE cases SET version = ?3 WHERE id = ?1 AND version = ?2")?
            .execute(params![id, expected, version])?,
    };
    Ok((updated == 0).then_some(Recorded::Stale))
}

/// The sealed key of a case; none where it was destroyed.
pub(super) fn wrapped_key(connection: &Connection, id: CaseId) -> rusqlite::Result<Option<Vec<u8>>> {
    let wrapped: Option<Vec<u8>> = connection
        .prepare_cached("SELECT wrapped FROM case_keys WHERE case_id = ?1")?
        .query_row([key(id)], |row| row.get(0))
        .optional()?;
    Ok(wrapped.filter(|wrapped| wrapped.iter().any(|byte| *byte != 0)))
}

/// Destroys the key of a case: its bytes become zeros where they lie, and the row stays.
///
/// Rows of this table are only added at its end, and none is ever deleted, so that none is ever moved. When SQLite splits or
/// joins pages it leaves copies of what it moved between the rows, which `secure_delete` does not reach; a key that was
/// moved once could be found there after it was deleted.
pub(super) fn destroy_key(connection: &Connection, id: CaseId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE case_keys SET wrapped = zeroblob(length(wrapped)) WHERE case_id = ?1")?
        .execute([key(id)])?;
    Ok(())
}

/// A case with all its entries. To be called in a transaction, so that they fit together.
pub(super) fn stored_case(connection: &Connection, id: CaseId) -> rusqlite::Result<Option<StoredCase>> {
    let version = connection
        .prepare_cached("SELECT version FROM cases WHERE id = ?1")?
        .query_row([key(id)], |row| row.get(0))
        .optional()?;
    let Some(version) = version else {
        return Ok(None);
    };
    Ok(Some(StoredCase {
        id,
        version,
        wrapped_key: wrapped_key(connection, id)?,
        entries: entries_of(connection, id)?,
    }))
}

/// The entries of a case, in the order of their versions.
pub(super) fn entries_of(connection: &Connection, id: CaseId) -> rusqlite::Result<Vec<SealedEntry>> {
    connection
        .prepare_cached(
            "SELECT version, time, kind, payload FROM entries WHERE case_id = ?1 ORDER BY version",
        )?
        .query_map([key(id)], |row| {
            Ok(SealedEntry {
                version: row.get(0)?,
                time: row.get(1)?,
                kind: row.get(2)?,
                payload: row.get(3)?,
            })
        })?
        .collect()
}

/// The newest `limit` cases that `query` means, newest first; its own limit is not looked at.
///
/// One look into the index for each state, so that the few open cases among very many answered ones are found at once.
pub(super) fn case_ids(
    connection: &Connection,
    query: &CaseQuery,
    limit: usize,
) -> rusqlite::Result<Vec<CaseId>> {
    let mut states = match query.states.as_slice() {
        [] => states_in_use(connection, &query.organisation)?,
        wanted => wanted.iter().map(|state| state.as_str().to_owned()).collect(),
    };
    states.sort_unstable();
    states.dedup();
    let before = query.after.map_or([u8::MAX; 16], key);
    let mut ids = Vec::new();
    for state in states {
        let mut statement = connection.prepare_cached(
            "SELECT id FROM cases WHERE organisation = ?1 AND state = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = statement.query_map(
            params![query.organisation.as_str(), state, before, limit],
            |row| case_id(row, 0),
        )?;
        for id in found {
            ids.push(id?);
        }
    }
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.truncate(limit);
    Ok(ids)
}

/// The states that an organisation has cases in, by leaps through the index.
fn states_in_use(connection: &Connection, organisation: &OrganisationId) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "WITH RECURSIVE used (state) AS (
                 SELECT min(state) FROM cases WHERE organisation = ?1
                 UNION ALL
                 SELECT (SELECT min(state) FROM cases WHERE organisation = ?1 AND state > used.state)
                 FROM used WHERE used.state IS NOT NULL
             )
             SELECT state FROM used WHERE state IS NOT NULL",
        )?
        .query_map([organisation.as_str()], |row| row.get(0))?
        .collect()
}

pub(super) fn key(id: CaseId) -> [u8; 16] {
    id.0.into_bytes()
}

pub(super) fn case_id(row: &Row<'_>, column: usize) -> rusqlite::Result<CaseId> {
    row.get(column).map(|bytes| CaseId(Uuid::from_bytes(bytes)))
}
