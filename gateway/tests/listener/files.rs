//! What is wrong with a file is said by its name, and never with its contents.

use std::fs;
use std::sync::Arc;

use statuscheck::tls::{Tls, TlsError, TlsFault, TlsFile};
use statuscheck_domain::clock::ManualClock;

use crate::authority::{Authority, Folder};
use crate::house::DOMAIN;

async fn fault(folder: &Folder) -> (TlsFile, TlsFault) {
    let clock = ManualClock::at("2026-06-01T12:00:00Z".parse().unwrap());
    let TlsError { file, fault, .. } =
        Tls::load(folder.files.clone(), DOMAIN.parse().unwrap(), Arc::new(clock))
            .await
            .err()
            .unwrap();
    (file, fault)
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let folder = Folder::of(&Authority::new("Test Authority"));
    for (file, path) in [
        (TlsFile::ClientCa, &folder.files.client_ca),
        (TlsFile::Key, &folder.files.key),
        (TlsFile::Certificate, &folder.files.certificate),
    ] {
        fs::remove_file(path).unwrap();
        assert_eq!(fault(&folder).await, (file, TlsFault::Missing));
    }
}

#[tokio::test]
async fn a_file_without_what_it_should_hold_is_named() {
    let authority = Authority::new("Test Authority");
    let mut folder = Folder::of(&authority);
    folder.put_list("# none yet");
    assert_eq!(fault(&folder).await, (TlsFile::Crl, TlsFault::Empty));
    folder.put_list(authority.list(&[]).pem().unwrap());

    folder.put_key("", 0o600);
    assert_eq!(fault(&folder).await, (TlsFile::Key, TlsFault::Empty));
    folder.put_key(&authority.gateway().key_pem, 0o600);
    fs::write(&folder.files.certificate, "").unwrap();
    assert_eq!(fault(&folder).await, (TlsFile::Certificate, TlsFault::Empty));
    fs::write(&folder.files.client_ca, "").unwrap();
    assert_eq!(fault(&folder).await, (TlsFile::ClientCa, TlsFault::Empty));
}

#[tokio::test]
async fn a_certificate_that_does_not_parse_is_named() {
    let garbled = "-----BEGIN CERTIFICATE-----\nMAMBAgM=\n-----END CERTIFICATE-----\n";
    let folder = Folder::of(&Authority::new("Test Authority"));
    fs::write(&folder.files.certificate, garbled).unwrap();
    let (file, fault_there) = fault(&folder).await;
    assert_eq!(file, TlsFile::Certificate);
    assert!(matches!(fault_there, TlsFault::Refused(_)));
    fs::write(&folder.files.client_ca, garbled).unwrap();
    assert_eq!(fault(&folder).await, (TlsFile::ClientCa, TlsFault::Malformed));
}

#[tokio::test]
async fn a_key_that_others_may_read_is_refused_and_the_message_says_what_to_set() {
    let authority = Authority::new("Test Authority");
    let folder = Folder::of(&authority);
    let gateway = authority.gateway();
    folder.put_gateway(&gateway);
    for mode in [0o644, 0o604, 0o660, 0o700] {
        folder.put_key(&gateway.key_pem, mode);
        assert_eq!(
            fault(&folder).await,
            (TlsFile::Key, TlsFault::ReadableByOthers(mode))
        );
    }
    assert_eq!(
        TlsFault::ReadableByOthers(0o644).to_string(),
        "has mode 0644; set 0600, or 0640 for a group that may read it"
    );
    for mode in [0o600, 0o640, 0o400] {
        folder.put_key(&gateway.key_pem, mode);
        let clock = ManualClock::at("2026-06-01T12:00:00Z".parse().unwrap());
        let loaded = Tls::load(folder.files.clone(), DOMAIN.parse().unwrap(), Arc::new(clock)).await;
        assert!(loaded.is_ok(), "{mode:o}");
        fs::remove_file(&folder.files.key).unwrap();
    }
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused() {
    let authority = Authority::new("Test Authority");
    let folder = Folder::of(&authority);
    folder.put_key(&authority.gateway().key_pem, 0o600);
    assert_eq!(fault(&folder).await, (TlsFile::Key, TlsFault::KeyDoesNotFit));
}

#[tokio::test]
async fn a_list_that_would_refuse_every_client_is_refused_itself() {
    let authority = Authority::new("Test Authority");
    let mut folder = Folder::of(&authority);
    folder.put_list(Authority::new("Test Authority").list(&[]).pem().unwrap());
    assert_eq!(fault(&folder).await, (TlsFile::Crl, TlsFault::NotSigned));
    folder.put_list(Authority::new("Another").list(&[]).pem().unwrap());
    assert_eq!(
        fault(&folder).await,
        (TlsFile::ClientCa, TlsFault::NoListForAuthority)
    );
    folder.put_list([0x30, 3, 1, 2, 3]);
    assert_eq!(fault(&folder).await, (TlsFile::Crl, TlsFault::Malformed));

    folder.put_list(authority.list(&[]).pem().unwrap());
    let clock = ManualClock::at("2026-07-01T00:00:00Z".parse().unwrap());
    let late = Tls::load(folder.files.clone(), DOMAIN.parse().unwrap(), Arc::new(clock)).await;
    let error = late.err().unwrap();
    assert_eq!((error.file, error.fault), (TlsFile::Crl, TlsFault::OutOfDate));
}

#[tokio::test]
async fn an_error_names_the_file_and_its_path_and_nothing_that_stands_in_it() {
    let folder = Folder::of(&Authority::new("Test Authority"));
    folder.put_key(
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
        0o600,
    );
    let clock = ManualClock::at("2026-06-01T12:00:00Z".parse().unwrap());
    let error = Tls::load(folder.files.clone(), DOMAIN.parse().unwrap(), Arc::new(clock))
        .await
        .err()
        .unwrap();
    let text = format!("{error} {error:?}");
    assert!(text.starts_with(&format!("private key {}: ", folder.files.key.display())));
    assert!(!text.contains("c2VjcmV0") && !text.contains("secret") && !text.contains("BEGIN"));
}
