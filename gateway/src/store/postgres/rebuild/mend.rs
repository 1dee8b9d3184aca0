//! Mends the tables, while no gateway is at them.

use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Cases, CompareError, differ, insert_cases, insert_holds, insert_quotas, sealer};
use crate::store::chain::{Chain, Head};
use crate::store::embedded::Rebuilt;
use crate::store::postgres::changes::house;
use crate::store::postgres::copying::{connect, is_held, run};
use crate::store::postgres::fault::DatabaseError;
use crate::store::postgres::lease;
use crate::store::postgres::opening::{self, OpenError};
use crate::store::postgres::statements::Statements;
use crate::store::postgres::{Settings, work::Work};
use crate::store::rows::Note;
use crate::store::seal::Kek;
use crate::store::sealed::Sealer;

/// Keeps every gateway from its chain until the transaction ends: one that starts waits, one that was stopped too.
const ALONE: &str = "BEGIN; LOCK TABLE statuscheck.chains IN EXCLUSIVE MODE";

/// No gateway that was stopped past its lease goes on with what it has read.
const DEPOSE: &str = "UPDATE statuscheck.chains SET fence = fence + 1";

/// Everything but the keys, which are nowhere else.
const EMPTY: &str =
    "DELETE FROM statuscheck.cases; DELETE FROM statuscheck.requests; DELETE FROM statuscheck.referred;
    DELETE FROM statuscheck.holds; DELETE FROM statuscheck.quotas; DELETE FROM statuscheck.questions;
    DELETE FROM statuscheck.hooks; DELETE FROM statuscheck.referrals";

/// Keys of cases that were purged, or never were.
const LEFT_OVER: &str =
    "DELETE FROM statuscheck.case_keys WHERE case_id NOT IN (SELECT id FROM statuscheck.cases)";

/// Makes the tables of the store of `settings` anew where they are not what its ledger says, in one transaction, which is
/// recorded as done by `actor` at `time`. No gateway may be running.
///
/// # Errors
/// [`CompareError`]
pub async fn mend(
    settings: &Settings,
    kek: Kek,
    actor: &str,
    time: Timestamp,
) -> Result<Rebuilt, CompareError> {
    let (_connector, connected) = connect(settings).await?;
    let client = &connected.client;
    opening::fit(client).await?;
    run(client, ALONE).await?;
    if is_held(client).await? {
        return Err(CompareError::Held {
            store: settings.address.to_string(),
        });
    }
    let sealer = sealer(client, kek).await?;
    let rebuilt = differ(client, &sealer).await?;
    if !rebuilt.differences.is_empty() {
        run(client, DEPOSE).await?;
        make(client, &sealer).await?;
        let note = rebuilt.entry(actor, time);
        record(client, &Note::of(&note).map_err(CompareError::Record)?).await?;
        run(client, "COMMIT").await?;
    }
    Ok(rebuilt)
}

async fn make(client: &Client, sealer: &Sealer) -> Result<(), CompareError> {
    let statements = Box::pin(Statements::prepare(client)).await?;
    run(client, EMPTY).await?;
    let mut cases = Cases::of(sealer);
    while let Some(works) = cases.next(client).await? {
        // They are written anew with the rest of the case.
        let ids: Vec<_> = works.iter().filter_map(case_of).collect();
        let keys = "DELETE FROM statuscheck.case_keys WHERE case_id = ANY ($1)";
        client.execute(keys, &[&ids]).await.map_err(DatabaseError::from)?;
        if !insert_cases(client, &statements, &works).await? {
            return Err(CompareError::Clash);
        }
    }
    insert_quotas(client, cases.used).await?;
    insert_holds(client).await?;
    Ok(run(client, LEFT_OVER).await?)
}

fn case_of(work: &Work) -> Option<Uuid> {
    match work {
        Work::Change(change) => Some(change.case_id.0),
        _ => None,
    }
}

/// Adds an entry to a chain that nobody holds, and leaves it as free as it was.
async fn record(client: &Client, note: &Note) -> Result<(), CompareError> {
    let taken = lease::take(client, Uuid::new_v4(), std::time::Duration::ZERO).await;
    let (holding, head) = taken.map_err(OpenError::from)?;
    let entry = house(note);
    let Head { sequence, hash } = Chain::at(i64::from(holding.number), head).append(&entry);
    let row: [&(dyn ToSql + Sync); 6] = [
        &holding.number,
        &sequence,
        &entry.time,
        &entry.kind,
        &entry.payload,
        &hash.as_slice(),
    ];
    let append =
        "INSERT INTO statuscheck.entries (chain, sequence, case_id, version, time, kind, payload, hash)
                  VALUES ($1, $2, NULL, 0, $3, $4, $5, $6)";
    client.execute(append, &row).await.map_err(DatabaseError::from)?;
    let end: [&(dyn ToSql + Sync); 3] = [&holding.number, &sequence, &hash.as_slice()];
    let advance =
        "UPDATE statuscheck.chains SET sequence = $2, hash = $3, lease_until = '-infinity' WHERE number = $1";
    client.execute(advance, &end).await.map_err(DatabaseError::from)?;
    Ok(())
}
