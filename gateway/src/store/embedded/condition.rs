//! How a file stands.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use statuscheck_domain::clock::SharedClock;

use super::entries::HeadError;
use super::opening::{self, OpenError};
use super::{Settings, entries, rebuild, tables};
use crate::store::chain::LedgerId;
use crate::store::condition::{ChainCondition, Condition, ConditionError, Fault};

/// See [`crate::store::condition::condition`].
pub(in crate::store) fn condition(
    settings: &Settings,
    rows: bool,
    clock: &SharedClock,
) -> Result<Condition, ConditionError> {
    let path = settings.path.as_path();
    rebuild::exists(path)?;
    let mut found = Condition {
        bytes: bytes(path, "") + bytes(path, "-wal"),
        // The gateway sets both whenever it opens the file.
        settings: [("journal_mode", "WAL"), ("synchronous", "FULL")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..Condition::default()
    };
    let connection = opening::connect_reader(path)?;
    match opening::is_new(&connection, path) {
        // A gateway that starts makes the tables.
        Ok(true) => return Ok(found),
        Ok(false) => {}
        Err(error @ (OpenError::Newer { found: tables, .. } | OpenError::Older { found: tables, .. })) => {
            found.tables = Some(tables);
            found.faults.push(Fault::File(error));
            return Ok(found);
        }
        Err(error) => return Err(error.into()),
    }
    found.tables = Some(tables::VERSION);
    // One state, while a gateway goes on.
    connection.execute_batch("BEGIN")?;
    if let Err(error) = opening::look_over(&connection, settings) {
        found.faults.push(Fault::File(error));
    }
    if tables::wrapped_secret(&connection)?.is_none_or(|secret| secret.is_empty()) {
        let path = path.to_owned();
        found.faults.push(Fault::File(OpenError::Unfinished { path }));
        return Ok(found);
    }
    look_at_chains(&mut found, &connection, path)?;
    if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        found.faults.push(Fault::Exposed);
    }
    let newest = connection.query_row(
        "SELECT max(time) FROM entries WHERE place IN (SELECT (number << 40) + sequence FROM chains)",
        [],
        |row| row.get(0),
    )?;
    found.judge_newest(newest, clock);
    if rows {
        let (ledger, cases, keys) = connection.query_row(
            "SELECT (SELECT count(*) FILTER (WHERE version = 1) - count(*) FILTER (WHERE kind = 'purged')
                     FROM entries WHERE case_id IS NOT NULL),
                    (SELECT count(*) FROM cases),
                    (SELECT count(*) FROM case_keys WHERE wrapped <> zeroblob(length(wrapped)))",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        found.judge_rows(ledger, [("rows of cases", cases), ("keys of cases", keys)]);
    }
    Ok(found)
}

fn look_at_chains(found: &mut Condition, connection: &Connection, path: &Path) -> Result<(), ConditionError> {
    let holder = is_held(path).then(|| "a process on this machine".to_owned());
    let chains = entries::numbered(connection)?;
    let last = chains.len().saturating_sub(1);
    found.chains = chains
        .iter()
        .enumerate()
        .map(|(place, (_number, end))| ChainCondition {
            chain: end.chain,
            entries: end.head.sequence,
            // The others are of writers that there are no more.
            holder: holder.clone().filter(|_| place == last),
        })
        .collect();
    found.ledger = connection
        .query_row("SELECT ledger FROM store", [], |row| row.get(0))
        .map(|id| Some(LedgerId(id)))?;
    match entries::read_ends(connection) {
        Ok(_ends) => Ok(()),
        Err(HeadError::Engine(error)) => Err(error.into()),
        Err(broken @ HeadError::Broken) => {
            found.faults.push(Fault::File(opening::broken(path, broken)));
            Ok(())
        }
    }
}

/// Some process holds the lock. Where none does it is let go at once.
fn is_held(path: &Path) -> bool {
    let lock = File::open(beside(path, ".lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn bytes(path: &Path, name: &str) -> u64 {
    fs::metadata(beside(path, name)).map_or(0, |file| file.len())
}

fn beside(path: &Path, name: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(name);
    beside.into()
}
