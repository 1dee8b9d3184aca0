//! Opening the file: who holds it, whether it is ours, whether the key is its key.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::Settings;
use super::apart::ReaderApart;
use super::checkpoints::{Checkpoints, StartError, checkpoint};
use super::entries::{self, Ends, HeadError};
use super::lock::Lock;
use super::readers::Readers;
use super::tables;
use crate::store::chain::{ChainId, LedgerId};
use crate::store::seal::{Kek, SealError, StoreSecret};
use crate::store::sealed::Sealer;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Stop the other process, or ask it.
    #[error(
        "another process holds the store {path}; a store is served by one gateway at a time, so stop the other first"
    )]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// Use the newer program.
    #[error(
        "the store {path} was made by a newer version of this program (tables {found}, known {known}); \
         start that version"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the tables in the file.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// Start with a new file: no program that was released ever made this one.
    #[error(
        "the store {path} was made before the first release (tables {found}, known {known}); give a new file"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Version of the tables in the file.
        found: i64,
        /// The version that this program knows.
        known: i64,
    },
    /// Find out what was done to the file, then restore it from a backup that ends where the last checkpoint says.
    #[error(
        "the ledger of {path} does not end where it says: entries at its end were removed or altered; \
         see what `statuscheck audit verify --store {path}` finds, and restore a backup"
    )]
    BrokenLedger {
        /// The file.
        path: PathBuf,
    },
    /// Give the key with which the store was made.
    #[error("the key does not open the store {path}")]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// Copy into it again, or remove it.
    #[error(
        "the store {path} is a copy that was broken off; run `statuscheck store copy` into it again, or remove it and the \
         files beside it"
    )]
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// Give another path: this file is something else, or damaged beyond use.
    #[error(
        "{path} is not a store of this program, or its head is damaged; give another path, or put a backup in its \
         place. It was left as it is"
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// Put a backup in its place: pages of the file are missing or make no sense.
    #[error(
        "the store {path} is damaged; keep it with the files beside it for an inquiry, put a backup in its place, \
         and look at the disk"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Have the tables made anew from the ledger.
    #[error(
        "what the store {path} has made from its ledger is damaged; `statuscheck ledger rebuild` makes it anew"
    )]
    Projection {
        /// The file.
        path: PathBuf,
    },
    /// Look at the path, its rights and the disk.
    #[error("cannot open the store {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Look at the disk and the file.
    #[error("cannot open the store {path}")]
    Engine {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The system gives no random numbers, or the library fails.
    #[error("cannot make the keys of the store")]
    Seal(#[source] SealError),
}

/// How long a connection waits for another process that holds the file, such as an operator's copy of it. Callers do not
/// wait so long, they have deadlines of their own; what waited is recorded all the same.
const BUSY_FOR: Duration = Duration::from_secs(5);

/// The writer's page cache, in KiB: the upper levels of five trees and the pages that grow.
const WRITER_CACHE_KIB: i64 = 4_096;

/// All that an open store works with.
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) readers: Readers,
    pub(super) checkpoints: Checkpoints,
    pub(super) sealer: Sealer,
    pub(super) ends: Ends,
    pub(super) stopped: Arc<AtomicBool>,
    pub(super) lock: Lock,
}

impl Opened {
    /// Opens the file of `settings`, recovers it, and starts the checkpoint thread.
    pub(super) fn new(settings: &Settings, kek: Kek) -> Result<Self, OpenError> {
        let path = settings.path.as_path();
        let failed = |source| engine(path, source);
        let lock = lock(path)?;
        let mut writer = connect(path).map_err(failed)?;
        // Looked at first: a file that is not ours is left as it is.
        let is_new = is_new(&writer, path)?;
        become_writer(&writer, settings).map_err(failed)?;
        look_over(&writer, settings)?;
        let secret = if is_new {
            let (secret, wrapped) = StoreSecret::create(&kek).map_err(OpenError::Seal)?;
            let ledger = LedgerId::random().map_err(OpenError::Seal)?;
            let chain = ChainId::random().map_err(OpenError::Seal)?;
            tables::create(&mut writer, &wrapped, (ledger, chain)).map_err(failed)?;
            secret
        } else {
            secret(&writer, path, &kek)?
        };
        let ends = entries::read_ends(&writer).map_err(|error| broken(path, error))?;
        let sealer = Sealer::new(kek, &secret, settings.data_keys_max).map_err(OpenError::Seal)?;
        let readers = (0..settings.readers.max(1))
            .map(|_| connect_reader(path))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        let apart = |name| {
            let connection = connect_reader(path).map_err(failed)?;
            ReaderApart::start(name, connection, settings.reads_waiting_max)
                .map_err(|source| unusable(path, source))
        };
        let apart = (apart("store-due")?, apart("store-counts")?);
        let stopped = Arc::new(AtomicBool::new(false));
        let checkpoints = Checkpoints::start(
            &mut writer,
            (connect(path).map_err(failed)?, lock.file()),
            Arc::clone(&stopped),
            settings.checkpoint_pages,
            settings.log_pages_max,
        )
        .map_err(|error| match error {
            StartError::Engine(source) => engine(path, source),
            StartError::Thread(source) => unusable(path, source),
        })?;
        Ok(Self {
            writer,
            readers: Readers::new(readers, apart, settings.reads_waiting_max),
            checkpoints,
            sealer,
            ends,
            stopped,
            lock,
        })
    }
}

/// Takes the lock, and makes the database file so that only its owner may read it; SQLite gives the files beside it the
/// same rights.
pub(super) fn lock(path: &Path) -> Result<Lock, OpenError> {
    let failed = |source| unusable(path, source);
    // Not the database file itself: closing any handle to that would drop the locks that SQLite holds on it.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let lock = create(Path::new(&beside)).map_err(failed)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::Held {
            path: path.to_owned(),
        },
        TryLockError::Error(source) => unusable(path, source),
    })?;
    let file = create(path).map_err(failed)?;
    Ok(Lock::of(lock, file))
}

/// Makes a file that only its owner may read, where there is none.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_FOR)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// A plan depends on no value. Otherwise one of a table with partial indexes, whose conditions some value might fulfil, is made anew
/// each time that a value is given, which costs as much as reading a case.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

pub(super) fn become_writer(connection: &Connection, settings: &Settings) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_mode| Ok(()))?;
    // What is deleted is overwritten: a destroyed key must not be found in a free page.
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_on| Ok(()))?;
    // Pages as they were before a change, in case it is undone: past 64 KiB they would go to a temporary file, which costs
    // writes and keeps pages with keys where nothing overwrites them.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update_and_check(None, "max_page_count", settings.file_pages_max.max(1), |_pages| {
        Ok(())
    })?;
    // After a failed fsync the system may hold as written what never reached the disk. Moving all of the log into the
    // file, which is synced anew, makes what recovery found durable before anything rests on it.
    checkpoint(connection, "TRUNCATE").map(drop)
}

/// Reads the file through where that takes no more than a second or two, and refuses it where a page makes no sense. A
/// larger one is believed until a damaged page is met, which then stops the store.
pub(super) fn look_over(connection: &Connection, settings: &Settings) -> Result<(), OpenError> {
    let path = settings.path.as_path();
    let failed = |source| engine(path, source);
    let pages: u32 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .map_err(failed)?;
    if pages > settings.look_over_pages_max {
        tracing::info!(pages, "the store is too large to be read through at every start");
        return Ok(());
    }
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if found == "ok" {
        Ok(())
    } else {
        // What was found may quote what is stored, so it is not passed on.
        Err(OpenError::Damaged {
            path: path.to_owned(),
        })
    }
}

pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_FOR)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// The file is empty; otherwise it is a store that this program knows.
pub(super) fn is_new(connection: &Connection, path: &Path) -> Result<bool, OpenError> {
    let path = path.to_owned();
    match tables::version(connection).map_err(|source| engine(&path, source))? {
        None => Ok(true),
        Some(tables::VERSION) => Ok(false),
        Some(found) if found > tables::VERSION => Err(OpenError::Newer {
            path,
            found,
            known: tables::VERSION,
        }),
        Some(0) => Err(OpenError::NotAStore { path }),
        Some(found) => Err(OpenError::Older {
            path,
            found,
            known: tables::VERSION,
        }),
    }
}

/// The store's secret, which only the right key opens.
fn secret(connection: &Connection, path: &Path, kek: &Kek) -> Result<StoreSecret, OpenError> {
    let path = path.to_owned();
    match tables::wrapped_secret(connection).map_err(|source| engine(&path, source))? {
        None => Err(OpenError::NotAStore { path }),
        Some(wrapped) if wrapped.is_empty() => Err(OpenError::Unfinished { path }),
        Some(wrapped) => {
            StoreSecret::unwrap_under(kek, wrapped).map_err(|_not_this_key| OpenError::WrongKey { path })
        }
    }
}

pub(super) fn broken(path: &Path, error: HeadError) -> OpenError {
    match error {
        HeadError::Broken => OpenError::BrokenLedger {
            path: path.to_owned(),
        },
        HeadError::Engine(source) => engine(path, source),
    }
}

pub(super) fn unusable(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn engine(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotAStore { path },
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path },
        _ => OpenError::Engine { path, source },
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_plan_is_made_once_whatever_is_asked_for() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("store.db");
        create(&path).unwrap();
        let writer = connect(&path).unwrap();
        let tables = "CREATE TABLE cases (id INTEGER PRIMARY KEY, state TEXT, due INTEGER);
                      CREATE INDEX received ON cases (due) WHERE state = 'received'";
        writer.execute_batch(tables).unwrap();
        for connection in [&writer, &connect_reader(&path).unwrap()] {
            let mut query = connection
                .prepare("SELECT count(*) FROM cases WHERE state = ?1")
                .unwrap();
            for state in ["received", "told", "received"] {
                query.query_row([state], |row| row.get::<_, i64>(0)).unwrap();
            }
            assert_eq!(query.get_status(StatementStatus::RePrepare), 0);
        }
    }
}
