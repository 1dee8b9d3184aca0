//! Whether the tables that are made from the ledger are what it says.
//!
//! Every case is made anew from its entries, page by page, and compared with what is there; a row too many is found by
//! counting. Nothing is written, and gateways may be running: all of it is read as it was at one moment.

use statuscheck_domain::ids::CaseId;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::changes::Changes;
use super::charges::columns;
use super::copying::{cases_after, connect, keys, run};
use super::fault::DatabaseError;
use super::opening::{self, OpenError};
use super::work::Work;
use super::{ConnectError, Settings, quotas};
use crate::store::copy::CaseEntries;
use crate::store::embedded::{Difference, Rebuilt};
use crate::store::projection::Used;
use crate::store::seal::{Kek, SealError, StoreSecret};
use crate::store::sealed::Sealer;
use crate::store::{HouseKind, ReadError, remainder};

/// Cases in one page, with all their entries: some thousand of those.
const CASES: i64 = 256;

/// Holds as the entries of the house say, in their order: within a chain that is how they stand, and between chains it is by
/// the clock, as far as it had come. So the last one about a case says whether it is held. `$1` sets and `$2` releases.
macro_rules! with_holds {
    ($statement:literal) => {
        concat!(
            "WITH told AS (
                 SELECT (convert_from(payload, 'UTF8')::json -> 'details' ->> 'case_id')::uuid AS case_id,
                        time, kind, chain, sequence,
                        max(time) OVER (PARTITION BY chain ORDER BY sequence) AS reached
                 FROM statuscheck.entries WHERE case_id IS NULL AND kind = ANY (ARRAY[$1, $2])
             ), last AS (
                 SELECT DISTINCT ON (case_id) case_id, time, kind FROM told
                 ORDER BY case_id, reached DESC, chain DESC, sequence DESC
             ), held AS (
                 SELECT case_id, time AS since FROM last WHERE kind = $1
             ) ",
            $statement
        )
    };
}

/// Writes them into the empty table.
pub(super) const MAKE_HOLDS: &str =
    with_holds!("INSERT INTO statuscheck.holds (case_id, since) SELECT case_id, since FROM held");

/// How many are missing, and how many there should be.
const MISSING_HOLDS: &str = with_holds!(
    "SELECT (SELECT count(*) FROM (
                SELECT case_id, since FROM held EXCEPT SELECT case_id, since FROM statuscheck.holds
             ) AS missing),
            (SELECT count(*) FROM held)"
);

/// Of new cases as they are given to be opened, how many rows are not there in each table, and how many there should be.
const MISSING: &str = "
    WITH new AS (
        SELECT * FROM unnest(
            $1::text[], $2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[], $8::text[],
            $9::text[], $10::bytea[], $13::bigint[]
        ) AS new (organisation, request_id, id, content, state, version, created, agreement, kind, wrapped, wake)
    ), about AS (
        SELECT * FROM unnest($11::bytea[], $12::uuid[]) AS about (key, case_id)
    )
    SELECT (SELECT count(*) FROM (
                SELECT id, organisation, request_id, state, version, created, agreement, kind, wake FROM new
                EXCEPT
                SELECT id, organisation, request_id, state, version, created, agreement, kind, wake
                FROM statuscheck.cases WHERE id = ANY ($3)
            ) AS missing),
           (SELECT count(*) FROM new),
           (SELECT count(*) FROM (
                SELECT organisation, request_id, id, content FROM new
                EXCEPT
                SELECT organisation, request_id, requests.case_id, requests.content
                FROM statuscheck.requests JOIN new USING (organisation, request_id)
            ) AS missing),
           (SELECT count(*) FROM new),
           (SELECT count(*) FROM (
                SELECT key, case_id FROM about
                EXCEPT
                SELECT key, case_id FROM statuscheck.subjects WHERE case_id = ANY ($3)
            ) AS missing),
           (SELECT count(*) FROM about)";

/// The tables that [`MISSING`] is about, in its order.
const TABLES: [&str; 3] = ["cases", "requests", "subjects"];

/// Of questions as they are to stand, how many rows are not there, and how many there should be.
const MISSING_QUESTIONS: &str = "
    WITH listed AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
        AS listed (id, case_id, department, due)
    )
    SELECT (SELECT count(*) FROM (
                SELECT id, case_id, department, due FROM listed
                EXCEPT
                SELECT id, case_id, department, due FROM statuscheck.questions WHERE case_id = ANY ($2)
            ) AS missing),
           (SELECT count(*) FROM listed)";

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Mend what keeps the store from being opened.
    #[error("the store cannot be opened")]
    Open(#[from] OpenError),
    /// Look at the database and the way to it.
    #[error("the tables cannot be read")]
    Database(#[from] DatabaseError),
    /// Restore a backup: the ledger itself is damaged, or a key is gone that no purge destroyed.
    #[error("the entries of case {0} cannot be read")]
    Damaged(CaseId),
    /// The library fails.
    #[error("the keys cannot be used")]
    Seal(#[from] SealError),
}

impl From<ConnectError> for CompareError {
    fn from(error: ConnectError) -> Self {
        Self::Open(error.into())
    }
}

/// What was seen of a table.
#[derive(Clone, Copy, Default)]
struct Seen {
    missing: i64,
    expected: i64,
}

impl Seen {
    fn add(&mut self, row: &Row, column: usize) -> Result<(), DatabaseError> {
        self.missing += row.try_get::<_, i64>(column)?;
        self.expected += row.try_get::<_, i64>(column + 1)?;
        Ok(())
    }
}

/// Compares the tables of the store of `settings` with its ledger.
///
/// # Errors
/// [`CompareError`]; what differs is no error.
pub async fn compare(settings: &Settings, kek: Kek) -> Result<Rebuilt, CompareError> {
    let (_connector, connected) = connect(settings).await?;
    let client = &connected.client;
    opening::fit(client).await?;
    run(client, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let stored = opening::finished(client).await?;
    let (_ledger, secret) = stored.ok_or(OpenError::NotMigrated)?;
    let secret = StoreSecret::unwrap_under(&kek, secret).map_err(|_not_this_key| OpenError::WrongKey)?;
    let mut comparison = Comparison {
        sealer: Sealer::new(kek, &secret, 1)?,
        used: Used::default(),
        seen: [Seen::default(); TABLES.len()],
        questions: Seen::default(),
        cases: 0,
        purged: 0,
    };
    let mut after = CaseId(Uuid::nil());
    loop {
        let page = cases_after(client, after, CASES).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        comparison.add(client, page).await?;
    }
    comparison.end(client).await
}

/// Cases that were made anew so far, and how they compare.
struct Comparison {
    sealer: Sealer,
    used: Used,
    seen: [Seen; TABLES.len()],
    questions: Seen,
    cases: u64,
    purged: u64,
}

impl Comparison {
    async fn add(&mut self, client: &Client, page: Vec<CaseEntries>) -> Result<(), CompareError> {
        let damaged = |id| move |_error: ReadError| CompareError::Damaged(id);
        let mut kept = Vec::with_capacity(page.len());
        for (id, entries) in page {
            match remainder::left_in(entries.last()).map_err(damaged(id))? {
                Some(spent) => {
                    self.used.add(&spent);
                    self.purged += 1;
                }
                None => kept.push((id, entries)),
            }
        }
        self.cases += kept.len() as u64;
        let ids: Vec<_> = kept.iter().map(|(id, _)| *id).collect();
        let keys = keys(client, &ids).await?;
        let mut works = Vec::with_capacity(kept.len());
        for ((id, entries), key) in kept.into_iter().zip(keys) {
            let key = key.ok_or(CompareError::Damaged(id))?;
            let case = self.sealer.project(id, key, entries).map_err(damaged(id))?;
            self.used.add(&case.spent);
            works.push(Work::Change(Box::new(case)));
        }
        let works: Vec<_> = works.iter().collect();
        let changes = Changes::of(&works);
        let Some(open) = changes.open_parameters() else {
            return Ok(());
        };
        let statement = client.prepare(MISSING).await.map_err(DatabaseError::from)?;
        for row in open.run(client, &statement).await? {
            for (table, seen) in self.seen.iter_mut().enumerate() {
                seen.add(&row, table * 2)?;
            }
        }
        let statement = client.prepare(MISSING_QUESTIONS).await;
        let statement = statement.map_err(DatabaseError::from)?;
        for row in changes.listing().run(client, &statement).await? {
            self.questions.add(&row, 0)?;
        }
        Ok(())
    }

    async fn end(self, client: &Client) -> Result<Rebuilt, CompareError> {
        let mut tables: Vec<_> = TABLES.into_iter().zip(self.seen).collect();
        let kinds = [HouseKind::LegalHoldSet, HouseKind::LegalHoldReleased].map(HouseKind::as_str);
        let kinds: [&(dyn ToSql + Sync); 2] = [&kinds[0], &kinds[1]];
        let row = client.query_one(MISSING_HOLDS, &kinds).await;
        let mut holds = Seen::default();
        holds.add(&row.map_err(DatabaseError::from)?, 0)?;
        tables.push(("holds", holds));
        tables.push(("questions", self.questions));
        let should = self.used.rows();
        let is = quotas::all(client).await?;
        let quotas = Seen {
            missing: number(
                should
                    .iter()
                    .filter(|(key, units)| is.get(&columns(key)) != Some(units))
                    .count(),
            ),
            expected: number(should.len()),
        };
        tables.push(("quotas WHERE used <> 0", quotas));
        // None was missing, or it would have been an error.
        let keys = Seen {
            missing: 0,
            expected: i64::try_from(self.cases).unwrap_or(i64::MAX),
        };
        tables.push(("case_keys", keys));
        Ok(Rebuilt {
            cases: self.cases,
            purged: self.purged,
            differences: differences(client, tables).await?,
        })
    }
}

fn number(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Adds up what is missing and what is too many.
async fn differences(
    client: &Client,
    rows: Vec<(&'static str, Seen)>,
) -> Result<Vec<Difference>, DatabaseError> {
    let mut differences = Vec::new();
    for (rows, Seen { missing, expected }) in rows {
        let count = format!("SELECT count(*) FROM statuscheck.{rows}");
        let row = client.query_one(&count, &[]).await?;
        let there: i64 = row.try_get(0)?;
        let extra = there - (expected - missing);
        if missing != 0 || extra != 0 {
            differences.push(Difference {
                // Without the condition of those that count.
                table: rows.split(' ').next().unwrap_or(rows),
                missing: missing.unsigned_abs(),
                extra: extra.unsigned_abs(),
            });
        }
    }
    Ok(differences)
}
