//! Files that hold a key: 64 hexadecimal digits, for the owner's eyes alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::hex;

/// Length of every key, in bytes.
pub(super) const KEY_LEN: usize = 32;

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Take the rights of others away: `chmod 600`.
    #[error("{path} may be read or written by others (mode {mode:04o}); it must have mode 0600 or stricter")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Give another file: this holds no key.
    #[error("{path} does not hold a key of 64 hexadecimal digits")]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// Look at the path and its rights.
    #[error("cannot use the key file {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system gives no random numbers, or the library fails.
    #[error("cannot make a key")]
    NoRandomness,
}

/// A key that nobody knows; none where the system gives no random numbers.
pub(super) fn random() -> Option<Zeroizing<[u8; KEY_LEN]>> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    rand::fill(key.as_mut_slice()).ok().map(|()| key)
}

/// Writes `key` to `path`, which must not exist, with the rights `mode`.
pub(super) fn write(path: &Path, key: &[u8; KEY_LEN], mode: u32) -> Result<(), KeyFileError> {
    let mut text = hex::digits(key);
    text.push('\n');
    write_text(path, text.as_bytes(), mode).map_err(|source| unusable(path, source))
}

/// Reads the key of `path`, which nobody but the owner may have rights to, nor the owner more than to read and write it.
pub(super) fn read(path: &Path) -> Result<Zeroizing<[u8; KEY_LEN]>, KeyFileError> {
    // A little more than a key with its line end: enough to see that a longer file is no key.
    const READ_MAX: usize = KEY_LEN * 4;
    let text = read_text(path, READ_MAX)?;
    hex::bytes(text.trim_ascii()).ok_or_else(|| not_a_key(path))
}

/// Writes a file of keys, which must not exist, and waits until it is on disk.
pub(super) fn write_text(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Reads the first `length_max` bytes of a file of keys, which nobody but the owner may have rights to, nor the owner more
/// than to read and write it.
pub(crate) fn read_text(path: &Path, length_max: usize) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let unreadable = |source| unusable(path, source);
    // The rights of the open file are judged, so that it cannot be swapped in between.
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & !0o600 != 0 {
        return Err(KeyFileError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(length_max * 2));
    file.take(length_max as u64)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    Ok(text)
}

pub(super) fn not_a_key(path: &Path) -> KeyFileError {
    KeyFileError::NotAKey {
        path: path.to_owned(),
    }
}

pub(super) fn unusable(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        path: path.to_owned(),
        source,
    }
}
