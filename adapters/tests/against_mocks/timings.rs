//! Where the time of a call went, over real HTTP, by a clock that each request moves on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::routing::{any, post};
use jiff::Timestamp;
use statuscheck_adapters::settings::DepartmentSettings;
use statuscheck_adapters::{Ask, connect};
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Operation;
use statuscheck_domain::timing::Timing;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::bench::{Bench, ana, person, question};

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The Home Office, where a token takes 40 ms and a reply 300 ms, of which it says what it `says`.
async fn office(clock: &ManualClock, says: &'static str) -> SocketAddr {
    let takes = |clock: &ManualClock, duration| {
        let clock = clock.clone();
        move || clock.advance(duration)
    };
    let (token_takes, reply_takes) = (takes(clock, ms(40)), takes(clock, ms(300)));
    let token = move || async move {
        token_takes();
        let json = [(header::CONTENT_TYPE, "application/json")];
        (json, r#"{"access_token":"token","expires_in":3600}"#)
    };
    let reply = move || async move {
        reply_takes();
        let json = [(header::CONTENT_TYPE, "application/json")];
        let not_found = axum::http::StatusCode::NOT_FOUND;
        (
            not_found,
            json,
            [("server-timing", says)],
            r#"{"code":"NO_RECORD"}"#,
        )
            .into_response()
    };
    let router = Router::new()
        .route("/oauth/token", post(token.clone()))
        .route("/oauth2/token", post(token))
        .fallback(any(reply));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The times of `count` questions to that office, one after the other.
async fn timings(says: &'static str, count: usize) -> Vec<Timing> {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let address = office(&clock, says).await;
    let mut settings = DepartmentSettings::new(format!("http://{address}"), "us", "hush".to_owned());
    settings.retry.repeats_max = 0;
    let department = connect(DepartmentId::HomeOffice, &settings, Arc::new(clock)).unwrap();
    let mut timings = Vec::new();
    for _ in 0..count {
        let question = question(Operation::ImmigrationStatus, &ana());
        let ask = Ask::new(Arc::new(question), Duration::from_secs(5));
        let sent = ask.sent.clone();
        assert!(department.clone().oneshot(ask).await.is_ok());
        timings.push(sent.timing());
    }
    timings
}

#[tokio::test]
async fn the_time_that_a_department_says_is_its_own_and_the_rest_of_the_way_is_the_networks() {
    let expected = |department| Timing {
        gateway_us: 0,
        department_us: Some(department),
        network_us: Some(50_000),
    };
    // The first question waits for a token, of which nobody says whose time it was.
    assert_eq!(
        timings("db;dur=100, app;dur=250", 2).await,
        [expected(290_000), expected(250_000)]
    );
}

#[tokio::test]
async fn all_of_the_way_is_the_departments_where_it_does_not_say() {
    let timings = timings("cache;dur=250", 2).await;
    let parts = |timing: &Timing| (timing.department_us, timing.network_us);
    assert_eq!(
        timings.iter().map(parts).collect::<Vec<_>>(),
        [(Some(340_000), None), (Some(300_000), None)]
    );
}

#[tokio::test]
async fn every_mock_department_says_how_long_it_took() {
    for operation in Operation::ALL {
        let bench = Bench::of(&[person("")]).await;
        let ask = Ask::new(Arc::new(question(operation, &ana())), Duration::from_secs(5));
        let sent = ask.sent.clone();
        let asked = bench.department(operation.department()).oneshot(ask).await;
        assert!(asked.is_ok(), "{operation:?}");
        // None of its time by a clock that stands still, but said.
        assert_eq!(
            sent.timing().network_us,
            sent.is_sent().then_some(0),
            "{operation:?}"
        );
    }
}
