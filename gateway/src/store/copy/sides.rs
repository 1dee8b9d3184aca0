//! What a copy goes from and to: what each engine has to offer.

use statuscheck_domain::ids::CaseId;

use super::CopyError;
use crate::store::chain::{ChainHead, Entry, Head, LedgerId};
use crate::store::projection::Used;
use crate::store::rows::{SealedChange, SealedEntry};

/// What a store is beside its entries.
pub(in crate::store) struct Header {
    pub(in crate::store) ledger: LedgerId,
    /// Wrapped.
    pub(in crate::store) secret: Vec<u8>,
    /// In the order of their numbers.
    pub(in crate::store) chains: Vec<ChainHead>,
}

/// An entry with its place in its chain.
pub(in crate::store) struct PlacedEntry {
    pub(in crate::store) place: Head,
    pub(in crate::store) case_id: Option<CaseId>,
    pub(in crate::store) entry: SealedEntry,
}

impl PlacedEntry {
    pub(in crate::store) fn as_entry(&self) -> Entry<'_> {
        Entry {
            case_id: self.case_id,
            version: self.entry.version,
            time: self.entry.time,
            kind: &self.entry.kind,
            payload: &self.entry.payload,
        }
    }
}

/// A case with all its entries, in the order of their versions.
pub(in crate::store) type CaseEntries = (CaseId, Vec<SealedEntry>);

/// How many rows there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Counts {
    pub(in crate::store) cases: u64,
    pub(in crate::store) keys: u64,
    pub(in crate::store) holds: u64,
    /// Quotas of which anything was used.
    pub(in crate::store) quotas: u64,
    /// Questions that are or were on worklists.
    pub(in crate::store) questions: u64,
    /// Notices that receivers have not taken.
    pub(in crate::store) hooks: u64,
    /// Referrals, once in each case that has them.
    pub(in crate::store) referrals: u64,
}

/// A store that nobody writes to, to be read.
pub(in crate::store) trait Source {
    fn header(&self) -> &Header;

    /// The next entries of the chain after `after`; `chain` counts as [`Header::chains`] does, from 0.
    fn entries(&mut self, chain: usize, after: i64, limit: i64) -> Result<Vec<PlacedEntry>, CopyError>;

    /// The wrapped keys of `cases`, in their order; none where there is none.
    fn keys(&mut self, cases: &[CaseId]) -> Result<Vec<Option<Vec<u8>>>, CopyError>;

    fn counts(&mut self) -> Result<Counts, CopyError>;

    /// Fails where somebody wrote since it was opened.
    fn stood_still(&mut self) -> Result<(), CopyError>;
}

/// A store that is made.
pub(in crate::store) trait Destination {
    /// Adds entries to the chain, which counts as [`Header::chains`] does.
    fn add_entries(&mut self, chain: usize, entries: &[PlacedEntry]) -> Result<(), CopyError>;

    /// All entries are there: says where the chains end.
    fn add_chains(&mut self, chains: &[ChainHead]) -> Result<(), CopyError>;

    /// The next cases that the ledger has, purged ones too, by their ids.
    fn cases_after(&mut self, after: CaseId, limit: i64) -> Result<Vec<CaseEntries>, CopyError>;

    /// Writes the rows of cases, with their keys.
    fn add_cases(&mut self, cases: Vec<SealedChange>) -> Result<(), CopyError>;

    /// Writes what was used of quotas.
    fn add_quotas(&mut self, used: Used) -> Result<(), CopyError>;

    /// Makes the holds from the entries of the house.
    fn make_holds(&mut self) -> Result<(), CopyError>;

    fn heads(&mut self) -> Result<Vec<ChainHead>, CopyError>;

    fn counts(&mut self) -> Result<Counts, CopyError>;

    /// Writes the secret: from here on it is a store.
    fn finish(self: Box<Self>, secret: &[u8]) -> Result<(), CopyError>;
}
