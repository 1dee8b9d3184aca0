//! The ledger in the file: the table `entries`, which is only ever added to, and where each of its chains ends.
//!
//! A file has one writer, which goes on with the newest chain. The others came with a store of several writers that was
//! copied into this file; nothing is ever added to them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::ids::CaseId;
use uuid::Uuid;

use super::kept::{Kept, Often};
use super::{EmbeddedStore, shelves};
use crate::store::chain::{Chain, ChainHead, ChainId, Entry, Head, LedgerId};
use crate::store::copy::PlacedEntry;
use crate::store::notary::HEADS_MAX;
use crate::store::rows::SealedEntry;
use crate::store::{LedgerPlace, ReadError};

/// Bits of a place that are the sequence number; those above are the chain's number. No file has room for so many entries
/// of one chain.
const SEQUENCE_BITS: u32 = 40;

/// Why the end of the ledger cannot be gone on from.
pub(super) enum HeadError {
    /// The last entries of a chain are gone or altered, or its head is.
    Broken,
    Engine(rusqlite::Error),
}

impl From<rusqlite::Error> for HeadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

/// Where the ledger of a file ends.
pub(super) struct Ends {
    pub(super) ledger: LedgerId,
    /// The chain that the writer goes on with.
    pub(super) own: ChainHead,
    /// Its number.
    pub(super) number: i64,
    /// The chains that nobody adds to.
    pub(super) others: Vec<ChainHead>,
}

impl EmbeddedStore {
    /// When the last entry was recorded by this file's writers; none where there is none.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn last_recorded(&self) -> Result<Option<Timestamp>, ReadError> {
        let last = |connection: &Connection| {
            let time: Option<i64> = connection
                .query_row(
                    "SELECT time FROM entries ORDER BY place DESC LIMIT 1",
                    [],
                    |row| row.get(0),
                )
                .optional()?;
            time.map(shelves::time).transpose()
        };
        self.readers.read(last).await
    }
}

/// Adds one entry at the end of the chain.
pub(super) fn append(kept: &Kept<'_>, chain: &mut Chain, entry: &Entry<'_>) -> rusqlite::Result<()> {
    let head = chain.append(entry);
    insert(kept, chain.number(), head, entry)
}

/// Writes an entry at its place in the chain that has this number.
pub(super) fn insert(
    kept: &Kept<'_>,
    number: i64,
    Head { sequence, hash }: Head,
    entry: &Entry<'_>,
) -> rusqlite::Result<()> {
    let values = params![
        place(number, sequence),
        entry.case_id.map(|id| id.0.into_bytes()),
        entry.version,
        entry.time,
        entry.kind,
        entry.payload,
        hash
    ];
    kept.run(Often::Entry, values)?;
    Ok(())
}

/// Begins a chain, the first of a file.
pub(super) fn begin(connection: &Connection, chain: ChainId) -> rusqlite::Result<()> {
    let Head { sequence, hash } = Head::genesis(chain);
    connection.execute(
        "INSERT INTO chains (number, id, sequence, hash) VALUES (0, ?1, ?2, ?3)",
        params![chain.0, sequence, hash],
    )?;
    Ok(())
}

/// Writes where the chain ends. Once in each transaction that adds to it: without it, a chain that lost its last entries
/// would look whole.
pub(super) fn write_head(connection: &Connection, chain: &Chain) -> rusqlite::Result<()> {
    let Head { sequence, hash } = chain.head();
    connection
        .prepare_cached("UPDATE chains SET sequence = ?2, hash = ?3 WHERE number = ?1")?
        .execute(params![chain.number(), sequence, hash])?;
    Ok(())
}

/// Where the ledger ends, once the last entry of every chain was found to be there and to be the one that its head means.
pub(super) fn read_ends(connection: &Connection) -> Result<Ends, HeadError> {
    let ledger = connection
        .query_row("SELECT ledger FROM store", [], |row| row.get(0))
        .map(LedgerId)?;
    let mut chains = numbered(connection)?;
    let numbers: Vec<_> = chains.iter().map(|(number, _)| *number).collect();
    if chains.len() > HEADS_MAX || has_others(connection, &numbers)? {
        return Err(HeadError::Broken);
    }
    for (number, end) in &chains {
        check_end(connection, *number, *end)?;
    }
    let (number, own) = chains.pop().ok_or(HeadError::Broken)?;
    Ok(Ends {
        ledger,
        own,
        number,
        others: chains.into_iter().map(|(_number, end)| end).collect(),
    })
}

/// Where every chain says that it ends, with its number.
pub(super) fn numbered(connection: &Connection) -> rusqlite::Result<Vec<(i64, ChainHead)>> {
    connection
        .prepare_cached("SELECT number, id, sequence, hash FROM chains ORDER BY number")?
        .query_map([], |row| {
            let (number, chain) = (row.get(0)?, ChainId(row.get(1)?));
            Ok((
                number,
                ChainHead {
                    chain,
                    head: head(row, 2)?,
                },
            ))
        })?
        .collect()
}

/// The next entries of the chain that has this number, with their places in it.
pub(super) fn page(
    connection: &Connection,
    number: i64,
    after: i64,
    limit: i64,
) -> rusqlite::Result<Vec<PlacedEntry>> {
    connection
        .prepare_cached(
            "SELECT place, hash, case_id, version, time, kind, payload FROM entries
             WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3",
        )?
        .query_map(params![place(number, after), last_place(number), limit], |row| {
            let at: i64 = row.get(0)?;
            let case_id: Option<[u8; 16]> = row.get(2)?;
            Ok(PlacedEntry {
                place: Head {
                    sequence: at - place(number, 0),
                    hash: row.get(1)?,
                },
                case_id: case_id.map(|id| CaseId(Uuid::from_bytes(id))),
                entry: SealedEntry {
                    version: row.get(3)?,
                    time: row.get(4)?,
                    kind: row.get::<_, String>(5)?.into(),
                    payload: row.get(6)?,
                },
            })
        })?
        .collect()
}

/// Where the chain ends that has this number, looked at in the same way.
pub(super) fn read_head(connection: &Connection, number: i64) -> Result<Head, HeadError> {
    let end = connection
        .query_row(
            "SELECT id, sequence, hash FROM chains WHERE number = ?1",
            [number],
            |row| {
                Ok(ChainHead {
                    chain: ChainId(row.get(0)?),
                    head: head(row, 1)?,
                })
            },
        )
        .optional()?
        .ok_or(HeadError::Broken)?;
    check_end(connection, number, end)?;
    Ok(end.head)
}

/// There are entries of chains that have none of `numbers`, which are in order.
fn has_others(connection: &Connection, numbers: &[i64]) -> rusqlite::Result<bool> {
    let mut from = i64::MIN;
    let mut look = connection.prepare("SELECT min(place) FROM entries WHERE place >= ?1")?;
    for _each in 0..=numbers.len() {
        let next: Option<i64> = look.query_row([from], |row| row.get(0))?;
        let Some(number) = next.map(|place| place >> SEQUENCE_BITS) else {
            return Ok(false);
        };
        if numbers.binary_search(&number).is_err() {
            return Ok(true);
        }
        from = last_place(number).saturating_add(1);
    }
    Ok(false)
}

fn check_end(connection: &Connection, number: i64, end: ChainHead) -> Result<(), HeadError> {
    let last: i64 = connection
        .prepare_cached("SELECT ifnull(max(place), ?1) FROM entries WHERE place BETWEEN ?1 AND ?2")?
        .query_row([place(number, 0), last_place(number)], |row| row.get(0))?;
    let sequence = last - place(number, 0);
    if sequence != end.head.sequence || rehashed(connection, number, end.chain, sequence)? != Some(end.head) {
        return Err(HeadError::Broken);
    }
    Ok(())
}

/// The entry `sequence` of a chain hashed anew on top of the one before it.
fn rehashed(
    connection: &Connection,
    number: i64,
    chain: ChainId,
    sequence: i64,
) -> rusqlite::Result<Option<Head>> {
    if sequence == 0 {
        return Ok(Some(Head::genesis(chain)));
    }
    let before = if sequence == 1 {
        Some(Head::genesis(chain))
    } else {
        let sequence = sequence - 1;
        connection
            .query_row(
                "SELECT hash FROM entries WHERE place = ?1",
                [place(number, sequence)],
                |row| row.get(0),
            )
            .optional()?
            .map(|hash| Head { sequence, hash })
    };
    let Some(before) = before else {
        return Ok(None);
    };
    connection
        .query_row(
            "SELECT case_id, version, time, kind, payload FROM entries WHERE place = ?1",
            [place(number, sequence)],
            |row| {
                let case_id: Option<[u8; 16]> = row.get(0)?;
                let kind: String = row.get(3)?;
                let payload: Vec<u8> = row.get(4)?;
                Ok(Chain::at(number, before).append(&Entry {
                    case_id: case_id.map(|id| CaseId(Uuid::from_bytes(id))),
                    version: row.get(1)?,
                    time: row.get(2)?,
                    kind: &kind,
                    payload: &payload,
                }))
            },
        )
        .optional()
}

/// Where the next `count` entries of the chain will stand.
pub(super) fn next_places(chain: &Chain, count: usize) -> impl Iterator<Item = i64> {
    let first = place(chain.number(), chain.head().sequence + 1);
    (first..).take(count)
}

/// Where an entry stands in the table: in the order of chains, and of their entries.
pub(super) const fn place(number: i64, sequence: i64) -> i64 {
    (number << SEQUENCE_BITS) + sequence
}

/// The sequence number of what stands at `place`.
pub(super) const fn sequence_of(place: i64) -> u64 {
    (place & ((1 << SEQUENCE_BITS) - 1)).unsigned_abs()
}

/// What stands at `place`.
pub(super) fn at(place: i64) -> rusqlite::Result<LedgerPlace> {
    let number = place >> SEQUENCE_BITS;
    Ok(LedgerPlace {
        chain: u32::try_from(number).map_err(|_range| rusqlite::Error::IntegralValueOutOfRange(0, number))?,
        sequence: sequence_of(place),
    })
}

const fn last_place(number: i64) -> i64 {
    place(number, (1 << SEQUENCE_BITS) - 1)
}

fn head(row: &Row<'_>, first: usize) -> rusqlite::Result<Head> {
    Ok(Head {
        sequence: row.get(first)?,
        hash: row.get(first + 1)?,
    })
}
