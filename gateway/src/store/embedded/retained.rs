//! Retention, holds, and finding people: under which terms a case was asked, whether it is held, and whom it is about. All of
//! it is made from the ledger.
//!
//! What stands for a person is spread evenly, so an index of it would have every check write pages of its own. A person is
//! looked for a few times a day and thousands of checks are made in a second, so the looking pays: it reads the row of
//! every case, some three million a second.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use statuscheck_domain::case::CaseState;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::CaseId;

use super::entries;
use super::tables::{self, Recorded, case_id, key};
use crate::store::ReadError;
use crate::store::chain::Chain;
use crate::store::seal::SubjectDigest;
use crate::store::sealed::Note;
use crate::store::upkeep::{ClosedCase, ClosedQuery, Terms};

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
pub(super) fn set_hold(
    connection: &Connection,
    chain: &mut Chain,
    hold: &Hold,
) -> rusqlite::Result<Recorded> {
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

/// The agreements and checks under which there are cases, by leaps through the index.
pub(super) fn terms(connection: &Connection) -> Result<Vec<Terms>, ReadError> {
    let mut found = Vec::<Terms>::new();
    let mut next = connection.prepare_cached(
        "SELECT agreement, kind FROM cases WHERE (agreement, kind) > (?1, ?2) ORDER BY agreement, kind LIMIT 1",
    )?;
    loop {
        let (agreement, kind) = found.last().map_or(("", ""), |last: &Terms| {
            (last.agreement.as_str(), last.check.as_str())
        });
        let mut rows = next.query(params![agreement, kind])?;
        let Some(row) = rows.next()? else {
            return Ok(found);
        };
        let (agreement, kind): (String, String) = (row.get(0)?, row.get(1)?);
        drop(rows);
        found.push(Terms {
            agreement: agreement.parse().map_err(|_slug| ReadError::Corrupt)?,
            check: CheckKind::named(&kind).ok_or(ReadError::Corrupt)?,
        });
    }
}

/// The oldest `limit` closed cases that `query` means; its own limit is not looked at.
pub(super) fn closed(
    connection: &Connection,
    query: &ClosedQuery,
    limit: usize,
) -> Result<Vec<ClosedCase>, ReadError> {
    let terms = &query.terms;
    let after = query.after.map_or([0; 16], key);
    let [answered, withdrawn] = [CaseState::Answered, CaseState::Withdrawn].map(CaseState::as_str);
    let mut statement = connection.prepare_cached(
        "SELECT cases.id, cases.version, cases.created,
                (SELECT time FROM entries WHERE case_id = cases.id ORDER BY version DESC LIMIT 1),
                EXISTS (SELECT 1 FROM holds WHERE case_id = cases.id)
         FROM cases WHERE agreement = ?1 AND kind = ?2 AND id > ?3 AND state IN (?4, ?5)
         ORDER BY id LIMIT ?6",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![
        terms.agreement.as_str(),
        terms.check.as_str(),
        after,
        answered,
        withdrawn,
        limit
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let version: i64 = row.get(1)?;
        found.push(ClosedCase {
            id: case_id(row, 0)?,
            version: u64::try_from(version).map_err(|_negative| ReadError::Corrupt)?,
            created: time(row.get(2)?)?,
            updated: time(row.get(3)?)?,
            held: row.get(4)?,
        });
    }
    Ok(found)
}

fn time(nanoseconds: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_range| ReadError::Corrupt)
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
