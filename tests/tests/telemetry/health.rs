//! `/livez` and `/readyz`, and what systemd is told.

use statuscheck::server::CheckSettings;
use statuscheck_tests::house::until_some;
use statuscheck_tests::prelude::*;
use statuscheck_tests::program::Start;
use statuscheck_tests::site::Site;
use tokio::net::UnixDatagram;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_serves_is_alive_and_ready_and_says_why() {
    let house = House::with([]).await;
    let (status, text) = house.page("/livez").await;
    assert_eq!((status, &*text), (200, "timekeeper: ok: it takes its turns\n"));
    let (status, text) = house.page("/readyz").await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.lines().all(|line| line.contains(": ok: ")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_json_gets_it() {
    let house = House::with([]).await;
    let asked = reqwest::Client::new().get(format!("http://{}/readyz", house.telemetry));
    let page = asked
        .header("accept", "application/json")
        .send()
        .await
        .expect("a page");
    let told: serde_json::Value = page.json().await.expect("JSON");
    assert_eq!(told["ok"], json!(true));
    assert_eq!(
        told["parts"][0],
        json!({ "part": "store", "ok": true, "reason": "it records" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_three_pages_are_there_and_they_are_only_read() {
    let house = House::with([]).await;
    for path in ["/", "/metrics/", "/debug"] {
        assert_eq!(house.page(path).await.0, 404, "{path}");
    }
    let posted = reqwest::Client::new().post(format!("http://{}/metrics", house.telemetry));
    assert_eq!(posted.send().await.expect("a page").status().as_u16(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_told_to_stop_says_so_before_it_turns_calls_away() {
    let mut house = House::start(Plan {
        checks: CheckSettings {
            notice: Duration::from_secs(600),
            ..CheckSettings::default()
        },
        ..Plan::default()
    })
    .await;
    house.tell_to_stop();
    let text = until_some(async || {
        let (status, text) = house.page("/readyz").await;
        (status == 503).then_some(text)
    })
    .await;
    assert!(text.contains("serving: not ok: it was told to stop"), "{text}");
    assert_eq!(house.page("/livez").await.0, 200);
    let answer = right_to_work(&house, by_name("Sam", "Nobody", "1990-05-01")).await;
    assert_eq!(outcome(&answer), "not_established");
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_when_it_serves_and_when_it_stops() {
    let site = Site::with([]).await;
    let path = site.folder().join("notify");
    let systemd = UnixDatagram::bind(&path).expect("a socket");
    let heard = async || {
        let mut bytes = [0; 64];
        let count = systemd.recv(&mut bytes).await.expect("a datagram");
        String::from_utf8_lossy(&bytes[..count]).trim().to_owned()
    };
    let start = Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")]);
    let start = start.with("NOTIFY_SOCKET", path.to_str().expect("a path in UTF-8"));
    let (mut program, _) = start.serve(&site).await;
    assert_eq!(heard().await, "READY=1");
    program.terminate();
    assert_eq!(heard().await, "STOPPING=1");
    assert!(program.ended().await.success());
}
