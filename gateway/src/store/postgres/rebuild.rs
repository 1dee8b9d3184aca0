//! Whether the tables that are made from the ledger are what it says.
//!
//! Every case is made anew from its entries, page by page, and compared with what is there; a row too many is found by
//! counting. Nothing is written, and gateways may be running: all of it is read as it was at one moment.

use statuscheck_domain::ids::CaseId;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::changes::Changes;
use super::copying::{cases_after, connect, keys, run};
use super::fault::DatabaseError;
use super::opening::{self, OpenError};
use super::work::Work;
use super::{ConnectError, Settings};
use crate::store::HouseKind;
use crate::store::embedded::{Difference, Rebuilt};
use crate::store::seal::{Kek, SealError, StoreSecret};
use crate::store::sealed::{PURGED, Sealer};

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
            $9::text[], $10::bytea[]
        ) AS new (organisation, request_id, id, content, state, version, created, agreement, kind, wrapped)
    ), about AS (
        SELECT * FROM unnest($11::bytea[], $12::uuid[]) AS about (key, case_id)
    )
    SELECT (SELECT count(*) FROM (
                SELECT id, organisation, request_id, state, version, created, agreement, kind FROM new
                EXCEPT
                SELECT id, organisation, request_id, state, version, created, agreement, kind
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
    let sealer = Sealer::new(kek, &secret, 1)?;
    let mut seen = [Seen::default(); TABLES.len()];
    let (mut cases, mut purged) = (0, 0);
    let mut after = CaseId(Uuid::nil());
    loop {
        let mut page = cases_after(client, after, CASES).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        let before = page.len();
        page.retain(|(_, entries)| entries.last().is_none_or(|last| last.kind != PURGED));
        purged += before - page.len();
        cases += page.len();
        let ids: Vec<_> = page.iter().map(|(id, _)| *id).collect();
        let keys = keys(client, &ids).await?;
        let works = page.into_iter().zip(keys).map(|((id, entries), key)| {
            let key = key.ok_or(CompareError::Damaged(id))?;
            let case = sealer.project(id, key, entries);
            case.map(|case| Work::Change(Box::new(case)))
                .map_err(|_unreadable| CompareError::Damaged(id))
        });
        let works = works.collect::<Result<Vec<_>, _>>()?;
        let Some(open) = Changes::of(&works.iter().collect::<Vec<_>>()).open_parameters() else {
            continue;
        };
        let statement = client.prepare(MISSING).await.map_err(DatabaseError::from)?;
        for row in open.run(client, &statement).await? {
            for (table, seen) in seen.iter_mut().enumerate() {
                seen.add(&row, table * 2)?;
            }
        }
    }
    let mut tables: Vec<_> = TABLES.into_iter().zip(seen).collect();
    let kinds = [HouseKind::LegalHoldSet, HouseKind::LegalHoldReleased].map(HouseKind::as_str);
    let kinds: [&(dyn ToSql + Sync); 2] = [&kinds[0], &kinds[1]];
    let row = client.query_one(MISSING_HOLDS, &kinds).await;
    let mut holds = Seen::default();
    holds.add(&row.map_err(DatabaseError::from)?, 0)?;
    tables.push(("holds", holds));
    // None was missing, or it would have been an error.
    let keys = Seen {
        missing: 0,
        expected: i64::try_from(cases).unwrap_or(i64::MAX),
    };
    tables.push(("case_keys", keys));
    Ok(Rebuilt {
        cases: cases as u64,
        purged: purged as u64,
        differences: differences(client, tables).await?,
    })
}

/// Adds up what is missing and what is too many.
async fn differences(
    client: &Client,
    tables: Vec<(&'static str, Seen)>,
) -> Result<Vec<Difference>, DatabaseError> {
    let mut differences = Vec::new();
    for (table, Seen { missing, expected }) in tables {
        let count = format!("SELECT count(*) FROM statuscheck.{table}");
        let row = client.query_one(&count, &[]).await?;
        let there: i64 = row.try_get(0)?;
        let extra = there - (expected - missing);
        if missing != 0 || extra != 0 {
            differences.push(Difference {
                table,
                missing: missing.unsigned_abs(),
                extra: extra.unsigned_abs(),
            });
        }
    }
    Ok(differences)
}
