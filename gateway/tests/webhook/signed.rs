//! What a receiver gets, checked as a receiver checks it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use statuscheck::demo::authority::Authority;
use statuscheck::webhook::{DeliveryError, Failure, SecretError};

use crate::receiver::{Received, Receiver, status};
use crate::site::{NOTICE, SECRETS, Site, letter, webhook};

/// HMAC-SHA256 as RFC 2104 writes it, so that nothing of the signing side is believed.
fn hmac(key: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block.to_vec()
    };
    let hash = |start: Vec<u8>, rest: &[u8]| digest(&SHA256, &[&start, rest].concat()).as_ref().to_vec();
    hash(pad(0x5c), &hash(pad(0x36), message))
}

/// Whether one of the signatures is made with `key`.
fn is_signed(received: &Received, key: &[u8; 32]) -> bool {
    let (id, timestamp) = (
        received.header("webhook-id"),
        received.header("webhook-timestamp"),
    );
    let message = [format!("{id}.{timestamp}.").as_bytes(), &received.body].concat();
    let signature = format!("v1,{}", STANDARD.encode(hmac(key, &message)));
    let mut signatures = received.header("webhook-signature").split(' ');
    signatures.any(|given| given == signature)
}

const OLD: &[u8; 32] = &SECRETS[0].1;
const NEW: &[u8; 32] = &SECRETS[1].1;

#[tokio::test]
async fn a_receiver_gets_the_letter_with_a_signature_that_it_can_check() {
    let site = Site::new();
    let mut receiver = Receiver::start(|| Some(status(204))).await;
    site.tell(&receiver).await.unwrap();
    let [received] = &receiver.take()[..] else {
        panic!("it was told once")
    };
    assert_eq!((&*received.method, &*received.path), ("POST", "/notices?to=us"));
    assert_eq!(received.body, letter().body);
    assert_eq!(received.header("content-type"), "application/cloudevents+json");
    assert_eq!(received.header("webhook-id"), NOTICE);
    assert_eq!(received.header("webhook-timestamp"), "1781083800");
    assert_eq!(received.header("webhook-signature").split(' ').count(), 1);
    assert!(is_signed(received, OLD) && !is_signed(received, NEW));
}

#[tokio::test]
async fn a_repeat_has_the_same_id_and_body_and_a_time_of_its_own() {
    let site = Site::new();
    let mut receiver = Receiver::start(|| Some(status(503))).await;
    site.tell(&receiver).await.unwrap_err();
    site.clock.advance(Duration::from_secs(5));
    site.tell(&receiver).await.unwrap_err();
    let [first, second] = &receiver.take()[..] else {
        panic!("it was told twice")
    };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_eq!(second.header("webhook-timestamp"), "1781083805");
    assert!(is_signed(first, OLD) && is_signed(second, OLD));
    assert_ne!(
        first.header("webhook-signature"),
        second.header("webhook-signature")
    );
}

#[tokio::test]
async fn while_a_secret_takes_the_place_of_another_both_sign() {
    let site = Site::new();
    let mut receiver = Receiver::start(|| Some(status(200))).await;
    let destination = site.destination(&receiver, &["old", "new"]);
    site.courier().deliver(&destination, &letter()).await.unwrap();
    let [received] = &receiver.take()[..] else {
        panic!("it was told once")
    };
    assert_eq!(received.header("webhook-signature").split(' ').count(), 2);
    assert!(is_signed(received, OLD) && is_signed(received, NEW));
}

#[tokio::test]
async fn a_secret_is_read_anew_at_each_attempt_and_nothing_is_sent_without() {
    let site = Site::new();
    let mut receiver = Receiver::start(|| Some(status(200))).await;
    let destination = site.destination(&receiver, &["old"]);
    let courier = site.courier();
    let path = site.secret("old");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = courier.deliver(&destination, &letter()).await;
    assert!(matches!(
        exposed,
        Err(DeliveryError::Secret(SecretError::File(_)))
    ));
    assert!(receiver.take().is_empty());

    fs::copy(site.secret("new"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    courier.deliver(&destination, &letter()).await.unwrap();
    assert!(is_signed(&receiver.take()[0], NEW));
}

#[tokio::test]
async fn over_tls_only_a_receiver_whose_certificate_is_believed_is_told() {
    let mut site = Site::new();
    site.settings.allow_http = false;
    let authority = Authority::open(site.folder.path()).unwrap();
    let mut receiver = Receiver::start_tls(&authority.server("receiver").unwrap()).await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let webhook = webhook(&url, &["old"]);

    let strangers = tempfile::tempdir().unwrap();
    let stranger = Authority::open(strangers.path()).unwrap();
    site.settings.ca_file = Some(stranger.certificate_path());
    let courier = site.courier();
    let refused = courier
        .deliver(&courier.destination(&webhook).unwrap(), &letter())
        .await;
    let no_tls = matches!(
        refused,
        Err(DeliveryError::Again {
            failure: Failure::NoTls,
            ..
        })
    );
    assert!(no_tls, "{refused:?}");
    assert!(receiver.take().is_empty());

    site.settings.ca_file = Some(authority.certificate_path());
    let courier = site.courier();
    courier
        .deliver(&courier.destination(&webhook).unwrap(), &letter())
        .await
        .unwrap();
    assert!(is_signed(&receiver.take()[0], OLD));
}
