//! Lists of cases. The index by which they are made keeps the cases of an organisation on shelves, one for each state,
//! agreement and check; on a shelf they lie by age. So the few open cases among very many answered ones are found at once.
//!
//! A case about which nothing was decided is on no shelf: it would be moved to another within a second. Such cases are in an
//! index of their own, which is as small as they are few. SQLite uses an index of some rows only where the statement says, in so
//! many words, that it means no others.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::case::CaseState;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::{AgreementId, CaseId};

use super::places::Places;
use super::tables::{self, case_id, key};
use crate::store::sealed::Sealer;
use crate::store::upkeep::{ClosedCase, ClosedQuery, OpenQuery, Terms};
use crate::store::{CasePage, CaseQuery, ReadError};

pub(super) mod standings;

/// Where cases lie together.
#[derive(Clone, Default)]
struct Shelf {
    organisation: String,
    state: String,
    agreement: String,
    kind: String,
}

impl Shelf {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            organisation: row.get(0)?,
            state: row.get(1)?,
            agreement: row.get(2)?,
            kind: row.get(3)?,
        })
    }
}

/// The shelves in use, in order, by leaps through the index: of one organisation, or of all.
fn shelves(connection: &Connection, organisation: Option<&str>) -> rusqlite::Result<Vec<Shelf>> {
    let mut next = connection.prepare_cached(
        "SELECT organisation, state, agreement, kind FROM cases INDEXED BY cases_by_shelf
         WHERE (organisation, state, agreement, kind) > (?1, ?2, ?3, ?4) AND state <> 'received'
         ORDER BY organisation, state, agreement, kind LIMIT 1",
    )?;
    let mut last = Shelf {
        organisation: organisation.unwrap_or_default().to_owned(),
        ..Shelf::default()
    };
    let mut found = Vec::new();
    loop {
        let mut rows = next.query(params![last.organisation, last.state, last.agreement, last.kind])?;
        let Some(shelf) = rows.next()?.map(Shelf::of).transpose()? else {
            return Ok(found);
        };
        if organisation.is_some_and(|wanted| wanted != shelf.organisation) {
            return Ok(found);
        }
        last = shelf.clone();
        found.push(shelf);
    }
}

/// The page of `query`, with so many cases at the most.
pub(super) fn page(
    connection: &Connection,
    sealer: &Sealer,
    query: &CaseQuery,
    limit: usize,
) -> Result<CasePage, ReadError> {
    // One more than wanted shows whether there is a next page.
    let mut ids = case_ids(connection, query, limit + 1)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let next = ids.last().copied().filter(|_| more);
    let mut cases = Vec::with_capacity(ids.len());
    for id in ids {
        let stored = tables::stored_case(connection, id)?.ok_or(ReadError::Corrupt)?;
        let case = sealer.open(stored)?;
        // The row's organisation is not sealed, the receipt's is: no altered row hands a case to another.
        if case.receipt.organisation != query.organisation {
            return Err(ReadError::Corrupt);
        }
        cases.push(case);
    }
    Ok(CasePage { cases, next })
}

/// The newest `limit` cases that `query` means, newest first; its own limit is not looked at.
fn case_ids(connection: &Connection, query: &CaseQuery, limit: usize) -> rusqlite::Result<Vec<CaseId>> {
    let wanted = |shelf: &Shelf| {
        let mut names = query.states.iter().map(|state| state.as_str());
        query.states.is_empty() || names.any(|name| name == shelf.state)
    };
    let before = query.after.map_or([u8::MAX; 16], key);
    let mut statement = connection.prepare_cached(
        "SELECT id FROM cases INDEXED BY cases_by_shelf
         WHERE organisation = ?1 AND state = ?2 AND agreement = ?3 AND kind = ?4 AND id < ?5 AND state <> 'received'
         ORDER BY id DESC LIMIT ?6",
    )?;
    let mut ids = Vec::new();
    if query.states.is_empty() || query.states.contains(&CaseState::Open) {
        let place = params![query.organisation.as_str(), before, rows(limit)];
        let mut received = connection.prepare_cached(
            "SELECT id FROM cases INDEXED BY cases_received
             WHERE state = 'received' AND organisation = ?1 AND id < ?2
             ORDER BY id DESC LIMIT ?3",
        )?;
        for id in received.query_map(place, |row| case_id(row, 0))? {
            ids.push(id?);
        }
    }
    for shelf in shelves(connection, Some(query.organisation.as_str()))? {
        if wanted(&shelf) {
            let Shelf {
                organisation,
                state,
                agreement,
                kind,
            } = shelf;
            let place = params![organisation, state, agreement, kind, before, rows(limit)];
            for id in statement.query_map(place, |row| case_id(row, 0))? {
                ids.push(id?);
            }
        }
    }
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.truncate(limit);
    Ok(ids)
}

/// The oldest `limit` cases that were received and not decided about, with the time of their receipt in nanoseconds.
pub(super) fn undecided(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<(CaseId, i64)>> {
    connection
        .prepare_cached("SELECT id, created FROM cases INDEXED BY cases_received WHERE state = 'received' ORDER BY id LIMIT ?1")?
        .query_map([rows(limit)], |row| Ok((case_id(row, 0)?, row.get(1)?)))?
        .collect()
}

/// The agreements and checks under which there are cases, in order.
pub(super) fn terms(connection: &Connection) -> Result<Vec<Terms>, ReadError> {
    let on_shelves = shelves(connection, None)?.into_iter();
    let mut named: Vec<_> = on_shelves.map(|shelf| (shelf.agreement, shelf.kind)).collect();
    let mut received = connection.prepare_cached(
        "SELECT DISTINCT agreement, kind FROM cases INDEXED BY cases_received WHERE state = 'received'",
    )?;
    for terms in received.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        named.push(terms?);
    }
    let mut found = named
        .into_iter()
        .map(|(agreement, kind)| {
            Ok(Terms {
                agreement: agreement.parse().map_err(|_slug| ReadError::Corrupt)?,
                check: CheckKind::named(&kind).ok_or(ReadError::Corrupt)?,
            })
        })
        .collect::<Result<Vec<_>, ReadError>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The oldest `limit` closed cases that `query` means; its own limit is not looked at.
pub(super) fn closed(
    connection: &Connection,
    query: &ClosedQuery,
    limit: usize,
) -> Result<Vec<ClosedCase>, ReadError> {
    let closed = CaseState::CLOSED.map(CaseState::as_str);
    let (agreement, kind) = (query.terms.agreement.as_str(), query.terms.check.as_str());
    let after = query.after.map_or([0; 16], key);
    let mut statement = connection.prepare_cached(
        "SELECT id, version, created, places,
                EXISTS (SELECT 1 FROM holds WHERE case_id = cases.id)
                OR EXISTS (SELECT 1 FROM referrals WHERE case_id = cases.id AND state IN ('open', 'confirmed'))
         FROM cases INDEXED BY cases_by_shelf
         WHERE organisation = ?1 AND state = ?2 AND agreement = ?3 AND kind = ?4 AND id > ?5 AND state <> 'received'
         ORDER BY id LIMIT ?6",
    )?;
    let mut found = Vec::new();
    for shelf in shelves(connection, None)? {
        if shelf.agreement != agreement || shelf.kind != kind || !closed.contains(&shelf.state.as_str()) {
            continue;
        }
        let place = params![
            shelf.organisation,
            shelf.state,
            agreement,
            kind,
            after,
            rows(limit)
        ];
        let mut rows = statement.query(place)?;
        while let Some(row) = rows.next()? {
            found.push(closed_case(connection, row)?);
        }
    }
    found.sort_unstable_by_key(|case| case.id);
    found.truncate(limit);
    Ok(found)
}

/// How many cases under any of `agreements` are not closed.
pub(super) fn open_cases(connection: &Connection, agreements: &[AgreementId]) -> rusqlite::Result<u64> {
    let open = CaseState::OPEN.map(CaseState::as_str);
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM cases INDEXED BY cases_by_shelf
         WHERE organisation = ?1 AND state = ?2 AND agreement = ?3 AND kind = ?4 AND state <> 'received'",
    )?;
    let mut received = connection.prepare_cached(
        "SELECT count(*) FROM cases INDEXED BY cases_received WHERE state = 'received' AND agreement = ?1",
    )?;
    let mut count = 0;
    for agreement in agreements {
        let cases: i64 = received.query_row([agreement.as_str()], |row| row.get(0))?;
        count += cases.unsigned_abs();
    }
    for shelf in shelves(connection, None)? {
        let is_meant = agreements
            .iter()
            .any(|agreement| agreement.as_str() == shelf.agreement);
        if is_meant && open.contains(&shelf.state.as_str()) {
            let place = params![shelf.organisation, shelf.state, shelf.agreement, shelf.kind];
            let cases: i64 = statement.query_row(place, |row| row.get(0))?;
            count += cases.unsigned_abs();
        }
    }
    Ok(count)
}

/// The oldest `limit` open cases that `query` means; its own limit is not looked at.
pub(super) fn open(
    connection: &Connection,
    query: &OpenQuery,
    limit: usize,
) -> rusqlite::Result<Vec<CaseId>> {
    let open = CaseState::OPEN.map(CaseState::as_str);
    let after = query.after.map_or([0; 16], key);
    let mut statement = connection.prepare_cached(
        "SELECT id FROM cases INDEXED BY cases_by_shelf
         WHERE organisation = ?1 AND state = ?2 AND agreement = ?3 AND kind = ?4 AND state <> 'received' AND id > ?5
         ORDER BY id LIMIT ?6",
    )?;
    let mut found = Vec::new();
    for shelf in shelves(connection, None)? {
        let wanted = query.agreement.as_ref();
        let is_meant = wanted.is_none_or(|wanted| wanted.as_str() == shelf.agreement);
        if !is_meant || !open.contains(&shelf.state.as_str()) {
            continue;
        }
        let place = params![
            shelf.organisation,
            shelf.state,
            shelf.agreement,
            shelf.kind,
            after,
            rows(limit)
        ];
        for id in statement.query_map(place, |row| case_id(row, 0))? {
            found.push(id?);
        }
        // What is beyond the page is not kept, however many shelves there are.
        found.sort_unstable();
        found.truncate(limit);
    }
    Ok(found)
}

/// The oldest `limit` cases under an agreement, after one id and up to another.
pub(super) fn under(
    connection: &Connection,
    agreement: &AgreementId,
    (after, to): (CaseId, CaseId),
    limit: usize,
) -> rusqlite::Result<Vec<CaseId>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM cases INDEXED BY cases_by_shelf
         WHERE organisation = ?1 AND state = ?2 AND agreement = ?3 AND kind = ?4 AND state <> 'received'
               AND id > ?5 AND id <= ?6
         ORDER BY id LIMIT ?7",
    )?;
    let mut received = connection.prepare_cached(
        "SELECT id FROM cases INDEXED BY cases_received
         WHERE state = 'received' AND agreement = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT ?4",
    )?;
    let place = params![agreement.as_str(), key(after), key(to), rows(limit)];
    let mut found: Vec<_> = received
        .query_map(place, |row| case_id(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    for shelf in shelves(connection, None)? {
        if shelf.agreement != agreement.as_str() {
            continue;
        }
        let place = params![
            shelf.organisation,
            shelf.state,
            shelf.agreement,
            shelf.kind,
            key(after),
            key(to),
            rows(limit)
        ];
        for id in statement.query_map(place, |row| case_id(row, 0))? {
            found.push(id?);
        }
        // What is beyond the page is not kept, however many shelves there are.
        found.sort_unstable();
        found.truncate(limit);
    }
    found.sort_unstable();
    Ok(found)
}

fn closed_case(connection: &Connection, row: &Row<'_>) -> Result<ClosedCase, ReadError> {
    let version: i64 = row.get(1)?;
    let last = Places::of(row.get(3)?)
        .all()
        .next_back()
        .ok_or(ReadError::Corrupt)?;
    let updated = connection
        .prepare_cached("SELECT time FROM entries WHERE place = ?1")?
        .query_row([last], |row| row.get(0))
        .optional()?
        .ok_or(ReadError::Corrupt)?;
    Ok(ClosedCase {
        id: case_id(row, 0)?,
        version: u64::try_from(version).map_err(|_negative| ReadError::Corrupt)?,
        created: time(row.get(2)?)?,
        updated: time(updated)?,
        held: row.get(4)?,
    })
}

pub(super) fn time(nanoseconds: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_range| ReadError::Corrupt)
}

pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
