//! The auditor: finds out whether the ledger of a store is what was recorded. It needs no key but the public one, and
//! shares no code with what writes the ledger: both follow `docs/ledger.md`, so that a fault in one is found by the other.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use self::checkpoints::{PublicKey, Source};
use self::finding::Findings;
pub use self::finding::{Finding, KnownBy, Place};
use self::ledger::Ledger;
use self::scan::Scan;

mod checkpoints;
mod encoding;
mod finding;
mod ledger;
mod scan;

/// What to look at.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Subject {
    /// The database file. Its checkpoints are looked for beside it, in a file of the same name with `.checkpoints` behind.
    pub store: PathBuf,
    /// Files of public keys, 64 hexadecimal digits each; several where the signing key was changed. Without any, signatures
    /// are not checked.
    pub public_keys: Vec<PathBuf>,
    /// The folder that the gateway puts checkpoints in as well, or a copy of it.
    pub anchor: Option<PathBuf>,
    /// The first entry to look at; the one before it is taken to be right. The first of all where none is given.
    pub from: Option<i64>,
    /// The last entry to look at. The last of all where none is given.
    pub to: Option<i64>,
}

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Ask for entries that are there.
    #[error("there are no entries {from} to {to}: the last of the ledger is {last}")]
    NoSuchEntries {
        /// First of the entries asked for.
        from: i64,
        /// Last of them.
        to: i64,
        /// Last entry of the ledger.
        last: i64,
    },
    /// Give a store that this version of the program knows.
    #[error("{path} is not a store with a ledger that this program can read")]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// Give the right file.
    #[error("{path} does not hold a public key of 64 hexadecimal digits")]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// Look at the path and its rights.
    #[error("cannot read {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Look at the file: it cannot be read to the end, so nothing is known about the rest.
    #[error("cannot read the ledger in {path}")]
    Engine {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Which ledger, in 32 hexadecimal digits.
    pub ledger: String,
    /// Entries that were looked at.
    pub entries: u64,
    /// Cases that begin in them.
    pub cases: u64,
    /// Entries that belong to no case.
    pub house_entries: u64,
    /// Time of the first entry looked at.
    pub first_time: Option<Timestamp>,
    /// Time of the last.
    pub last_time: Option<Timestamp>,
    /// How often an entry was compared with a checkpoint.
    pub checkpoints: u64,
    /// The signatures of the checkpoints were checked.
    pub signatures_checked: bool,
    /// Checkpoints of an anchor are among them.
    pub anchor_checked: bool,
    /// Entries at the end of the ledger that no checkpoint speaks for yet.
    pub entries_after_checkpoints: i64,
    /// What is wrong, the first twenty of each sort: entries in their order; the end; checkpoints.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Nothing is wrong with what was looked at.
    pub const fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    /// 0 where nothing is wrong, else that of the first finding.
    pub fn exit_code(&self) -> u8 {
        self.findings.first().map_or(0, Finding::exit_code)
    }
}

/// Looks at the ledger of `subject`, or at the part it names, in one read transaction; a gateway may be running on it.
/// `progress` is told from time to time how many entries of how many were looked at.
///
/// # Errors
/// [`AuditError`]: nothing can be said. What is wrong with a ledger is no error but a finding.
pub fn verify(subject: &Subject, progress: impl FnMut(u64, u64)) -> Result<Report, AuditError> {
    let keys = subject
        .public_keys
        .iter()
        .map(|path| PublicKey::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut ledger = Ledger::open(&subject.store)?;
    // Checkpoints before the transaction begins, so that they know no entry that it does not see.
    let mut sources = vec![Source::beside(&subject.store)];
    if let Some(folder) = &subject.anchor {
        sources.push(Source::anchored(folder, &ledger.id)?);
    }
    let mut findings = Findings::default();
    let known = checkpoints::believed(&sources, &ledger.id, &keys, &mut findings)?;
    ledger.begin()?;
    let range = ledger.range(
        subject.from,
        subject.to,
        known.last().map_or(0, |last| last.sequence),
    )?;
    let mut scan = Scan::new(&ledger, &known, range);
    scan.run(&mut findings, progress)?;
    ledger.judge_end(known.last(), &mut findings);
    let last_known = known.last().map_or(0, |last| last.sequence);
    let seen = scan.seen;
    Ok(Report {
        ledger: encoding::hex(&ledger.id),
        entries: seen.entries,
        cases: seen.cases,
        house_entries: seen.house_entries,
        first_time: seen.first_time.and_then(encoding::timestamp),
        last_time: seen.last_time.and_then(encoding::timestamp),
        checkpoints: seen.compared,
        signatures_checked: !keys.is_empty(),
        anchor_checked: subject.anchor.is_some(),
        entries_after_checkpoints: (ledger.last - last_known).max(0),
        findings: findings.in_order(),
    })
}
