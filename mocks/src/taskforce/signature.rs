//! Signatures of hooks, checked as Standard Webhooks 1.0.0 wants it: `v1,` and the base64 of the HMAC-SHA256 of
//! `id.timestamp.body`, made within five minutes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::Refusal;

/// Seconds between the signing and now, either way.
const WINDOW_SECS: u64 = 5 * 60;

/// Characters of a hook's id: a UUID has 36.
const ID_LENGTH_MAX: usize = 64;

/// Signatures in one header: the gateway makes one with each of two secrets.
const SIGNATURES_MAX: usize = 8;

/// Bytes of a secret, by the specification.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that is shared with the gateway. It has no `Debug`.
pub struct Secret(Key);

/// Why there is nothing to check signatures with.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{0} does not hold whsec_ and the base64 of 24 to 64 bytes")]
    NoSecret(PathBuf),
}

impl Secret {
    /// Reads a file of a secret; white space around it is dropped.
    ///
    /// # Errors
    /// [`SecretError`]
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let text = fs::read_to_string(path).map_err(|source| SecretError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(text.trim()).ok_or_else(|| SecretError::NoSecret(path.to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
        LENGTHS
            .contains(&bytes.len())
            .then(|| Self(Key::new(HMAC_SHA256, &bytes)))
    }
}

/// The hook's id, where one of its signatures is made with one of the secrets, and lately. How long the comparison takes
/// tells nothing about what would have been right.
///
/// # Errors
/// [`Refusal`] of the headers, the time or the signatures.
pub(super) fn verified<'a>(
    headers: &'a HeaderMap,
    body: &[u8],
    secrets: &[Secret],
    now: Timestamp,
) -> Result<&'a str, Refusal> {
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(Refusal::Headers)
    };
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    // A dot would let bytes wander between the id and what is signed after it.
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !(1..=ID_LENGTH_MAX).contains(&id.len()) || !id.bytes().all(known) {
        return Err(Refusal::Headers);
    }
    let signed_at: i64 = timestamp.parse().map_err(|_no_number| Refusal::Headers)?;
    let signatures = header("webhook-signature")?;
    if signatures.split(' ').count() > SIGNATURES_MAX {
        return Err(Refusal::Headers);
    }
    if now.as_second().abs_diff(signed_at) > WINDOW_SECS {
        return Err(Refusal::OutsideWindow);
    }
    let message = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    let given = signatures.split(' ').filter_map(|text| text.strip_prefix("v1,"));
    let mut given = given.filter_map(|text| BASE64_STANDARD.decode(text).ok());
    let is_ours = |given: Vec<u8>| {
        let fits = |secret: &Secret| hmac::verify(&secret.0, &message, &given).is_ok();
        secrets.iter().any(fits)
    };
    given.any(is_ours).then_some(id).ok_or(Refusal::Signature)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde::Deserialize;

    use super::*;

    /// The first is published with the specification; the other was signed with Python's `hmac`.
    const VECTORS: &str = include_str!("../../../docs/webhook-vectors.json");

    #[derive(Deserialize)]
    struct Vector {
        id: String,
        timestamp: i64,
        body: String,
        secrets: Vec<String>,
        signature: String,
    }

    impl Vector {
        fn verified(&self, secrets: &[&str], now: i64) -> Result<(), Refusal> {
            let mut headers = HeaderMap::new();
            for (name, value) in [
                ("webhook-id", &self.id),
                ("webhook-timestamp", &self.timestamp.to_string()),
                ("webhook-signature", &self.signature),
            ] {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
            let secrets: Vec<_> = secrets.iter().map(|text| Secret::parse(text).unwrap()).collect();
            let now = Timestamp::from_second(now).unwrap();
            let id = verified(&headers, self.body.as_bytes(), &secrets, now)?;
            assert_eq!(id, self.id);
            Ok(())
        }
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(VECTORS).unwrap()
    }

    const STRANGE: &str = "whsec_c3RyYW5nZXJzLXNlY3JldC1vZi0zMi1ieXRlcy1sb25n";

    #[test]
    fn signatures_of_other_implementations_are_believed_with_either_secret_and_with_no_other() {
        for vector in vectors() {
            for secret in &vector.secrets {
                assert_eq!(vector.verified(&[secret], vector.timestamp), Ok(()));
                assert_eq!(vector.verified(&[STRANGE, secret], vector.timestamp), Ok(()));
            }
            let strange = vector.verified(&[STRANGE], vector.timestamp);
            assert_eq!(strange, Err(Refusal::Signature));
        }
    }

    #[test]
    fn the_window_is_five_minutes_to_the_second_before_and_after() {
        let vector = &vectors()[0];
        let secrets = [vector.secrets[0].as_str()];
        for (after, expected) in [
            (300, Ok(())),
            (301, Err(Refusal::OutsideWindow)),
            (-300, Ok(())),
            (-301, Err(Refusal::OutsideWindow)),
        ] {
            assert_eq!(vector.verified(&secrets, vector.timestamp + after), expected);
        }
    }

    #[test]
    fn headers_that_nobody_would_send_are_refused_before_anything_is_reckoned() {
        let change = |change: fn(&mut Vector)| {
            let mut vector = vectors().remove(0);
            let (secret, now) = (vector.secrets[0].clone(), vector.timestamp);
            change(&mut vector);
            vector.verified(&[&secret], now)
        };
        assert_eq!(change(|_| {}), Ok(()));
        assert_eq!(change(|v| v.id = "a.b".to_owned()), Err(Refusal::Headers));
        assert_eq!(change(|v| v.id.clear()), Err(Refusal::Headers));
        assert_eq!(change(|v| v.id = "x".repeat(65)), Err(Refusal::Headers));
        assert_eq!(change(|v| v.signature = "v1,x ".repeat(9)), Err(Refusal::Headers));
        assert_eq!(change(|v| v.signature.clear()), Err(Refusal::Signature));
        assert_eq!(change(|v| v.body.push(' ')), Err(Refusal::Signature));
        // Another version of signatures is another reckoning.
        assert_eq!(
            change(|v| v.signature = v.signature.replace("v1,", "v1a,")),
            Err(Refusal::Signature)
        );
    }
}
