//! What other programs do to the store's file; the one place here that knows what engine it is of.

use std::path::Path;

use rusqlite::Connection;

/// Keeps the store from recording anything until it is dropped.
pub(crate) struct Hold {
    connection: Connection,
}

impl Hold {
    pub(crate) fn on(store: &Path) -> Self {
        let connection = Connection::open(store).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self { connection }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.connection.execute_batch("ROLLBACK").unwrap();
    }
}

/// Makes a file of the same engine that another program made.
pub(crate) fn make_foreign(file: &Path) {
    let theirs = Connection::open(file).unwrap();
    theirs.execute_batch("CREATE TABLE theirs (x)").unwrap();
    theirs.close().unwrap();
}

/// Marks the store as one of a later version of the program.
pub(crate) fn make_newer(store: &Path) {
    let connection = Connection::open(store).unwrap();
    connection.pragma_update(None, "user_version", 1_000).unwrap();
    connection.close().unwrap();
}
