//! `statuscheck due extend`, against a running demo.

use crate::house::House;

#[tokio::test]
async fn open_cases_get_more_time_after_a_preview() {
    let house = House::open().await;
    let dir = house.dir();
    let args = [
        "due",
        "extend",
        "--by",
        "24h",
        "--department",
        "home-office",
        "--reason",
        "The desk was closed",
    ];
    let preview = house.ask(&[&args[..], &["--preview"]].concat()).await.ends(0);
    assert!(
        preview.stdout.contains("cases would get more time"),
        "{}",
        preview.stdout
    );
    let expected = house
        .ask(&[&args[..], &["--preview", "--json"]].concat())
        .await
        .ends(0)
        .json();
    let done = house.ask(&[&args[..], &["--json"]].concat()).await.ends(0).json();
    assert_eq!(done, expected);
    let agreements = ["iecas", "right-to-rent", "right-to-work", "section-95"];
    let lines = done["lines"].as_array().unwrap();
    let named: Vec<_> = lines
        .iter()
        .map(|line| line["agreement_id"].as_str().unwrap())
        .collect();
    assert_eq!(named, agreements);

    let open = [
        "case",
        "list",
        "--state",
        "open",
        "--as",
        "organisation/council",
        "--json",
    ];
    let cases = house.ask(&open).await.ends(0).json();
    let kinds = cases["cases"][0]["history"].as_array().unwrap().iter();
    assert!(kinds.into_iter().any(|event| event["kind"] == "clock_extended"));

    for wrong in [
        &["due", "extend", "--reason", "Closed", "--demo", &dir][..],
        &[
            "due", "extend", "--by", "soon", "--reason", "Closed", "--demo", &dir,
        ],
        &[
            "due",
            "extend",
            "--by",
            "2d",
            "--working-days",
            "2",
            "--reason",
            "Closed",
            "--demo",
            &dir,
        ],
    ] {
        crate::program::run(wrong).await.ends(2);
    }
    let nobody = house
        .ask(&[&args[..], &["--as", "organisation/employer"]].concat())
        .await
        .ends(3);
    assert!(nobody.stderr.contains("WRONG_PEER"), "{}", nobody.stderr);
    house.close().await;
}

#[tokio::test]
async fn clocks_that_count_as_they_would_anew_are_left_alone() {
    let house = House::open().await;
    let args = [
        "due",
        "recount",
        "--reason",
        "A bank holiday was proclaimed",
        "--preview",
    ];
    let preview = house.ask(&args).await.ends(0);
    assert_eq!(preview.stdout.trim(), "0 cases would be counted anew");
}
