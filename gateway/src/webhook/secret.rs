//! Secrets that a receiver shares with the gateway, and the signatures made with them, as Standard Webhooks 1.0.0 has them:
//! `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`.

use std::path::{Path, PathBuf};

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::store::key_file::{KeyFileError, read_text};

/// A secret, as `whsec_` and the base64 of 24 to 64 bytes. It has no `Debug`.
pub struct Secret(Key);

/// Why there is nothing to sign with. Mend the file; the next attempt reads it again.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read, or others can read it.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// It holds something else.
    #[error("{path} does not hold whsec_ and the base64 of 24 to 64 bytes")]
    NoSecret {
        /// The file.
        path: PathBuf,
    },
}

/// Bytes of a secret, by the specification.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

impl Secret {
    /// Reads a file that nobody but its owner may read; white space around the secret is dropped.
    ///
    /// # Errors
    /// [`SecretError`].
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        // More than the longest secret with its line end: enough to see that a longer file is none.
        const READ_MAX: usize = 128;
        let text = read_text(path, READ_MAX)?;
        Self::parse(text.trim_ascii()).ok_or_else(|| SecretError::NoSecret {
            path: path.to_owned(),
        })
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text.strip_prefix(b"whsec_")?).ok()?);
        LENGTHS
            .contains(&bytes.len())
            .then(|| Self(Key::new(HMAC_SHA256, &bytes)))
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = Context::with_key(&self.0);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// The header `webhook-signature`: a signature with each of the secrets. `timestamp` is in seconds since 1970.
pub(super) fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures = secrets.iter().map(|secret| secret.sign(id, timestamp, body));
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
