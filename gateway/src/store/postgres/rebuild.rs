//! Whether the tables that are made from the ledger are what it says, and how they become so.
//!
//! Every case is made anew from its entries, page by page, and compared with what is there; a row too many is found by
//! counting. To compare, nothing is written, and gateways may be running: all of it is read as it was at one moment.

mod mend;

use statuscheck_domain::ids::CaseId;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

pub use self::mend::mend;
use super::changes::Changes;
use super::charges::columns;
use super::copying::{cases_after, connect, keys, run};
use super::fault::DatabaseError;
use super::opening::{self, OpenError};
use super::statements::Statements;
use super::work::Work;
use super::{ConnectError, Settings, hooks, quotas, referrals};
use crate::store::embedded::{Difference, Rebuilt};
use crate::store::projection::Used;
use crate::store::seal::{Kek, SealError, StoreSecret};
use crate::store::sealed::Sealer;
use crate::store::{CommitError, HouseKind, ReadError, remainder};

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
const MAKE_HOLDS: &str =
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
            $9::text[], $10::bytea[], $11::bytea[], $12::bigint[], $13::text[], $14::bigint[], $15::bigint[]
        ) AS new (organisation, request_id, id, content, state, version, created, agreement, kind, wrapped, subjects, wake,
                  turn, due, risk)
    )
    SELECT (SELECT count(*) FROM (
                SELECT id, organisation, request_id, state, version, created, agreement, kind, wake, turn, due,
                       risk FROM new
                EXCEPT
                SELECT id, organisation, request_id, state, version, created, agreement, kind, wake, turn, due, risk
                FROM statuscheck.cases WHERE id = ANY ($3)
            ) AS missing),
           (SELECT count(*) FROM new),
           (SELECT count(*) FROM (
                SELECT organisation, request_id, id, content, subjects FROM new
                EXCEPT
                SELECT organisation, request_id, requests.case_id, requests.content, requests.subjects
                FROM statuscheck.requests JOIN new USING (organisation, request_id)
            ) AS missing),
           (SELECT count(*) FROM new)";

/// The tables that [`MISSING`] is about, in its order.
const TABLES: [&str; 2] = ["cases", "requests"];

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

/// Why nothing can be said, or mended. Nothing was changed.
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
    /// Stop the gateways first, to mend. One that was killed counts until its lease is over, some seconds.
    #[error("a gateway holds {store}; stop every gateway on it first")]
    Held {
        /// The store.
        store: String,
    },
    /// Restore a backup: by the ledger two cases have the same request, which no store allows.
    #[error("some cases have the same request")]
    Clash,
    /// The entry that tells of it cannot be written.
    #[error("the rebuild cannot be recorded")]
    Record(#[source] CommitError),
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
    let sealer = sealer(client, kek).await?;
    differ(client, &sealer).await
}

async fn sealer(client: &Client, kek: Kek) -> Result<Sealer, CompareError> {
    let stored = opening::finished(client).await?;
    let (_ledger, secret) = stored.ok_or(OpenError::NotMigrated)?;
    let secret = StoreSecret::unwrap_under(&kek, secret).map_err(|_not_this_key| OpenError::WrongKey)?;
    Ok(Sealer::new(kek, &secret, 1)?)
}

/// Compares, in the transaction that is begun.
async fn differ(client: &Client, sealer: &Sealer) -> Result<Rebuilt, CompareError> {
    let statement = client.prepare(MISSING).await.map_err(DatabaseError::from)?;
    let mut seen = [Seen::default(); TABLES.len()];
    let listed = client
        .prepare(MISSING_QUESTIONS)
        .await
        .map_err(DatabaseError::from)?;
    let posted = client
        .prepare(hooks::MISSING)
        .await
        .map_err(DatabaseError::from)?;
    let referred = client
        .prepare(referrals::MISSING)
        .await
        .map_err(DatabaseError::from)?;
    let people = client
        .prepare(referrals::MISSING_PEOPLE)
        .await
        .map_err(DatabaseError::from)?;
    let (mut questions, mut hooks, mut referrals) = (Seen::default(), Seen::default(), Seen::default());
    let mut referred_people = Seen::default();
    let mut cases = Cases::of(sealer);
    while let Some(works) = cases.next(client).await? {
        let works: Vec<_> = works.iter().collect();
        let changes = Changes::of(&works);
        let Some(open) = changes.open_parameters() else {
            continue;
        };
        for row in open.run(client, &statement).await? {
            for (table, seen) in seen.iter_mut().enumerate() {
                seen.add(&row, table * 2)?;
            }
        }
        for row in changes.listing().run(client, &listed).await? {
            questions.add(&row, 0)?;
        }
        for row in changes.posting().run(client, &posted).await? {
            hooks.add(&row, 0)?;
        }
        for row in changes.referring().run(client, &referred).await? {
            referrals.add(&row, 0)?;
        }
        for row in changes.referring().run_people(client, &people).await? {
            referred_people.add(&row, 0)?;
        }
    }
    let others = [
        ("questions", questions),
        ("hooks", hooks),
        ("referrals", referrals),
        ("referred", referred_people),
    ];
    cases.end(client, seen, others).await
}

/// The cases of the ledger, made anew page by page.
struct Cases<'a> {
    sealer: &'a Sealer,
    after: CaseId,
    used: Used,
    kept: u64,
    purged: u64,
}

impl<'a> Cases<'a> {
    fn of(sealer: &'a Sealer) -> Self {
        Self {
            sealer,
            after: CaseId(Uuid::nil()),
            used: Used::default(),
            kept: 0,
            purged: 0,
        }
    }

    /// Those of the next page that were not purged; none after the last page.
    async fn next(&mut self, client: &Client) -> Result<Option<Vec<Work>>, CompareError> {
        let page = cases_after(client, self.after, CASES).await?;
        let Some((last, _)) = page.last() else {
            return Ok(None);
        };
        self.after = *last;
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
        self.kept += kept.len() as u64;
        let ids: Vec<_> = kept.iter().map(|(id, _)| *id).collect();
        let keys = keys(client, &ids).await?;
        let mut works = Vec::with_capacity(kept.len());
        for ((id, entries), key) in kept.into_iter().zip(keys) {
            let key = key.ok_or(CompareError::Damaged(id))?;
            let case = self.sealer.project(id, key, entries).map_err(damaged(id))?;
            self.used.add(&case.spent);
            works.push(Work::Change(Box::new(case)));
        }
        Ok(Some(works))
    }

    /// What differs, once all pages were compared.
    async fn end(
        self,
        client: &Client,
        seen: [Seen; TABLES.len()],
        further: [(&'static str, Seen); 4],
    ) -> Result<Rebuilt, CompareError> {
        let mut tables: Vec<_> = TABLES.into_iter().zip(seen).collect();
        let kinds = [HouseKind::LegalHoldSet, HouseKind::LegalHoldReleased].map(HouseKind::as_str);
        let kinds: [&(dyn ToSql + Sync); 2] = [&kinds[0], &kinds[1]];
        let row = client.query_one(MISSING_HOLDS, &kinds).await;
        let mut holds = Seen::default();
        holds.add(&row.map_err(DatabaseError::from)?, 0)?;
        tables.push(("holds", holds));
        tables.extend(further);
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
            expected: i64::try_from(self.kept).unwrap_or(i64::MAX),
        };
        tables.push(("case_keys", keys));
        Ok(Rebuilt {
            cases: self.kept,
            purged: self.purged,
            differences: differences(client, tables).await?,
        })
    }
}

/// Writes the rows of new cases; false where there are rows of the same case or request already.
pub(super) async fn insert_cases(
    client: &Client,
    statements: &Statements,
    works: &[Work],
) -> Result<bool, DatabaseError> {
    let works: Vec<_> = works.iter().collect();
    let changes = Changes::of(&works);
    let Some(open) = changes.open_parameters() else {
        return Ok(true);
    };
    if open.run(client, &statements.open).await?.len() != works.len() {
        return Ok(false);
    }
    changes.listing().run(client, &statements.list).await?;
    changes.posting().write(client, statements).await?;
    changes.referring().write(client, statements).await?;
    Ok(true)
}

/// Writes what was used of quotas into the empty table.
pub(super) async fn insert_quotas(client: &Client, used: Used) -> Result<(), DatabaseError> {
    for (key, units) in used.rows() {
        let [agreement, department, month] = columns(&key);
        let row: [&(dyn ToSql + Sync); 4] = [&agreement, &department, &month, &units];
        client
            .execute(
                "INSERT INTO statuscheck.quotas (agreement, department, month, used) VALUES ($1, $2, $3, $4)",
                &row,
            )
            .await?;
    }
    Ok(())
}

/// Writes the holds into the empty table.
pub(super) async fn insert_holds(client: &Client) -> Result<(), DatabaseError> {
    let [set, released] = [HouseKind::LegalHoldSet, HouseKind::LegalHoldReleased].map(HouseKind::as_str);
    let kinds: [&(dyn ToSql + Sync); 2] = [&set, &released];
    client.execute(MAKE_HOLDS, &kinds).await?;
    Ok(())
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
