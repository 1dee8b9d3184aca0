//! Whom the door does not let in at all.

use std::time::Duration;

use statuscheck::demo::authority::Authority;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_tests::prelude::*;
use tonic::transport::Endpoint;

use crate::wire::assert_untouched;

/// The call over this endpoint ends without an answer of the gateway.
async fn assert_gets_nothing(endpoint: Endpoint) {
    let mut client = StatusCheckServiceClient::new(endpoint.timeout(Duration::from_secs(30)).connect_lazy());
    let status = client
        .check(request(by_name("Sam", "Example", "1990-05-01").work()))
        .await
        .err()
        .unwrap();
    // A status of the client's own has a cause; the gateway's come without.
    assert!(std::error::Error::source(&status).is_some(), "{status:?}");
    assert!(status.details().is_empty());
    assert_ne!(status.message(), "Timeout expired");
}

#[tokio::test]
async fn a_client_that_speaks_plain_text_gets_nothing() {
    let house = House::start(Plan::default()).await;
    assert_gets_nothing(Endpoint::from_shared(format!("http://{}", house.address)).unwrap()).await;
    assert_untouched(&house).await;
}

#[tokio::test]
async fn a_client_without_a_certificate_gets_nothing() {
    let house = House::start(Plan::default()).await;
    assert_gets_nothing(house.endpoint(None)).await;
    assert_untouched(&house).await;
}

#[tokio::test]
async fn a_client_with_a_certificate_of_another_authority_gets_nothing() {
    let house = House::start(Plan::default()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let forged = Authority::open(elsewhere.path())
        .unwrap()
        .client("organisation/employer")
        .unwrap();
    assert_gets_nothing(house.endpoint(Some(&forged))).await;
    assert_untouched(&house).await;
}
