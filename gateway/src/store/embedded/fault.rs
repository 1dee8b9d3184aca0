//! What an engine's error means for the store.

use std::fmt;

use rusqlite::{ErrorCode, ffi};

use crate::store::ReadError;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no room. Nothing was written half; the next attempt may succeed.
    NoRoom,
    /// Somebody else holds the file for a while.
    Busy,
    /// What is in the file makes no sense.
    Damage,
    /// The disk failed, or something unforeseen. After a failed fsync the system may have dropped what it could not
    /// write and report success next time, so this handle must not be tried again.
    Broken,
}

impl Fault {
    /// The store must be opened anew before it takes another change.
    pub(super) const fn is_lasting(self) -> bool {
        match self {
            Self::NoRoom | Self::Busy => false,
            Self::Damage | Self::Broken => true,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoRoom => "no room",
            Self::Busy => "busy",
            Self::Damage => "damage",
            Self::Broken => "broken",
        })
    }
}

/// What `error` means.
pub(super) fn of(error: &rusqlite::Error) -> Fault {
    // The index beside the log could not grow. What was written to the log then is no part of it, and the next commit
    // overwrites it.
    let index_cannot_grow =
        error.sqlite_error().map(|engine| engine.extended_code) == Some(ffi::SQLITE_IOERR_SHMSIZE);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Fault::NoRoom,
        Some(_) if index_cannot_grow => Fault::NoRoom,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => {
            Fault::Damage
        }
        Some(_) => Fault::Broken,
        // Without a code it is a row that is not of the type it was written with.
        None => Fault::Damage,
    }
}

impl From<rusqlite::Error> for ReadError {
    /// The error's chain is logged here, where it ends. It names tables and columns, never what is in them.
    fn from(error: rusqlite::Error) -> Self {
        let fault = of(&error);
        tracing::error!(error = &error as &dyn std::error::Error, %fault, "a read from the store failed");
        match fault {
            Fault::Damage => Self::Corrupt,
            Fault::NoRoom | Fault::Busy | Fault::Broken => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_passes_and_a_failed_write_or_sync_does_not() {
        let fault = |code| of(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_BUSY] {
            assert!(!fault(code).is_lasting(), "{code}");
        }
        for code in [
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_IOERR_SHORT_READ,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CORRUPT,
        ] {
            assert!(fault(code).is_lasting(), "{code}");
        }
    }
}
