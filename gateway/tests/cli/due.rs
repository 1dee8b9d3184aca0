//! `statuscheck due`, against a running demo.

use crate::house::House;
use crate::register::changed;

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
async fn clocks_of_open_cases_are_counted_anew_after_a_preview() {
    let house = House::open().await;
    let recount = ["due", "recount", "--reason", "Two days are promised now"];
    let ask = async |args: &[&str]| house.ask(&[&recount[..], args].concat()).await;
    let nothing = ask(&["--preview"]).await.ends(0).stdout;
    assert_eq!(nothing, "0 cases would be counted anew\n");

    let shorter = changed(|text| {
        // In a table of the whole register the promise stands before the version.
        let (before, after) = text.split_once("right-to-work-2026-1").unwrap();
        let (start, end) = before.rsplit_once("promise = \"5d\"").unwrap();
        format!("{start}promise = \"48h\"{end}right-to-work-2026-9{after}")
    });
    let shorter = shorter.path().to_str().unwrap();
    let plan = house
        .ask(&["register", "plan", shorter, "--json"])
        .await
        .ends(0)
        .json();
    let plan_id = plan["plan_id"].as_str().unwrap();
    let apply = ["register", "apply", plan_id, "--as", "ops/duty-2"];
    house.ask(&apply).await.ends(0);

    let preview = ask(&["--preview"]).await.ends(0).stdout;
    assert!(preview.contains("2 cases would be counted anew"), "{preview}");
    let other = ask(&["--agreement", "iecas", "--preview"]).await.ends(0).stdout;
    assert_eq!(other, "0 cases would be counted anew\n");
    let expected = ask(&["--preview", "--json"]).await.ends(0).json();
    let line = &expected["lines"][0];
    assert_eq!(
        (&line["agreement_id"], &line["cases"], &line["earlier"]),
        (&"right-to-work".into(), &"2".into(), &"2".into())
    );
    let done = ask(&["--json"]).await.ends(0).json();
    assert_eq!(done, expected);

    let open = ["case", "list", "--state", "open", "--json"];
    let cases = house.ask(&open).await.ends(0).json();
    let case = &cases["cases"][0];
    let mut kinds = case["history"].as_array().unwrap().iter();
    assert!(kinds.any(|event| event["kind"] == "clock_recomputed"), "{case}");
    let explanation = case["sla"]["explanation"].as_str().unwrap();
    assert!(explanation.contains("Two days are promised now"), "{explanation}");

    house.ask(&["due", "recount"]).await.ends(2);
    let nobody = ask(&["--as", "organisation/employer"]).await.ends(3);
    assert!(nobody.stderr.contains("WRONG_PEER"), "{}", nobody.stderr);
    house.close().await;
}
