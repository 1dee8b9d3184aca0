//! The ledger as others follow it. The entries of a chain become visible in their order, so none is missed.

use jiff::Timestamp;
use statuscheck_domain::ids::{CaseId, OrganisationId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::fault::DatabaseError;
use super::readers::Readers;
use super::tables::rows_max;
use crate::store::{Feed, FeedError, Followed, LedgerPlace, Position, ReadError};

/// What to read.
pub(super) struct Wanted<'a> {
    pub(super) after: &'a Position,
    pub(super) organisation: Option<&'a OrganisationId>,
    /// Entries to find.
    pub(super) limit: usize,
    /// Entries to look at.
    pub(super) looked_at_max: usize,
}

const ENDS: &str = "SELECT number, sequence FROM statuscheck.chains";

/// Of an entry that is not asked for, only its place is told.
const AFTER: &str = "
    SELECT chains.number, entry.sequence,
           CASE WHEN $4::text IS NULL OR cases.organisation = $4 THEN entry.case_id END,
           entry.version, entry.time, entry.kind, cases.organisation
    FROM statuscheck.chains
    LEFT JOIN unnest($1::integer[], $2::bigint[]) AS read (chain, sequence) ON read.chain = chains.number
    CROSS JOIN LATERAL (
        SELECT sequence, case_id, version, time, kind FROM statuscheck.entries
        WHERE entries.chain = chains.number AND entries.sequence > coalesce(read.sequence, 0)
        ORDER BY sequence LIMIT $3
    ) AS entry
    LEFT JOIN statuscheck.cases ON cases.id = entry.case_id
    ORDER BY chains.number, entry.sequence LIMIT $3";

/// Where the ledger ends.
pub(super) async fn end(readers: &Readers) -> Result<Position, ReadError> {
    let mut end = Position::default();
    for row in readers.rows(ENDS, &[]).await? {
        let LedgerPlace { chain, sequence } = place(&row)?;
        end.pass(chain, sequence);
    }
    Ok(end)
}

/// The entries of cases that `wanted` means.
pub(super) async fn after(readers: &Readers, wanted: &Wanted<'_>) -> Result<Feed, FeedError> {
    let end = end(readers).await?;
    let mut chains = Vec::new();
    let mut sequences = Vec::new();
    for (chain, sequence) in wanted.after.chains() {
        if sequence > end.reached(chain) {
            return Err(FeedError::Unknown);
        }
        chains.push(i32::try_from(chain).map_err(|_too_large| FeedError::Unknown)?);
        sequences.push(sequence.cast_signed());
    }
    let looked_at_max = match wanted.organisation {
        Some(_) => wanted.looked_at_max,
        // All but those of the house are given.
        None => wanted.looked_at_max.min(wanted.limit),
    };
    let organisation = wanted.organisation.map(OrganisationId::as_str);
    let rows_max = rows_max(looked_at_max.saturating_add(1));
    let values: [&(dyn ToSql + Sync); 4] = [&chains, &sequences, &rows_max, &organisation];
    let rows = readers.rows(AFTER, &values).await?;
    let mut feed = Feed {
        entries: Vec::new(),
        next: wanted.after.clone(),
        more: false,
    };
    for (looked_at, row) in rows.iter().enumerate() {
        if looked_at >= looked_at_max || feed.entries.len() >= wanted.limit {
            feed.more = true;
            break;
        }
        let place = place(row)?;
        feed.next.pass(place.chain, place.sequence);
        feed.entries.extend(followed(row, place)?);
    }
    Ok(feed)
}

fn place(row: &Row) -> Result<LedgerPlace, ReadError> {
    let read = || Ok::<(i32, i64), tokio_postgres::Error>((row.try_get(0)?, row.try_get(1)?));
    let (chain, sequence) = read().map_err(DatabaseError::from)?;
    Ok(LedgerPlace {
        chain: chain.unsigned_abs(),
        sequence: sequence.unsigned_abs(),
    })
}

/// None of an entry of the house, or of one that was not asked for.
fn followed(row: &Row, place: LedgerPlace) -> Result<Option<Followed>, ReadError> {
    let read = || {
        let case_id: Option<Uuid> = row.try_get(2)?;
        let version: i64 = row.try_get(3)?;
        let time: i64 = row.try_get(4)?;
        Ok::<_, tokio_postgres::Error>((case_id, version, time, row.try_get(5)?, row.try_get(6)?))
    };
    let (case_id, version, time, kind, organisation) = read().map_err(DatabaseError::from)?;
    let Some(case_id) = case_id else {
        return Ok(None);
    };
    let organisation: Option<&str> = organisation;
    Ok(Some(Followed {
        place,
        case_id: CaseId(case_id),
        organisation: organisation
            .map(str::parse)
            .transpose()
            .map_err(|_slug| ReadError::Corrupt)?,
        version: version.unsigned_abs(),
        kind,
        time: Timestamp::from_nanosecond(i128::from(time)).map_err(|_range| ReadError::Corrupt)?,
    }))
}
