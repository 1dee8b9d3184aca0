//! How many get in, and for how long.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use statuscheck::listener::{ConnectionLimits, Ending};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::frames;
use crate::house::{House, request, soon, until};

/// Reads until the gateway closes the connection, and says how long that took on tokio's clock.
async fn closed_after(mut stream: impl AsyncReadExt + Unpin) -> Duration {
    let begun = Instant::now();
    let mut read = Vec::new();
    // However it closes, it closes.
    soon(stream.read_to_end(&mut read)).await.ok();
    begun.elapsed()
}

#[tokio::test]
async fn a_silent_socket_is_closed_at_the_handshake_deadline() {
    let house = House::open(ConnectionLimits::default()).await;
    let socket = TcpStream::connect(house.address).await.unwrap();
    until(|| house.census.open() == 1).await;
    tokio::time::pause();
    let waited = closed_after(socket).await;
    assert!(
        (Duration::from_millis(4_900)..Duration::from_millis(5_100)).contains(&waited),
        "{waited:?}"
    );
    until(|| house.census.ended(Ending::HandshakeLate) == 1).await;
    assert_eq!(house.census.open(), 0);
}

#[tokio::test]
async fn a_client_that_never_sends_a_preface_is_closed_at_the_first_request_deadline() {
    let house = House::open(ConnectionLimits::default()).await;
    let stream = house.knock(house.usual_client(&house.acme())).await.unwrap();
    tokio::time::pause();
    let waited = closed_after(stream).await;
    assert!(
        (Duration::from_secs(10)..Duration::from_millis(11_100)).contains(&waited),
        "{waited:?}"
    );
    until(|| house.census.ended(Ending::Silent) == 1).await;
}

#[tokio::test]
async fn a_client_that_speaks_http2_and_asks_nothing_is_closed_at_the_first_request_deadline() {
    let house = House::open(ConnectionLimits {
        first_request: Duration::from_millis(50),
        ..ConnectionLimits::default()
    })
    .await;
    let silent = house.try_caller(house.usual_client(&house.acme())).await.unwrap();
    silent.gone().await;
    until(|| house.census.ended(Ending::Silent) == 1).await;
}

#[tokio::test]
async fn a_client_that_has_asked_stays_beyond_the_first_request_deadline_and_goes_at_its_age() {
    let house = House::open(ConnectionLimits::default()).await;
    let caller = house.caller(&house.acme()).await;
    tokio::time::pause();
    let begun = Instant::now();
    // The bound of `soon` is shorter than an hour on the paused clock.
    caller.connection.await.unwrap().ok();
    let waited = begun.elapsed();
    assert!(
        (Duration::from_secs(54 * 60)..Duration::from_secs(60 * 60 + 2)).contains(&waited),
        "{waited:?}"
    );
    until(|| house.census.ended(Ending::Aged) == 1).await;
    assert_eq!(house.census.ended(Ending::Silent), 0);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_dropped() {
    let house = House::open(ConnectionLimits::default()).await;
    let mut stream = frames::opened(&house).await;
    stream.write_all(&frames::request(1, "/who")).await.unwrap();
    until(|| house.desk.served.load(Ordering::SeqCst) == 1).await;
    tokio::time::pause();
    // Reads all, the pings too, and says nothing. A ping every 30 s has 10 s to be answered.
    let waited = closed_after(stream).await;
    assert!(
        (Duration::from_secs(39)..Duration::from_secs(42)).contains(&waited),
        "{waited:?}"
    );
    until(|| house.census.ended(Ending::Broken) == 1).await;
}

#[tokio::test]
async fn the_cap_per_address_holds_and_a_place_is_free_again_when_its_connection_closes() {
    let house = House::open(ConnectionLimits {
        connections_per_address: 2,
        ..ConnectionLimits::default()
    })
    .await;
    let leaf = house.acme();
    let first = house.caller(&leaf).await;
    let _second = house.caller(&leaf).await;
    assert!(house.knock(house.usual_client(&leaf)).await.is_err());
    until(|| house.census.ended(Ending::AddressFull) == 1).await;
    assert_eq!(house.census.open(), 2);

    drop(first.requests);
    soon(first.connection).await.unwrap().unwrap();
    until(|| house.census.open() == 1).await;
    house.caller(&leaf).await;
    assert_eq!(house.census.ended(Ending::Full), 0);
}

#[tokio::test]
async fn the_cap_in_all_counts_silent_sockets_too_and_is_released() {
    let house = House::open(ConnectionLimits {
        connections: 2,
        ..ConnectionLimits::default()
    })
    .await;
    let leaf = house.acme();
    let silent = TcpStream::connect(house.address).await.unwrap();
    let _caller = house.caller(&leaf).await;
    assert!(house.knock(house.usual_client(&leaf)).await.is_err());
    until(|| house.census.ended(Ending::Full) == 1).await;

    drop(silent);
    until(|| house.census.open() == 1).await;
    house.caller(&leaf).await;
}

#[tokio::test]
async fn streams_beyond_the_limit_wait_for_a_free_one() {
    let house = House::open(ConnectionLimits {
        streams: 3,
        ..ConnectionLimits::default()
    })
    .await;
    let mut caller = house.caller(&house.acme()).await;
    let answers: Vec<_> = (0..9)
        .map(|_| tokio::spawn(caller.send(request("/hold"))))
        .collect();
    until(|| house.desk.held.load(Ordering::SeqCst) == 3).await;
    house.desk.release(9);
    for answer in answers {
        assert_eq!(soon(answer).await.unwrap().unwrap().0, StatusCode::OK);
    }
    assert_eq!(house.desk.held_max.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn streams_opened_over_the_limit_all_the_same_are_refused() {
    let house = House::open(ConnectionLimits {
        streams: 2,
        ..ConnectionLimits::default()
    })
    .await;
    let mut stream = frames::opened(&house).await;
    let three = [1, 3, 5].map(|id| frames::request(id, "/hold")).concat();
    stream.write_all(&three).await.unwrap();
    let refused = frames::until_kind(&mut stream, frames::RST_STREAM).await;
    assert_eq!((refused.stream, refused.last_u32()), (5, frames::REFUSED_STREAM));
    until(|| house.desk.held.load(Ordering::SeqCst) == 2).await;
    assert_eq!(house.desk.served.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn opening_and_resetting_streams_rapidly_ends_the_connection() {
    let house = House::open(ConnectionLimits::default()).await;
    let mut stream = frames::opened(&house).await;
    let rapid: Vec<u8> = (0..50)
        .flat_map(|number| {
            let id = 2 * number + 1;
            [frames::request(id, "/hold"), frames::cancel(id)].concat()
        })
        .collect();
    stream.write_all(&rapid).await.unwrap();
    let goaway = frames::until_kind(&mut stream, frames::GOAWAY).await;
    assert_eq!(goaway.error_code(), frames::ENHANCE_YOUR_CALM);
    until(|| house.census.ended(Ending::Broken) == 1).await;
    assert_eq!(house.census.open(), 0);
}

#[tokio::test]
async fn headers_over_the_limit_do_not_reach_the_service() {
    let house = House::open(ConnectionLimits {
        header_list_bytes: 4 * 1024,
        ..ConnectionLimits::default()
    })
    .await;
    let mut caller = house.caller(&house.acme()).await;
    let mut large = request("/who");
    let value = "x".repeat(5 * 1024).parse().unwrap();
    large.headers_mut().insert("x-large", value);
    let answer = soon(caller.send(large)).await;
    assert!(answer.is_err() || answer.unwrap().0 == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(house.desk.served.load(Ordering::SeqCst), 1);
}
