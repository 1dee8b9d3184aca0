//! Quotas over several gateways. What was used is a row for all; what a gateway has set aside comes out of a block that it
//! took from the quota under the row's lock. Charging moves units from the block to the used ones in the transaction that
//! records the step, so that both together never pass the limit.
//!
//! A block belongs to a chain and a fence. Before one counts for nothing, the fence of its chain has grown, and whoever had
//! it records nothing under the old one. What was reserved from it is void then: a step that would use it is refused.
//!
//! The writer takes blocks too, between two batches: then nothing is on its way, and what the block must hold is exactly
//! what is reserved.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use statuscheck_domain::ids::CaseId;
use statuscheck_domain::quota::QuotaKey;
use tokio::sync::oneshot;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::batch::Made;
use super::charges::{Columns, columns, number};
use super::dues::unlisted;
use super::fault::DatabaseError;
use super::lease::Holding;
use super::readers::Readers;
use super::statements::Statements;
use super::work::{Outcome, Recorded, Work};
use crate::store::quota::Tallies;
use crate::store::{CommitError, QuotaError, ReadError, Reserved};

/// The blocks of this gateway.
pub(super) struct Blocks {
    tallies: Arc<Tallies>,
    /// Locked before the tallies are.
    blocks: Mutex<HashMap<QuotaKey, Block>>,
    /// Whoever asks for a block has this, so that the others use what comes of it. One waits for each check at work.
    turn: tokio::sync::Mutex<()>,
    /// Units in a block.
    usual: i64,
}

#[derive(Clone, Copy, Default)]
struct Block {
    /// No more than in the database.
    units: u64,
    /// Under which limit they were taken.
    limit: u64,
    /// None were left when they were last asked for.
    is_spent: bool,
    /// Some were since the last look for idle ones.
    is_asked: bool,
}

/// To take a block from which a case's units are set aside.
pub(super) struct Refill {
    blocks: Arc<Blocks>,
    case_id: CaseId,
    key: QuotaKey,
    units: u64,
    limit: u64,
    reserved: Mutex<Option<oneshot::Sender<Result<Reserved, QuotaError>>>>,
}

/// Units that the changes of a batch use out of blocks, by case: a batch has one change of each.
#[derive(Default)]
pub(super) struct Taken(pub(super) HashMap<CaseId, Vec<(QuotaKey, u64)>>);

const USED: &str =
    "SELECT used FROM statuscheck.quotas WHERE agreement = $1 AND department = $2 AND month = $3";

/// What is used, and in the blocks of others whose leases have not run out.
const USED_AND_TAKEN: &str = "
    SELECT coalesce(
        (SELECT greatest(used, 0) FROM statuscheck.quotas WHERE agreement = $1 AND department = $2 AND month = $3), 0
    ) + coalesce(
        (SELECT sum(units)::bigint FROM statuscheck.quota_blocks AS block
         JOIN statuscheck.chains ON number = block.chain AND chains.fence = block.fence
         WHERE agreement = $1 AND department = $2 AND month = $3
           AND holder <> $4 AND lease_until >= clock_timestamp()), 0)";

/// Units that a quota has used.
pub(super) async fn used(readers: &Readers, key: &QuotaKey) -> Result<u64, ReadError> {
    let [agreement, department, month] = columns(key);
    let rows = readers.rows(USED, &[&agreement, &department, &month]).await?;
    let used = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
    let used = used.map_err(DatabaseError::from)?.unwrap_or(0);
    Ok(u64::try_from(used).unwrap_or(0))
}

/// What was used of every quota of which anything was, by its [`columns`].
pub(super) async fn all(client: &Client) -> Result<BTreeMap<[String; 3], i64>, DatabaseError> {
    let rows = "SELECT agreement, department, month, used FROM statuscheck.quotas WHERE used <> 0";
    let mut all = BTreeMap::new();
    for row in client.query(rows, &[]).await? {
        let key = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
        all.insert(key, row.try_get(3)?);
    }
    Ok(all)
}

impl Blocks {
    pub(super) fn new(reservations_max: usize, usual: u64) -> Arc<Self> {
        Arc::new(Self {
            tallies: Tallies::new(reservations_max),
            blocks: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            usual: number(usual.max(1)),
        })
    }

    /// Whoever takes a block waits here for the one before.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Out of the block at hand; none where that does not hold so much.
    pub(super) fn reserve(
        &self,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Option<Result<Reserved, QuotaError>> {
        let mut blocks = self.blocks();
        let block = blocks.get_mut(key).filter(|block| block.limit == limit)?;
        block.is_asked = true;
        match self.tallies.reserve(case_id, key, units, block.units) {
            Err(QuotaError::Spent { .. }) => None,
            reserved => Some(reserved),
        }
    }

    /// A quota that was spent before still is, as far as reading tells: then nobody else is kept waiting for the answer.
    pub(super) async fn look(
        &self,
        readers: &Readers,
        holder: uuid::Uuid,
        (key, units, limit): (&QuotaKey, u64, u64),
    ) -> Result<(), QuotaError> {
        if !self.blocks().get(key).is_some_and(|block| block.is_spent) {
            return Ok(());
        }
        let [agreement, department, month] = columns(key);
        let values: [&(dyn ToSql + Sync); 4] = [&agreement, &department, &month, &holder];
        let rows = readers.rows(USED_AND_TAKEN, &values).await?;
        let gone = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
        let gone = gone
            .map_err(DatabaseError::from)
            .map_err(ReadError::from)?
            .unwrap_or(0);
        // After the look: what was reserved then and is used by now counts once, or not at all.
        let gone = gone.unsigned_abs().saturating_add(self.tallies.reserved(key));
        let left = limit.saturating_sub(gone);
        if units > left {
            Err(QuotaError::Spent { left })
        } else {
            Ok(())
        }
    }

    /// To take a block, and what comes of it once that is recorded.
    pub(super) fn refill(
        self: &Arc<Self>,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> (Refill, oneshot::Receiver<Result<Reserved, QuotaError>>) {
        let (reserved, answer) = oneshot::channel();
        let refill = Refill {
            blocks: Arc::clone(self),
            case_id,
            key: key.clone(),
            units,
            limit,
            reserved: Mutex::new(Some(reserved)),
        };
        (refill, answer)
    }

    /// Takes what `works` use out of the blocks, before they are recorded. Those that would use what is void are refused: their
    /// places are told.
    pub(super) fn take<'a>(&self, works: impl Iterator<Item = &'a Work>) -> (Taken, Vec<usize>) {
        let mut taken = Taken::default();
        let mut void = Vec::new();
        for (place, work) in works.enumerate() {
            let Work::Change(change) = work else {
                continue;
            };
            for spent in change.spent.iter().filter(|spent| spent.units > 0) {
                let mut blocks = self.blocks();
                let wanted = spent.units.unsigned_abs();
                let Some(reserved) = self.tallies.take(change.case_id, &spent.key, wanted) else {
                    void.push(place);
                    break;
                };
                let mut units = reserved;
                if let Some(block) = blocks.get_mut(&spent.key) {
                    block.units = block.units.saturating_sub(reserved);
                    // What is used without having been reserved is used all the same.
                    let free = block.units.saturating_sub(self.tallies.reserved(&spent.key));
                    let more = free.min(wanted - reserved);
                    block.units -= more;
                    units += more;
                }
                let of_case = taken.0.entry(change.case_id).or_default();
                of_case.push((spent.key.clone(), units));
            }
        }
        (taken, void)
    }

    /// Takes note of what `work` came to, before anything else is recorded.
    pub(super) fn settle(&self, work: &Work, outcome: &Outcome, taken: &Taken) {
        match work {
            Work::Change(change) => {
                let Some(taken) = taken.0.get(&change.case_id) else {
                    return;
                };
                match outcome {
                    Ok(Recorded::Done) => {}
                    // It may be recorded.
                    Err(CommitError::Unavailable) => self.tallies.void(change.case_id),
                    _ => self.put_back(change.case_id, taken),
                }
            }
            Work::Refill(refill) => {
                if let Ok(Recorded::Granted { units, room }) = outcome {
                    self.granted(refill, units.unsigned_abs(), *room);
                }
            }
            _ => {}
        }
    }

    /// Gives back what is free in blocks that nobody has asked for since the last time, so that others can use it. To be called
    /// while nothing is on its way. What is not given back then is with the next block.
    pub(super) async fn give_back(
        &self,
        client: &Client,
        statements: &Statements,
        holding: Holding,
    ) -> Result<(), DatabaseError> {
        let mut columns = Columns::default();
        let mut kept = Vec::new();
        self.blocks().retain(|key, block| {
            if std::mem::take(&mut block.is_asked) {
                return true;
            }
            let reserved = self.tallies.reserved(key);
            if block.units > reserved {
                columns.push(key);
                kept.push(number(reserved));
                block.units = reserved;
            }
            reserved > 0
        });
        if kept.is_empty() {
            return Ok(());
        }
        let Columns(agreements, departments, months) = columns;
        let values: [&(dyn ToSql + Sync); 6] = [
            &holding.number,
            &holding.fence,
            &agreements,
            &departments,
            &months,
            &kept,
        ];
        client.execute(&statements.give_back, &values).await?;
        Ok(())
    }

    fn put_back(&self, case_id: CaseId, taken: &[(QuotaKey, u64)]) {
        let mut blocks = self.blocks();
        for (key, units) in taken {
            if let Some(block) = blocks.get_mut(key) {
                block.units += units;
                self.tallies.put_back(case_id, key, *units);
            }
        }
    }

    /// The chain is another's by now, and the blocks are void.
    pub(super) fn lose(&self) {
        let mut blocks = self.blocks();
        blocks.clear();
        self.tallies.void_all();
    }

    /// What is reserved stays in the block; what is free goes back.
    fn give_up_free(&self, key: &QuotaKey) -> u64 {
        let mut blocks = self.blocks();
        let reserved = self.tallies.reserved(key);
        let block = blocks.entry(key.clone()).or_default();
        block.units = reserved;
        reserved
    }

    fn granted(&self, refill: &Refill, units: u64, room: i64) {
        let mut blocks = self.blocks();
        let block = blocks.entry(refill.key.clone()).or_default();
        let given = units.saturating_sub(block.units);
        *block = Block {
            units,
            limit: refill.limit,
            is_spent: given == 0,
            is_asked: true,
        };
        let free = units.saturating_sub(self.tallies.reserved(&refill.key));
        let reserved = self
            .tallies
            .reserve(refill.case_id, &refill.key, refill.units, units)
            .map_err(|error| match error {
                QuotaError::Spent { .. } => QuotaError::Spent {
                    left: u64::try_from(room).unwrap_or(0).saturating_add(free),
                },
                error => error,
            });
        let answer = refill
            .reserved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(blocks);
        if let Some(answer) = answer {
            // Who is gone gives it back.
            answer.send(reserved).ok();
        }
    }

    fn blocks(&self) -> MutexGuard<'_, HashMap<QuotaKey, Block>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a block, in the transaction that is begun.
pub(super) async fn refill<'a>(
    client: &Client,
    statements: &Statements,
    holding: Holding,
    refill: &Refill,
) -> Result<Made<'a>, DatabaseError> {
    let [agreement, department, month] = columns(&refill.key);
    let reserved = number(refill.blocks.give_up_free(&refill.key));
    let (limit, units) = (number(refill.limit), number(refill.units));
    let values: [&(dyn ToSql + Sync); 9] = [
        &agreement,
        &department,
        &month,
        &holding.number,
        &holding.fence,
        &reserved,
        &limit,
        &units,
        &refill.blocks.usual,
    ];
    let (locked, deposed, granted) = tokio::join!(
        client.execute(&statements.lock_quota, &values[..3]),
        client.execute(&statements.depose_blocks, &values[..4]),
        client.query_one(&statements.grant, &values),
    );
    locked?;
    deposed?;
    let granted = granted?;
    let recorded = Recorded::Granted {
        units: granted.try_get(0)?,
        room: granted.try_get(1)?,
    };
    Ok(unlisted(true, recorded))
}
