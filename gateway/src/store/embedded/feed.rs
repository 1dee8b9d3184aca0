//! The ledger as others follow it.

use rusqlite::{Connection, Row};
use statuscheck_domain::ids::OrganisationId;

use super::entries::{at, place};
use super::shelves::time;
use super::tables::case_id;
use crate::store::{Feed, Followed, LedgerPlace, Position, ReadError};

/// What to read.
pub(super) struct Wanted {
    pub(super) after: Position,
    pub(super) organisation: Option<OrganisationId>,
    /// Entries to find.
    pub(super) limit: usize,
    /// Entries to look at.
    pub(super) looked_at_max: usize,
}

/// Where the ledger ends.
pub(super) fn end(connection: &Connection) -> Result<Position, ReadError> {
    let mut position = Position::default();
    for (number, sequence) in ends(connection)? {
        position.pass(number, sequence);
    }
    Ok(position)
}

/// What `wanted` means; none where the ledger does not go as far as its position.
pub(super) fn after(connection: &Connection, wanted: &Wanted) -> Result<Option<Feed>, ReadError> {
    let ends = ends(connection)?;
    let is_known = |(chain, sequence): (u32, u64)| {
        ends.iter()
            .any(|(number, end)| *number == chain && sequence <= *end)
    };
    if !wanted.after.chains().all(is_known) {
        return Ok(None);
    }
    let mut feed = Feed {
        entries: Vec::new(),
        next: wanted.after.clone(),
        more: false,
    };
    let mut looked_at = 0;
    let mut statement = connection.prepare_cached(
        "SELECT place, case_id, entries.version, time, entries.kind, organisation
         FROM entries LEFT JOIN cases ON cases.id = case_id
         WHERE place > ?1 AND place <= ?2 ORDER BY place",
    )?;
    for (number, end) in ends {
        let from = place(number.into(), wanted.after.reached(number).cast_signed());
        let to = place(number.into(), end.cast_signed());
        let mut rows = statement.query([from, to])?;
        while let Some(row) = rows.next()? {
            if feed.entries.len() >= wanted.limit || looked_at >= wanted.looked_at_max {
                feed.more = true;
                return Ok(Some(feed));
            }
            looked_at += 1;
            let place = at(row.get(0)?)?;
            feed.next.pass(place.chain, place.sequence);
            feed.entries.extend(followed(row, place, wanted)?);
        }
    }
    Ok(Some(feed))
}

/// None of an entry of the house, or of another organisation's case.
fn followed(row: &Row<'_>, place: LedgerPlace, wanted: &Wanted) -> Result<Option<Followed>, ReadError> {
    let organisation: Option<String> = row.get(5)?;
    let is_other = |wanted: &OrganisationId| organisation.as_deref() != Some(wanted.as_str());
    if row.get_ref(1)?.data_type() == rusqlite::types::Type::Null
        || wanted.organisation.as_ref().is_some_and(is_other)
    {
        return Ok(None);
    }
    let version: i64 = row.get(2)?;
    Ok(Some(Followed {
        place,
        case_id: case_id(row, 1)?,
        organisation: organisation
            .map(|id| id.parse())
            .transpose()
            .map_err(|_slug| ReadError::Corrupt)?,
        version: version.unsigned_abs(),
        kind: row.get(4)?,
        time: time(row.get(3)?)?,
    }))
}

/// Number of each chain, and the sequence of its last entry.
fn ends(connection: &Connection) -> Result<Vec<(u32, u64)>, ReadError> {
    let mut statement = connection.prepare_cached("SELECT number, sequence FROM chains ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut ends = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, sequence): (i64, i64) = (row.get(0)?, row.get(1)?);
        let number = u32::try_from(number).map_err(|_negative| ReadError::Corrupt)?;
        ends.push((number, sequence.unsigned_abs()));
    }
    Ok(ends)
}
