//! `statuscheck desk`, against a running demo.

use serde_json::Value;

use crate::house::House;

const WAITING: [&str; 8] = [
    "check",
    "right-to-work",
    "--given-names",
    "Kwabena",
    "--family-name",
    "Ofori",
    "--date-of-birth",
    "1990-06-02",
];

async fn listed(house: &House, more: &[&str]) -> Vec<Value> {
    let args = [
        &["desk", "list", "--json", "--as", "department/home-office"],
        more,
    ]
    .concat();
    let listed = house.ask(&args).await.ends(0).json();
    listed["items"].as_array().unwrap().clone()
}

async fn state(house: &House, case: &str) -> String {
    let told = house.ask(&["case", "get", case, "--json"]).await.ends(0).json();
    told["case"]["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_desk_lists_its_questions_asks_for_more_and_replies() {
    let house = House::open().await;
    let pending = house
        .ask(&[&WAITING[..], &["--json"]].concat())
        .await
        .ends(0)
        .json();
    let case = pending["case_id"].as_str().unwrap();
    let about = |item: &Value| item["subject"]["family_name"] == "Ofori";
    let items = listed(&house, &["--show-person"]).await;
    // The demo has asked about him before.
    let item = items.iter().rfind(|item| about(item)).unwrap();
    let id = item["question_id"].as_str().unwrap();

    // Whom it is about is shown where it is asked for alone.
    let covered = listed(&house, &[]).await;
    assert!(
        covered
            .iter()
            .all(|item| item.get("subject").is_none_or(Value::is_null))
    );
    let shown = house.ask(&["desk", "list"]).await.ends(0).stdout;
    assert!(
        shown.contains(id) && shown.contains("immigration status"),
        "{shown}"
    );
    assert!(!shown.contains("Ofori"));
    let shown = house.ask(&["desk", "list", "--show-person"]).await.ends(0).stdout;
    assert!(shown.contains("Ofori"));

    let asked = house
        .ask(&["desk", "ask-for", id, "home_office_reference"])
        .await
        .ends(0);
    assert!(asked.stdout.contains("the caller is asked"));
    assert_eq!(state(&house, case).await, "CASE_STATE_AWAITING_INFORMATION");

    let reply = house.path("reply.json");
    let status = r#"{"found": {"immigration_status": {"leave": "Skilled Worker", "valid_from": "2025-01-31",
        "may_work": true, "may_rent": true}}}"#;
    std::fs::write(&reply, status).unwrap();
    let file = reply.to_str().unwrap();
    for _ in 0..2 {
        house.ask(&["desk", "reply", id, "--file", file]).await.ends(0);
    }
    assert_eq!(state(&house, case).await, "CASE_STATE_ANSWERED");
    let other = house.ask(&["desk", "reply", id, "--no-record"]).await.ends(3);
    assert!(other.stderr.contains("REPLIED_OTHERWISE"), "{}", other.stderr);
    assert!(
        listed(&house, &[])
            .await
            .iter()
            .all(|item| item["question_id"] != id)
    );
}

#[tokio::test]
async fn a_reply_says_one_thing_and_a_wrong_file_is_not_quoted() {
    let house = House::open().await;
    let id = "0193f1d2-0000-7000-8000-000000000000";
    house.ask(&["desk", "reply", id]).await.ends(2);
    house
        .ask(&["desk", "reply", id, "--no-record", "--number-matches", "true"])
        .await
        .ends(2);
    let unknown = house.ask(&["desk", "reply", id, "--no-record"]).await.ends(3);
    assert!(unknown.stderr.contains("NO_SUCH_QUESTION"), "{}", unknown.stderr);
    let file = house.path("reply.json");
    std::fs::write(&file, r#"{"found": {"Quackenbush": 1}}"#).unwrap();
    let wrong = house
        .ask(&["desk", "reply", id, "--file", file.to_str().unwrap()])
        .await;
    let wrong = wrong.ends(1);
    assert!(
        wrong.stderr.contains("is not JSON of AskResponse"),
        "{}",
        wrong.stderr
    );
    assert!(!wrong.stderr.contains("Quackenbush"));
}
