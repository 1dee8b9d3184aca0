//! Sealing: AES-256-GCM under a key of each case's own, which is itself kept sealed under the key-encryption key.
//! Destroying a case's wrapped key makes its personal data unreadable and leaves the ledger in place.
//!
//! Every sealed value names in its additional data what it is and where it belongs, so that one cannot stand for
//! another. None of these types has `Debug`. Nonces are random: one key-encryption key may wrap 2^32 case keys (NIST SP
//! 800-38D, 8.3), more cases than the gateway will ever see.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hkdf, hmac};
use statuscheck_domain::ids::{CaseId, OrganisationId, RequestId};
use zeroize::Zeroizing;

use super::key_file::{self, KEY_LEN, KeyFileError};

/// What sealing adds: tag and nonce, in bytes.
pub(super) const OVERHEAD: usize = 16 + NONCE_LEN;

/// Why sealing or opening failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    /// The library or the system's random numbers failed; nothing is known to be wrong with what is stored.
    #[error("a value could not be sealed")]
    Seal,
    /// What is stored was altered or moved, or was sealed under another key.
    #[error("a sealed value does not open")]
    Open,
}

/// The key-encryption key.
pub struct Kek(RandomizedNonceKey);

impl Kek {
    /// Makes a new key and writes it to `path`, which must not exist, as 64 hexadecimal digits with mode 0600.
    ///
    /// # Errors
    /// [`KeyFileError::Io`], also where the file exists; [`KeyFileError::NoRandomness`].
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        let key = key_file::random().ok_or(KeyFileError::NoRandomness)?;
        key_file::write(path, &key, 0o600)?;
        aead(&key)
            .map(Self)
            .map_err(|_library| KeyFileError::NoRandomness)
    }

    /// Reads the key of `path`.
    ///
    /// # Errors
    /// [`KeyFileError::Exposed`] where anyone but the owner has rights to the file, or the owner more than to read and
    /// write it; [`KeyFileError::NotAKey`]; [`KeyFileError::Io`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        aead(&*key_file::read(path)?)
            .map(Self)
            .map_err(|_library| KeyFileError::NoRandomness)
    }
}

/// The store's own secret, from which the keys that must outlive any one case are derived, each for one purpose.
pub(super) struct StoreSecret(hkdf::Prk);

impl StoreSecret {
    const PLACE: &'static [u8] = b"statuscheck store secret";

    /// A new secret, and the same sealed under `kek`.
    pub(super) fn create(kek: &Kek) -> Result<(Self, Vec<u8>), SealError> {
        let secret = key_file::random().ok_or(SealError::Seal)?;
        let wrapped = wrap(kek, Self::PLACE, &secret)?;
        Ok((Self::of(&secret), wrapped))
    }

    /// The secret that was sealed under `kek`; it does not open under another.
    pub(super) fn unwrap_under(kek: &Kek, wrapped: Vec<u8>) -> Result<Self, SealError> {
        unwrap(kek, Self::PLACE, wrapped).map(|secret| Self::of(&secret))
    }

    fn of(secret: &[u8; KEY_LEN]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"statuscheck store").extract(secret))
    }

    /// The key for the digests of requests.
    pub(super) fn content_key(&self) -> Result<ContentKey, SealError> {
        self.0
            .expand(&[b"request content"], hmac::HMAC_SHA256)
            .map(|okm| ContentKey(hmac::Key::from(okm)))
            .map_err(|_too_long| SealError::Seal)
    }
}

/// The key under which the content of requests is digested.
pub(super) struct ContentKey(hmac::Key);

/// HMAC-SHA256 of a request's content. It covers whose request it is, so that two requests about one person cannot be
/// seen to be alike.
pub(super) struct ContentDigest(pub(super) [u8; 32]);

impl ContentKey {
    pub(super) fn digest(
        &self,
        organisation: &OrganisationId,
        request_id: RequestId,
        content: &[u8],
    ) -> ContentDigest {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(request_id.0.as_bytes());
        context.update(&(organisation.as_str().len() as u64).to_be_bytes());
        context.update(organisation.as_str().as_bytes());
        context.update(content);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        ContentDigest(digest)
    }
}

impl ContentDigest {
    pub(super) fn is(&self, stored: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.0, stored).is_ok()
    }
}

/// Where an entry belongs: what the seal binds beside the payload.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) case_id: CaseId,
    pub(super) version: i64,
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) kind: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        // Only the last part varies in length, so no two places share their bytes.
        [
            b"statuscheck entry".as_slice(),
            self.case_id.0.as_bytes(),
            &self.version.to_be_bytes(),
            &self.time.to_be_bytes(),
            self.kind.as_bytes(),
        ]
        .concat()
    }
}

/// The key of one case.
pub(super) struct DataKey(RandomizedNonceKey);

impl DataKey {
    /// A new key for `case_id`, and the same sealed under `kek`.
    pub(super) fn create(kek: &Kek, case_id: CaseId) -> Result<(Self, Vec<u8>), SealError> {
        let key = key_file::random().ok_or(SealError::Seal)?;
        let wrapped = wrap(kek, &Self::place(case_id), &key)?;
        Ok((aead(&key).map(Self)?, wrapped))
    }

    /// The key of `case_id` that was sealed under `kek`.
    pub(super) fn unwrap_under(kek: &Kek, case_id: CaseId, wrapped: Vec<u8>) -> Result<Self, SealError> {
        let key = unwrap(kek, &Self::place(case_id), wrapped)?;
        aead(&key).map(Self)
    }

    /// Seals `payload`, which has room for [`OVERHEAD`] so that no copy of it stays behind.
    pub(super) fn seal(&self, place: Place<'_>, payload: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &place.bytes(), payload)
    }

    /// Opens what was sealed at `place`.
    pub(super) fn open(&self, place: Place<'_>, sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, &place.bytes(), sealed)
    }

    fn place(case_id: CaseId) -> Vec<u8> {
        [b"statuscheck case key".as_slice(), case_id.0.as_bytes()].concat()
    }
}

fn aead(key: &[u8; KEY_LEN]) -> Result<RandomizedNonceKey, SealError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_library| SealError::Seal)
}

fn wrap(kek: &Kek, place: &[u8], key: &[u8; KEY_LEN]) -> Result<Vec<u8>, SealError> {
    let mut plain = Zeroizing::new(Vec::with_capacity(KEY_LEN + OVERHEAD));
    plain.extend_from_slice(key);
    seal(&kek.0, place, plain)
}

fn unwrap(kek: &Kek, place: &[u8], wrapped: Vec<u8>) -> Result<Zeroizing<[u8; KEY_LEN]>, SealError> {
    let plain = open(&kek.0, place, wrapped)?;
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if plain.len() != KEY_LEN {
        return Err(SealError::Open);
    }
    key.copy_from_slice(&plain);
    Ok(key)
}

/// Ciphertext, tag, nonce.
fn seal(key: &RandomizedNonceKey, place: &[u8], mut plain: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, SealError> {
    let nonce = key
        .seal_in_place_append_tag(Aad::from(place), &mut *plain)
        .map_err(|_library| SealError::Seal)?;
    let mut sealed = std::mem::take(&mut *plain);
    sealed.extend_from_slice(nonce.as_ref());
    Ok(sealed)
}

fn open(key: &RandomizedNonceKey, place: &[u8], sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut buffer = Zeroizing::new(sealed);
    let end = buffer.len().checked_sub(NONCE_LEN).ok_or(SealError::Open)?;
    let nonce = Nonce::try_assume_unique_for_key(&buffer[end..]).map_err(|_length| SealError::Open)?;
    let length = key
        .open_in_place(nonce, Aad::from(place), &mut buffer[..end])
        .map_err(|_altered| SealError::Open)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}
