//! No byte of an entry can be altered unseen.

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params};
use statuscheck::audit::Subject;

use crate::ledgers::{ENTRIES, Ledger, verify};

#[tokio::test]
async fn any_single_byte_that_is_altered_in_any_entry_is_found() {
    let ledger = Ledger::sample().await;
    let subject = Subject {
        store: ledger.directory.file("store.db").into(),
        ..Subject::default()
    };
    let stranger = ledger.directory.stranger();
    stranger.pragma_update(None, "synchronous", "OFF").unwrap();
    let mut tried = 0;
    for sequence in 1..=ENTRIES {
        for column in ["place", "case_id", "version", "time", "kind", "payload", "hash"] {
            let sql = format!("SELECT {column} FROM entries WHERE place = ?1");
            let value: Value = stranger.query_row(&sql, [sequence], |row| row.get(0)).unwrap();
            for altered in each_byte_altered(&value) {
                let now = if let (Value::Integer(now), "place") = (&altered, column) {
                    *now
                } else {
                    sequence
                };
                if !set(&stranger, column, sequence, &altered) {
                    // Another entry has that sequence or version: no single change makes two of them.
                    continue;
                }
                let report = verify(&subject).unwrap();
                assert!(!report.is_intact(), "{column} of {sequence}: {altered:?}");
                assert!((10..=13).contains(&report.exit_code()));
                assert!(set(&stranger, column, now, &value));
                tried += 1;
            }
        }
    }
    assert!(tried > 2_500, "{tried}");
    assert!(verify(&subject).unwrap().is_intact());
}

/// The values that differ from `value` in one byte, by one bit of it.
fn each_byte_altered(value: &Value) -> Vec<Value> {
    let each = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let altered = |at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1 << (at % 8);
            bytes
        };
        (0..bytes.len()).map(altered).collect()
    };
    match value {
        Value::Null => vec![Value::Blob(vec![0; 16])],
        Value::Integer(number) => each(&number.to_be_bytes())
            .into_iter()
            .map(|bytes| Value::Integer(i64::from_be_bytes(bytes.try_into().unwrap())))
            .collect(),
        // ASCII stays ASCII.
        Value::Text(text) => (0..text.len())
            .map(|at| {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << (at % 7);
                Value::Text(String::from_utf8(bytes).unwrap())
            })
            .collect(),
        Value::Blob(bytes) => each(bytes).into_iter().map(Value::Blob).collect(),
        Value::Real(_) => panic!("no column is of that type"),
    }
}

/// False where it would make two entries of one sequence, or of one version of a case.
fn set(stranger: &Connection, column: &str, sequence: i64, value: &Value) -> bool {
    let sql = format!("UPDATE entries SET {column} = ?2 WHERE place = ?1");
    match stranger.execute(&sql, params![sequence, value]) {
        Ok(changed) => changed == 1,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => false,
        Err(error) => panic!("{error}"),
    }
}
