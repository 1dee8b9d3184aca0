//! Referrals: a row for each in each case that has it, and what stands for the people of those cases. A check that is not held
//! back has none of it.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::referral::ReferralMark;
use statuscheck_domain::subject::Identity;
use uuid::Uuid;

use super::EmbeddedStore;
use super::tables::{self, case_id, key};
use crate::store::rows::{LookedUp, Opening, SealedChange, referral_due};
use crate::store::seal::SubjectDigest;
use crate::store::{ReadError, ReferralQuery, ReferralRow, ReferralRows};

pub(super) const SCHEMA: &str = "
    CREATE TABLE referrals (
        id BLOB NOT NULL,
        case_id BLOB NOT NULL,
        joined INTEGER NOT NULL,
        state TEXT NOT NULL,
        due INTEGER NOT NULL,
        PRIMARY KEY (id, case_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX referrals_by_case ON referrals (case_id);
    CREATE INDEX referrals_by_state ON referrals (state, id) WHERE joined = 0;
    CREATE TABLE referred (
        key BLOB NOT NULL,
        case_id BLOB NOT NULL,
        PRIMARY KEY (key, case_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX referred_by_case ON referred (case_id);
";

/// Where rows go: the tables, or those that are made beside them.
#[derive(Clone, Copy)]
pub(super) struct Into {
    pub(super) referrals: &'static str,
    pub(super) referred: &'static str,
}

/// The tables.
pub(super) const TABLES: Into = Into {
    referrals: "referrals",
    referred: "referred",
};

/// Writes how referrals of a case stand.
pub(super) fn write(
    connection: &Connection,
    into: Into,
    case: CaseId,
    marks: &[ReferralMark],
) -> rusqlite::Result<()> {
    for mark in marks {
        let table = into.referrals;
        connection
            .prepare_cached(&format!(
                "INSERT INTO {table} (id, case_id, joined, state, due) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id, case_id) DO UPDATE SET state = excluded.state, due = excluded.due"
            ))?
            .execute(params![
                mark.id.0.as_bytes(),
                key(case),
                mark.is_joined,
                mark.state.as_str(),
                referral_due(mark),
            ])?;
    }
    Ok(())
}

/// Writes what stands for the people of a case that is referred.
pub(super) fn write_people(
    connection: &Connection,
    into: Into,
    case: CaseId,
    people: &[SubjectDigest],
) -> rusqlite::Result<()> {
    for person in people {
        let table = into.referred;
        connection
            .prepare_cached(&format!(
                "INSERT INTO {table} (key, case_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
            ))?
            .execute(params![person, key(case)])?;
    }
    Ok(())
}

/// Writes all that there is of a case that is made anew.
pub(super) fn make(
    connection: &Connection,
    into: Into,
    case: &SealedChange,
    opening: &Opening,
) -> rusqlite::Result<()> {
    if case.referred.is_empty() {
        return Ok(());
    }
    write(connection, into, case.case_id, &case.referred)?;
    write_people(connection, into, case.case_id, &opening.subjects)
}

/// Writes what a change of a case that is there says of its referrals and, where it is referred, of its people.
pub(super) fn advance(
    connection: &Connection,
    case: CaseId,
    marks: &[ReferralMark],
    has_further_people: bool,
) -> rusqlite::Result<()> {
    write(connection, TABLES, case, marks)?;
    if marks.is_empty() && !(has_further_people && is_referred(connection, case)?) {
        return Ok(());
    }
    let people: Vec<u8> = connection
        .prepare_cached("SELECT subjects FROM cases WHERE id = ?1")?
        .query_row([key(case)], |row| row.get(0))?;
    let (people, _rest) = people.as_chunks::<{ size_of::<SubjectDigest>() }>();
    write_people(connection, TABLES, case, people)
}

fn is_referred(connection: &Connection, case: CaseId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM referrals WHERE case_id = ?1)")?
        .query_row([key(case)], |row| row.get(0))
}

/// There is an open referral about whom `case` has looked for, opened by another case, that it did not find. Whoever records looks
/// at it, one after the other, so that nobody is referred in between.
pub(super) fn is_overtaken(
    connection: &Connection,
    case: CaseId,
    lookup: &LookedUp,
) -> rusqlite::Result<bool> {
    for person in &lookup.person {
        let mut statement = connection.prepare_cached(
            "SELECT id FROM referrals WHERE joined = 0 AND state = 'open' AND case_id <> ?2
                AND case_id IN (SELECT case_id FROM referred WHERE key = ?1)",
        )?;
        let mut rows = statement.query(params![person, key(case)])?;
        while let Some(row) = rows.next()? {
            if !lookup.open.contains(&ReferralId(Uuid::from_bytes(row.get(0)?))) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The case is kept because of a referral: it is open, or what was confirmed by it is remembered.
pub(super) fn keeps(connection: &Connection, case: CaseId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM referrals WHERE case_id = ?1 AND state IN ('open', 'confirmed'))",
        )?
        .query_row([key(case)], |row| row.get(0))
}

/// Removes the referrals of a case.
pub(super) fn remove(connection: &Connection, case: CaseId) -> rusqlite::Result<()> {
    for table in ["referrals", "referred"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE case_id = ?1"))?
            .execute([key(case)])?;
    }
    Ok(())
}

fn page(connection: &Connection, query: &ReferralQuery, limit: usize) -> Result<Vec<ReferralRow>, ReadError> {
    let states = query.names();
    let places = vec!["?"; states.len()].join(", ");
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, case_id, state, due FROM referrals
         WHERE joined = 0 AND id > ? AND state IN ({places}) ORDER BY id LIMIT {limit}"
    ))?;
    let start = query.start();
    let mut values: Vec<&dyn rusqlite::ToSql> = vec![];
    let first = start.0.into_bytes();
    values.push(&first);
    values.extend(states.iter().map(|state| state as &dyn rusqlite::ToSql));
    let rows = statement.query_map(values.as_slice(), |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

fn one(connection: &Connection, id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
    connection
        .prepare_cached("SELECT id, case_id, state, due FROM referrals WHERE id = ?1 AND joined = 0")?
        .query_row([id.0.as_bytes()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn joined(connection: &Connection, id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT case_id FROM referrals WHERE id = ?1 AND joined = 1 AND state = 'open' ORDER BY case_id",
    )?;
    let rows = statement.query_map([id.0.as_bytes()], |row| case_id(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn about(connection: &Connection, people: &[SubjectDigest], limit: usize) -> rusqlite::Result<Vec<CaseId>> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM referrals
                        WHERE referrals.case_id = referred.case_id AND joined = 0 AND state = 'open') AS opened,
                case_id
         FROM referred WHERE key = ?1 ORDER BY opened DESC, case_id DESC LIMIT ?2",
    )?;
    let limit_rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found: Vec<(bool, CaseId)> = Vec::new();
    for person in people {
        let read = |row: &Row<'_>| Ok((row.get(0)?, case_id(row, 1)?));
        let rows = statement.query_map(params![person, limit_rows], read)?;
        for row in rows {
            found.push(row?);
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.dedup();
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

fn read(row: &Row<'_>) -> Result<ReferralRow, ReadError> {
    let id = ReferralId(Uuid::from_bytes(row.get(0)?));
    let state: String = row.get(2)?;
    ReferralRow::of(id, case_id(row, 1)?, &state, row.get(3)?)
}

#[async_trait]
impl ReferralRows for EmbeddedStore {
    async fn referrals(&self, query: ReferralQuery) -> Result<Vec<ReferralRow>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        let read = move |connection: &_| page(connection, &query, limit);
        self.readers.read(read).await
    }

    async fn referral(&self, id: ReferralId) -> Result<Option<ReferralRow>, ReadError> {
        let read = move |connection: &_| one(connection, id);
        self.readers.read(read).await
    }

    async fn joined(&self, id: ReferralId) -> Result<Vec<CaseId>, ReadError> {
        let read = move |connection: &_| joined(connection, id);
        self.readers.read(read).await
    }

    async fn referred(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        let sealer = Arc::clone(&self.sealer);
        let people = sealer.subjects(identities);
        let limit = limit.clamp(1, self.page_max);
        let read = move |connection: &_| {
            let mut found = Vec::new();
            for id in about(connection, &people, limit)? {
                let stored = tables::stored_case(connection, id)?.ok_or(ReadError::Corrupt)?;
                found.push(sealer.open(stored)?);
            }
            Ok(found)
        };
        self.readers.read(read).await
    }
}
