//! Copying a store into another, of whichever engine: the ledger entry by entry as it is, the keys wrapped as they are, and
//! everything else made anew from them at the destination.
//!
//! A destination is marked from its first moment until it is whole: the row of the store stands there without the secret,
//! which is written last. No gateway opens such a store. A copy that was broken off leaves it so, and the next one begins
//! there anew.
//!
//! All of it goes by pages, and blocks.

use statuscheck_domain::ids::CaseId;
use tokio::runtime::Handle;

use super::chain::{Chain, ChainId, Head};
use super::embedded::{self, FileDestination, FileSource};
use super::postgres::{self, DatabaseDestination, DatabaseError, DatabaseSource};
use super::projection::Used;
use super::seal::{Kek, SealError, StoreSecret};
use super::sealed::Sealer;
use super::{Location, ReadError, remainder};

mod sides;

pub(super) use self::sides::{CaseEntries, Counts, Destination, Header, PlacedEntry, Source};

/// Entries in one page: at some 600 bytes each well under a megabyte, and past a thousand the round trip is a small part.
const ENTRIES: i64 = 1_000;

/// Cases in one page, with all their entries: some thousand of those.
const CASES: i64 = 256;

/// Why a store was not copied. The source is as it was; the destination is untouched, or unfinished.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Mend what keeps the file from being opened.
    #[error("the file cannot be opened")]
    File(#[from] embedded::OpenError),
    /// Mend what keeps the database from being opened.
    #[error("the database cannot be opened")]
    Database(#[from] postgres::OpenError),
    /// Stop the gateways first. One that was killed counts until its lease is over, some seconds.
    #[error("a gateway holds {store}; stop every gateway on it first")]
    Held {
        /// The store.
        store: String,
    },
    /// Wait for the other copy.
    #[error("another copy into {store} is going on")]
    Copying {
        /// The store.
        store: String,
    },
    /// Name another destination: nothing is ever copied over a store.
    #[error("{store} is not empty; give a file that is not there, or a database without a store")]
    NotEmpty {
        /// The store.
        store: String,
    },
    /// Name another source.
    #[error("{store} holds no ledger to be copied")]
    Nothing {
        /// The store.
        store: String,
    },
    /// Find out what was done to the source: `statuscheck audit verify` says more.
    #[error("entry {sequence} of chain {chain} is not what was recorded, or is missing; verify the ledger")]
    Altered {
        /// The chain.
        chain: ChainId,
        /// The entry.
        sequence: i64,
    },
    /// Find out what was done to the source: its key does not open the case's entries, or its key is gone, which no entry
    /// says.
    #[error(
        "the entries of case {0} cannot be read, or its key is missing; `statuscheck ledger rebuild` says more"
    )]
    Unreadable(CaseId),
    /// Look at the source: two of its cases cannot be in one store.
    #[error("some cases have the same request, which no store allows")]
    Clash,
    /// Find out what was done to the source: an entry of the house that sets or releases a hold names no case.
    #[error("an entry about a hold cannot be read; verify the ledger")]
    DamagedHold,
    /// Copy again, without a gateway on the source.
    #[error("the source went on while it was copied")]
    WentOn,
    /// Look at both: `statuscheck ledger rebuild --check` tells whether the source has what its ledger says.
    #[error("there are {from} {what} in the source, and {to} in the copy")]
    Differs {
        /// Of what.
        what: &'static str,
        /// How many in the source.
        from: u64,
        /// How many in the copy.
        to: u64,
    },
    /// Look at the disk and the file.
    #[error("the file failed")]
    Engine(#[from] rusqlite::Error),
    /// Look at the database and the way to it.
    #[error("the database failed")]
    Failed(#[from] DatabaseError),
    /// The system gives no random numbers, or the library fails.
    #[error("the keys cannot be used")]
    Seal(#[from] SealError),
}

impl From<postgres::MigrateError> for CopyError {
    fn from(error: postgres::MigrateError) -> Self {
        Self::Database(error.into())
    }
}

impl From<postgres::ConnectError> for CopyError {
    fn from(error: postgres::ConnectError) -> Self {
        Self::Database(error.into())
    }
}

/// What a copy is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It copies entries.
    Entries,
    /// It makes the rows of cases.
    Cases,
}

/// What was copied.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Copied {
    /// Chains of the ledger.
    pub chains: u64,
    /// Entries of all chains.
    pub entries: u64,
    /// Cases that are not purged.
    pub cases: u64,
    /// Cases that are held past their time.
    pub holds: u64,
}

/// A copy that has everything but the mark that it is whole.
pub struct Unfinished {
    source: Box<dyn Source>,
    destination: Box<dyn Destination>,
    /// What was copied.
    pub copied: Copied,
}

/// Copies the store `from` into the empty place `to`, all but the mark that the copy is whole. `kek` is the key of the
/// store, and of the copy. `progress` is told how many of how many are done.
///
/// To be called where it may block, in a tokio runtime.
///
/// # Errors
/// [`CopyError`]
pub fn copy(
    from: &Location,
    to: &Location,
    kek: Kek,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> Result<Unfinished, CopyError> {
    let runtime = Handle::current();
    let mut source: Box<dyn Source> = match from {
        Location::File(settings) => Box::new(FileSource::open(settings)?),
        Location::Database(settings) => Box::new(DatabaseSource::open(runtime.clone(), settings)?),
    };
    let sealer = sealer(from, source.header(), kek)?;
    let mut destination: Box<dyn Destination> = match to {
        Location::File(settings) => Box::new(FileDestination::create(settings, source.header())?),
        Location::Database(settings) => {
            Box::new(DatabaseDestination::create(runtime, settings, source.header())?)
        }
    };
    let chains = source.header().chains.clone();
    let entries = copy_entries(&mut *source, &mut *destination, progress)?;
    destination.add_chains(&chains)?;
    let before = source.counts()?;
    let used = copy_cases(&mut *source, &mut *destination, &sealer, before.cases, progress)?;
    destination.add_quotas(used)?;
    destination.make_holds()?;
    let after = destination.counts()?;
    for (what, from, to) in [
        ("cases", before.cases, after.cases),
        ("keys of cases", before.keys, after.keys),
        ("held cases", before.holds, after.holds),
        ("quotas in use", before.quotas, after.quotas),
        ("questions", before.questions, after.questions),
        ("undelivered notices", before.hooks, after.hooks),
        ("referrals", before.referrals, after.referrals),
    ] {
        if from != to {
            return Err(CopyError::Differs { what, from, to });
        }
    }
    Ok(Unfinished {
        source,
        destination,
        copied: Copied {
            chains: chains.len() as u64,
            entries,
            cases: after.cases,
            holds: after.holds,
        },
    })
}

impl Unfinished {
    /// Looks once more whether both sides end alike and whether the source stood still, then marks the copy as whole: a
    /// gateway may open it from here on.
    ///
    /// # Errors
    /// [`CopyError`]
    pub fn finish(mut self) -> Result<Copied, CopyError> {
        let header = self.source.header();
        let heads = self.destination.heads()?;
        if let Some((from, _)) = header.chains.iter().zip(&heads).find(|(from, to)| from != to) {
            return Err(CopyError::Altered {
                chain: from.chain,
                sequence: from.head.sequence,
            });
        }
        let (from, to) = (header.chains.len() as u64, heads.len() as u64);
        if from != to {
            let what = "chains";
            return Err(CopyError::Differs { what, from, to });
        }
        let secret = header.secret.clone();
        self.source.stood_still()?;
        self.destination.finish(&secret)?;
        Ok(self.copied)
    }
}

fn sealer(from: &Location, header: &Header, kek: Kek) -> Result<Sealer, CopyError> {
    let secret =
        StoreSecret::unwrap_under(&kek, header.secret.clone()).map_err(|_not_this_key| match from {
            Location::File(settings) => CopyError::File(embedded::OpenError::WrongKey {
                path: settings.path.clone(),
            }),
            Location::Database(_) => CopyError::Database(postgres::OpenError::WrongKey),
        })?;
    // Every case is looked at once: no key is worth keeping.
    Ok(Sealer::new(kek, &secret, 1)?)
}

/// Hashes every entry anew on the way, so that what was altered is not carried on.
fn copy_entries(
    source: &mut dyn Source,
    destination: &mut dyn Destination,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> Result<u64, CopyError> {
    let chains = source.header().chains.clone();
    let all = chains.iter().map(|end| end.head.sequence.unsigned_abs()).sum();
    let mut done = 0;
    for (number, end) in chains.iter().enumerate() {
        let mut chain = Chain::at(0, Head::genesis(end.chain));
        loop {
            let page = source.entries(number, chain.head().sequence, ENTRIES)?;
            if page.is_empty() {
                break;
            }
            for entry in &page {
                if chain.append(&entry.as_entry()) != entry.place {
                    return Err(CopyError::Altered {
                        chain: end.chain,
                        sequence: entry.place.sequence,
                    });
                }
            }
            destination.add_entries(number, &page)?;
            done += page.len() as u64;
            progress(Stage::Entries, done, all);
        }
        if chain.head() != end.head {
            return Err(CopyError::Altered {
                chain: end.chain,
                sequence: end.head.sequence,
            });
        }
    }
    Ok(done)
}

/// Makes the rows of cases, and counts what the cases have used of quotas.
fn copy_cases(
    source: &mut dyn Source,
    destination: &mut dyn Destination,
    sealer: &Sealer,
    all: u64,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> Result<Used, CopyError> {
    let mut used = Used::default();
    let mut after = CaseId(uuid::Uuid::nil());
    let mut done = 0;
    loop {
        let page = destination.cases_after(after, CASES)?;
        let Some((last, _)) = page.last() else {
            return Ok(used);
        };
        after = *last;
        let unreadable = |id| move |_error: ReadError| CopyError::Unreadable(id);
        let mut kept = Vec::with_capacity(page.len());
        for (id, entries) in page {
            match remainder::left_in(entries.last()).map_err(unreadable(id))? {
                Some(spent) => used.add(&spent),
                None => kept.push((id, entries)),
            }
        }
        let ids: Vec<_> = kept.iter().map(|(id, _)| *id).collect();
        let keys = source.keys(&ids)?;
        let projected = kept.into_iter().zip(keys).map(|((id, entries), key)| {
            let key = key.ok_or(CopyError::Unreadable(id))?;
            sealer.project(id, key, entries).map_err(unreadable(id))
        });
        let cases = projected.collect::<Result<Vec<_>, _>>()?;
        cases.iter().for_each(|case| used.add(&case.spent));
        done += cases.len() as u64;
        destination.add_cases(cases)?;
        progress(Stage::Cases, done, all);
    }
}
