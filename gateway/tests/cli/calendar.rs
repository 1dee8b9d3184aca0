//! Another list of bank holidays, put in the place of the file while the gateway serves.

use std::fs;

use serde_json::Value;
use statuscheck::demo::authority::Identity;
use statuscheck_domain::clock::{Clock as _, SystemClock, london_day};

use crate::serve::Site;

const SHIPPED: &str = include_str!("../../domain/data/bank-holidays.tsv");

/// The list under another version, with a day off more: the next that is a working day and not tomorrow.
fn with_a_day_off(version: &str) -> String {
    let today = london_day(SystemClock::new().now());
    let day = std::iter::successors(Some(today), |day| day.tomorrow().ok())
        .skip(2)
        .find(|day| {
            let is_weekend = day.weekday().to_monday_zero_offset() > 4;
            !is_weekend && !SHIPPED.contains(&format!("{day}\tengland-and-wales"))
        })
        .unwrap();
    let lines = SHIPPED.lines().map(|line| match line.split_once('\t') {
        Some(("version", _)) => format!("version\t{version}\n"),
        _ => format!("{line}\n"),
    });
    let list: String = lines.collect();
    format!("{list}{day}\tengland-and-wales\tA day off\n")
}

/// A check about whom the Home Office says nothing for hours, promised within five working days: its case.
async fn waiting(site: &Site, trust: &Identity, address: &str) -> Value {
    let person = ["--given-names", "Lub’omyr", "--family-name", "Hryhor’iev"];
    let born = ["--date-of-birth", "1990-03-08", "--json"];
    let check = [&["check", "iecas"][..], &person, &born].concat();
    let told = site.ask_as(trust, address, &check).await.ends(0).json();
    case(site, trust, address, told["case_id"].as_str().unwrap()).await
}

async fn case(site: &Site, trust: &Identity, address: &str, id: &str) -> Value {
    let told = site.ask_as(trust, address, &["case", "get", id, "--json"]).await;
    told.ends(0).json()["case"].clone()
}

fn due_at(case: &Value) -> &str {
    case["sla"]["due_at"].as_str().unwrap()
}

#[tokio::test]
async fn another_list_counts_for_new_cases_at_once_and_for_open_ones_by_an_order_alone() {
    let site = Site::new().await;
    let list = site.host.path("holidays.tsv");
    fs::write(&list, SHIPPED).unwrap();
    let config = || site.config_with("bank_holidays = \"holidays.tsv\"");
    let trust = site.host.authority.client("organisation/trust").unwrap();
    let operator = site.host.authority.client("ops/duty-1").unwrap();
    let (mut gateway, address) = Site::serve_on(config()).await;
    let first = waiting(&site, &trust, &address).await;
    let id = first["case_id"].as_str().unwrap();

    // What is no list changes nothing.
    fs::write(&list, "christmas").unwrap();
    gateway.signal("HUP").await;
    let refused = gateway
        .logs("a new list of bank holidays is bad; the old one stays in use")
        .await;
    assert!(
        refused["error"].as_str().unwrap().contains("holidays.tsv"),
        "{refused}"
    );
    fs::write(&list, with_a_day_off("2026-day-off")).unwrap();
    gateway.signal("HUP").await;
    let counts = gateway.logs("another list of bank holidays counts").await;
    assert_eq!(counts["version"], "2026-day-off");

    let second = waiting(&site, &trust, &address).await;
    assert!(due_at(&second) > due_at(&first));
    let explanation = second["sla"]["explanation"].as_str().unwrap();
    assert!(explanation.contains("A day off"), "{explanation}");
    assert_eq!(due_at(&case(&site, &trust, &address, id).await), due_at(&first));

    // A start that finds the new file alone still knows the list under which the first case began.
    gateway.signal("TERM").await;
    assert_eq!(gateway.ended().await, Some(0));
    let (gateway, address) = Site::serve_on(config()).await;
    assert_eq!(due_at(&case(&site, &trust, &address, id).await), due_at(&first));
    let order = ["due", "recount", "--reason", "Proclaimed this year", "--json"];
    let preview = [&order[..], &["--preview"]].concat();
    let expected = site.ask_as(&operator, &address, &preview).await.ends(0).json();
    let line = &expected["lines"][0];
    assert_eq!(
        (&line["agreement_id"], &line["later"]),
        (&"iecas".into(), &"1".into())
    );
    assert_eq!(
        expected["cases"], "1",
        "that which began under the new list keeps its clock"
    );
    let done = site.ask_as(&operator, &address, &order).await.ends(0).json();
    assert_eq!(done, expected);
    let counted = case(&site, &trust, &address, id).await;
    assert!(due_at(&counted) > due_at(&first));
    let explanation = counted["sla"]["explanation"].as_str().unwrap();
    for words in ["A day off", "Proclaimed this year"] {
        assert!(explanation.contains(words), "{explanation}");
    }
    gateway.signal("TERM").await;
    assert_eq!(gateway.ended().await, Some(0));
}
