//! `statuscheck referral`, against a running demo: what the README says a taskforce types.

use std::fs;

use serde_json::Value;

use crate::house::House;

/// Unknown to the Home Office; HMRC and DWP have seen her now and then.
const ELDER: &str = r#"{"id": "elder", "given_names": "Ada", "family_name": "Elder", "date_of_birth": "1950-02-03",
"national_insurance_number": "GX000031A",
"employments": [{"employer": "The mill", "from": "1978-04-06", "to": "1981-04-05"}],
"benefits": [{"kind": "income_support", "from": "1985-01-07", "to": "1986-03-02"}]}"#;

async fn open() -> House {
    let folder = tempfile::tempdir().unwrap();
    let people = folder.path().join("people.jsonl");
    fs::write(&people, ELDER.replace('\n', " ")).unwrap();
    let people = people.to_str().unwrap().to_owned();
    House::reopen(folder, &["--population", &people]).await
}

/// A check about her is held: its case, and its referral.
async fn held(house: &House) -> (String, String) {
    let person = house.path("person.json");
    let text = r#"{"given_names": "Ada", "family_name": "Elder", "date_of_birth": "1950-02-03",
        "national_insurance_number": "GX000031A"}"#;
    fs::write(&person, text).unwrap();
    let person = person.to_str().unwrap();
    let told = house
        .ask(&["check", "right-to-work", "--person", person, "--json"])
        .await
        .ends(0)
        .json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&told["case_id"]),
        text(&told["answer"]["referred"]["referral_id"]),
    )
}

async fn answer(house: &House, case: &str) -> Value {
    let told = house.ask(&["case", "get", case, "--json"]).await.ends(0).json();
    told["case"]["answer"].clone()
}

#[tokio::test]
async fn a_taskforce_lists_its_referrals_reads_one_asks_for_more_and_resolves_it_once() {
    let house = open().await;
    let (case, id) = held(&house).await;
    let listed = house.ask(&["referral", "list"]).await.ends(0).stdout;
    assert!(
        listed.contains(&id) && listed.contains("NO_RECORD") && !listed.contains("Elder"),
        "{listed}"
    );
    let shown = loop {
        let shown = house.ask(&["referral", "show", &id]).await.ends(0).stdout;
        if !shown.contains("not replied yet") {
            break shown;
        }
    };
    let line = [
        "1978-04-06 to 1981-04-05  hmrc",
        "1981-04-06 to 1984-04-05  -- gap --",
        "1984-04-06 to 1986-04-05  dwp, hmrc",
        "dwp benefit history: 1 period",
        "Ada Elder",
    ];
    for part in line {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }

    let asked = house
        .ask(&["referral", "ask-for", &id, "home_office_reference"])
        .await
        .ends(0);
    assert!(asked.stdout.contains("the caller is asked"));
    let told = answer(&house, &case).await;
    assert_eq!(told["referred"]["fields"][0], "home_office_reference");

    let longer = [
        "referral",
        "resolve",
        &id,
        "--needs-longer",
        "2100-01-04T09:00:00Z",
    ];
    let longer = [&longer[..], &["--note", "The archive is asked"]].concat();
    assert!(house.ask(&longer).await.ends(0).stdout.contains("is open"));
    let note = house.path("note.txt");
    fs::write(&note, "Seen in the school records of 1966.").unwrap();
    let note = note.to_str().unwrap();
    let resolve = [
        "referral",
        "resolve",
        &id,
        "--unlimited",
        "right-to-work",
        "--note-file",
        note,
    ];
    for _ in 0..2 {
        let resolved = house.ask(&resolve).await.ends(0).stdout;
        assert!(resolved.contains("the referral is confirmed"), "{resolved}");
    }
    assert!(answer(&house, &case).await["established"].is_object());
    let other = ["referral", "resolve", &id, "--not-confirmed", "--note", "No."];
    let refused = house.ask(&other).await.ends(3).stderr;
    assert!(refused.contains("REFERRAL_RESOLVED"), "{refused}");
    let shown = house.ask(&["referral", "show", &id]).await.ends(0).stdout;
    assert!(
        shown.contains("needs longer: The archive is asked") && shown.contains("school records of 1966"),
        "{shown}"
    );
    let listed = house.ask(&["referral", "list"]).await.ends(0).stdout;
    assert!(!listed.contains(&id), "{listed}");
    let confirmed = ["referral", "list", "--state", "confirmed", "--json"];
    let confirmed = house.ask(&confirmed).await.ends(0).json();
    assert_eq!(confirmed["referrals"][0]["referral_id"], id.as_str());
}

#[tokio::test]
async fn what_is_wrong_on_the_command_line_is_told_and_a_file_is_not_quoted() {
    let house = open().await;
    let (_, id) = held(&house).await;
    let resolve = |more: &[&'static str]| {
        let args = [&["referral", "resolve", &id], more].concat();
        let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        args
    };
    let ask = async |args: Vec<String>| {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        house.ask(&args).await
    };
    ask(resolve(&["--note", "Why"])).await.ends(2);
    ask(resolve(&["--not-confirmed"])).await.ends(2);
    ask(resolve(&[
        "--not-confirmed",
        "--unlimited",
        "iecas",
        "--note",
        "Why",
    ]))
    .await
    .ends(2);
    let file = house.path("facts.json");
    fs::write(&file, r#"{"Quackenbush": 1}"#).unwrap();
    let mut wrong = resolve(&["--note", "Why", "--confirmed"]);
    wrong.push(file.to_str().unwrap().to_owned());
    let wrong = ask(wrong).await.ends(1).stderr;
    assert!(
        wrong.contains("is not JSON of Established") && !wrong.contains("Quackenbush"),
        "{wrong}"
    );
    let nobody = ["referral", "show", "0193f1d2-0000-7000-8000-000000000000"];
    let nobody = house.ask(&nobody).await.ends(3).stderr;
    assert!(nobody.contains("NO_SUCH_REFERRAL"), "{nobody}");
    let stranger = ["referral", "list", "--as", "organisation/employer"];
    house.ask(&stranger).await.ends(3);
}
