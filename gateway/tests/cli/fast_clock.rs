//! `statuscheck demo --clock-rate`

use serde_json::Value;

use crate::house::House;
use crate::program::{run, soon};

/// Two days in two seconds.
const RATE: &str = "86400";

/// Reads until `found` finds something.
async fn until<T>(house: &House, args: &[&str], found: impl Fn(&Value) -> Option<T>) -> T {
    soon(async {
        loop {
            if let Some(found) = found(&house.ask(args).await.ends(0).json()) {
                return found;
            }
        }
    })
    .await
}

fn happened(case: &Value) -> Vec<&str> {
    let history = case["history"].as_array().unwrap();
    history
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn two_days_pass_in_two_seconds_with_a_clerks_answer_and_a_broken_promise() {
    let house = House::open_with(&["--clock-rate", RATE, "--people", "20", "--clerks", "100"]).await;
    assert_eq!(house.file()["clock_rate"], 86_400);
    let asked = ["check", "right-to-work", "--json", "--given-names", "Kwabena"];
    let asked = [
        &asked[..],
        &["--family-name", "Ofori", "--date-of-birth", "1990-06-02"],
    ]
    .concat();
    let told = house.ask(&asked).await.ends(0).json();
    assert!(told["answer"]["pending"].is_object(), "{told}");
    let id = told["case_id"].as_str().unwrap();
    let answered = until(&house, &["case", "get", id, "--json"], |told| {
        (told["case"]["state"] == "CASE_STATE_ANSWERED").then(|| told.clone())
    })
    .await;
    assert!(
        answered["case"]["answer"]["established"].is_object(),
        "{answered}"
    );

    // The Home Office fails for one whom a council asked about, whatever the time.
    let council = [
        "case",
        "list",
        "--as",
        "organisation/council",
        "--state",
        "open",
        "--json",
    ];
    let late = until(&house, &council, |told| {
        let mut cases = told["cases"].as_array().unwrap().iter();
        cases.find(|case| case["sla"]["breached"] == true).cloned()
    })
    .await;
    let (happened, steps) = (happened(&late), ["at_risk", "breached"]);
    assert!(steps.iter().all(|step| happened.contains(step)), "{happened:?}");
    house.close().await;
}

#[tokio::test]
async fn a_fast_clock_is_told_of_loudly_and_a_rate_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    let fast = run(["demo", "--once", "--json", "--dir", dir, "--clock-rate", "3600"]).await;
    let fast = fast.ends(0);
    assert!(
        fast.stderr.contains("RUNS 3600 TIMES AS FAST AS REAL TIME"),
        "{}",
        fast.stderr
    );
    assert!(fast.json()["checks"].is_array());
    for rate in ["0", "100001", "-1", "1.5", "fast"] {
        let refused = run(["demo", "--once", "--dir", dir, &format!("--clock-rate={rate}")]).await;
        let said = refused.ends(2).stderr;
        assert!(said.contains("a whole number from 1 to 100000"), "{said}");
    }
}

#[tokio::test]
async fn a_folder_that_a_fast_clock_has_left_is_gone_on_with_and_never_goes_back_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    let demo = async |args: &[&str]| {
        let always = ["demo", "--once", "--json", "--dir", dir];
        run(always.iter().chain(args)).await
    };
    // Ids of cases grow with their times.
    let ids = |told: &Value| -> Vec<String> {
        let checks = told["checks"].as_array().unwrap().iter();
        checks
            .map(|check| check["case_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let fast = ids(&demo(&["--clock-rate", "86400"]).await.ends(0).json());
    let refused = demo(&[]).await.ends(1).stderr;
    for words in [
        "--clock-rate 86400 again",
        "in another folder (--dir)",
        "would go back in time",
        dir,
    ] {
        assert!(refused.contains(words), "{words} is not in {refused}");
    }
    // Another fast clock goes on where that one ended, however slow it is.
    let slower = ids(&demo(&["--clock-rate", "2"]).await.ends(0).json());
    assert!(slower.iter().min() > fast.iter().max());
    demo(&[]).await.ends(1);
}
