//! The auditor: finds out whether the ledger of a store is what was recorded. It needs no key but the public one, and
//! shares no code with what writes the ledger: both follow `docs/ledger.md`, so that a fault in one is found by the other.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use self::checkpoints::{Known, PublicKey, Sources};
use self::finding::Findings;
pub use self::finding::{ChainId, ChainIdError, Finding, KnownBy, Place};
pub use self::postgres::{Address, PostgresError};
use self::scan::Scan;
use self::source::{Chain, Source};

mod checkpoints;
mod encoding;
mod finding;
mod postgres;
mod scan;
mod source;
mod sqlite;

/// Where a store is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreAt {
    /// A database file. Its checkpoints are looked for beside it too, in a file of the same name with `.checkpoints` behind.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres(Address),
}

impl Default for StoreAt {
    fn default() -> Self {
        Self::File(PathBuf::new())
    }
}

impl From<PathBuf> for StoreAt {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

/// What to look at.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Subject {
    /// Where the store is.
    pub store: StoreAt,
    /// Files of checkpoints, beside what lies beside a database file. The ones that were put aside before them, with
    /// `.old` behind the name, are read as well.
    pub checkpoints: Vec<PathBuf>,
    /// Files of public keys, 64 hexadecimal digits each; several where the signing key was changed. Without any, signatures
    /// are not checked.
    pub public_keys: Vec<PathBuf>,
    /// Public keys themselves, as many as are known already.
    pub known_keys: Vec<[u8; 32]>,
    /// The folder that the gateway puts checkpoints in as well, or a copy of it.
    pub anchor: Option<PathBuf>,
    /// The one chain to look at; all of them where none is given. It has to be given with `from` or `to` where the ledger has
    /// several.
    pub chain: Option<ChainId>,
    /// The first entry to look at; the one before it is taken to be right. The first of all where none is given.
    pub from: Option<i64>,
    /// The last entry to look at. The last of all where none is given.
    pub to: Option<i64>,
}

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Ask for entries that are there.
    #[error("there are no entries {from} to {to}: the last of chain {chain} is {last}")]
    NoSuchEntries {
        /// The chain.
        chain: ChainId,
        /// First of the entries asked for.
        from: i64,
        /// Last of them.
        to: i64,
        /// Last entry of the chain.
        last: i64,
    },
    /// Say which chain is meant.
    #[error("the ledger has several chains, so it must be said of which the entries are: {}", list(.0))]
    WhichChain(Vec<ChainId>),
    /// Name a chain that is there.
    #[error("there is no chain {0}, and no checkpoint knows one")]
    NoSuchChain(ChainId),
    /// Give a store that this version of the program knows.
    #[error("{store} is not a store with a ledger that this program can read")]
    NotALedger {
        /// The file, or the database.
        store: String,
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
    /// Look at the address, the password and the database.
    #[error("cannot read the ledger in PostgreSQL")]
    Postgres(#[from] PostgresError),
}

fn list(chains: &[ChainId]) -> String {
    let chains: Vec<_> = chains.iter().map(ChainId::to_string).collect();
    chains.join(", ")
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Which ledger, in 32 hexadecimal digits.
    pub ledger: String,
    /// The chains that were looked at.
    pub chains: Vec<ChainReport>,
    /// Entries that were looked at, of all chains.
    pub entries: u64,
    /// Cases that begin in them.
    pub cases: u64,
    /// Entries that belong to no case.
    pub house_entries: u64,
    /// The earliest time of an entry looked at.
    pub first_time: Option<Timestamp>,
    /// The latest.
    pub last_time: Option<Timestamp>,
    /// How often an entry was compared with a checkpoint.
    pub checkpoints: u64,
    /// The signatures of the checkpoints were checked.
    pub signatures_checked: bool,
    /// Checkpoints of an anchor are among them.
    pub anchor_checked: bool,
    /// Entries at the ends of the chains that no checkpoint speaks for yet.
    pub entries_after_checkpoints: i64,
    /// What is wrong, the first twenty of each sort: entries in their order; the end; checkpoints.
    pub findings: Vec<Finding>,
}

/// What was seen of one chain.
#[derive(Clone, PartialEq, Eq, serde::Serialize, Debug)]
pub struct ChainReport {
    /// Which.
    pub chain: ChainId,
    /// Entries that were looked at.
    pub entries: u64,
    /// Its last entry; 0 where it has none.
    pub last: i64,
    /// Entries at its end that no checkpoint speaks for yet.
    pub after_checkpoints: i64,
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

/// Whether a file holds a public key.
///
/// # Errors
/// [`AuditError::Io`] and [`AuditError::NotAKey`]
pub(crate) fn check_public_key(path: &Path) -> Result<(), AuditError> {
    PublicKey::read(path).map(drop)
}

/// Looks at the ledger of `subject`, or at the part it names, in one read transaction; gateways may be running on it.
/// `progress` is told from time to time how many entries of how many were looked at.
///
/// It blocks; with a PostgreSQL database it must not be called on a thread that runs asynchronous tasks.
///
/// # Errors
/// [`AuditError`]: nothing can be said. What is wrong with a ledger is no error but a finding.
pub fn verify(subject: &Subject, progress: impl FnMut(u64, u64)) -> Result<Report, AuditError> {
    match &subject.store {
        StoreAt::File(path) => {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".checkpoints");
            let mut subject = subject.clone();
            subject.checkpoints.push(beside.into());
            verify_in(&mut sqlite::DatabaseFile::open(path)?, &subject, progress)
        }
        StoreAt::Postgres(address) => verify_in(&mut postgres::Database::open(address)?, subject, progress),
    }
}

fn verify_in(
    source: &mut dyn Source,
    subject: &Subject,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, AuditError> {
    let read = subject.public_keys.iter().map(|path| PublicKey::read(path));
    let given = subject.known_keys.iter().map(|key| Ok(PublicKey::of(*key)));
    let keys = read.chain(given).collect::<Result<Vec<_>, _>>()?;
    let ledger = source.ledger();
    // Checkpoints before the transaction begins, so that they know no entry that it does not see.
    let checkpoints = Sources::find(&subject.checkpoints, subject.anchor.as_deref(), &ledger)?;
    let mut findings = Findings::default();
    let known = checkpoints::believed(&checkpoints, &ledger, &keys, &mut findings)?;
    let extent = source.begin()?;
    let chosen = choose(subject, &extent.chains, &known)?;
    miss_chains(subject.chain, &extent.chains, &known, &mut findings);
    if subject.chain.is_none() {
        for number in extent.unnamed {
            findings.push(Finding::Unnamed { number });
        }
    }
    let count = |(_, (first, last)): &Chosen<'_>| {
        u64::try_from(last.saturating_sub(*first).saturating_add(1)).unwrap_or(0)
    };
    let all = chosen.iter().map(count).sum();
    let source = &*source;
    let mut scan = Scan::new(source, &extent.chains, &known);
    let mut chains = Vec::new();
    for (chain, range) in chosen {
        let before = scan.seen.entries;
        scan.run(chain, range, &mut findings, &mut |done| progress(done, all))?;
        let last_known = known.get(&chain.id.0).and_then(|known| known.last());
        let hash = match chain.last {
            0 => Some(encoding::genesis(&chain.id.0)),
            last => source.hash_of(chain.number, last)?,
        };
        chain.judge_end(hash, last_known, &mut findings);
        chains.push(ChainReport {
            chain: chain.id,
            entries: scan.seen.entries - before,
            last: chain.last,
            after_checkpoints: (chain.last - last_known.map_or(0, |known| known.sequence)).max(0),
        });
    }
    let seen = scan.seen;
    Ok(Report {
        ledger: encoding::hex(&ledger),
        entries: seen.entries,
        cases: seen.cases,
        house_entries: seen.house_entries,
        first_time: seen.first_time.and_then(encoding::timestamp),
        last_time: seen.last_time.and_then(encoding::timestamp),
        checkpoints: seen.compared,
        signatures_checked: !keys.is_empty(),
        anchor_checked: subject.anchor.is_some(),
        entries_after_checkpoints: chains.iter().map(|chain| chain.after_checkpoints).sum(),
        chains,
        findings: findings.in_order(),
    })
}

/// A chain to look at, and the first and last of its entries to look at.
type Chosen<'a> = (&'a Chain, (i64, i64));

/// What to look at.
fn choose<'a>(subject: &Subject, chains: &'a [Chain], known: &Known) -> Result<Vec<Chosen<'a>>, AuditError> {
    let is_chosen = |chain: &&Chain| subject.chain.is_none_or(|chosen| chosen == chain.id);
    let chosen: Vec<_> = chains.iter().filter(is_chosen).collect();
    match subject.chain {
        Some(chain) if chosen.is_empty() && !known.contains_key(&chain.0) => {
            return Err(AuditError::NoSuchChain(chain));
        }
        None if chosen.len() > 1 && (subject.from.is_some() || subject.to.is_some()) => {
            return Err(AuditError::WhichChain(
                chosen.iter().map(|chain| chain.id).collect(),
            ));
        }
        _ => {}
    }
    let range = |chain: &'a Chain| {
        let last_known = known.get(&chain.id.0).and_then(|known| known.last());
        let range = chain.range(
            subject.from,
            subject.to,
            last_known.map_or(0, |last| last.sequence),
        );
        Ok((chain, range?))
    };
    chosen.into_iter().map(range).collect()
}

/// Tells of chains that checkpoints know and that are not there.
fn miss_chains(chosen: Option<ChainId>, chains: &[Chain], known: &Known, findings: &mut Findings) {
    for (id, checkpoints) in known {
        let chain = ChainId(*id);
        let is_there = chains.iter().any(|there| there.id == chain);
        if let Some(last) = checkpoints.last()
            && !is_there
            && chosen.is_none_or(|chosen| chosen == chain)
        {
            findings.push(Finding::MissingChain {
                chain,
                known: last.sequence,
                place: last.place.clone(),
            });
        }
    }
}
