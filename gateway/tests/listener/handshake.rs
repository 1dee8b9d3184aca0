//! Who gets in, and as whom.

use rcgen::{SanType, date_time_ymd};
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};
use statuscheck::listener::{ConnectionLimits, Ending};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::authority::Authority;
use crate::house::{ACME, House, soon, until};

#[tokio::test]
async fn the_identity_and_the_address_reach_the_service() {
    let house = House::open(ConnectionLimits::default()).await;
    for (uri, peer) in [
        (ACME, "organisation/acme"),
        ("spiffe://gateway.test/department/dwp", "department/dwp"),
        ("spiffe://gateway.test/taskforce/windrush", "taskforce/windrush"),
        ("spiffe://gateway.test/ops/duty", "ops/duty"),
    ] {
        let mut caller = house.caller(&house.authority.client(&[uri])).await;
        assert_eq!(caller.who().await.unwrap(), format!("{peer} at 127.0.0.1"));
    }
}

#[tokio::test]
async fn a_trusted_certificate_without_a_usable_uri_connects_and_names_nobody() {
    let house = House::open(ConnectionLimits::default()).await;
    for (uris, error) in [
        (&[][..], "NoUri"),
        (&[ACME, ACME], "SeveralUris"),
        (&["spiffe://other.test/ops/duty"], "ForeignTrustDomain"),
        (&["https://gateway.test/ops/duty"], "Malformed"),
    ] {
        let mut caller = house.caller(&house.authority.client(uris)).await;
        assert_eq!(caller.who().await.unwrap(), format!("{error} at 127.0.0.1"));
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let house = House::open(ConnectionLimits::default()).await;
    house.assert_refused(house.client(None, &[&TLS13], &["h2"])).await;
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused_even_under_the_same_name() {
    let house = House::open(ConnectionLimits::default()).await;
    let stranger = Authority::new("Test Authority").client(&[ACME]);
    house.assert_refused(house.usual_client(&stranger)).await;
}

#[tokio::test]
async fn a_certificate_is_accepted_until_it_expires_by_the_gateways_clock() {
    let house = House::open(ConnectionLimits::default()).await;
    let leaf = house.authority.leaf(|params| {
        params.subject_alt_names = vec![SanType::URI(ACME.try_into().unwrap())];
        params.not_after = date_time_ymd(2026, 6, 2);
    });
    house.clock.set_wall("2026-06-02T00:00:00Z".parse().unwrap());
    house.caller(&leaf).await;
    house.clock.set_wall("2026-06-02T00:00:01Z".parse().unwrap());
    house.assert_refused(house.usual_client(&leaf)).await;
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_another_of_the_same_authority_is_not() {
    let mut revoked = None;
    let house = House::open_with(ConnectionLimits::default(), |authority, folder| {
        let leaf = authority.client(&[ACME]);
        folder.put_list(authority.list(&[&leaf]).pem().unwrap());
        revoked = Some(leaf);
    })
    .await;
    house.assert_refused(house.usual_client(&revoked.unwrap())).await;
    house.caller(&house.acme()).await;
}

#[tokio::test]
async fn a_revocation_list_in_der_works_too() {
    let mut revoked = None;
    let house = House::open_with(ConnectionLimits::default(), |authority, folder| {
        let leaf = authority.client(&[ACME]);
        folder.put_list(authority.list(&[&leaf]).der());
        revoked = Some(leaf);
    })
    .await;
    house.assert_refused(house.usual_client(&revoked.unwrap())).await;
}

#[tokio::test]
async fn a_list_that_goes_out_of_date_refuses_everybody_it_covers() {
    let house = House::open_with(ConnectionLimits::default(), |authority, folder| {
        folder.put_list(authority.list(&[]).pem().unwrap());
    })
    .await;
    let leaf = house.acme();
    let due = house.tls.lists_due().unwrap();
    assert_eq!(due, "2026-07-01T00:00:00Z".parse().unwrap());
    house.clock.set_wall("2026-06-30T23:59:59Z".parse().unwrap());
    house.caller(&leaf).await;
    house.clock.set_wall("2026-07-01T00:00:01Z".parse().unwrap());
    house.assert_refused(house.usual_client(&leaf)).await;
}

#[tokio::test]
async fn a_client_of_tls_1_2_alone_is_refused() {
    let house = House::open(ConnectionLimits::default()).await;
    let leaf = house.acme();
    house
        .assert_refused(house.client(Some(&leaf), &[&TLS12], &["h2"]))
        .await;
}

#[tokio::test]
async fn a_client_that_does_not_offer_http2_is_refused() {
    let house = House::open(ConnectionLimits::default()).await;
    let leaf = house.acme();
    for protocols in [&["http/1.1"][..], &[]] {
        house
            .assert_refused(house.client(Some(&leaf), &[&TLS13], protocols))
            .await;
    }
}

#[tokio::test]
async fn a_client_without_tls_gets_nothing_but_an_alert() {
    let house = House::open(ConnectionLimits::default()).await;
    for greeting in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ] {
        let mut socket = TcpStream::connect(house.address).await.unwrap();
        socket.write_all(greeting).await.unwrap();
        let mut answer = Vec::new();
        soon(socket.read_to_end(&mut answer)).await.ok();
        // A TLS record of an alert is seven bytes and begins with 21.
        assert!(answer.is_empty() || (answer.len() == 7 && answer[0] == 21));
    }
    until(|| house.census.ended(Ending::HandshakeFailed) == 2).await;
}

#[tokio::test]
async fn every_connection_shows_its_certificate_anew() {
    let house = House::open(ConnectionLimits::default()).await;
    let config = house.usual_client(&house.acme());
    house
        .try_caller(config.clone())
        .await
        .unwrap()
        .who()
        .await
        .unwrap();
    let again = house.knock(config).await.unwrap();
    assert_eq!(again.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
}

#[tokio::test]
async fn services_of_tonic_are_served() {
    use http::StatusCode;
    use http_body_util::{BodyExt, Full};
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use statuscheck::listener::Listener;

    let house = House::open(ConnectionLimits::default()).await;
    let (_reporter, health) = tonic_health::server::health_reporter();
    let listener = Listener::bind(
        ([127, 0, 0, 1], 0).into(),
        house.tls.clone(),
        ConnectionLimits::default(),
    )
    .await
    .unwrap();
    let house = House {
        address: listener.local_addr().unwrap(),
        ..house
    };
    let serving = listener.serve(tonic::service::Routes::new(health), std::future::pending());
    let serving = tokio::spawn(serving);

    let stream = house.knock(house.usual_client(&house.acme())).await.unwrap();
    let (mut requests, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    // An empty message: not compressed, no bytes.
    let check = http::Request::post("https://localhost/grpc.health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from_static(&[0; 5])))
        .unwrap();
    let answer = soon(requests.send_request(check)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = soon(answer.into_body().collect()).await.unwrap();
    assert_eq!(answer.trailers().unwrap()["grpc-status"], "0");
    serving.abort();
}
