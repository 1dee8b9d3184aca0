//! The statements of every check, kept prepared for a batch. To find one among the prepared ones of a connection takes a look at
//! all of its text, twice, which is a tenth of what running it costs.

use std::cell::{Cell, RefCell, RefMut};
use std::ops::Deref;

use rusqlite::{CachedStatement, Connection, Params};

use super::places::Lately;

/// What every check runs.
#[derive(Clone, Copy)]
pub(super) enum Often {
    /// Adds a row of a case. Tried rather than looked for first: nearly every request is new, and each statement that finds
    /// nothing costs as much as one that writes.
    Open,
    /// Adds the key of a case.
    Key,
    /// Adds an entry.
    Entry,
    /// Moves a case on to another state, where nothing is to wake it and it is on nobody's list, before and after: so the
    /// indexes of that need no look.
    Decide,
    /// Moves a case on, and to another state.
    Move,
    /// Moves a case on in its state: naming that would write its index anew each time. The indexes of wake times and of whose
    /// turn it is are written only where there is one before or after.
    Stay,
}

impl Often {
    const COUNT: usize = 6;

    const fn text(self) -> &'static str {
        match self {
            Self::Open => {
                "INSERT INTO cases (id, organisation, request_id, state, version, created, content, agreement, kind, subjects,
                                    wake, turn, due, risk, places, key)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                 ON CONFLICT DO NOTHING"
            }
            Self::Key => "INSERT INTO case_keys (place, case_id, wrapped) VALUES (?1, ?2, ?3)",
            Self::Entry => {
                "INSERT INTO entries (place, case_id, version, time, kind, payload, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            }
            Self::Decide => {
                "UPDATE cases SET version = ?3, state = ?4, places = ?5
                 WHERE id = ?1 AND version = ?2 AND wake IS NULL AND turn IS NULL"
            }
            Self::Move => {
                "UPDATE cases SET version = ?3, wake = ?4, turn = ?5, due = ?6, risk = ?7, places = ?8, state = ?9
                 WHERE id = ?1 AND version = ?2"
            }
            Self::Stay => {
                "UPDATE cases SET version = ?3, wake = ?4, turn = ?5, due = ?6, risk = ?7, places = ?8
                 WHERE id = ?1 AND version = ?2"
            }
        }
    }
}

/// A connection within a transaction, with the statements that ran in it.
pub(super) struct Kept<'connection> {
    connection: &'connection Connection,
    statements: RefCell<[Option<CachedStatement<'connection>>; Often::COUNT]>,
    lately: &'connection RefCell<Lately>,
    /// Where the next key goes, once that was looked for.
    key_place: Cell<Option<i64>>,
}

impl<'connection> Kept<'connection> {
    pub(super) fn new(connection: &'connection Connection, lately: &'connection RefCell<Lately>) -> Self {
        Self {
            connection,
            statements: RefCell::default(),
            lately,
            key_place: Cell::default(),
        }
    }

    /// Cases whose places are known.
    pub(super) fn lately(&self) -> RefMut<'_, Lately> {
        self.lately.borrow_mut()
    }

    /// Where the next key goes: at the end of its table.
    pub(super) fn key_place(&self) -> rusqlite::Result<i64> {
        if let Some(place) = self.key_place.get() {
            return Ok(place);
        }
        let place = self
            .connection
            .prepare_cached("SELECT ifnull(max(place), 0) + 1 FROM case_keys")?
            .query_row([], |row| row.get(0))?;
        self.key_place.set(Some(place));
        Ok(place)
    }

    pub(super) fn key_place_is_taken(&self) {
        self.key_place.set(self.key_place.get().map(|place| place + 1));
    }

    /// Runs a statement, and is how many rows it changed.
    pub(super) fn run(&self, which: Often, values: impl Params) -> rusqlite::Result<usize> {
        let mut statements = self.statements.borrow_mut();
        let slot = &mut statements[which as usize];
        let statement = match slot {
            Some(prepared) => prepared,
            None => slot.insert(self.connection.prepare_cached(which.text())?),
        };
        statement.execute(values)
    }
}

impl Deref for Kept<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}
