//! Where the entries of a case stand: a column of the case's row. An index of entries by their cases would have a row for each
//! entry, a tenth of what recording a check costs; the row of the case is written with each change anyway.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};
use statuscheck_domain::ids::CaseId;

use super::entries;
use super::tables::key;
use crate::store::LedgerPlace;
use crate::store::rows::SealedEntry;

/// Bytes of one place.
const PLACE: usize = size_of::<i64>();

/// Places that a row has room for from the first: as many as a check that is answered in its call has entries. So the row
/// keeps its length, and is written over where it stands.
const ROOM: usize = 4;

/// Cases whose places are kept in mind, at some hundred bytes each. Far more than are asked about at a time.
const LATELY_MAX: usize = 8_192;

/// The places of a case's entries, in the order of their versions.
pub(super) struct Places {
    /// As the row has them: big-endian, with zeros where there is room behind them. Nothing stands at place 0.
    bytes: Vec<u8>,
    count: usize,
}

impl Places {
    pub(super) fn none() -> Self {
        Self {
            bytes: vec![0; ROOM * PLACE],
            count: 0,
        }
    }

    /// Those of a row.
    pub(super) fn of(mut bytes: Vec<u8>) -> Self {
        let (places, rest) = bytes.as_chunks::<PLACE>();
        let count = places.iter().position(|place| *place == [0; PLACE]);
        let count = count.unwrap_or(places.len());
        bytes.truncate(bytes.len() - rest.len());
        Self { bytes, count }
    }

    pub(super) fn add(&mut self, place: i64) {
        let place = place.to_be_bytes();
        let (places, _rest) = self.bytes.as_chunks_mut::<PLACE>();
        match places.get_mut(self.count) {
            Some(room) => *room = place,
            None => self.bytes.extend_from_slice(&place),
        }
        self.count += 1;
    }

    /// For the row.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// There is one for each version up to `version`, and no more.
    pub(super) fn reach(&self, version: i64) -> bool {
        i64::try_from(self.count) == Ok(version)
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = i64> {
        let (places, _rest) = self.bytes.as_chunks::<PLACE>();
        let taken = places.iter().take(self.count);
        taken.map(|place| i64::from_be_bytes(*place))
    }
}

/// The places of cases that were received lately and not decided about. Most changes are of such a case, which then need not
/// be read before it is written.
#[derive(Default)]
pub(super) struct Lately(HashMap<CaseId, Places>);

impl Lately {
    /// A case as the transaction leaves it.
    pub(super) fn keep(&mut self, id: CaseId, places: Places) {
        if self.0.len() >= LATELY_MAX {
            // Cases that nobody decides about must not stay for ever. What is asked for again is read.
            self.0.clear();
        }
        self.0.insert(id, places);
    }

    pub(super) fn take(&mut self, id: CaseId) -> Option<Places> {
        self.0.remove(&id)
    }

    /// What was kept since the last commit is not in the file.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Version and places of a case, as its row has them.
pub(super) fn read(connection: &Connection, id: CaseId) -> rusqlite::Result<Option<(i64, Places)>> {
    connection
        .prepare_cached("SELECT version, places FROM cases WHERE id = ?1")?
        .query_row([key(id)], |row| Ok((row.get(0)?, Places::of(row.get(1)?))))
        .optional()
}

/// The entries of a case that stand at `places`. One that is another's, or gone, is left out.
pub(super) fn entries_at(
    connection: &Connection,
    id: CaseId,
    places: &Places,
) -> rusqlite::Result<Vec<(LedgerPlace, SealedEntry)>> {
    let mut statement = connection.prepare_cached(
        "SELECT version, time, kind, payload FROM entries WHERE place = ?1 AND case_id = ?2",
    )?;
    let mut found = Vec::with_capacity(places.count);
    for place in places.all() {
        let entry = statement.query_row((place, key(id)), |row| {
            Ok(SealedEntry {
                version: row.get(0)?,
                time: row.get(1)?,
                kind: row.get::<_, String>(2)?.into(),
                payload: row.get(3)?,
            })
        });
        if let Some(entry) = entry.optional()? {
            found.push((entries::at(place)?, entry));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_what_was_added_whether_there_was_room_or_not() {
        let mut places = Places::none();
        for count in 0..=9 {
            let read = Places::of(places.bytes().to_vec());
            assert_eq!(read.all().collect::<Vec<_>>(), (1..=count).collect::<Vec<_>>());
            assert!(read.reach(count) && !read.reach(count + 1) && !read.reach(-1));
            places.add(count + 1);
        }
    }

    #[test]
    fn a_row_has_the_same_length_for_as_many_entries_as_it_has_room_for() {
        let mut places = Places::none();
        let length = places.bytes().len();
        for place in 1..=4 {
            places.add(place);
            assert_eq!(places.bytes().len(), length);
        }
    }

    #[test]
    fn bytes_that_are_no_places_are_none() {
        for bytes in [vec![], vec![0; 8], vec![7; 3]] {
            assert!(Places::of(bytes).reach(0));
        }
    }
}
