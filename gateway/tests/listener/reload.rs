//! New certificates and lists while the gateway runs.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use statuscheck::listener::{ConnectionLimits, Ending};
use statuscheck::tls::{Reload, TlsFault, TlsFile};

use crate::authority::{Authority, Folder};
use crate::house::{House, request, soon, until};

fn with_empty_list(authority: &Authority, folder: &mut Folder) {
    folder.put_list(authority.list(&[]).pem().unwrap());
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_old_ones_go_on() {
    let house = House::open(ConnectionLimits::default()).await;
    let leaf = house.acme();
    let mut before = house.caller(&leaf).await;
    assert_eq!(house.tls.reload().await, Ok(Reload::Unchanged));

    let renewed = house.authority.gateway();
    house.folder.put_gateway(&renewed);
    assert_eq!(house.tls.reload().await, Ok(Reload::Changed));
    assert_eq!(
        house.caller(&leaf).await.gateway_certificate,
        renewed.certificate.to_vec()
    );
    assert_ne!(before.gateway_certificate, renewed.certificate.to_vec());
    before.who().await.unwrap();
    assert_eq!(house.census.ended(Ending::Revoked), 0);
}

#[tokio::test]
async fn bad_files_leave_the_old_ones_in_use() {
    let house = House::open(ConnectionLimits::default()).await;
    let leaf = house.acme();
    let certificate = house.caller(&leaf).await.gateway_certificate;
    let renewed = house.authority.gateway();

    // Half a renewal: the certificate is new and the key is not.
    fs::write(&house.folder.files.certificate, &renewed.certificate_pem).unwrap();
    let error = house.tls.reload().await.unwrap_err();
    assert_eq!((error.file, error.fault), (TlsFile::Key, TlsFault::KeyDoesNotFit));
    assert_eq!(house.caller(&leaf).await.gateway_certificate, certificate);

    house.folder.put_gateway(&renewed);
    assert_eq!(house.tls.reload().await, Ok(Reload::Changed));
    assert_eq!(
        house.caller(&leaf).await.gateway_certificate,
        renewed.certificate.to_vec()
    );
}

#[tokio::test]
async fn revoking_a_peer_closes_its_connection_after_the_call_under_way_and_nobody_elses() {
    let house = House::open_with(ConnectionLimits::default(), with_empty_list).await;
    let (leaf, other) = (house.acme(), house.acme());
    let mut revoked = house.caller(&leaf).await;
    let mut stays = house.caller(&other).await;
    let under_way = tokio::spawn(revoked.send(request("/hold")));
    until(|| house.desk.held.load(Ordering::SeqCst) == 1).await;

    let list = house.authority.list(&[&leaf]).pem().unwrap();
    fs::write(&house.folder.files.crl[0], list).unwrap();
    assert_eq!(house.tls.reload().await, Ok(Reload::Changed));
    revoked.told_to_go().await;
    house.desk.release(1);
    assert_eq!(soon(under_way).await.unwrap().unwrap().0, StatusCode::OK);
    revoked.gone().await;
    until(|| house.census.ended(Ending::Revoked) == 1).await;

    house.assert_refused(house.usual_client(&leaf)).await;
    stays.who().await.unwrap();
    assert_eq!(house.census.open(), 1);
}

#[tokio::test]
async fn a_changed_bundle_of_authorities_closes_the_connections_of_those_left_out() {
    let house = House::open(ConnectionLimits::default()).await;
    let caller = house.caller(&house.acme()).await;
    let successor = Authority::new("Successor");
    fs::write(&house.folder.files.client_ca, successor.pem()).unwrap();
    assert_eq!(house.tls.reload().await, Ok(Reload::Changed));
    caller.gone().await;
    until(|| house.census.ended(Ending::Revoked) == 1).await;
}

#[tokio::test]
async fn the_watch_finds_a_new_list_by_itself() {
    let house = House::open_with(ConnectionLimits::default(), with_empty_list).await;
    let leaf = house.acme();
    let caller = house.caller(&leaf).await;
    let tls = house.tls.clone();
    let watching = tokio::spawn(async move { tls.watch(Duration::from_millis(5)).await });
    let list = house.authority.list(&[&leaf]).pem().unwrap();
    fs::write(&house.folder.files.crl[0], list).unwrap();
    caller.gone().await;
    until(|| house.census.ended(Ending::Revoked) == 1).await;
    assert!(!watching.is_finished());
    watching.abort();
}
