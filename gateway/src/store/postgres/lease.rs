//! Whose chain it is. Each writer adds to a chain of its own, which it holds by a lease; the lease's fence is what keeps a
//! writer that was stopped too long from adding to a chain that has another writer by now.
//!
//! The clock of the database judges every lease: it is one for all gateways, whose own clocks need not agree. A lease that
//! has run out is no fault by itself. What counts is the fence: as long as nobody took the chain over, its holder may go on
//! and renew; once somebody did, the fence has grown, and every transaction of the old holder finds that out before it
//! writes.

use std::time::Duration;

use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::fault::DatabaseError;
use crate::store::chain::{Chain, ChainId, Entry, Head};
use crate::store::seal::SealError;
use statuscheck_domain::ids::CaseId;

/// A chain that is held.
#[derive(Clone, Copy)]
pub(super) struct Holding {
    pub(super) number: i32,
    pub(super) id: ChainId,
    pub(super) fence: i64,
}

/// Why no chain can be had.
#[derive(Debug)]
pub(super) enum LeaseError {
    /// The chain does not end where it says: its last entries are gone or altered.
    Broken(ChainId),
    Database(DatabaseError),
    Seal(SealError),
}

impl From<DatabaseError> for LeaseError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<tokio_postgres::Error> for LeaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Takes over a chain whose lease has run out, or begins a new one. One that is being written to this moment is passed by.
pub(super) async fn take(
    client: &Client,
    holder: Uuid,
    lease: Duration,
) -> Result<(Holding, Head), LeaseError> {
    let lease = lease.as_secs_f64();
    let free = client
        .query_opt(
            "WITH free AS MATERIALIZED (
                 SELECT number FROM statuscheck.chains WHERE lease_until < clock_timestamp()
                 ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
             )
             UPDATE statuscheck.chains
             SET fence = fence + 1, holder = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
             FROM free WHERE chains.number = free.number
             RETURNING chains.number, id, fence, sequence, hash",
            &[&holder, &lease],
        )
        .await?;
    let row = match free {
        Some(row) => row,
        None => begin(client, holder, lease).await?,
    };
    let holding = Holding {
        number: row.try_get(0)?,
        id: ChainId(array(&row, 1)?),
        fence: row.try_get(2)?,
    };
    let head = head(&row, 3)?;
    if ends_well(client, holding, head).await? {
        Ok((holding, head))
    } else {
        Err(LeaseError::Broken(holding.id))
    }
}

async fn begin(client: &Client, holder: Uuid, lease: f64) -> Result<Row, LeaseError> {
    let id = ChainId::random().map_err(LeaseError::Seal)?;
    let Head { sequence, hash } = Head::genesis(id);
    let new = client
        .query_one(
            "INSERT INTO statuscheck.chains (id, sequence, hash, fence, holder, lease_until)
             VALUES ($1, $2, $3, 1, $4, clock_timestamp() + make_interval(secs => $5))
             RETURNING number, id, fence, sequence, hash",
            &[&id.0.as_slice(), &sequence, &hash.as_slice(), &holder, &lease],
        )
        .await?;
    Ok(new)
}

/// Prolongs the lease; false where the chain has another holder by now.
pub(super) async fn renew(client: &Client, holding: Holding, lease: Duration) -> Result<bool, DatabaseError> {
    let renewed = client
        .execute(
            "UPDATE statuscheck.chains
             SET lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => $3))
             WHERE number = $1 AND fence = $2",
            &[&holding.number, &holding.fence, &lease.as_secs_f64()],
        )
        .await?;
    Ok(renewed == 1)
}

/// Lets the chain go, so that the next writer need not wait for the lease to run out.
pub(super) async fn release(client: &Client, holding: Holding) -> Result<(), DatabaseError> {
    client
        .execute(
            "UPDATE statuscheck.chains SET lease_until = '-infinity' WHERE number = $1 AND fence = $2",
            &[&holding.number, &holding.fence],
        )
        .await?;
    Ok(())
}

/// The last entry is there and is the one that the head means: it is hashed anew on top of the one before it.
pub(super) async fn ends_well(client: &Client, holding: Holding, head: Head) -> Result<bool, DatabaseError> {
    let last = client
        .query(
            "SELECT sequence, hash, case_id, version, time, kind, payload FROM statuscheck.entries
             WHERE chain = $1 AND sequence >= $2 ORDER BY sequence LIMIT 3",
            &[&holding.number, &(head.sequence - 1)],
        )
        .await?;
    let (before, last) = match last.as_slice() {
        [] => return Ok(head == Head::genesis(holding.id)),
        [only] => (Head::genesis(holding.id), only),
        [before, last] => (self::head(before, 0)?, last),
        _ => return Ok(false),
    };
    let entry = Entry {
        case_id: last.try_get::<_, Option<Uuid>>(2)?.map(CaseId),
        version: last.try_get(3)?,
        time: last.try_get(4)?,
        kind: last.try_get(5)?,
        payload: last.try_get(6)?,
    };
    Ok(self::head(last, 0)? == head && Chain::at(i64::from(holding.number), before).append(&entry) == head)
}

/// Sequence and hash, from column `first` on.
pub(super) fn head(row: &Row, first: usize) -> Result<Head, DatabaseError> {
    Ok(Head {
        sequence: row.try_get(first)?,
        hash: array(row, first + 1)?,
    })
}

/// Bytes of which the tables say how many they are.
pub(super) fn array<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], DatabaseError> {
    row.try_get::<_, &[u8]>(column)?
        .try_into()
        .map_err(|_length| DatabaseError::lost("a value has another length than its table allows"))
}
