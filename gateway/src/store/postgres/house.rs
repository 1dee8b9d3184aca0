//! Entries of the house, read back, and those that must be the next of their kind; and how many cases are open.

use jiff::Timestamp;
use statuscheck_domain::case::CaseState;
use statuscheck_domain::ids::AgreementId;
use tokio::time::timeout;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::readers::Readers;
use super::tables::rows_max;
use crate::store::rows::RowState;
use crate::store::{CommitError, HouseEntry, HouseQuery, ReadError, Store as _};

/// Any number, as long as it stays: whoever records an entry that must be the next of its kind holds this lock.
const LOCK: i64 = 0x7374_6174_6e65_7874;

const NOTED: &str = "
    SELECT time, payload FROM statuscheck.entries
    WHERE case_id IS NULL AND kind = $1 AND time > $2 AND time < $3
    ORDER BY time DESC, chain DESC, sequence DESC LIMIT $4";

/// By leaps from organisation to organisation: the open cases of each are found at once, however many are closed.
const OPEN_CASES: &str = "
    WITH RECURSIVE used (organisation) AS (
        SELECT min(organisation) FROM statuscheck.cases WHERE state <> 'received'
        UNION ALL
        SELECT (SELECT min(organisation) FROM statuscheck.cases
                WHERE state <> 'received' AND organisation > used.organisation)
        FROM used WHERE used.organisation IS NOT NULL
    )
    SELECT (
        SELECT count(*)
        FROM used CROSS JOIN unnest($1::text[]) AS wanted (state)
        JOIN statuscheck.cases ON cases.organisation = used.organisation AND cases.state = wanted.state
        WHERE cases.state <> 'received' AND cases.agreement = ANY ($2)
    ) + (SELECT count(*) FROM statuscheck.cases WHERE state = 'received' AND agreement = ANY ($2))";

/// The newest `limit` entries that `query` means, newest first; its own limit is not looked at.
pub(super) async fn noted(
    readers: &Readers,
    query: HouseQuery,
    limit: usize,
) -> Result<Vec<HouseEntry>, ReadError> {
    let (kind, (after, before)) = (query.kind.as_str(), query.between());
    let rows = readers
        .rows(NOTED, &[&kind, &after, &before, &rows_max(limit)])
        .await?;
    rows.iter()
        .map(|row| {
            let time = row.try_get(0).map_err(DatabaseError::from)?;
            let payload: &[u8] = row.try_get(1).map_err(DatabaseError::from)?;
            HouseEntry::read(query.kind, time, payload)
        })
        .collect()
}

/// How many cases under any of `agreements` are not closed.
pub(super) async fn open_cases(readers: &Readers, agreements: &[AgreementId]) -> Result<u64, ReadError> {
    let states: Vec<_> = CaseState::OPEN.into_iter().flat_map(RowState::names_of).collect();
    let agreements: Vec<_> = agreements.iter().map(AgreementId::as_str).collect();
    let rows = readers.rows(OPEN_CASES, &[&states, &agreements]).await?;
    let row = rows.first().ok_or(ReadError::Corrupt)?;
    let count: i64 = row.try_get(0).map_err(DatabaseError::from)?;
    Ok(count.unsigned_abs())
}

/// The lock is held on a connection of its own, from before the look until the entry is durable. A gateway that was stopped
/// in between keeps it for as long as its connection lasts; should the server have given that up, its chain is another's by
/// then as well, and the entry is not recorded.
pub(super) async fn note_next(
    store: &PostgresStore,
    entry: HouseEntry,
    newest: Option<Timestamp>,
) -> Result<(), CommitError> {
    let newer = entry.newer(newest)?;
    let connected = store.connector.connect().await.map_err(ReadError::from)?;
    let ask = async |statement: &str| -> Result<bool, CommitError> {
        let asked = timeout(
            store.limits.answer_max,
            connected.client.query_one(statement, &[&LOCK]),
        );
        let row = asked.await.map_err(|_elapsed| CommitError::Unavailable)?;
        let answer = row.and_then(|row| row.try_get(0)).map_err(DatabaseError::from);
        Ok(answer.map_err(ReadError::from)?)
    };
    if !ask("SELECT pg_try_advisory_lock($1)").await? {
        return Err(CommitError::Full);
    }
    let noted = if store.noted(newer).await?.is_empty() {
        store.note(entry).await
    } else {
        Err(CommitError::Stale)
    };
    // The connection is about to end, and the lock with it; what is said here only hurries it.
    ask("SELECT pg_advisory_unlock($1)").await.ok();
    noted
}
