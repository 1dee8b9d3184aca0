//! The tables, and every statement that touches them.
//!
//! `entries` is the ledger, and `chains` is where it ends ([`entries`]). The others are made from it, or are keys to it.
//!
//! What a check costs is the pages that it changes: a page that many checks of one commit share is next to free, and one
//! that a check has for itself is written twice, to the log and to the file. So every table and index grows at its end
//! (case ids and places grow with time), or at a few ends, one for each agreement; only the index of request ids does not,
//! where callers choose ids that do not grow. Which cases wake when is in an index that has no row for a case that is answered
//! at once; and a case is put on its shelf when something was decided about it, until then it is in a small index of its own.
//! Where a case's entries stand is in its row ([`places`]).

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::ids::{CaseId, OrganisationId, RequestId};
use uuid::Uuid;

use super::kept::{Kept, Often};
use super::places::{self, Places};
use super::shelves::standings;
use super::{entries, hooks, measuring, quotas, referrals, retained, subjects, worklist};
use crate::store::chain::{Chain, ChainId, Entry, LedgerId};
use crate::store::rows::{Note, Opening, PURGED, Purge, RowState, SealedChange, StoredCase};
use crate::store::seal::ContentDigest;

/// The version of the tables, in `PRAGMA user_version`.
pub(super) const VERSION: i64 = 9;

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
        hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX entries_of_house ON entries (kind, time) WHERE case_id IS NULL;
    CREATE TABLE cases (
        id BLOB PRIMARY KEY,
        organisation TEXT NOT NULL,
        request_id BLOB NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        created INTEGER NOT NULL,
        content BLOB NOT NULL,
        agreement TEXT NOT NULL,
        kind TEXT NOT NULL,
        subjects BLOB NOT NULL,
        key INTEGER NOT NULL,
        places BLOB NOT NULL,
        wake INTEGER,
        turn TEXT,
        due INTEGER,
        risk INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX cases_by_request ON cases (organisation, request_id);
    CREATE INDEX cases_by_shelf ON cases (organisation, state, agreement, kind, id) WHERE state <> 'received';
    CREATE INDEX cases_received ON cases (id) WHERE state = 'received';
    CREATE INDEX cases_by_wake ON cases (wake, id) WHERE wake IS NOT NULL;
    CREATE TABLE case_keys (
        place INTEGER PRIMARY KEY,
        case_id BLOB NOT NULL,
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
    /// The case's row says that it has other entries than its version; nothing was written.
    Damaged,
}

/// Makes the tables in an empty file.
pub(super) fn create(
    connection: &mut Connection,
    wrapped_secret: &[u8],
    (ledger, chain): (LedgerId, ChainId),
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute_batch(standings::INDEXES)?;
    transaction.execute_batch(retained::SCHEMA)?;
    transaction.execute_batch(quotas::SCHEMA)?;
    transaction.execute_batch(worklist::SCHEMA)?;
    transaction.execute_batch(hooks::SCHEMA)?;
    transaction.execute_batch(measuring::SCHEMA)?;
    transaction.execute_batch(referrals::SCHEMA)?;
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
    connection: &Kept<'_>,
    chain: &mut Chain,
    change: &SealedChange,
) -> rusqlite::Result<Recorded> {
    let known = connection.lately().take(change.case_id);
    let is_lately = known.is_some() || change.opening.is_some();
    let mut places = match entries_before(connection, change, known)? {
        Ok(places) => places,
        Err(refused) => return Ok(refused),
    };
    entries::next_places(chain, change.entries.len()).for_each(|place| places.add(place));
    let refused = match &change.opening {
        Some(opening) => open_case(connection, change, opening, &places)?,
        None => advance_case(connection, change, &places)?,
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
    quotas::add(connection, "quotas", &change.spent)?;
    worklist::write(connection, "questions", change.case_id, &change.listed)?;
    hooks::write(connection, "hooks", change.case_id, &change.hooked)?;
    referrals::advance(
        connection,
        change.case_id,
        &change.referred,
        !change.further_subjects.is_empty(),
    )?;
    if is_lately && !matches!(change.state, Some(RowState::Told(_))) {
        connection.lately().keep(change.case_id, places);
    }
    Ok(Recorded::Done)
}

/// Where the entries of a case stand before `change`, or what became of the change instead. `known` is what is known without
/// looking.
fn entries_before(
    connection: &Connection,
    change: &SealedChange,
    known: Option<Places>,
) -> rusqlite::Result<Result<Places, Recorded>> {
    if change.opening.is_some() {
        return Ok(Ok(Places::none()));
    }
    if let Some(places) = known.filter(|places| places.reach(change.expected_version)) {
        return Ok(Ok(places));
    }
    Ok(match places::read(connection, change.case_id)? {
        Some((version, _)) if version != change.expected_version => Err(Recorded::Stale),
        Some((version, places)) if places.reach(version) => Ok(places),
        Some(_) => Err(Recorded::Damaged),
        None => Err(Recorded::Stale),
    })
}

/// Writes an entry of the house.
pub(super) fn note(connection: &Kept<'_>, chain: &mut Chain, note: &Note) -> rusqlite::Result<Recorded> {
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
pub(super) fn purge(connection: &Kept<'_>, chain: &mut Chain, purge: &Purge) -> rusqlite::Result<Recorded> {
    let id = key(purge.case_id);
    // Looked at here, where nothing can come between: a hold that was acknowledged is kept.
    if retained::is_held(connection, purge.case_id)? || referrals::keeps(connection, purge.case_id)? {
        return Ok(Recorded::Stale);
    }
    let place = connection
        .prepare_cached("DELETE FROM cases WHERE id = ?1 AND version = ?2 RETURNING key")?
        .query_row(params![id, purge.expected_version], |row| row.get(0))
        .optional()?;
    let Some(place) = place else {
        return Ok(Recorded::Stale);
    };
    destroy_key(connection, place)?;
    connection.lately().take(purge.case_id);
    worklist::remove(connection, purge.case_id)?;
    hooks::remove(connection, purge.case_id)?;
    referrals::remove(connection, purge.case_id)?;
    let entry = Entry {
        case_id: Some(purge.case_id),
        version: purge.expected_version + 1,
        time: purge.time,
        kind: PURGED,
        payload: &purge.payload,
    };
    entries::append(connection, chain, &entry)?;
    Ok(Recorded::Done)
}

/// Writes the rows of a new case and its key; none, where it says what became of it instead.
pub(super) fn open_case(
    connection: &Kept<'_>,
    change: &SealedChange,
    opening: &Opening,
    places: &Places,
) -> rusqlite::Result<Option<Recorded>> {
    let id = key(change.case_id);
    let organisation = opening.organisation.as_str();
    let request_id = opening.request_id.0.as_bytes();
    let standing = change.standing.as_ref();
    let key_place = connection.key_place()?;
    let values = params![
        id,
        organisation,
        request_id,
        change.state.map(RowState::as_str),
        change.version,
        change.entries.first().map(|entry| entry.time),
        opening.content.0,
        opening.terms.agreement.as_str(),
        opening.terms.check.as_str(),
        opening.subjects.concat(),
        change.wake,
        standing.map(|standing| &standing.turn),
        standing.map(|standing| standing.due),
        standing.and_then(|standing| standing.risk),
        places.bytes(),
        key_place,
    ];
    let is_new = connection.run(Often::Open, values)?;
    if is_new == 0 {
        // Without a request of that id it is the case's own id that is taken.
        let request = (&opening.organisation, opening.request_id);
        let known = known(connection, request, &opening.content)?;
        let recorded = known.map(|(case_id, same_content)| Recorded::Known {
            case_id,
            same_content,
        });
        return Ok(Some(recorded.unwrap_or(Recorded::Stale)));
    }
    connection.run(Often::Key, params![key_place, id, opening.wrapped_key])?;
    connection.key_place_is_taken();
    Ok(None)
}

/// The case of a request that was received before, and whether that had the same content.
pub(super) fn known(
    connection: &Connection,
    (organisation, request_id): (&OrganisationId, RequestId),
    content: &ContentDigest,
) -> rusqlite::Result<Option<(CaseId, bool)>> {
    connection
        .prepare_cached("SELECT id, content FROM cases WHERE organisation = ?1 AND request_id = ?2")?
        .query_row(params![organisation.as_str(), request_id.0.as_bytes()], |row| {
            Ok((case_id(row, 0)?, content.is(&row.get::<_, Vec<u8>>(1)?)))
        })
        .optional()
}

fn advance_case(
    connection: &Kept<'_>,
    change: &SealedChange,
    places: &Places,
) -> rusqlite::Result<Option<Recorded>> {
    if let Some(lookup) = &change.lookup
        && referrals::is_overtaken(connection, change.case_id, lookup)?
    {
        return Ok(Some(Recorded::Stale));
    }
    if !is_decided(connection, change, places)? && !is_moved(connection, change, places)? {
        return Ok(Some(Recorded::Stale));
    }
    if !change.further_subjects.is_empty() {
        subjects::add(connection, change)?;
    }
    Ok(None)
}

/// The usual course: the answer comes in the call, and the case never waited for anything.
fn is_decided(connection: &Kept<'_>, change: &SealedChange, places: &Places) -> rusqlite::Result<bool> {
    let (Some(state), None, None) = (change.state, change.wake, &change.standing) else {
        return Ok(false);
    };
    let values = params![
        key(change.case_id),
        change.expected_version,
        change.version,
        state.as_str(),
        places.bytes()
    ];
    Ok(connection.run(Often::Decide, values)? > 0)
}

fn is_moved(connection: &Kept<'_>, change: &SealedChange, places: &Places) -> rusqlite::Result<bool> {
    let (id, places) = (key(change.case_id), places.bytes());
    let (version, expected) = (change.version, change.expected_version);
    let standing = change.standing.as_ref();
    let turn = standing.map(|standing| &standing.turn);
    let due = standing.map(|standing| standing.due);
    let risk = standing.and_then(|standing| standing.risk);
    let updated = match change.state.map(RowState::as_str) {
        Some(state) => {
            let values = params![id, expected, version, change.wake, turn, due, risk, places, state];
            connection.run(Often::Move, values)?
        }
        None => {
            let values = params![id, expected, version, change.wake, turn, due, risk, places];
            connection.run(Often::Stay, values)?
        }
    };
    Ok(updated > 0)
}

/// The sealed key of a case; none where it was destroyed.
pub(super) fn wrapped_key(connection: &Connection, id: CaseId) -> rusqlite::Result<Option<Vec<u8>>> {
    let wrapped: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT wrapped FROM cases JOIN case_keys ON place = key AND case_id = id WHERE id = ?1",
        )?
        .query_row([key(id)], |row| row.get(0))
        .optional()?;
    Ok(wrapped.filter(|wrapped| wrapped.iter().any(|byte| *byte != 0)))
}

/// Destroys a key: its bytes become zeros where they lie, and the row stays.
///
/// Rows of this table are only added at its end, and none is ever deleted, so that none is ever moved. When SQLite splits or
/// joins pages it leaves copies of what it moved between the rows, which `secure_delete` does not reach; a key that was
/// moved once could be found there after it was deleted.
pub(super) fn destroy_key(connection: &Connection, place: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE case_keys SET wrapped = zeroblob(length(wrapped)) WHERE place = ?1")?
        .execute([place])?;
    Ok(())
}

/// A case with all its entries. To be called in a transaction, so that they fit together.
pub(super) fn stored_case(connection: &Connection, id: CaseId) -> rusqlite::Result<Option<StoredCase>> {
    let Some((version, places)) = places::read(connection, id)? else {
        return Ok(None);
    };
    let placed = places::entries_at(connection, id, &places)?;
    let (places, entries) = placed.into_iter().unzip();
    Ok(Some(StoredCase {
        id,
        version,
        wrapped_key: wrapped_key(connection, id)?,
        entries,
        places,
    }))
}

pub(super) fn key(id: CaseId) -> [u8; 16] {
    id.0.into_bytes()
}

pub(super) fn case_id(row: &Row<'_>, column: usize) -> rusqlite::Result<CaseId> {
    row.get(column).map(|bytes| CaseId(Uuid::from_bytes(bytes)))
}
