//! A checkpoint as it is signed and written.

use jiff::Timestamp;
use serde::Serialize;

use super::{HEADS_MAX, NotaryError};
use crate::store::chain::{ChainHead, LedgerId};
use crate::store::hex;
use crate::store::signing::SigningKey;

/// What a checkpoint's signed bytes begin with.
const DOMAIN: &[u8] = b"statuscheck.checkpoint.v2";

#[derive(Serialize)]
struct Line {
    v: u8,
    ledger: String,
    time: Timestamp,
    heads: Vec<HeadOfLine>,
    signature: String,
}

#[derive(Serialize)]
struct HeadOfLine {
    chain: String,
    sequence: i64,
    hash: String,
}

/// The checkpoint of `heads`, which are in the order of their chains' ids, as one line of JSON with its line end.
pub(in crate::store) fn line(
    ledger: LedgerId,
    heads: &[ChainHead],
    time: Timestamp,
    key: &SigningKey,
) -> Result<String, NotaryError> {
    if heads.len() > HEADS_MAX {
        return Err(NotaryError::TooManyChains(heads.len()));
    }
    let signature = key.sign(&signed(ledger, heads, time)?);
    let line = Line {
        v: 2,
        ledger: ledger.to_string(),
        time,
        heads: heads.iter().map(head_of_line).collect(),
        signature: hex::digits(&signature).to_string(),
    };
    serde_json::to_string(&line)
        .map(|json| json + "\n")
        .map_err(|_unwritable| NotaryError::Clock)
}

/// What the signature covers.
pub(in crate::store) fn signed(
    ledger: LedgerId,
    heads: &[ChainHead],
    time: Timestamp,
) -> Result<Vec<u8>, NotaryError> {
    let nanoseconds = i64::try_from(time.as_nanosecond()).map_err(|_year_2262| NotaryError::Clock)?;
    let mut message = Vec::with_capacity(DOMAIN.len() + 32 + 56 * heads.len());
    message.extend_from_slice(DOMAIN);
    message.extend_from_slice(&ledger.0);
    message.extend_from_slice(&nanoseconds.to_be_bytes());
    message.extend_from_slice(&(heads.len() as u64).to_be_bytes());
    for end in heads {
        message.extend_from_slice(&end.chain.0);
        message.extend_from_slice(&end.head.sequence.to_be_bytes());
        message.extend_from_slice(&end.head.hash);
    }
    Ok(message)
}

fn head_of_line(end: &ChainHead) -> HeadOfLine {
    HeadOfLine {
        chain: end.chain.to_string(),
        sequence: end.head.sequence,
        hash: hex::digits(&end.head.hash).to_string(),
    }
}
