//! Reading cases.

use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::fault::DatabaseError;
use super::readers::Readers;
use crate::store::rows::{RowState, SealedEntry, StoredCase};
use crate::store::seal::ContentDigest;
use crate::store::sealed::Sealer;
use crate::store::{CaseQuery, LedgerPlace, ReadError};

/// Every entry of the cases that `page` has the ids of, with the case's version and key.
macro_rules! cases_of {
    ($page:literal) => {
        concat!(
            "WITH RECURSIVE ",
            $page,
            " SELECT cases.id, cases.version, case_keys.wrapped,
                     entries.version, entries.time, entries.kind, entries.payload,
                     entries.chain, entries.sequence
              FROM page JOIN statuscheck.cases USING (id)
              LEFT JOIN statuscheck.case_keys ON case_keys.case_id = cases.id
              LEFT JOIN statuscheck.entries ON entries.case_id = cases.id
              ORDER BY cases.id, entries.version"
        )
    };
}

const ONE: &str = cases_of!("page AS (SELECT $1::uuid AS id)");

/// One look into the index for each state, so that the few open cases among very many answered ones are found at once. The
/// states that an organisation has cases in are found by leaps through the index. Cases about which nothing was decided are
/// in a small index of their own; the server uses an index of some rows only where a statement means no others.
const PAGE: &str = cases_of!(
    "used (state) AS (
         SELECT min(state) FROM statuscheck.cases
         WHERE organisation = $1 AND state <> 'received' AND cardinality($2::text[]) = 0
         UNION ALL
         SELECT (SELECT min(state) FROM statuscheck.cases
                 WHERE organisation = $1 AND state <> 'received' AND state > used.state)
         FROM used WHERE used.state IS NOT NULL
     ), wanted AS (
         SELECT state FROM used WHERE state IS NOT NULL UNION SELECT unnest($2::text[])
     ), page AS (
         SELECT decided.id
         FROM wanted, LATERAL (
             SELECT id FROM statuscheck.cases
             WHERE organisation = $1 AND cases.state = wanted.state AND cases.state <> 'received' AND id < $3
             ORDER BY id DESC LIMIT $4
         ) AS decided
         UNION ALL
         (SELECT id FROM statuscheck.cases
          WHERE state = 'received' AND organisation = $1 AND id < $3
                AND (cardinality($2::text[]) = 0 OR 'received' = ANY ($2::text[]))
          ORDER BY id DESC LIMIT $4)
         ORDER BY id DESC LIMIT $4
     )"
);

const SOME: &str = cases_of!("page AS (SELECT unnest($1::uuid[]) AS id)");

/// Of the next rows, the cases that are about one of some people, and where those rows end.
const ABOUT: &str = "
    WITH looked_at AS MATERIALIZED (
        SELECT organisation, request_id, case_id, subjects FROM statuscheck.requests
        WHERE (organisation, request_id) > ($1, $2) ORDER BY organisation, request_id LIMIT $3
    )
    SELECT last.organisation, last.request_id, ARRAY(
        SELECT case_id FROM looked_at
        WHERE EXISTS (SELECT FROM unnest($4::bytea[]) AS wanted (key) WHERE position(wanted.key IN subjects) > 0)
    )
    FROM (SELECT organisation, request_id FROM looked_at ORDER BY organisation DESC, request_id DESC LIMIT 1) AS last";

/// Rows that are looked at in one go, some tens of milliseconds.
const LOOKED_AT: i64 = 20_000;

const UNDER: &str = cases_of!(
    "page AS (
         SELECT decided.id
         FROM unnest($2::text[]) AS wanted (kind), LATERAL (
             SELECT id FROM statuscheck.cases
             WHERE agreement = $1 AND cases.kind = wanted.kind AND state <> 'received' AND id > $3 AND id <= $4
             ORDER BY id LIMIT $5
         ) AS decided
         UNION ALL
         (SELECT id FROM statuscheck.cases
          WHERE state = 'received' AND agreement = $1 AND kind = ANY ($2::text[]) AND id > $3 AND id <= $4
          ORDER BY id LIMIT $5)
         ORDER BY id LIMIT $5
     )"
);

/// The oldest `limit` cases under an agreement for checks of these kinds, after one id and up to another.
pub(super) async fn under(
    readers: &Readers,
    (agreement, kinds): (&AgreementId, Vec<&str>),
    (after, to): (CaseId, CaseId),
    limit: usize,
) -> Result<Vec<StoredCase>, ReadError> {
    let agreement = agreement.as_str();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&agreement, &kinds, &after.0, &to.0, &rows_max(limit)];
    let rows = readers.rows(UNDER, &values).await?;
    Ok(cases(&rows)?)
}

/// A case with all its entries.
pub(super) async fn stored_case(readers: &Readers, id: CaseId) -> Result<Option<StoredCase>, ReadError> {
    let rows = readers.rows(ONE, &[&id.0]).await?;
    Ok(cases(&rows)?.pop())
}

/// The case of a request that was received before, and whether that had the same content.
pub(super) async fn known(
    readers: &Readers,
    (organisation, request_id): (&OrganisationId, RequestId),
    content: &ContentDigest,
) -> Result<Option<(CaseId, bool)>, ReadError> {
    let rows = readers
        .rows(
            "SELECT case_id, content FROM statuscheck.requests WHERE organisation = $1 AND request_id = $2",
            &[&organisation.as_str(), &request_id.0],
        )
        .await?;
    let known = |row: &Row| Ok((CaseId(row.try_get(0)?), content.is(row.try_get(1)?)));
    let known = rows.first().map(known).transpose();
    Ok(known.map_err(|error: tokio_postgres::Error| DatabaseError::from(error))?)
}

/// The newest `limit` cases that `query` means, newest first; its own limit is not looked at.
pub(super) async fn page(
    readers: &Readers,
    query: &CaseQuery,
    limit: usize,
) -> Result<Vec<StoredCase>, ReadError> {
    let organisation = query.organisation.as_str();
    let states: Vec<_> = query
        .states
        .iter()
        .flat_map(|state| RowState::names_of(*state))
        .collect();
    let before = query.after.map_or(Uuid::max(), |id| id.0);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&organisation, &states, &before, &rows_max(limit)];
    let rows = readers.rows(PAGE, &values).await?;
    let mut cases = cases(&rows)?;
    cases.reverse();
    Ok(cases)
}

/// The cases about whoever one of `subjects` stands for, oldest first; at most `limit`.
///
/// What stands for a person is spread evenly, so that an index of it would have every check write pages of its own. A person is
/// looked for a few times a day and thousands of checks are made in a second, so the looking pays: it reads every request.
pub(super) async fn about(
    readers: &Readers,
    subjects: &[&[u8]],
    limit: usize,
) -> Result<Vec<StoredCase>, ReadError> {
    let (mut organisation, mut request_id) = (String::new(), Uuid::nil());
    let mut found = Vec::<Uuid>::new();
    loop {
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&organisation, &request_id, &LOOKED_AT, &subjects];
        let rows = readers.rows(ABOUT, &values).await?;
        let Some(row) = rows.first() else { break };
        let mut read = || {
            found.extend(row.try_get::<_, Vec<Uuid>>(2)?);
            Ok::<_, tokio_postgres::Error>((row.try_get(0)?, row.try_get(1)?))
        };
        (organisation, request_id) = read().map_err(DatabaseError::from)?;
    }
    found.sort_unstable();
    found.truncate(limit);
    let rows = readers.rows(SOME, &[&found]).await?;
    Ok(cases(&rows)?)
}

/// Opens cases of `organisation`.
pub(super) fn open_all(
    sealer: &Sealer,
    stored: Vec<StoredCase>,
    organisation: &OrganisationId,
) -> Result<Vec<Case>, ReadError> {
    let open = |stored| {
        let case = sealer.open(stored)?;
        // The row's organisation is not sealed, the receipt's is: no altered row hands a case to another.
        if case.receipt.organisation == *organisation {
            Ok(case)
        } else {
            Err(ReadError::Corrupt)
        }
    };
    stored.into_iter().map(open).collect()
}

/// The sealed key of a case; none where it was destroyed.
pub(super) async fn wrapped_key(readers: &Readers, id: CaseId) -> Result<Option<Vec<u8>>, ReadError> {
    let rows = readers
        .rows(
            "SELECT wrapped FROM statuscheck.case_keys WHERE case_id = $1",
            &[&id.0],
        )
        .await?;
    let key = rows.first().map(|row| row.try_get(0)).transpose();
    Ok(key.map_err(DatabaseError::from)?)
}

pub(super) fn rows_max(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// One case for each id, in the order of the rows.
fn cases(rows: &[Row]) -> Result<Vec<StoredCase>, DatabaseError> {
    let mut cases = Vec::<StoredCase>::new();
    for row in rows {
        let id = CaseId(row.try_get(0)?);
        if cases.last().is_none_or(|last| last.id != id) {
            cases.push(StoredCase {
                id,
                version: row.try_get(1)?,
                wrapped_key: row.try_get(2)?,
                entries: Vec::new(),
                places: Vec::new(),
            });
        }
        // A case that lost its entries has one row without any.
        if let (Some(case), Some(version)) = (cases.last_mut(), row.try_get(3)?) {
            case.entries.push(SealedEntry {
                version,
                time: row.try_get(4)?,
                kind: row.try_get::<_, String>(5)?.into(),
                payload: row.try_get(6)?,
            });
            let (chain, sequence): (i32, i64) = (row.try_get(7)?, row.try_get(8)?);
            case.places.push(LedgerPlace {
                chain: chain.unsigned_abs(),
                sequence: sequence.unsigned_abs(),
            });
        }
    }
    Ok(cases)
}
