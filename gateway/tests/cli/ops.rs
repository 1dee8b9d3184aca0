//! `statuscheck ops`, `top` and `hooks`, against a running demo.

use crate::house::House;

#[tokio::test]
async fn departments_are_shown_with_their_feeds_and_how_old_those_are() {
    let house = House::open().await;
    let shown = house.ask(&["ops", "departments"]).await.ends(0).stdout;
    // The demo's families are in DfE's record of the Home Office's feed, which is two days old.
    let feed = shown.lines().find(|line| line.contains("education-eligibility"));
    let feed = feed.unwrap_or_else(|| panic!("{shown}"));
    for word in ["home-office", "dfe", "2 d 0 h", "7 d 0 h"] {
        assert!(feed.contains(word), "{feed}");
    }
    assert!(!feed.contains("LATE"), "{feed}");
    let told = house.ask(&["ops", "departments", "--json"]).await.ends(0).json();
    let departments = told["departments"].as_array().unwrap();
    let of = |name: &str| {
        departments
            .iter()
            .find(|found| found["department"] == name)
            .unwrap()
    };
    assert_eq!(of("home-office")["feeds"][0]["to"], "dfe");
    assert_eq!(of("dwp")["feeds"].as_array().map(Vec::len), Some(0));
    assert_eq!(told["desk_hours"], "09:00-17:00");
    let is_open = told["desks_open"] == true;
    assert_eq!(is_open, told["desks_open_at"].is_null());
    assert!(shown.contains("desks: 09:00-17:00 on working days, "), "{shown}");

    let look = house.ask(&["top", "--once"]).await.ends(0).stdout;
    let row = look
        .lines()
        .find(|line| line.contains("home-office") && line.contains('%'));
    assert!(row.is_some_and(|row| row.contains("2 d 0 h")), "{look}");
    assert!(look.contains("desks 09:00-17:00 on working days, "), "{look}");
}

#[tokio::test]
async fn the_summary_ends_with_the_open_referrals_and_the_webhooks_that_were_not_taken() {
    let house = House::open().await;
    let shown = house.ask(&["ops", "summary"]).await.ends(0).stdout;
    let told = house.ask(&["ops", "summary", "--json"]).await.ends(0).json();
    let (referrals, hooks) = (&told["referrals"], &told["hooks"]);
    let mut last = shown.lines().rev();
    let of = |line: Option<&str>, start: String| line.is_some_and(|line| line.starts_with(&start));
    assert!(
        of(
            last.next(),
            format!("{} webhooks parked", hooks["parked"].as_str().unwrap())
        ),
        "{shown}"
    );
    assert!(
        of(
            last.next(),
            format!("{} referrals open", referrals["open"].as_str().unwrap())
        ),
        "{shown}"
    );
}

#[tokio::test]
async fn a_notice_that_is_not_there_is_not_tried_again_and_a_reason_is_one_line() {
    let house = House::open().await;
    let retry = [
        "hooks",
        "retry",
        "019c0000-0000-7000-8000-000000000001",
        "--reason",
    ];
    let unknown = house
        .ask(&[&retry[..], &["Their server is back"]].concat())
        .await
        .ends(3);
    assert!(unknown.stderr.contains("no such notice"), "{}", unknown.stderr);
    let wrong = house.ask(&[&retry[..], &["two\nlines"]].concat()).await.ends(3);
    assert!(wrong.stderr.contains("reason"), "{}", wrong.stderr);
}
