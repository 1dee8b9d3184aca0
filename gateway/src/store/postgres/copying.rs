//! A database that is copied, or made by copying.

mod destination;
mod source;

use std::collections::HashMap;

use statuscheck_domain::ids::CaseId;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

pub(in crate::store) use self::destination::DatabaseDestination;
pub(in crate::store) use self::source::DatabaseSource;
use super::connect::{Connected, Connector};
use super::fault::DatabaseError;
use super::heads::chain_head;
use super::{OpenError, Settings, opening};
use crate::store::chain::ChainHead;
use crate::store::copy::{CaseEntries, CopyError, Counts};
use crate::store::rows::SealedEntry;

/// A copy takes as long as it takes; locks are waited for no longer than by the gateway.
const PATIENT: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// A connection that has time.
pub(super) async fn connect(settings: &Settings) -> Result<(Connector, Connected), OpenError> {
    let connector = Connector::new(settings)?;
    let connected = connector.connect().await?;
    run(&connected.client, PATIENT).await?;
    Ok((connector, connected))
}

pub(super) async fn run(client: &Client, statements: &str) -> Result<(), DatabaseError> {
    Ok(client.batch_execute(statements).await?)
}

/// Fails where a gateway holds a chain.
async fn unheld(client: &Client, settings: &Settings) -> Result<(), CopyError> {
    if is_held(client).await? {
        return Err(CopyError::Held {
            store: settings.address.to_string(),
        });
    }
    Ok(())
}

/// Whether a gateway holds a chain.
pub(super) async fn is_held(client: &Client) -> Result<bool, DatabaseError> {
    let held = "SELECT FROM statuscheck.chains WHERE lease_until >= clock_timestamp() LIMIT 1";
    Ok(client.query_opt(held, &[]).await?.is_some())
}

/// Where every chain says that it ends, in the order of their numbers.
async fn heads(client: &Client) -> Result<Vec<ChainHead>, DatabaseError> {
    let rows = client
        .query(
            "SELECT id, sequence, hash FROM statuscheck.chains ORDER BY number",
            &[],
        )
        .await?;
    rows.iter().map(chain_head).collect()
}

async fn counts(client: &Client) -> Result<Counts, DatabaseError> {
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM statuscheck.cases), (SELECT count(*) FROM statuscheck.case_keys),
                    (SELECT count(*) FROM statuscheck.holds),
                    (SELECT count(*) FROM statuscheck.quotas WHERE used <> 0),
                    (SELECT count(*) FROM statuscheck.questions), (SELECT count(*) FROM statuscheck.hooks),
                    (SELECT count(*) FROM statuscheck.referrals)",
            &[],
        )
        .await?;
    let count = |row: &Row, column| row.try_get(column).map(i64::unsigned_abs);
    Ok(Counts {
        cases: count(&row, 0)?,
        keys: count(&row, 1)?,
        holds: count(&row, 2)?,
        quotas: count(&row, 3)?,
        questions: count(&row, 4)?,
        hooks: count(&row, 5)?,
        referrals: count(&row, 6)?,
    })
}

/// The wrapped keys of `cases`, in their order; none where there is none.
pub(super) async fn keys(client: &Client, cases: &[CaseId]) -> Result<Vec<Option<Vec<u8>>>, DatabaseError> {
    let ids: Vec<_> = cases.iter().map(|id| id.0).collect();
    let wrapped = "SELECT case_id, wrapped FROM statuscheck.case_keys WHERE case_id = ANY ($1)";
    let rows = client.query(wrapped, &[&ids]).await?;
    let key = |row: &Row| Ok::<_, DatabaseError>((row.try_get(0)?, row.try_get(1)?));
    let mut keys = rows.iter().map(key).collect::<Result<HashMap<Uuid, _>, _>>()?;
    Ok(ids.iter().map(|id| keys.remove(id)).collect())
}

/// The next cases that the ledger has, purged ones too, by their ids.
pub(super) async fn cases_after(
    client: &Client,
    after: CaseId,
    limit: i64,
) -> Result<Vec<CaseEntries>, DatabaseError> {
    let next =
        "SELECT DISTINCT case_id FROM statuscheck.entries WHERE case_id > $1 ORDER BY case_id LIMIT $2";
    let ids = client.query(next, &[&after.0, &limit]).await?;
    let ids: Vec<Uuid> = ids.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let entries = "SELECT case_id, version, time, kind, payload FROM statuscheck.entries
                   WHERE case_id = ANY ($1) ORDER BY case_id, version";
    let mut cases = Vec::<CaseEntries>::new();
    for row in client.query(entries, &[&ids]).await? {
        let id = CaseId(row.try_get(0)?);
        let entry = SealedEntry {
            version: row.try_get(1)?,
            time: row.try_get(2)?,
            kind: row.try_get::<_, String>(3)?.into(),
            payload: row.try_get(4)?,
        };
        match cases.last_mut() {
            Some((last, entries)) if *last == id => entries.push(entry),
            _ => cases.push((id, vec![entry])),
        }
    }
    Ok(cases)
}
