//! A file that is copied, or made by copying.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::quota::Spent;

use super::checkpoints::checkpoint;
use super::kept::Kept;
use super::lock::Lock;
use super::opening::{self, OpenError};
use super::rebuild::{self, RebuildError};
use super::{Settings, entries, histories, hooks, quotas, referrals, tables, worklist};
use crate::store::chain::ChainHead;
use crate::store::copy::{CaseEntries, CopyError, Counts, Destination, Header, PlacedEntry, Source};
use crate::store::projection::Used;
use crate::store::rows::SealedChange;

/// Pages of 4 KiB in the log after which they are moved into the file: 16 MiB, so that the log stays small however large
/// the store is.
const LOG_PAGES: u32 = 4_096;

/// A file that is read. Its lock keeps every gateway off.
pub(in crate::store) struct FileSource {
    connection: Connection,
    header: Header,
    /// Of the chains of the header.
    numbers: Vec<i64>,
    _lock: Lock,
}

impl FileSource {
    pub(in crate::store) fn open(settings: &Settings) -> Result<Self, CopyError> {
        let path = settings.path.as_path();
        rebuild::exists(path)?;
        let lock = lock(path)?;
        let connection = opening::connect(path)?;
        if opening::is_new(&connection, path)? {
            return Err(CopyError::Nothing { store: name(path) });
        }
        let secret = tables::wrapped_secret(&connection)?.unwrap_or_default();
        if secret.is_empty() {
            return Err(OpenError::Unfinished {
                path: path.to_owned(),
            }
            .into());
        }
        // The end of every chain is looked at, as by a gateway that starts.
        let ends = entries::read_ends(&connection).map_err(|error| opening::broken(path, error))?;
        let (numbers, chains) = entries::numbered(&connection)?.into_iter().unzip();
        let header = Header {
            ledger: ends.ledger,
            secret,
            chains,
        };
        Ok(Self {
            connection,
            header,
            numbers,
            _lock: lock,
        })
    }
}

impl Source for FileSource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn entries(&mut self, chain: usize, after: i64, limit: i64) -> Result<Vec<PlacedEntry>, CopyError> {
        let number = self.numbers.get(chain).copied().unwrap_or_default();
        Ok(entries::page(&self.connection, number, after, limit)?)
    }

    fn keys(&mut self, cases: &[CaseId]) -> Result<Vec<Option<Vec<u8>>>, CopyError> {
        let keys = cases.iter().map(|id| tables::wrapped_key(&self.connection, *id));
        Ok(keys.collect::<Result<_, _>>()?)
    }

    fn counts(&mut self) -> Result<Counts, CopyError> {
        Ok(counts(&self.connection)?)
    }

    /// Nobody could write: the lock is held.
    fn stood_still(&mut self) -> Result<(), CopyError> {
        Ok(())
    }
}

/// A file that is made.
pub(in crate::store) struct FileDestination {
    connection: Connection,
    _lock: Lock,
}

impl FileDestination {
    /// Makes the tables in the file, which is new, or which a copy that was broken off has left.
    pub(in crate::store) fn create(settings: &Settings, header: &Header) -> Result<Self, CopyError> {
        let path = settings.path.as_path();
        let Some(first) = header.chains.first() else {
            return Err(CopyError::Nothing { store: name(path) });
        };
        let lock = lock(path)?;
        let mut connection = opening::connect(path)?;
        if !opening::is_new(&connection, path)? {
            if tables::wrapped_secret(&connection)?.is_none_or(|secret| !secret.is_empty()) {
                return Err(CopyError::NotEmpty { store: name(path) });
            }
            connection.close().map_err(|(_connection, error)| error)?;
            empty(path).map_err(|source| opening::unusable(path, source))?;
            connection = opening::connect(path)?;
        }
        opening::become_writer(&connection, settings)?;
        // Synced when the log is moved into the file, and with the mark that it is whole; before that nothing is lost.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        tables::create(&mut connection, &[], (header.ledger, first.chain))?;
        Ok(Self {
            connection,
            _lock: lock,
        })
    }
}

impl Destination for FileDestination {
    fn add_entries(&mut self, chain: usize, page: &[PlacedEntry]) -> Result<(), CopyError> {
        let number = number(chain);
        let (transaction, lately) = (self.connection.transaction()?, RefCell::default());
        let kept = Kept::new(&transaction, &lately);
        for entry in page {
            entries::insert(&kept, number, entry.place, &entry.as_entry())?;
        }
        drop(kept);
        Ok(transaction.commit()?)
    }

    fn add_chains(&mut self, chains: &[ChainHead]) -> Result<(), CopyError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM chains", [])?;
        for (chain, end) in chains.iter().enumerate() {
            transaction.execute(
                "INSERT INTO chains (number, id, sequence, hash) VALUES (?1, ?2, ?3, ?4)",
                params![number(chain), end.chain.0, end.head.sequence, end.head.hash],
            )?;
        }
        histories::gather(&transaction)?;
        Ok(transaction.commit()?)
    }

    fn cases_after(&mut self, after: CaseId, limit: i64) -> Result<Vec<CaseEntries>, CopyError> {
        let ids = histories::cases_after(&self.connection, after, limit)?;
        let cases = ids
            .into_iter()
            .map(|id| Ok((id, histories::entries_of(&self.connection, id)?)));
        Ok(cases.collect::<rusqlite::Result<_>>()?)
    }

    fn add_cases(&mut self, cases: Vec<SealedChange>) -> Result<(), CopyError> {
        let (transaction, lately) = (self.connection.transaction()?, RefCell::default());
        let kept = Kept::new(&transaction, &lately);
        for case in &cases {
            let opening = case.opening.as_ref();
            let opening = opening.ok_or(CopyError::Unreadable(case.case_id))?;
            let places = histories::places_of(&transaction, case.case_id)?;
            if tables::open_case(&kept, case, opening, &places)?.is_some() {
                return Err(CopyError::Clash);
            }
            worklist::write(&transaction, "questions", case.case_id, &case.listed)?;
            hooks::write(&transaction, "hooks", case.case_id, &case.hooked)?;
            referrals::make(&transaction, referrals::TABLES, case, opening)?;
        }
        drop(kept);
        Ok(transaction.commit()?)
    }

    fn add_quotas(&mut self, used: Used) -> Result<(), CopyError> {
        let transaction = self.connection.transaction()?;
        let spent = used.rows().into_iter().map(|(key, units)| Spent { key, units });
        quotas::add(&transaction, "quotas", &spent.collect::<Vec<_>>())?;
        Ok(transaction.commit()?)
    }

    fn make_holds(&mut self) -> Result<(), CopyError> {
        let transaction = self.connection.transaction()?;
        rebuild::make_holds(&transaction, "holds").map_err(|error| match error {
            RebuildError::Engine(error) => CopyError::Engine(error),
            _ => CopyError::DamagedHold,
        })?;
        Ok(transaction.commit()?)
    }

    fn heads(&mut self) -> Result<Vec<ChainHead>, CopyError> {
        let chains = entries::numbered(&self.connection)?;
        Ok(chains.into_iter().map(|(_number, end)| end).collect())
    }

    fn counts(&mut self) -> Result<Counts, CopyError> {
        Ok(counts(&self.connection)?)
    }

    fn finish(self: Box<Self>, secret: &[u8]) -> Result<(), CopyError> {
        // In the log it stands after all that was copied, so it is not on the disk without that.
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        histories::scatter(&self.connection)?;
        self.connection
            .execute("UPDATE store SET secret = ?1", [secret])?;
        checkpoint(&self.connection, "TRUNCATE")?;
        Ok(())
    }
}

fn lock(path: &Path) -> Result<Lock, CopyError> {
    opening::lock(path).map_err(|error| match error {
        OpenError::Held { path } => CopyError::Held { store: name(&path) },
        error => error.into(),
    })
}

/// Takes away what a copy that was broken off has left.
fn empty(path: &Path) -> io::Result<()> {
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    fs::remove_file(path)?;
    opening::create(path).map(drop)
}

fn counts(connection: &Connection) -> rusqlite::Result<Counts> {
    let count = |rows: &str| -> rusqlite::Result<u64> {
        let counted: Option<i64> = connection
            .query_row(&format!("SELECT count(*) FROM {rows}"), [], |row| row.get(0))
            .optional()?;
        Ok(counted.unwrap_or_default().unsigned_abs())
    };
    Ok(Counts {
        cases: count("cases")?,
        // A key that was destroyed is zeros where it lay.
        keys: count("case_keys WHERE wrapped <> zeroblob(length(wrapped))")?,
        holds: count("holds")?,
        quotas: count("quotas WHERE used <> 0")?,
        questions: count("questions")?,
        hooks: count("hooks")?,
        referrals: count("referrals")?,
    })
}

/// The number of a chain in a file that was made by copying: the last of the source is the one that is gone on with.
fn number(chain: usize) -> i64 {
    i64::try_from(chain).unwrap_or(i64::MAX)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
