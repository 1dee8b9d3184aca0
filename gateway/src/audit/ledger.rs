//! The database file as an auditor reads it.

use std::ffi::{OsStr, OsString};
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::AuditError;
use super::checkpoints::Checkpoint;
use super::encoding::{self, Hash, Id, Row};
use super::finding::{Finding, Findings, KnownBy};

/// The version of the tables that this auditor knows.
const TABLES: i64 = 2;

/// How long it waits where the gateway is just opening or closing the file.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// A ledger in a file.
pub(super) struct Ledger {
    path: PathBuf,
    connection: Connection,
    pub(super) id: Id,
    pub(super) genesis: Hash,
    /// Where the file says that it ends. Known from [`Ledger::begin`] on, as is the next.
    head: (i64, Hash),
    /// The last entry there is; 0 where there is none.
    pub(super) last: i64,
}

impl Ledger {
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
                path: path.to_owned(),
            });
        }
        let id = connection
            .query_row("SELECT id FROM ledger", [], |row| row.get(0))
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            id,
            genesis: encoding::genesis(&id),
            head: (0, [0; 32]),
            last: 0,
        })
    }

    /// From here on nothing that is read changes.
    pub(super) fn begin(&mut self) -> Result<(), AuditError> {
        let begin = |connection: &Connection| {
            connection.execute_batch("BEGIN")?;
            let head = connection.query_row("SELECT sequence, hash FROM ledger", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            let last = connection.query_row("SELECT max(sequence) FROM entries", [], |row| {
                row.get::<_, Option<i64>>(0)
            })?;
            Ok((head, last.unwrap_or(0)))
        };
        (self.head, self.last) = begin(&self.connection).map_err(|error| failed(&self.path, error))?;
        Ok(())
    }

    /// The entries to look at, first and last. `known`: the last that a checkpoint knows.
    pub(super) fn range(
        &self,
        from: Option<i64>,
        to: Option<i64>,
        known: i64,
    ) -> Result<(i64, i64), AuditError> {
        let first = from.unwrap_or(1).max(1);
        let last = to.unwrap_or(self.last.max(first - 1));
        // Entries that were there once are missed, not asked for by mistake.
        let ever = self.last.max(self.head.0).max(known);
        if (from.is_some() || to.is_some()) && (first > last || last > ever || first > ever) {
            return Err(AuditError::NoSuchEntries {
                from: first,
                to: last,
                last: self.last,
            });
        }
        Ok((first, last))
    }

    /// The end against what the head and the checkpoints know of it.
    pub(super) fn judge_end(&self, known: Option<&Checkpoint>, findings: &mut Findings) {
        let (head, last) = (self.head.0, self.last);
        match known {
            Some(known) if known.sequence > last && known.sequence >= head => {
                findings.push(Finding::Truncated {
                    last,
                    known: known.sequence,
                    by: KnownBy::Checkpoint(known.place.clone()),
                });
            }
            _ if head > last => findings.push(Finding::Truncated {
                last,
                known: head,
                by: KnownBy::Head,
            }),
            _ => {
                let hash = if last == 0 {
                    Some(self.genesis)
                } else {
                    self.hash_of(last)
                };
                if head != last || hash != Some(self.head.1) {
                    findings.push(Finding::HeadAltered);
                }
            }
        }
    }

    /// The hash that stands at an entry; none where there is no such entry, or no hash.
    pub(super) fn hash_of(&self, sequence: i64) -> Option<Hash> {
        self.connection
            .query_row(
                "SELECT hash FROM entries WHERE sequence = ?1",
                [sequence],
                |row| row.get(0),
            )
            .ok()
    }

    /// Goes over the entries from `first` to `last` in their order, until `look` breaks off. An entry that is
    /// not of the right shape is handed over as its sequence alone.
    pub(super) fn each(
        &self,
        (first, last): (i64, i64),
        mut look: impl FnMut(Result<Row<'_>, i64>) -> ControlFlow<()>,
    ) -> Result<(), AuditError> {
        let mut each = || {
            let mut statement = self.connection.prepare_cached(
                "SELECT sequence, case_id, version, time, kind, payload, hash FROM entries
                 WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence",
            )?;
            let mut rows = statement.query([first, last])?;
            while let Some(row) = rows.next()? {
                let sequence = row.get(0)?;
                if look(shaped(row, sequence).ok_or(sequence)).is_break() {
                    break;
                }
            }
            Ok(())
        };
        each().map_err(|error| failed(&self.path, error))
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
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => AuditError::NotALedger { path },
        _ => AuditError::Engine { path, source },
    }
}
