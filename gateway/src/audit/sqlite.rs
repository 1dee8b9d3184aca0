//! The database file as an auditor reads it.

use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::AuditError;
use super::encoding::{Hash, Id, Row};
use super::source::{Extent, Look, Source, UNNAMED_MAX};

/// The version of the tables that this auditor knows.
const TABLES: i64 = 9;

/// An entry's place is the number of its chain times 2^40, and its sequence.
const SEQUENCE_BITS: u32 = 40;
const SEQUENCE_MAX: i64 = (1 << SEQUENCE_BITS) - 1;
const NUMBER_MAX: i64 = i64::MAX >> SEQUENCE_BITS;

/// How long it waits where the gateway is just opening or closing the file.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// A ledger in a file.
pub(super) struct DatabaseFile {
    path: PathBuf,
    connection: Connection,
    ledger: Id,
}

impl DatabaseFile {
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        // SQLite's own words for a file that is not there say nothing of that.
        std::fs::File::open(path).map_err(|source| AuditError::Io {
            path: path.to_owned(),
            source,
        })?;
        let failed = |error| failed(path, error);
        let (connection, version) = connect(path).map_err(failed)?;
        if version != TABLES {
            return Err(AuditError::NotALedger {
                store: path.display().to_string(),
            });
        }
        let ledger = connection
            .query_row("SELECT ledger FROM store", [], |row| row.get(0))
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            ledger,
        })
    }

    fn extent(&self) -> rusqlite::Result<Extent> {
        self.connection.execute_batch("BEGIN")?;
        let mut extent = Extent::default();
        let mut numbers = Vec::new();
        let mut chains = self
            .connection
            .prepare("SELECT number, id, sequence, hash FROM chains ORDER BY number")?;
        let mut rows = chains.query([])?;
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            if !(0..=NUMBER_MAX).contains(&number) {
                extent.unnamed.push(number);
                continue;
            }
            numbers.push(number);
            let bytes = |index| row.get_ref(index).ok()?.as_blob().ok();
            let id = bytes(1).and_then(|id| id.try_into().ok());
            let hash = bytes(3).and_then(|hash| hash.try_into().ok());
            extent.take(number, id, (row.get(2)?, hash), self.last_of(number)?);
        }
        self.find_unnamed(&numbers, &mut extent.unnamed)?;
        Ok(extent)
    }

    /// The last entry of a chain; 0 where there is none.
    fn last_of(&self, number: i64) -> rusqlite::Result<i64> {
        let base = number << SEQUENCE_BITS;
        self.connection
            .prepare_cached("SELECT ifnull(max(place), ?1) - ?1 FROM entries WHERE place BETWEEN ?1 AND ?2")?
            .query_row([base, base + SEQUENCE_MAX], |row| row.get(0))
    }

    /// Adds the numbers that entries have and that are none of `named`, by one look into the table for each.
    fn find_unnamed(&self, named: &[i64], unnamed: &mut Vec<i64>) -> rusqlite::Result<()> {
        let mut from = Some(i64::MIN);
        while let Some(place) = from
            && unnamed.len() < UNNAMED_MAX
        {
            let next: Option<i64> = self
                .connection
                .prepare_cached("SELECT min(place) FROM entries WHERE place >= ?1")?
                .query_row([place], |row| row.get(0))?;
            let Some(number) = next.map(|place| place >> SEQUENCE_BITS) else {
                break;
            };
            if !named.contains(&number) {
                unnamed.push(number);
            }
            from = ((number << SEQUENCE_BITS) + SEQUENCE_MAX).checked_add(1);
        }
        Ok(())
    }
}

impl Source for DatabaseFile {
    fn ledger(&self) -> Id {
        self.ledger
    }

    fn begin(&mut self) -> Result<Extent, AuditError> {
        self.extent().map_err(|error| failed(&self.path, error))
    }

    fn each(&self, number: i64, (first, last): (i64, i64), look: Look<'_>) -> Result<(), AuditError> {
        let base = number << SEQUENCE_BITS;
        let [first, last] = [first, last].map(|sequence| base + sequence.clamp(0, SEQUENCE_MAX));
        let mut each = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT place, case_id, version, time, kind, payload, hash FROM entries
                 WHERE place BETWEEN ?1 AND ?2 ORDER BY place",
            )?;
            let mut rows = statement.query([first, last])?;
            while let Some(row) = rows.next()? {
                let sequence = row.get::<_, i64>(0)? - base;
                if let ControlFlow::Break(()) = look(shaped(row, sequence).ok_or(sequence)) {
                    break;
                }
            }
            Ok(())
        };
        each().map_err(|error| failed(&self.path, error))
    }

    fn hash_of(&self, number: i64, sequence: i64) -> Result<Option<Hash>, AuditError> {
        let place = (number << SEQUENCE_BITS) + sequence.clamp(0, SEQUENCE_MAX);
        let hash = self
            .connection
            .query_row("SELECT hash FROM entries WHERE place = ?1", [place], |row| {
                Ok(row
                    .get_ref(0)?
                    .as_blob()
                    .ok()
                    .and_then(|hash| hash.try_into().ok()))
            })
            .optional()
            .map_err(|error| failed(&self.path, error))?;
        Ok(hash.flatten())
    }
}

fn shaped<'a>(row: &'a rusqlite::Row<'_>, sequence: i64) -> Option<Row<'a>> {
    let column = |index| row.get_ref(index).ok();
    let number = |index| column(index)?.as_i64().ok();
    let case_id = match column(1)? {
        ValueRef::Null => None,
        // Zeros stand for no case where hashes are made, so they must not stand in a file.
        ValueRef::Blob(id) => Some(<&Id>::try_from(id).ok().filter(|id| **id != [0; 16])?),
        _ => return None,
    };
    Some(Row {
        sequence,
        case_id,
        version: number(2)?,
        time: number(3)?,
        kind: column(4)?.as_bytes().ok()?,
        payload: column(5)?.as_blob().ok()?,
        hash: column(6)?.as_blob().ok()?.try_into().ok()?,
    })
}

/// A connection, and the version of the tables there.
fn connect(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let connect = |name: &OsStr| -> rusqlite::Result<_> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)?;
        connection.busy_timeout(BUSY_FOR)?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((connection, version))
    };
    let found = connect(&uri(path, ""));
    let log = {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        PathBuf::from(log)
    };
    let refused = |error: &rusqlite::Error| {
        let code = error.sqlite_error_code();
        matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
    };
    match &found {
        // SQLite wants to write a file beside it. Where it may not, and no gateway has a log there, nothing changes the
        // file while it is read: it is a copy on a disk for reading only.
        Err(error) if refused(error) && !log.exists() => connect(&uri(path, "?immutable=1")),
        _ => found,
    }
}

/// The path as SQLite takes it with settings behind it.
fn uri(path: &Path, settings: &str) -> OsString {
    let mut uri = b"file:".to_vec();
    // A path with two slashes in front would be read as a host.
    if path.is_relative() {
        uri.extend(b"./");
    }
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.extend(format!("%{byte:02X}").bytes()),
            _ => uri.push(*byte),
        }
    }
    uri.extend(settings.bytes());
    OsString::from_vec(uri)
}

fn failed(path: &Path, source: rusqlite::Error) -> AuditError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => AuditError::NotALedger {
            store: path.display().to_string(),
        },
        _ => AuditError::Engine {
            path: path.to_owned(),
            source,
        },
    }
}
