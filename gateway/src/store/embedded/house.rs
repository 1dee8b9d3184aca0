//! Entries of the house, read back, and those that must be the next of their kind.
//!
//! They are few among very many, and lie together in an index of their own.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::EmbeddedStore;
use crate::store::{CommitError, HouseEntry, HouseQuery, ReadError, Store as _};

/// The newest `limit` entries that `query` means, newest first; its own limit is not looked at.
pub(super) fn noted(
    connection: &Connection,
    query: HouseQuery,
    limit: usize,
) -> Result<Vec<HouseEntry>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT time, payload FROM entries WHERE case_id IS NULL AND kind = ?1 AND time > ?2 AND time < ?3
         ORDER BY time DESC, place DESC LIMIT ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (after, before) = query.between();
    let mut rows = statement.query(params![query.kind.as_str(), after, before, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let payload = row.get_ref(1)?.as_blob().map_err(|_type| ReadError::Corrupt)?;
        found.push(HouseEntry::read(query.kind, row.get(0)?, payload)?);
    }
    Ok(found)
}

/// The file has one process, so that it is enough to let one entry in at a time.
pub(super) async fn note_next(
    store: &EmbeddedStore,
    entry: HouseEntry,
    newest: Option<Timestamp>,
) -> Result<(), CommitError> {
    let _alone = store.noting.lock().await;
    if store.noted(entry.newer(newest)?).await?.is_empty() {
        store.note(entry).await
    } else {
        Err(CommitError::Stale)
    }
}
