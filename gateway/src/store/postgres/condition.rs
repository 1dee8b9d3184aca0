//! How a store in a database stands.

use statuscheck_domain::clock::SharedClock;
use tokio_postgres::Client;

use super::Settings;
use super::connect::Connector;
use super::fault::DatabaseError;
use super::lease::{self, Holding};
use super::migrations::{self, Fit};
use super::opening::{self, OpenError};
use crate::store::chain::ChainId;
use crate::store::condition::{ChainCondition, Condition, ConditionError, Fault};

/// What a gateway has to be allowed: of the ledger to read and add, of the two tables of one row or a few to change as well,
/// of all that is made from the ledger everything.
const LACKING: &str = "
    SELECT tablename, wanted FROM pg_tables, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
    WHERE schemaname = 'statuscheck'
      AND NOT (tablename = 'migrations' AND wanted <> 'SELECT')
      AND NOT (tablename = 'entries' AND wanted IN ('UPDATE', 'DELETE'))
      AND NOT (tablename IN ('chains', 'store') AND wanted = 'DELETE')
      AND NOT has_table_privilege(format('statuscheck.%I', tablename), wanted)
    ORDER BY tablename, wanted";

/// As they are where the session says nothing; `synchronous_commit = off` is overruled by the gateway.
const SETTINGS: &str = "
    SELECT name, reset_val FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names', 'data_checksums',
                   'server_version')
    ORDER BY name";

/// Settings that lose or damage what was acknowledged where they are off.
const DURABLE: [&str; 2] = ["fsync", "full_page_writes"];

/// See [`crate::store::condition::condition`].
pub(in crate::store) async fn condition(
    settings: &Settings,
    rows: bool,
    clock: &SharedClock,
) -> Result<Condition, ConditionError> {
    let connector = Connector::new(settings).map_err(OpenError::from)?;
    let connected = connector.connect().await?;
    let client = &connected.client;
    let mut found = Condition {
        tables: migrations::version(client).await?.map(i64::from),
        ..Condition::default()
    };
    look_at_settings(&mut found, client).await?;
    let before = clock.now();
    let row = client
        .query_one(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
            &[],
        )
        .await
        .map_err(DatabaseError::from)?;
    found.judge_clock(row.try_get(0).map_err(DatabaseError::from)?, before, clock.now());
    if let Err(error) = unfit(client).await? {
        found.faults.push(Fault::Database(error));
        return Ok(found);
    }
    look_at_rights(&mut found, client).await?;
    run(
        client,
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = 0",
    )
    .await?;
    let stored = match opening::finished(client).await {
        Ok(stored) => stored,
        Err(error @ OpenError::Unfinished) => {
            found.faults.push(Fault::Database(error));
            return Ok(found);
        }
        // Rights are lacking, which is told already.
        Err(OpenError::Database(_)) if !found.faults.is_empty() => return Ok(found),
        Err(error) => return Err(error.into()),
    };
    found.ledger = stored.map(|(ledger, _secret)| ledger);
    let newest = look_at_chains(&mut found, client).await?;
    found.judge_newest(newest, clock);
    let row = client
        .query_one(
            "SELECT coalesce(sum(pg_total_relation_size(format('statuscheck.%I', tablename)::regclass)), 0)::bigint
             FROM pg_tables WHERE schemaname = 'statuscheck'",
            &[],
        )
        .await
        .map_err(DatabaseError::from)?;
    found.bytes = row
        .try_get(0)
        .map(i64::unsigned_abs)
        .map_err(DatabaseError::from)?;
    if rows {
        count_rows(&mut found, client).await?;
    }
    Ok(found)
}

async fn run(client: &Client, statements: &str) -> Result<(), DatabaseError> {
    Ok(client.batch_execute(statements).await?)
}

/// The tables are not the ones that this program works on.
async fn unfit(client: &Client) -> Result<Result<(), OpenError>, DatabaseError> {
    Ok(match migrations::fit(client).await? {
        Fit::Known => Ok(()),
        Fit::Missing => Err(OpenError::NotMigrated),
        Fit::Older { found, needed } => Err(OpenError::Older { found, needed }),
        Fit::Newer { found, known } => Err(OpenError::Newer { found, known }),
    })
}

async fn look_at_settings(found: &mut Condition, client: &Client) -> Result<(), DatabaseError> {
    for row in client.query(SETTINGS, &[]).await? {
        let (setting, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if DURABLE.contains(&setting.as_str()) && value == "off" {
            let (setting, value) = (setting.clone(), value.clone());
            found.faults.push(Fault::Loses { setting, value });
        }
        found.settings.push((setting, value));
    }
    Ok(())
}

async fn look_at_rights(found: &mut Condition, client: &Client) -> Result<(), DatabaseError> {
    let role: String = client
        .query_one("SELECT current_user::text", &[])
        .await?
        .try_get(0)?;
    for row in client.query(LACKING, &[]).await? {
        found.faults.push(Fault::Right {
            role: role.clone(),
            table: row.try_get(0)?,
            right: row.try_get(1)?,
        });
    }
    Ok(())
}

/// Looks at the end of every chain as a gateway does that takes it. Comes back with the time of the newest entry.
async fn look_at_chains(found: &mut Condition, client: &Client) -> Result<Option<i64>, DatabaseError> {
    let rows = client
        .query(
            "SELECT chains.number, chains.id, chains.fence, chains.sequence, chains.hash, entries.time,
                    CASE WHEN lease_until >= clock_timestamp() THEN holder::text END
             FROM statuscheck.chains
             LEFT JOIN statuscheck.entries
                 ON entries.chain = chains.number AND entries.sequence = chains.sequence
             ORDER BY chains.number",
            &[],
        )
        .await?;
    let mut newest = None;
    for row in rows {
        let holding = Holding {
            number: row.try_get(0)?,
            id: ChainId(lease::array(&row, 1)?),
            fence: row.try_get(2)?,
        };
        let head = lease::head(&row, 3)?;
        newest = newest.max(row.try_get(5)?);
        found.chains.push(ChainCondition {
            chain: holding.id,
            entries: head.sequence,
            holder: row.try_get(6)?,
        });
        if !lease::ends_well(client, holding, head).await? {
            let chain = holding.id;
            found
                .faults
                .push(Fault::Database(OpenError::BrokenLedger { chain }));
        }
    }
    Ok(newest)
}

async fn count_rows(found: &mut Condition, client: &Client) -> Result<(), DatabaseError> {
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FILTER (WHERE version = 1) - count(*) FILTER (WHERE kind = 'purged')
                     FROM statuscheck.entries WHERE case_id IS NOT NULL),
                    (SELECT count(*) FROM statuscheck.cases),
                    (SELECT count(*) FROM statuscheck.requests),
                    (SELECT count(*) FROM statuscheck.case_keys)",
            &[],
        )
        .await?;
    let counted = [
        ("rows of cases", row.try_get(1)?),
        ("requests", row.try_get(2)?),
        ("keys of cases", row.try_get(3)?),
    ];
    found.judge_rows(row.try_get(0)?, counted);
    Ok(())
}
