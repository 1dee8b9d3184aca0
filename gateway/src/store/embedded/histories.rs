//! The entries of cases, found without the rows of the cases, which are what is to be made: a table for that while.

use rusqlite::{Connection, params};
use statuscheck_domain::ids::CaseId;

use super::places::{self, Places};
use super::tables::{case_id, key};
use crate::store::rows::SealedEntry;

/// Makes the table. It is in the file and not in memory, for it has a row for each entry.
pub(super) fn gather(connection: &Connection) -> rusqlite::Result<()> {
    // Ids grow with time, as places do, so that rows come nearly in their order.
    connection.execute_batch(
        "CREATE TABLE histories (
             case_id BLOB NOT NULL,
             version INTEGER NOT NULL,
             place INTEGER NOT NULL,
             PRIMARY KEY (case_id, version, place)
         ) STRICT, WITHOUT ROWID;
         INSERT INTO histories SELECT case_id, version, place FROM entries WHERE case_id IS NOT NULL;",
    )
}

pub(super) fn scatter(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DROP TABLE histories")
}

/// The next cases that the ledger has, by their ids.
pub(super) fn cases_after(
    connection: &Connection,
    after: CaseId,
    limit: i64,
) -> rusqlite::Result<Vec<CaseId>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT case_id FROM histories WHERE case_id > ?1 ORDER BY case_id LIMIT ?2",
        )?
        .query_map(params![key(after), limit], |row| case_id(row, 0))?
        .collect()
}

/// The places of a case's entries, in the order of their versions.
pub(super) fn places_of(connection: &Connection, id: CaseId) -> rusqlite::Result<Places> {
    let mut statement = connection
        .prepare_cached("SELECT place FROM histories WHERE case_id = ?1 ORDER BY version, place")?;
    let mut places = Places::none();
    for place in statement.query_map([key(id)], |row| row.get(0))? {
        places.add(place?);
    }
    Ok(places)
}

/// The entries of a case, in the order of their versions.
pub(super) fn entries_of(connection: &Connection, id: CaseId) -> rusqlite::Result<Vec<SealedEntry>> {
    let placed = places::entries_at(connection, id, &places_of(connection, id)?)?;
    Ok(placed.into_iter().map(|(_, entry)| entry).collect())
}
