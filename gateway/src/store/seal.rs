//! Sealing: AES-256-GCM under a key of each case's own, which is itself kept sealed under the key-encryption key.
//! Destroying a case's wrapped key makes its personal data unreadable and leaves the ledger in place.
//!
//! Every sealed value names in its additional data what it is and where it belongs, so that one cannot stand for
//! another. None of these types has `Debug`. Nonces are random: one key-encryption key may wrap 2^32 case keys (NIST SP
//! 800-38D, 8.3), more cases than the gateway will ever see.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, hkdf, hmac};
use statuscheck_domain::ids::{CaseId, OrganisationId, RequestId};
use statuscheck_domain::subject::Identity;
use zeroize::Zeroizing;

pub use self::kek::Kek;
use super::key_file::{self, KEY_LEN};

mod draws;
mod kek;

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

/// The store's own secret, from which the keys that must outlive any one case are derived, each for one purpose.
pub(super) struct StoreSecret(hkdf::Prk);

impl StoreSecret {
    const PLACE: &'static [u8] = b"statuscheck store secret";

    /// A new secret, and the same sealed under `kek`.
    pub(super) fn create(kek: &Kek) -> Result<(Self, Vec<u8>), SealError> {
        let secret = key_file::random().ok_or(SealError::Seal)?;
        let wrapped = kek.wrap(Self::PLACE, &secret)?;
        Ok((Self::of(&secret), wrapped))
    }

    /// The secret that was sealed under `kek`; it does not open under another.
    pub(super) fn unwrap_under(kek: &Kek, wrapped: Vec<u8>) -> Result<Self, SealError> {
        kek.unwrap(Self::PLACE, wrapped).map(|secret| Self::of(&secret))
    }

    /// The same sealed secret under the newest key of `kek`.
    pub(super) fn rewrap(kek: &Kek, wrapped: Vec<u8>) -> Result<Vec<u8>, SealError> {
        kek.wrap(Self::PLACE, &*kek.unwrap(Self::PLACE, wrapped)?)
    }

    fn of(secret: &[u8; KEY_LEN]) -> Self {
        Self(hkdf::Salt::new(hkdf::HKDF_SHA256, b"statuscheck store").extract(secret))
    }

    /// The key for looking people up.
    pub(super) fn subject_key(&self) -> Result<SubjectKey, SealError> {
        self.0
            .expand(&[b"subject lookup"], hmac::HMAC_SHA256)
            .map(|okm| SubjectKey(hmac::Key::from(okm)))
            .map_err(|_too_long| SealError::Seal)
    }

    /// The key for the digests of requests.
    pub(super) fn content_key(&self) -> Result<ContentKey, SealError> {
        self.0
            .expand(&[b"request content"], hmac::HMAC_SHA256)
            .map(|okm| ContentKey(hmac::Key::from(okm)))
            .map_err(|_too_long| SealError::Seal)
    }
}

/// The key under which people are looked up.
pub(super) struct SubjectKey(hmac::Key);

/// What stands for a person in the store: the first half of HMAC-SHA256 of what identifies them. 128 bits are far more than
/// two people could meet in, and the table of them has half the size.
pub(super) type SubjectDigest = [u8; 16];

impl SubjectKey {
    pub(super) fn digest(&self, identity: &Identity) -> SubjectDigest {
        let whole = hmac::sign(&self.0, identity.expose());
        let mut digest = SubjectDigest::default();
        let half = digest.len();
        digest.copy_from_slice(&whole.as_ref()[..half]);
        digest
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
pub(super) struct DataKey(LessSafeKey);

impl DataKey {
    /// A new key for `case_id`, and the same sealed under `kek`.
    pub(super) fn create(kek: &Kek, case_id: CaseId) -> Result<(Self, Vec<u8>), SealError> {
        let key = draws::key().ok_or(SealError::Seal)?;
        let wrapped = kek.wrap(&Self::place(case_id), &key)?;
        Ok((aead(&key).map(Self)?, wrapped))
    }

    /// The key of `case_id` that was sealed under `kek`.
    pub(super) fn unwrap_under(kek: &Kek, case_id: CaseId, wrapped: Vec<u8>) -> Result<Self, SealError> {
        let key = kek.unwrap(&Self::place(case_id), wrapped)?;
        aead(&key).map(Self)
    }

    /// The same sealed key of `case_id` under the newest key of `kek`.
    pub(super) fn rewrap(kek: &Kek, case_id: CaseId, wrapped: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let place = Self::place(case_id);
        kek.wrap(&place, &*kek.unwrap(&place, wrapped)?)
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

fn aead(key: &[u8; KEY_LEN]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_library| SealError::Seal)?;
    Ok(LessSafeKey::new(key))
}

/// Ciphertext, tag, nonce.
fn seal(key: &LessSafeKey, place: &[u8], mut plain: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, SealError> {
    let nonce = draws::nonce().ok_or(SealError::Seal)?;
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut *plain)
        .map_err(|_library| SealError::Seal)?;
    let mut sealed = std::mem::take(&mut *plain);
    sealed.extend_from_slice(&nonce);
    Ok(sealed)
}

fn open(key: &LessSafeKey, place: &[u8], sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, SealError> {
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
