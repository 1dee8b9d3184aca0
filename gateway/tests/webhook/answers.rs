//! What a receiver may answer, and what follows.

use std::net::TcpListener as Door;
use std::time::Duration;

use hyper::Response;
use statuscheck::webhook::{DeliveryError, Failure};

use crate::receiver::{Body, Receiver, endless, stalled, status, streamed};
use crate::site::Site;

/// What comes of an attempt that is answered like that.
async fn told(answer: impl Fn() -> Response<Body> + Send + Sync + 'static) -> Result<(), DeliveryError> {
    let receiver = Receiver::start(move || Some(answer())).await;
    Site::new().tell(&receiver).await
}

fn failure(told: Result<(), DeliveryError>) -> Failure {
    match told {
        Err(DeliveryError::Again { failure, .. }) => failure,
        other => panic!("another attempt may help, not {other:?}"),
    }
}

#[tokio::test]
async fn every_2xx_is_taken_and_410_is_the_end() {
    for code in [200, 201, 202, 204, 299] {
        assert!(told(move || status(code)).await.is_ok(), "{code}");
    }
    let gone = told(|| status(410)).await;
    assert!(matches!(gone, Err(DeliveryError::Gone)), "{gone:?}");
}

#[tokio::test]
async fn any_other_status_is_tried_again_and_told_for_what_it_is() {
    for code in [408, 429, 500, 502, 503, 504, 599] {
        assert_eq!(failure(told(move || status(code)).await), Failure::Busy(code));
    }
    for code in [400, 401, 403, 404, 405, 418, 422] {
        assert_eq!(failure(told(move || status(code)).await), Failure::Refused(code));
    }
    assert_eq!(Failure::Busy(503).to_string(), "HTTP 503");
    assert_eq!(
        Failure::Refused(404).to_string(),
        "HTTP 404: the receiver refuses it"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for code in [301, 302, 303, 307, 308] {
        let mut elsewhere = Receiver::start(|| Some(status(200))).await;
        let location = format!("http://localhost:{}/", elsewhere.address.port());
        let answer = move || {
            let mut response = status(code);
            response
                .headers_mut()
                .insert("location", location.parse().unwrap());
            response
        };
        assert_eq!(failure(told(answer).await), Failure::Redirect(code));
        assert!(elsewhere.take().is_empty());
    }
}

#[tokio::test]
async fn the_receiver_says_when_it_wants_to_be_asked_again() {
    let clock_and_ninety_seconds = "Wed, 10 Jun 2026 09:31:30 GMT";
    for (header, seconds) in [
        ("90", Some(90)),
        (clock_and_ninety_seconds, Some(90)),
        ("18446744073709551615", Some(u64::MAX)),
        ("Wed, 10 Jun 2026 09:29:00 GMT", None),
        ("-1", None),
        ("soon", None),
    ] {
        let answer = move || {
            let mut response = status(429);
            response
                .headers_mut()
                .insert("retry-after", header.parse().unwrap());
            response
        };
        let asked = told(answer).await.unwrap_err().retry_after();
        assert_eq!(asked, seconds.map(Duration::from_secs), "{header}");
    }
}

#[tokio::test]
async fn what_is_taken_is_taken_however_long_the_rest_of_the_answer_is() {
    // An attempt may take ten minutes here, and the test is over in a moment.
    let long = told(|| streamed(endless()));
    tokio::time::timeout(Duration::from_secs(30), long)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn an_answer_that_stalls_costs_no_more_than_its_time() {
    let mut site = Site::new();
    site.settings.timeouts.total = Duration::from_millis(200);
    let stalls = Receiver::start(|| Some(streamed(stalled()))).await;
    site.tell(&stalls).await.unwrap();

    let mut silent = Receiver::start(|| None).await;
    assert_eq!(failure(site.tell(&silent).await), Failure::TimedOut);
    assert_eq!(silent.take().len(), 1, "one attempt is one request");
}

#[tokio::test]
async fn where_nobody_listens_another_attempt_may_help() {
    let site = Site::new();
    let gone = Receiver::start(|| Some(status(200))).await;
    let destination = {
        // A port that was free a moment ago.
        let door = Door::bind(("127.0.0.1", 0)).unwrap();
        let mut closed = gone;
        closed.address = door.local_addr().unwrap();
        site.destination(&closed, &["old"])
    };
    let told = site.courier().deliver(&destination, &crate::site::letter()).await;
    assert_eq!(failure(told), Failure::NoConnection);
}
