use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde::Deserialize;

use super::*;

/// The first is published with the specification; the other was signed with Python's `hmac`.
const VECTORS: &str = include_str!("../../../docs/webhook-vectors.json");

#[derive(Deserialize)]
struct Vector {
    name: String,
    id: String,
    timestamp: i64,
    body: String,
    secrets: Vec<String>,
    signature: String,
}

#[test]
fn signatures_are_those_of_other_implementations() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        let secrets = vector.secrets.iter();
        let secrets: Vec<_> = secrets
            .map(|text| Secret::parse(text.as_bytes()).unwrap())
            .collect();
        let signed = signatures(&secrets, &vector.id, vector.timestamp, vector.body.as_bytes());
        assert_eq!(signed, vector.signature, "{}", vector.name);
    }
}

#[test]
fn a_secret_has_its_prefix_and_24_to_64_bytes() {
    let text = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
    for (text, is_secret) in [
        (text(24), true),
        (text(64), true),
        (text(23), false),
        (text(65), false),
        (STANDARD.encode([7; 32]), false),
        (format!("WHSEC_{}", STANDARD.encode([7; 32])), false),
        (
            "whsec_not base64 but long enough to be a secret".to_owned(),
            false,
        ),
        (String::new(), false),
    ] {
        assert_eq!(Secret::parse(text.as_bytes()).is_some(), is_secret, "{text}");
    }
}

#[test]
fn a_secret_is_read_from_a_file_of_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receiver");
    let write = |text: &str, mode: u32| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let secret = format!("whsec_{}\n", STANDARD.encode([7; 64]));
    let read = || Secret::read(&path).map(|_secret| ());

    assert!(matches!(read(), Err(SecretError::File(KeyFileError::Io { .. }))));
    write(&secret, 0o600);
    assert!(read().is_ok());
    write(&secret, 0o640);
    assert!(matches!(
        read(),
        Err(SecretError::File(KeyFileError::Exposed { .. }))
    ));
    write(&format!("{secret}{secret}"), 0o600);
    let told = read().unwrap_err().to_string();
    assert!(
        told.contains("does not hold whsec_") && !told.contains("Bw"),
        "{told}"
    );
}
