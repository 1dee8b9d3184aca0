//! The chain of the ledger: each entry's hash covers the entry and the hash before it. `docs/ledger.md` has the encoding
//! byte by byte; the auditor in [`crate::audit`] has its own, and shares none of this.

use std::fmt;

use aws_lc_rs::{digest, rand};
use statuscheck_domain::ids::CaseId;

use super::seal::SealError;

/// What every entry's encoding begins with. Another encoding takes another name.
const DOMAIN: &[u8] = b"statuscheck.ledger.v1";

/// What the hash before the first entry is made from, with the ledger's id.
const GENESIS: &[u8] = b"statuscheck.ledger.v1.genesis";

/// SHA-256.
pub type Hash = [u8; 32];

/// Which ledger: 128 random bits, drawn when the store is made. Shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerId(pub [u8; 16]);

impl LedgerId {
    pub(super) fn random() -> Result<Self, SealError> {
        let mut id = [0; 16];
        rand::fill(&mut id).map_err(|_no_randomness| SealError::Seal)?;
        Ok(Self(id))
    }
}

impl fmt::Display for LedgerId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Where a ledger ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Of the last entry; 0 where there is none.
    pub sequence: i64,
    /// Of the last entry; made from the ledger's id where there is none.
    pub hash: Hash,
}

impl Head {
    /// The head of a ledger without entries.
    pub(super) fn genesis(id: LedgerId) -> Self {
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

/// The end of a ledger that grows.
pub(super) struct Chain {
    head: Head,
    /// The encoding of one entry, kept so that it is not allocated for each.
    buffer: Vec<u8>,
}

impl Chain {
    /// Goes on from `head`.
    pub(super) const fn from(head: Head) -> Self {
        Self {
            head,
            buffer: Vec::new(),
        }
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
