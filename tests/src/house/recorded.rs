//! What stands in a house's ledger.

use rusqlite::Connection;
use serde_json::Value;

use super::House;

impl House {
    /// Entries of a kind that the ledger has.
    pub fn entries(&self, kind: &str) -> u64 {
        let file = Connection::open(self.folder.path().join("statuscheck.db")).expect("the store");
        let count = "SELECT count(*) FROM entries WHERE kind = ?1";
        let found: i64 = file.query_row(count, [kind], |row| row.get(0)).expect("a count");
        found.unsigned_abs()
    }

    /// The payloads of the entries of a kind of the house's own, in order.
    pub fn noted(&self, kind: &str) -> Vec<Value> {
        let file = Connection::open(self.folder.path().join("statuscheck.db")).expect("the store");
        let mut entries = file
            .prepare("SELECT payload FROM entries WHERE kind = ?1 AND case_id IS NULL ORDER BY place")
            .expect("the ledger");
        let payloads = entries.query_map([kind], |row| row.get::<_, Vec<u8>>(0));
        payloads
            .expect("entries")
            .map(|payload| serde_json::from_slice(&payload.expect("a payload")).expect("JSON"))
            .collect()
    }

    /// The kinds of all entries of a case in the ledger, oldest first, those that no caller sees too.
    pub fn recorded(&self, case_id: &str) -> Vec<String> {
        let case_id: uuid::Uuid = case_id.parse().expect("a case's id");
        let store = Connection::open(self.folder.path().join("statuscheck.db")).expect("the store's file");
        let mut entries = store
            .prepare("SELECT kind FROM entries WHERE case_id = ?1 ORDER BY version")
            .expect("the ledger");
        let kinds = entries.query_map([case_id.as_bytes()], |row| row.get(0));
        kinds
            .expect("entries")
            .map(|kind| kind.expect("a kind"))
            .collect()
    }
}
