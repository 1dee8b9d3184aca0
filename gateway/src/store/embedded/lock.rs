//! The lock that keeps a file to one process.

use std::fs::File;
use std::sync::Arc;

/// Held until it is dropped.
pub(super) struct Lock {
    locked: File,
    /// What it keeps.
    file: Arc<File>,
}

impl Lock {
    pub(super) fn of(locked: File, file: File) -> Self {
        Self {
            locked,
            file: Arc::new(file),
        }
    }

    /// The file that it keeps. SQLite's own locks on it end when any handle to it is closed, so there is this one, until the end.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that is being started at this moment has a copy of the handle until it is
    /// another program, and with that the lock.
    fn drop(&mut self) {
        self.locked.unlock().ok();
    }
}
