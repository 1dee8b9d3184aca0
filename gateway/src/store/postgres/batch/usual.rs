//! The usual batch: every case is new, and every step finds its case at the version that it expects. Then nobody has to be told
//! which of them hold, and each table is written by a statement of its own that joins with nothing. A batch that turns out to
//! be another is undone, and done again in the careful way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::super::changes::{Advance, Open};
use super::super::fault::{DatabaseError, Fault};
use super::super::lease::Holding;
use super::super::statements::Statements;
use crate::store::chain::Head;

/// Batches that are done carefully after one that was not usual. Where many ask for what they asked for before, as after an
/// outage, trying in vain costs a few hundredths.
const CAREFUL: u32 = 32;

/// Whether the next batch is taken for a usual one, and where the chain ends before it.
#[derive(Default)]
pub(super) struct Expectation {
    careful: AtomicU32,
    /// As the last batch leaves it that was sent; none where that is not known.
    end: Mutex<Option<(i32, i64, Head)>>,
}

impl Expectation {
    /// To be asked once for each batch.
    pub(super) fn is_usual(&self) -> bool {
        let fewer = |careful: u32| careful.checked_sub(1);
        let spent = self
            .careful
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        spent.is_err()
    }

    /// A batch may be sent now that counts on being a usual one, and on where the chain ends.
    pub(super) fn is_settled(&self, holding: Holding) -> bool {
        self.careful.load(Ordering::Relaxed) == 0 && self.head(holding).is_some()
    }

    pub(super) fn was_wrong(&self) {
        self.careful.store(CAREFUL, Ordering::Relaxed);
    }

    /// Where the chain ends, as far as this connection knows.
    pub(super) fn head(&self, holding: Holding) -> Option<Head> {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this = end.filter(|(number, fence, _)| (*number, *fence) == (holding.number, holding.fence));
        of_this.map(|(_, _, head)| head)
    }

    /// It ends there now; none where that is not known.
    pub(super) fn ended(&self, holding: Holding, head: Option<Head>) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        *end = head.map(|head| (holding.number, holding.fence, head));
    }
}

/// Makes the changes in the transaction that is begun. False where the batch is not a usual one: then they have to be undone.
pub(super) async fn make(
    client: &Client,
    statements: &Statements,
    open: Option<&Open<'_>>,
    advance: Option<&Advance<'_>>,
) -> Result<bool, DatabaseError> {
    let opening = async {
        match open {
            Some(open) => self::open(client, statements, open).await,
            None => Ok(true),
        }
    };
    let advancing = async {
        match advance {
            Some(advance) => self::advance(client, statements, advance).await,
            None => Ok(true),
        }
    };
    let (opened, advanced) = tokio::join!(opening, advancing);
    match opened {
        // The id of a new case is taken.
        Err(error) if error.fault() == Fault::Constraint => Ok(false),
        opened => Ok(opened? && advanced?),
    }
}

async fn open(client: &Client, statements: &Statements, open: &Open<'_>) -> Result<bool, DatabaseError> {
    let requests: [&(dyn ToSql + Sync); 5] = [
        &open.organisations,
        &open.requests,
        &open.ids,
        &open.contents,
        &open.subjects,
    ];
    let keys: [&(dyn ToSql + Sync); 2] = [&open.ids, &open.wrapped];
    let cases: [&(dyn ToSql + Sync); 12] = [
        &open.ids,
        &open.organisations,
        &open.requests,
        &open.states,
        &open.versions,
        &open.created,
        &open.agreements,
        &open.kinds,
        &open.wakes,
        &open.stands.turns,
        &open.stands.dues,
        &open.stands.risks,
    ];
    let (requests, keys, cases) = tokio::join!(
        client.execute(&statements.add_requests, &requests),
        client.execute(&statements.add_keys, &keys),
        client.execute(&statements.add_cases, &cases),
    );
    let requests = requests?;
    keys?;
    cases?;
    Ok(requests == open.ids.len() as u64)
}

async fn advance(
    client: &Client,
    statements: &Statements,
    advance: &Advance<'_>,
) -> Result<bool, DatabaseError> {
    let steps: [&(dyn ToSql + Sync); 8] = [
        &advance.ids,
        &advance.expected,
        &advance.versions,
        &advance.states,
        &advance.wakes,
        &advance.stands.turns,
        &advance.stands.dues,
        &advance.stands.risks,
    ];
    let stepped = client.execute(&statements.step, &steps).await?;
    Ok(stepped == advance.ids.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_wrong_expectation_some_batches_are_done_carefully() {
        let expectation = Expectation::default();
        assert!(expectation.is_usual() && expectation.is_usual());
        expectation.was_wrong();
        for _ in 0..CAREFUL {
            assert!(!expectation.is_usual());
        }
        assert!(expectation.is_usual());
    }
}
