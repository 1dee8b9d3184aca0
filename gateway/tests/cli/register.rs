//! `statuscheck register`, on a folder and through a gateway.

use std::fs;
use std::path::{Path, PathBuf};

use crate::house::House;
use crate::program::{Ran, run};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/register")
}

/// The command on the shipped register.
async fn offline(args: &[&str]) -> Ran {
    let shipped = shipped();
    let shipped = shipped.to_str().unwrap();
    run(["register"].iter().chain(args).chain(&["--register", shipped])).await
}

/// The shipped register in one file, changed like that.
pub(crate) fn changed(change: impl FnOnce(String) -> String) -> tempfile::NamedTempFile {
    let text = statuscheck::register::whole_of(&[shipped()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, change(text)).unwrap();
    file
}

#[tokio::test]
async fn a_folder_is_listed_and_shown_for_people_and_for_programs() {
    let listed = offline(&["list"]).await.ends(0).stdout;
    for words in [
        "right-to-work",
        "listed only",
        "5 working days",
        "iecas@home-office.example",
    ] {
        assert!(listed.contains(words), "{words} is not in {listed}");
    }
    let json = offline(&["list", "--json"]).await.ends(0).json();
    assert_eq!(json["agreements"].as_array().unwrap().len(), 10);
    let shown = offline(&["show", "school-census"]).await.ends(0).stdout;
    for words in [
        "Education Act 1996",
        "three points",
        "309 a month",
        "senior owner",
        "10 working days",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let json = offline(&["show", "right-to-work", "--json"]).await.ends(0).json();
    assert_eq!(
        json["agreement"]["checks"],
        serde_json::json!(["CHECK_KIND_RIGHT_TO_WORK"])
    );
    let order = offline(&["show", "proactive-sharing-2018"]).await.ends(0).stdout;
    let safeguard = offline(&["show", "casework-guidance-2026-1"])
        .await
        .ends(0)
        .stdout;
    for (words, told) in [
        ("about people over 30 to hmrc and dwp, from 2018-04-01", &listed),
        ("arrival by 1988-12-31, answered within 5 working days", &listed),
        ("Home Secretary", &order),
        ("in force", &order),
        ("COULD_HAVE_ARRIVED", &safeguard),
        ("Windrush Help Team, 0800 678 1925, windrush", &safeguard),
    ] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    let json = offline(&["show", "proactive-sharing-2018", "--json"])
        .await
        .ends(0)
        .json();
    assert_eq!((&json["over_age"], &json["in_force"]), (&30.into(), &true.into()));
    let unknown = offline(&["show", "no-such"]).await.ends(3);
    assert!(unknown.stderr.contains("NO_SUCH_AGREEMENT"), "{}", unknown.stderr);
}

#[tokio::test]
async fn what_falls_due_is_listed_from_a_day_on() {
    let due = offline(&["due", "--on", "2026-11-01"]).await.ends(0).stdout;
    for words in [
        "2027-01-05",
        "2018-03-31",
        "overdue",
        "review: no day set",
        "Home Secretary",
    ] {
        assert!(due.contains(words), "{words} is not in {due}");
    }
    let before = offline(&["due", "--on", "2026-10-01", "--json"])
        .await
        .ends(0)
        .json();
    let lines = before["due"].as_array().unwrap();
    assert!(
        !lines.is_empty() && lines.iter().all(|line| line["overdue"] == true),
        "{before}"
    );
    let feed = lines
        .iter()
        .find(|line| line["id"] == "free-school-meals")
        .unwrap();
    assert_eq!(
        (&feed["on"], &feed["what"]),
        (&"2018-03-31".into(), &"review".into())
    );
}

#[tokio::test]
async fn a_plan_is_told_in_words_on_a_folder_and_through_a_gateway() {
    let new = changed(|text| text.replace("title = \"Right to rent checks\"", "title = \"Rent\""));
    let new = new.path().to_str().unwrap();
    let words = "right-to-rent: title: \"Right to rent checks\" becomes \"Rent\"";
    let planned = offline(&["plan", new]).await.ends(0).stdout;
    assert!(planned.starts_with(words), "{planned}");
    let same = offline(&["plan", shipped().to_str().unwrap()])
        .await
        .ends(0)
        .stdout;
    assert_eq!(same, "nothing would change\n");
    let bad = changed(|text| text.replace("title = \"Right to rent checks\"", "title = \"\""));
    let bad = offline(&["plan", bad.path().to_str().unwrap()]).await.ends(3);
    assert!(
        bad.stderr.contains("(right-to-rent).title: is blank"),
        "{}",
        bad.stderr
    );

    let house = House::open().await;
    let dir = house.dir();
    let online = async |args: &[&str]| {
        let demo = ["--demo", dir.as_str()];
        run(["register"].iter().chain(args).chain(&demo)).await
    };
    let through = online(&["plan", new]).await.ends(0).stdout;
    assert!(through.starts_with(words), "{through}");
    let json = online(&["plan", new, "--json"]).await.ends(0).json();
    assert_eq!(json["changes"], serde_json::json!([words]));
    assert_eq!(
        online(&["list"]).await.ends(0).stdout,
        offline(&["list"]).await.ends(0).stdout
    );
    let employer = ["show", "iecas", "--as", "organisation/employer"];
    assert!(
        online(&employer)
            .await
            .ends(0)
            .stdout
            .contains("Overseas visitors manager")
    );
    let employer = ["plan", new, "--as", "organisation/employer"];
    let refused = online(&employer).await.ends(3);
    assert!(refused.stderr.contains("WRONG_PEER"), "{}", refused.stderr);
    house.close().await;
}

#[tokio::test]
async fn a_plan_is_applied_by_another_operator_rolled_back_and_kept_over_a_restart() {
    let new = changed(|text| text.replace("title = \"Right to rent checks\"", "title = \"Rent\""));
    let new = new.path().to_str().unwrap();
    let house = House::open().await;
    let none = house.ask(&["register", "versions"]).await.ends(0).stdout;
    assert!(none.starts_with("no version was ever applied"), "{none}");

    let planned = house.ask(&["register", "plan", new]).await.ends(0).stdout;
    let lines: Vec<_> = planned.lines().collect();
    assert_eq!(lines.len(), 3, "{planned}");
    assert!(
        lines[1].starts_with("2 open cases are under agreements that change"),
        "{planned}"
    );
    let (_, plan_id) = lines[2].split_once("statuscheck register apply ").unwrap();
    let own = house.ask(&["register", "apply", plan_id]).await.ends(3);
    assert!(own.stderr.contains("SECOND_OPERATOR_NEEDED"), "{}", own.stderr);
    let second = ["--as", "ops/duty-2"];
    let apply = [&["register", "apply", plan_id], &second[..]].concat();
    let applied = house.ask(&apply).await.ends(0).stdout;
    assert!(
        applied.starts_with("version 1 of the register is served"),
        "{applied}"
    );
    let shown = house
        .ask(&["register", "show", "right-to-rent"])
        .await
        .ends(0)
        .stdout;
    assert!(
        shown.starts_with("right-to-rent · Rent\nthe gateway's files differ"),
        "{shown}"
    );

    let house = House::reopen(house.close().await, &[]).await;
    let json = house
        .ask(&["register", "versions", "--json"])
        .await
        .ends(0)
        .json();
    assert_eq!(
        (&json["served_version"], &json["files_differ"]),
        (&"1".into(), &true.into())
    );
    let version = &json["versions"][0];
    assert_eq!(
        (
            &version["planned_by"],
            &version["applied_by"],
            &version["plan_id"]
        ),
        (&"ops/duty-1".into(), &"ops/duty-2".into(), &plan_id.into())
    );
    let back = house
        .ask(&["register", "rollback", "0", "--json"])
        .await
        .ends(0)
        .json();
    let back_id = back["plan_id"].as_str().unwrap();
    let apply = [&["register", "apply", back_id, "--json"], &second[..]].concat();
    assert_eq!(house.ask(&apply).await.ends(0).json()["version"], "2");
    let told = house.ask(&["register", "versions"]).await.ends(0).stdout;
    for words in ["ops/duty-1", "\"Rent\" becomes", "version 2 is served"] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    let unknown = house.ask(&["register", "rollback", "7"]).await.ends(3);
    assert!(unknown.stderr.contains("NO_SUCH_VERSION"), "{}", unknown.stderr);
    house.close().await;
}

#[tokio::test]
async fn how_an_agreement_went_is_shown_for_people_and_for_programs() {
    let house = House::open().await;
    let day = ["--from", "2020-01-01", "--to", "2029-01-01"];
    let measures = ["register", "measures", "right-to-work"];
    let ask = async |args: &[&str]| house.ask(&[&measures[..], args].concat()).await;
    let json = ask(&[&day[..], &["--json"]].concat()).await.ends(0).json();
    let figure = |name: &str| json[name].as_str().unwrap_or("0").parse::<u64>().unwrap();
    assert!(figure("checks") > 0, "{json}");
    assert!(figure("answered_at_once") > 0, "{json}");
    assert!(json["department_p95"].is_string(), "{json}");
    let as_of = json["as_of"].as_str().unwrap();
    let again = ask(&[&day[..], &["--as-of", as_of, "--json"]].concat()).await;
    assert_eq!(again.ends(0).json(), json);

    let shown = ask(&day).await.ends(0).stdout;
    for words in [
        "right-to-work · from 2020-01-01 00:00 GMT to 2029-01-01",
        "answered late",
        "95 % within",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let refused = ask(&["--from", "soon"]).await.ends(2);
    assert!(refused.stderr.contains("2026-03-01"), "{}", refused.stderr);
    let employer = ask(&[&day[..], &["--as", "organisation/employer"]].concat()).await;
    let refused = employer.ends(3);
    assert!(refused.stderr.contains("WRONG_PEER"), "{}", refused.stderr);
    house.close().await;
}
