//! The bytes that hashes and signatures are made over, as `docs/ledger.md` has them.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

pub(super) type Id = [u8; 16];
pub(super) type Hash = [u8; 32];

/// An entry as it stands in the file.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) sequence: i64,
    /// None where the entry has none.
    pub(super) case_id: Option<&'a Id>,
    pub(super) version: i64,
    pub(super) time: i64,
    pub(super) kind: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) hash: &'a Hash,
}

/// Hashes entries, in memory that is used again for each.
#[derive(Default)]
pub(super) struct Hasher(Vec<u8>);

impl Hasher {
    /// The hash of `row` if it stood at `sequence`, after an entry with the hash `previous`.
    pub(super) fn hash(&mut self, previous: &Hash, sequence: i64, row: &Row<'_>) -> Hash {
        let Self(bytes) = self;
        bytes.clear();
        bytes.extend(b"statuscheck.ledger.v1");
        bytes.extend(previous);
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(row.time.to_be_bytes());
        bytes.extend(row.case_id.unwrap_or(&[0; 16]));
        bytes.extend(row.version.to_be_bytes());
        bytes.extend((row.kind.len() as u64).to_be_bytes());
        bytes.extend(row.kind);
        bytes.extend((row.payload.len() as u64).to_be_bytes());
        bytes.extend(row.payload);
        sha256(bytes)
    }
}

/// The hash before the first entry of a chain.
pub(super) fn genesis(chain: &Id) -> Hash {
    sha256(&[b"statuscheck.ledger.v1.genesis".as_slice(), chain].concat())
}

/// What the signature of a checkpoint covers: the ends of chains, each with its sequence and hash.
pub(super) fn signed(ledger: &Id, time: i64, heads: &[(Id, i64, Hash)]) -> Vec<u8> {
    let mut bytes = [
        b"statuscheck.checkpoint.v2".as_slice(),
        ledger,
        &time.to_be_bytes(),
        &(heads.len() as u64).to_be_bytes(),
    ]
    .concat();
    for (chain, sequence, hash) in heads {
        bytes.extend(chain);
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(hash);
    }
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of exactly so many hexadecimal digits.
pub(super) fn from_hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The time of an entry; none beyond the calendar's end.
pub(super) fn timestamp(nanoseconds: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).ok()
}

#[cfg(test)]
mod tests;
