//! The key that signs checkpoints of the ledger: Ed25519. Whoever can alter the store must not have it at hand as well, or
//! checkpoints prove nothing; where that cannot be had, the anchor has to be out of their reach.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

use super::hex;
use super::key_file::{self, KEY_LEN, KeyFileError};

/// Why a signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file of the key itself.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// Remove the file, so that it is made anew, or give the key that it belongs to.
    #[error("{path} is not the public key of the signing key beside it")]
    NotItsPublicKey {
        /// The file of the public key.
        path: PathBuf,
    },
    /// Look at the path and its rights.
    #[error("cannot read the public key {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The key that signs checkpoints.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes a new key and writes its seed to `path`, which must not exist, as 64 hexadecimal digits with mode 0600. The
    /// public key is written beside it, see [`SigningKey::public_path`].
    ///
    /// # Errors
    /// [`SigningKeyError`], also where one of the files exists.
    pub fn create(path: &Path) -> Result<Self, SigningKeyError> {
        let seed = key_file::random().ok_or(KeyFileError::NoRandomness)?;
        let key = Self::of(path, &seed)?;
        key_file::write(path, &seed, 0o600)?;
        key_file::write(&Self::public_path(path), &key.public(), 0o644)?;
        Ok(key)
    }

    /// Reads the key of `path`, and writes its public key beside it where that is missing and may be written.
    ///
    /// # Errors
    /// [`SigningKeyError`]
    pub fn load(path: &Path) -> Result<Self, SigningKeyError> {
        let key = Self::of(path, &*key_file::read(path)?)?;
        let public = Self::public_path(path);
        match fs::read(&public) {
            Ok(digits) if hex::bytes(digits.trim_ascii()).is_some_and(|bytes| *bytes == key.public()) => {}
            Ok(_) => return Err(SigningKeyError::NotItsPublicKey { path: public }),
            Err(missing) if missing.kind() == ErrorKind::NotFound => {
                // Keys are often mounted where nothing can be written; auditors then take it from the log.
                if key_file::write(&public, &key.public(), 0o644).is_err() {
                    let public_key = hex::digits(&key.public());
                    tracing::warn!(public_key = %*public_key, "the public key cannot be written beside the signing key");
                }
            }
            Err(source) => return Err(SigningKeyError::Io { path: public, source }),
        }
        Ok(key)
    }

    /// Where the public key of the signing key `path` lies, as 64 hexadecimal digits that anyone may read: the same name
    /// with `.pub` behind it.
    pub fn public_path(path: &Path) -> PathBuf {
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        PathBuf::from(public)
    }

    fn of(path: &Path, seed: &[u8; KEY_LEN]) -> Result<Self, KeyFileError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_rejected| KeyFileError::NotAKey {
                path: path.to_owned(),
            })
    }

    /// The public key.
    pub fn public(&self) -> [u8; KEY_LEN] {
        let mut public = [0; KEY_LEN];
        public.copy_from_slice(self.0.public_key().as_ref());
        public
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.0.sign(message).as_ref());
        signature
    }
}
