//! What a purged case leaves in the open: how much it used of quotas, and nothing about anybody. Without it the quotas could
//! not be made again from the ledger. It is the payload of the case's last entry, empty where there is nothing to say.

use serde::{Deserialize, Serialize};
use statuscheck_domain::quota::{QuotaKey, Spent};

use super::ReadError;
use super::rows::{PURGED, SealedEntry};

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Record {
    v: u8,
    spent: Vec<SpentRecord>,
}

#[derive(Serialize, Deserialize)]
struct SpentRecord {
    agreement: String,
    department: String,
    month: String,
    units: i64,
}

/// The payload that says `spent`.
pub(super) fn write(spent: &[Spent]) -> Result<Vec<u8>, serde_json::Error> {
    if spent.is_empty() {
        return Ok(Vec::new());
    }
    let spent = spent.iter().map(|spent| SpentRecord {
        agreement: spent.key.agreement.as_str().to_owned(),
        department: spent.key.department.as_str().to_owned(),
        month: spent.key.month.to_string(),
        units: spent.units,
    });
    serde_json::to_vec(&Record {
        v: VERSION,
        spent: spent.collect(),
    })
}

/// What a purged case has left, of whose entries `last` is the last; none where it is not purged.
///
/// # Errors
/// [`ReadError::Corrupt`]
pub(super) fn left_in(last: Option<&SealedEntry>) -> Result<Option<Vec<Spent>>, ReadError> {
    last.filter(|last| last.kind == PURGED)
        .map(|last| read(&last.payload).ok_or(ReadError::Corrupt))
        .transpose()
}

/// What a payload says; none where it says what no payload does.
fn read(payload: &[u8]) -> Option<Vec<Spent>> {
    if payload.is_empty() {
        return Some(Vec::new());
    }
    let record: Record = serde_json::from_slice(payload).ok()?;
    let spent = record.spent.into_iter().map(|spent| {
        Some(Spent {
            key: QuotaKey::parse(&spent.agreement, &spent.department, &spent.month)?,
            units: spent.units,
        })
    });
    spent.collect::<Option<_>>().filter(|_| record.v == VERSION)
}
