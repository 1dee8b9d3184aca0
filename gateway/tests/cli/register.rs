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
fn changed(change: impl FnOnce(String) -> String) -> tempfile::NamedTempFile {
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
    assert_eq!(online(&["plan", new]).await.ends(0).stdout, planned);
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
