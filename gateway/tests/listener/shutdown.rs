//! How the door closes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use statuscheck::listener::{ConnectionLimits, Ending};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::house::{House, request, soon, until};

#[tokio::test]
async fn shutdown_lets_a_call_under_way_end_and_accepts_nobody_new() {
    let house = House::open(ConnectionLimits::default()).await;
    let mut caller = house.caller(&house.acme()).await;
    let under_way = tokio::spawn(caller.send(request("/hold")));
    until(|| house.desk.held.load(Ordering::SeqCst) == 1).await;
    let address = house.address;

    house.stop.send(()).unwrap();
    caller.told_to_go().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!house.serving.is_finished());

    house.desk.release(1);
    assert_eq!(soon(under_way).await.unwrap().unwrap().0, StatusCode::OK);
    soon(house.serving).await.unwrap();
    assert_eq!(house.census.ended(Ending::ShutDown), 1);
    assert_eq!(house.census.open(), 0);
}

#[tokio::test]
async fn a_call_that_does_not_end_is_dropped_when_the_drain_is_over() {
    let house = House::open(ConnectionLimits::default()).await;
    let mut caller = house.caller(&house.acme()).await;
    let under_way = tokio::spawn(caller.send(request("/hold")));
    until(|| house.desk.held.load(Ordering::SeqCst) == 1).await;

    tokio::time::pause();
    let begun = Instant::now();
    house.stop.send(()).unwrap();
    soon(house.serving).await.unwrap();
    let waited = begun.elapsed();
    assert!(
        (Duration::from_secs(5)..Duration::from_secs(6)).contains(&waited),
        "{waited:?}"
    );
    assert!(soon(under_way).await.unwrap().is_err());
}

#[tokio::test]
async fn connections_that_ask_nothing_do_not_hold_up_the_shutdown() {
    let house = House::open(ConnectionLimits::default()).await;
    let leaf = house.acme();
    let _plain = TcpStream::connect(house.address).await.unwrap();
    let _silent = house.knock(house.usual_client(&leaf)).await.unwrap();
    let _idle = house.caller(&leaf).await;
    until(|| house.census.open() == 3).await;

    tokio::time::pause();
    let begun = Instant::now();
    house.stop.send(()).unwrap();
    soon(house.serving).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(house.census.ended(Ending::ShutDown), 3);
}
