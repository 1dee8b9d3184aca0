//! Work that is due. Leases are in the rows of the cases: each names the chain and the fence of the gateway that is at it,
//! so that all of a gateway's leases end when it loses its chain, and none needs a time of its own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use statuscheck_domain::ids::CaseId;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::Limits;
use super::batch::Made;
use super::charges::Charges;
use super::fault::DatabaseError;
use super::hooks::Posting;
use super::lease::Holding;
use super::readers::Readers;
use super::referrals::Referring;
use super::statements::Statements;
use super::tables::rows_max;
use super::work::{Outcome, Recorded, Work};
use super::worklist::Listing;
use crate::store::chain::Entry;
use crate::store::{Due, ReadError};

/// The cases that this gateway has leased. A lease in the database that is not here was given to somebody who was not told;
/// it counts as none.
pub(super) struct Leases {
    held: Mutex<HashSet<Uuid>>,
    due_max: usize,
    leases_max: usize,
    /// Nanoseconds from its receipt after which an undecided case counts as left behind.
    undecided_after: i64,
}

/// To lease what is due.
pub(super) struct Lease {
    leases: Arc<Leases>,
    now: i64,
    limit: usize,
}

/// A case as it was leased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Leased {
    since: i64,
    id: Uuid,
    version: i64,
}

const NEXT_WAKE: &str = "
    WITH busy AS MATERIALIZED (
        SELECT cases.id FROM statuscheck.cases JOIN statuscheck.chains ON number = lease_chain AND fence = lease_fence
        WHERE lease_chain IS NOT NULL
          AND CASE WHEN holder = $1 THEN cases.id = ANY ($2::uuid[]) ELSE lease_until >= clock_timestamp() END
    )
    SELECT least(
        (SELECT wake FROM statuscheck.cases
         WHERE wake IS NOT NULL AND id NOT IN (SELECT id FROM busy) ORDER BY wake, id LIMIT 1),
        (SELECT created + $3 FROM statuscheck.cases
         WHERE state = 'received' AND id NOT IN (SELECT id FROM busy) ORDER BY created, id LIMIT 1))";

impl Leases {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            held: Mutex::default(),
            due_max: limits.due_max.max(1),
            leases_max: limits.leases_max.max(1),
            undecided_after: nanoseconds_of(limits.undecided_after),
        })
    }

    pub(super) fn wanted(self: &Arc<Self>, now: Timestamp, limit: usize) -> Lease {
        Lease {
            leases: Arc::clone(self),
            now: nanoseconds(now),
            limit: limit.clamp(1, self.due_max),
        }
    }

    /// When the next case is due that nobody has leased. A lease that ran out is none.
    pub(super) async fn next_wake(
        &self,
        readers: &Readers,
        holder: Uuid,
    ) -> Result<Option<Timestamp>, ReadError> {
        let held = self.ids();
        let values: [&(dyn ToSql + Sync); 3] = [&holder, &held, &self.undecided_after];
        let rows = readers.rows(NEXT_WAKE, &values).await?;
        let next = rows.first().map(|row| row.try_get::<_, Option<i64>>(0));
        let next = next.transpose().map_err(DatabaseError::from)?.flatten();
        next.map(timestamp).transpose()
    }

    /// Takes note of what `work` came to, before anything else is recorded.
    pub(super) fn settle(&self, work: &Work, outcome: &Outcome) {
        match (work, outcome) {
            (Work::Change(change), Ok(Recorded::Done)) if change.opening.is_none() => {
                self.end(&[change.case_id.0]);
            }
            (Work::Purge(purge), Ok(Recorded::Done)) => self.end(&[purge.case_id.0]),
            // Whatever came of it: those that are still leased in the database are found again.
            (Work::LetGo(ids), _) => self.end(ids),
            (Work::Lease(_), Ok(Recorded::Leased(leased))) => {
                self.held().extend(leased.iter().map(|leased| leased.id));
            }
            _ => {}
        }
    }

    /// Nobody heard that these are leased.
    pub(super) fn untold(&self, leased: &[Leased]) {
        let ids: Vec<_> = leased.iter().map(|leased| leased.id).collect();
        self.end(&ids);
    }

    /// The chain is another's by now.
    pub(super) fn lose(&self) {
        self.held().clear();
    }

    fn end(&self, ids: &[Uuid]) {
        let mut held = self.held();
        for id in ids {
            held.remove(id);
        }
    }

    fn ids(&self) -> Vec<Uuid> {
        self.held().iter().copied().collect()
    }

    fn held(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leased {
    pub(super) fn due(&self) -> Result<Due, ReadError> {
        Ok(Due {
            case_id: CaseId(self.id),
            version: self.version.unsigned_abs(),
            wake: timestamp(self.since)?,
        })
    }
}

/// Leases what is due, in the transaction that is begun.
pub(super) async fn lease<'a>(
    client: &Client,
    statements: &Statements,
    holding: Holding,
    wanted: &Lease,
) -> Result<Made<'a>, DatabaseError> {
    let held = wanted.leases.ids();
    let room = wanted.leases.leases_max.saturating_sub(held.len());
    let limit = rows_max(wanted.limit.min(room));
    let after = wanted.leases.undecided_after;
    let left_until = wanted.now.saturating_sub(after);
    let values: [&(dyn ToSql + Sync); 7] = [
        &holding.number,
        &holding.fence,
        &wanted.now,
        &left_until,
        &after,
        &limit,
        &held,
    ];
    let (deposed, leased) = tokio::join!(
        client.execute(&statements.depose_lessees, &values[..1]),
        client.query(&statements.lease, &values),
    );
    deposed?;
    let mut leased = leased?.iter().map(self::leased).collect::<Result<Vec<_>, _>>()?;
    leased.sort_unstable();
    Ok(unlisted(!leased.is_empty(), Recorded::Leased(leased)))
}

/// Ends leases, in the transaction that is begun.
pub(super) async fn let_go<'a>(
    client: &Client,
    statements: &Statements,
    holding: Holding,
    ids: &[Uuid],
) -> Result<Made<'a>, DatabaseError> {
    let values: [&(dyn ToSql + Sync); 3] = [&holding.number, &holding.fence, &ids];
    let ended = client.execute(&statements.let_go, &values).await?;
    Ok(unlisted(ended > 0, Recorded::Done))
}

/// Something that is not in the ledger.
pub(super) fn unlisted<'a>(is_written: bool, recorded: Recorded) -> Made<'a> {
    Made {
        outcomes: vec![Ok(recorded)],
        entries: Vec::<Entry<'_>>::new(),
        charges: Charges::default(),
        listing: Listing::default(),
        posting: Posting::default(),
        referring: Referring::default(),
        is_written,
        news: None,
    }
}

fn leased(row: &Row) -> Result<Leased, DatabaseError> {
    Ok(Leased {
        since: row.try_get(0)?,
        id: row.try_get(1)?,
        version: row.try_get(2)?,
    })
}

fn timestamp(nanoseconds: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_range| ReadError::Corrupt)
}

/// No row has a time beyond those that this can show.
fn nanoseconds(time: Timestamp) -> i64 {
    let nanoseconds = time.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

fn nanoseconds_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
