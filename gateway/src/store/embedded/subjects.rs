//! Whom a case is about, as digests in its row.

use rusqlite::Connection;
use rusqlite::params;

use super::tables::key;
use crate::store::rows::SealedChange;
use crate::store::seal::SubjectDigest;

/// Adds those whom the case is about from here on behind those who are known.
pub(super) fn add(connection: &Connection, change: &SealedChange) -> rusqlite::Result<()> {
    let id = key(change.case_id);
    let mut subjects: Vec<u8> = connection
        .prepare_cached("SELECT subjects FROM cases WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    for digest in &change.further_subjects {
        let (known, _rest) = subjects.as_chunks::<{ size_of::<SubjectDigest>() }>();
        if !known.contains(digest) {
            subjects.extend_from_slice(digest);
        }
    }
    connection
        .prepare_cached("UPDATE cases SET subjects = ?2 WHERE id = ?1")?
        .execute(params![id, subjects])?;
    Ok(())
}
