//! `statuscheck case watch` and `statuscheck check … --wait`, against a running demo.

use serde_json::Value;

use crate::house::House;
use crate::program::{Ran, Running, program};

/// Somebody about whom the Home Office replies in days.
const OFORI: [&str; 8] = [
    "check",
    "right-to-work",
    "--given-names",
    "Kwabena",
    "--family-name",
    "Ofori",
    "--date-of-birth",
    "1990-06-02",
];

/// Somebody about whom there is an answer at once.
const NOBODY: [&str; 9] = [
    "check",
    "right-to-work",
    "--json",
    "--given-names",
    "Alex",
    "--family-name",
    "Nobody",
    "--date-of-birth",
    "1991-06-02",
];

fn id_of(told: &Ran) -> String {
    told.json()["case_id"].as_str().unwrap().to_owned()
}

/// The token that the watch says it can be gone on with.
fn token_of(told: &Ran) -> String {
    let (_, token) = told.stderr.split_once("--resume-token ").unwrap();
    token.trim().to_owned()
}

fn start(house: &House, args: &[&str]) -> Running {
    Running::start(program(args.iter().chain(&["--demo", &house.dir()])))
}

#[tokio::test]
async fn a_watch_goes_on_from_a_token_and_over_a_restart_of_the_gateway() {
    let house = House::open().await;
    let begun = house.ask(&["case", "watch", "--for", "0s"]).await.ends(0);
    assert_eq!(begun.stdout, "");
    let token = token_of(&begun);
    let first = id_of(&house.ask(&NOBODY).await.ends(0));
    let mut watching = start(&house, &["case", "watch", "--resume-token", &token]);
    watching.says(&format!("{first}    1  received")).await;
    watching.says("not established: NO_RECORD").await;

    let house = House::reopen(house.close().await, &[]).await;
    let second = id_of(&house.ask(&NOBODY).await.ends(0));
    watching.says(&format!("{second}    1  received")).await;
    watching.signal("INT").await;
    assert_eq!(watching.ended().await, Some(0));

    let lines = ["case", "watch", &second, "--resume-token", &token, "--json"];
    // It is answered already: nothing is waited for.
    let answer = house.ask(&lines).await.ends(0).json();
    assert_eq!(answer["case_id"], second.as_str());
    let refused = house
        .ask(&["case", "watch", "--resume-token", "none"])
        .await
        .ends(3);
    assert!(
        refused.stderr.contains("resume_token: is none of ours"),
        "{}",
        refused.stderr
    );
    house.close().await;
}

#[tokio::test]
async fn every_event_is_a_line_of_json_where_that_is_asked_for() {
    let house = House::open().await;
    let token = token_of(&house.ask(&["case", "watch", "--for", "0s"]).await.ends(0));
    let id = id_of(&house.ask(&NOBODY).await.ends(0));
    let mut watching = start(&house, &["case", "watch", "--json", "--resume-token", &token]);
    let line = watching.line().await;
    let told: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(told["event"]["kind"], "received");
    assert_eq!(told["case"]["case_id"], id.as_str());
    assert_eq!(told["case"]["version"], "1");
    house.close().await;
}

#[tokio::test]
async fn a_check_waits_until_its_case_is_with_no_department() {
    let house = House::open().await;
    let request = "4f7c3d0e-6a55-4c1e-9a53-0d8f4a3a8a11";
    let asked = [&OFORI[..], &["--request-id", request]].concat();
    let waiting = start(
        &house,
        &[&asked[..], &["--wait", "--json", "--exit-code"]].concat(),
    );
    let id = id_of(&house.ask(&[&asked[..], &["--json"]].concat()).await.ends(0));
    house.ask(&["case", "withdraw", &id]).await.ends(0);
    // Withdrawn as it was: pending.
    assert_eq!(waiting.ended().await, Some(10));
    house.close().await;
}

#[tokio::test]
async fn a_check_waits_no_longer_than_it_was_told_to_and_says_how_to_go_on() {
    let house = House::open().await;
    let asked = [&OFORI[..], &["--wait", "--for", "0s", "--exit-code"]].concat();
    let told = house.ask(&asked).await.ends(10);
    assert!(told.stdout.contains("pending"), "{}", told.stdout);
    assert!(
        told.stderr.contains("to go on waiting: statuscheck case watch "),
        "{}",
        told.stderr
    );
    // What is answered at once is not waited for.
    let answered = house.ask(&[&NOBODY[..], &["--wait"]].concat()).await.ends(0);
    assert_eq!(answered.stderr, "");
    house.close().await;
}
