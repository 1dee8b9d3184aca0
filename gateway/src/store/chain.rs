//! The chains of the ledger: each entry's hash covers the entry and the hash before it. A ledger has one chain for each
//! writer that it ever had at the same time. `docs/ledger.md` has the encoding byte by byte; the auditor in
//! [`crate::audit`] has its own, and shares none of this.

use std::fmt;

use aws_lc_rs::{digest, rand};
use statuscheck_domain::ids::CaseId;

use super::seal::SealError;

/// What every entry's encoding begins with. Another encoding takes another name.
const DOMAIN: &[u8] = b"statuscheck.ledger.v1";

/// What the hash before the first entry is made from, with the chain's id.
const GENESIS: &[u8] = b"statuscheck.ledger.v1.genesis";

/// SHA-256.
pub type Hash = [u8; 32];

/// Which ledger: 128 random bits, drawn when the store is made. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerId(pub [u8; 16]);

impl LedgerId {
    pub(super) fn random() -> Result<Self, SealError> {
        random().map(Self)
    }
}

/// Which chain of a ledger: 128 random bits, drawn when a writer begins it. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChainId(pub [u8; 16]);

impl ChainId {
    pub(super) fn random() -> Result<Self, SealError> {
        random().map(Self)
    }
}

fn random() -> Result<[u8; 16], SealError> {
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(|_no_randomness| SealError::Seal)?;
    Ok(id)
}

impl fmt::Display for LedgerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        digits(self.0, formatter)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        digits(self.0, formatter)
    }
}

fn digits(id: [u8; 16], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    id.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
}

/// Where a chain ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Of the last entry; 0 where there is none.
    pub sequence: i64,
    /// Of the last entry; made from the chain's id where there is none.
    pub hash: Hash,
}

/// A chain, and where it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainHead {
    /// Which chain.
    pub chain: ChainId,
    /// Its end.
    pub head: Head,
}

impl Head {
    /// The head of a chain without entries.
    pub(super) fn genesis(id: ChainId) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(GENESIS);
        context.update(&id.0);
        Self {
            sequence: 0,
            hash: finished(context.finish().as_ref()),
        }
    }
}

/// What an entry says. `hash` and `sequence` are the chain's.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// None of an entry of the house.
    pub(super) case_id: Option<CaseId>,
    /// 0 for an entry of the house.
    pub(super) version: i64,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) kind: &'a str,
    pub(super) payload: &'a [u8],
}

/// The end of a chain that grows.
pub(super) struct Chain {
    /// Its number in the store.
    number: i64,
    head: Head,
    /// The encoding of one entry, kept so that it is not allocated for each.
    buffer: Vec<u8>,
}

impl Chain {
    /// Goes on from `head`, the end of the chain that has this number in its store.
    pub(super) const fn at(number: i64, head: Head) -> Self {
        Self {
            number,
            head,
            buffer: Vec::new(),
        }
    }

    pub(super) const fn number(&self) -> i64 {
        self.number
    }

    pub(super) const fn head(&self) -> Head {
        self.head
    }

    /// Forgets the entries after `head`, which were not recorded after all.
    pub(super) const fn rewind(&mut self, head: Head) {
        self.head = head;
    }

    /// What the last hash was made over.
    #[cfg(test)]
    pub(super) fn encoding(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes the next entry, and is its place and hash.
    pub(super) fn append(&mut self, entry: &Entry<'_>) -> Head {
        let sequence = self.head.sequence + 1;
        let case_id = entry.case_id.map_or([0; 16], |id| id.0.into_bytes());
        let buffer = &mut self.buffer;
        buffer.clear();
        buffer.extend_from_slice(DOMAIN);
        buffer.extend_from_slice(&self.head.hash);
        buffer.extend_from_slice(&sequence.to_be_bytes());
        buffer.extend_from_slice(&entry.time.to_be_bytes());
        buffer.extend_from_slice(&case_id);
        buffer.extend_from_slice(&entry.version.to_be_bytes());
        for part in [entry.kind.as_bytes(), entry.payload] {
            buffer.extend_from_slice(&(part.len() as u64).to_be_bytes());
            buffer.extend_from_slice(part);
        }
        self.head = Head {
            sequence,
            hash: finished(digest::digest(&digest::SHA256, buffer).as_ref()),
        };
        self.head
    }
}

fn finished(digest: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest);
    hash
}
