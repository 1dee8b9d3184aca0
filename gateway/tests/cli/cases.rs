//! `statuscheck case withdraw | dispute | feedback | provide`, against a running demo.

use serde_json::Value;

use crate::house::House;
use crate::program::run_with_input;

/// Asks a right to work check by name; its case.
async fn case_of(house: &House, given: &str, family: &str, born: &str) -> String {
    let asked = ["check", "right-to-work", "--json", "--given-names", given];
    let asked = [&asked[..], &["--family-name", family, "--date-of-birth", born]].concat();
    let told = house.ask(&asked).await.ends(0).json();
    told["case_id"].as_str().unwrap().to_owned()
}

fn happened(case: &Value) -> Vec<&str> {
    let history = case["history"].as_array().unwrap();
    history
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_case_is_withdrawn_and_an_answered_one_is_not() {
    let house = House::open().await;
    let open = case_of(&house, "Kwabena", "Ofori", "1990-06-02").await;
    let withdrawn = house.ask(&["case", "withdraw", &open]).await.ends(0);
    assert!(withdrawn.stdout.contains("withdrawn"), "{}", withdrawn.stdout);
    let answered = case_of(&house, "Alex", "Nobody", "1991-06-02").await;
    let refused = house.ask(&["case", "withdraw", &answered]).await.ends(3);
    assert!(refused.stderr.contains("[CASE_ANSWERED]"), "{}", refused.stderr);
    house.close().await;
}

#[tokio::test]
async fn an_answer_is_disputed_and_fed_back_on() {
    let house = House::open().await;
    let id = case_of(&house, "Alex", "Nobody", "1991-06-02").await;
    let dir = house.dir();
    let dispute = [
        "case",
        "dispute",
        &id,
        "--demo",
        &dir,
        "--json",
        "--reason-file",
        "-",
    ];
    let told = run_with_input(dispute, "the name is spelt Alix\n").await.ends(0);
    let case = &told.json()["case"];
    assert_eq!(case["state"], "CASE_STATE_ANSWERED");
    assert!(happened(case).contains(&"disputed"));
    assert!(!told.stdout.contains("Alix"));
    house
        .ask(&["case", "feedback", &id, "--use", "refused"])
        .await
        .ends(0);
    let case = house.ask(&["case", "get", &id, "--json"]).await.ends(0).json();
    assert_eq!(happened(&case["case"]).last(), Some(&"feedback_given"));
    house.ask(&["case", "dispute", &id]).await.ends(2);
    house.close().await;
}

#[tokio::test]
async fn what_a_case_asks_for_is_provided() {
    let house = House::open().await;
    let id = case_of(&house, "Amina", "Warsame", "1993-01-01").await;
    let stray = ["case", "provide", &id, "--postcode", "LS1 4AP"];
    let refused = house.ask(&stray).await.ends(3);
    assert!(
        refused.stderr.contains("person.postcode: is not asked for"),
        "{}",
        refused.stderr
    );
    let given = [
        "case",
        "provide",
        &id,
        "--json",
        "--home-office-reference",
        "HO/1234-5678",
    ];
    let case = house.ask(&given).await.ends(0).json()["case"].clone();
    assert!(happened(&case).contains(&"information_provided"));
    assert_ne!(case["state"], "CASE_STATE_AWAITING_INFORMATION");
    house.close().await;
}
