//! The lock that keeps a file to one process.

use std::fs::File;

/// Held until it is dropped.
pub(super) struct Lock(File);

impl Lock {
    pub(super) const fn of(locked: File) -> Self {
        Self(locked)
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that is being started at this moment has a copy of the handle until it is
    /// another program, and with that the lock.
    fn drop(&mut self) {
        self.0.unlock().ok();
    }
}
