//! A database that is copied, or made by copying.

mod destination;
mod source;

use tokio_postgres::{Client, Row};

pub(in crate::store) use self::destination::DatabaseDestination;
pub(in crate::store) use self::source::DatabaseSource;
use super::connect::{Connected, Connector};
use super::fault::DatabaseError;
use super::heads::chain_head;
use super::{Settings, opening};
use crate::store::chain::ChainHead;
use crate::store::copy::{CopyError, Counts};

/// A copy takes as long as it takes; locks are waited for no longer than by the gateway.
const PATIENT: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// A connection that has time.
async fn connect(settings: &Settings) -> Result<(Connector, Connected), CopyError> {
    let connector = Connector::new(settings)?;
    let connected = connector.connect().await?;
    run(&connected.client, PATIENT).await?;
    Ok((connector, connected))
}

async fn run(client: &Client, statements: &str) -> Result<(), DatabaseError> {
    Ok(client.batch_execute(statements).await?)
}

/// Fails where a gateway holds a chain.
async fn unheld(client: &Client, settings: &Settings) -> Result<(), CopyError> {
    let held = client
        .query_opt(
            "SELECT FROM statuscheck.chains WHERE lease_until >= clock_timestamp() LIMIT 1",
            &[],
        )
        .await
        .map_err(DatabaseError::from)?;
    match held {
        None => Ok(()),
        Some(_) => Err(CopyError::Held {
            store: settings.address.to_string(),
        }),
    }
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
                    (SELECT count(*) FROM statuscheck.holds)",
            &[],
        )
        .await?;
    let count = |row: &Row, column| row.try_get(column).map(i64::unsigned_abs);
    Ok(Counts {
        cases: count(&row, 0)?,
        keys: count(&row, 1)?,
        holds: count(&row, 2)?,
    })
}
