//! Holds, and finding people. Both are made from the ledger.
//!
//! What stands for a person is spread evenly, so an index of it would have every check write pages of its own. A person is
//! looked for a few times a day and thousands of checks are made in a second, so the looking pays: it reads the row of
//! every case.

use rusqlite::{Connection, params};
use statuscheck_domain::ids::CaseId;

use super::entries;
use super::kept::Kept;
use super::tables::{self, Recorded, case_id, key};
use crate::store::chain::Chain;
use crate::store::rows::Note;
use crate::store::seal::SubjectDigest;

pub(super) const SCHEMA: &str = "
    CREATE TABLE holds (
        case_id BLOB PRIMARY KEY,
        since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// The case must be kept.
pub(super) fn is_held(connection: &Connection, id: CaseId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM holds WHERE case_id = ?1)")?
        .query_row([key(id)], |row| row.get(0))
}

/// A hold that is set or released, with its entry.
pub(super) struct Hold {
    pub(super) case_id: CaseId,
    pub(super) held: bool,
    pub(super) note: Note,
}

/// Sets or releases a hold.
pub(super) fn set_hold(connection: &Kept<'_>, chain: &mut Chain, hold: &Hold) -> rusqlite::Result<Recorded> {
    let id = key(hold.case_id);
    let changed = if hold.held {
        connection
            .prepare_cached(
                "INSERT INTO holds (case_id, since) SELECT id, ?2 FROM cases WHERE id = ?1
                 ON CONFLICT (case_id) DO UPDATE SET since = excluded.since",
            )?
            .execute(params![id, hold.note.time])?
    } else {
        connection
            .prepare_cached("DELETE FROM holds WHERE case_id = ?1")?
            .execute([id])?
    };
    if changed == 0 {
        return Ok(Recorded::Stale);
    }
    entries::append(connection, chain, &tables::house(&hold.note))?;
    Ok(Recorded::Done)
}

/// The cases about whoever one of `digests` stands for, oldest first; at most `limit`.
pub(super) fn about(
    connection: &Connection,
    digests: &[SubjectDigest],
    limit: usize,
) -> rusqlite::Result<Vec<CaseId>> {
    let mut statement = connection.prepare_cached("SELECT id, subjects FROM cases ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut ids = Vec::new();
    while ids.len() < limit
        && let Some(row) = rows.next()?
    {
        let (keys, _rest) = row
            .get_ref(1)?
            .as_blob()?
            .as_chunks::<{ size_of::<SubjectDigest>() }>();
        if keys.iter().any(|key| digests.contains(key)) {
            ids.push(case_id(row, 0)?);
        }
    }
    Ok(ids)
}
