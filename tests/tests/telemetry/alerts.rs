//! The alerts: each names figures that there are, is tested, and has a page that says what to do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::names::{known, ours};

const RULES: &str = include_str!("../../../deploy/prometheus/rules.yml");
const TESTS: [&str; 2] = [
    include_str!("../../../deploy/prometheus/tests.yml"),
    include_str!("../../../deploy/prometheus/tests-days.yml"),
];

fn runbooks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/runbooks")
}

/// What stands behind `key` in lines such as `- alert: NAME`.
fn all<'a>(text: &'a str, key: &str) -> BTreeSet<&'a str> {
    let values = text
        .lines()
        .filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key));
    let found: BTreeSet<_> = values.map(str::trim).collect();
    assert!(!found.is_empty(), "nothing behind {key}");
    found
}

#[test]
fn every_figure_that_an_alert_names_is_in_the_list() {
    let mut known = known();
    known.extend(all(RULES, "record:").into_iter().map(str::to_owned));
    let rules = RULES.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut named = 0;
    for name in rules.flat_map(ours) {
        assert!(known.contains(name), "{name}");
        named += 1;
    }
    assert!(named > 60, "{named}");
}

#[test]
fn every_alert_has_a_test_in_which_it_fires() {
    let fires = |alert: &str| {
        let page = format!("runbook: deploy/runbooks/{alert}.md");
        TESTS.iter().any(|tests| tests.contains(&page))
    };
    for alert in all(RULES, "alert:") {
        assert!(fires(alert), "{alert}");
    }
}

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let alerts = all(RULES, "alert:");
    let pages = fs::read_dir(runbooks()).expect("a folder").map(|entry| {
        let name = entry.expect("a file").file_name().into_string().expect("letters");
        name.strip_suffix(".md").expect("a page").to_owned()
    });
    let pages: BTreeSet<_> = pages.collect();
    assert_eq!(alerts, pages.iter().map(String::as_str).collect());
    for alert in alerts {
        assert!(
            RULES.contains(&format!("runbook: deploy/runbooks/{alert}.md")),
            "{alert}"
        );
    }
}

#[test]
fn every_page_answers_the_same_five_questions_in_order() {
    let questions = [
        "What it means",
        "What users see",
        "First look",
        "What to do",
        "Whom to wake",
    ];
    for alert in all(RULES, "alert:") {
        let page = fs::read_to_string(runbooks().join(format!("{alert}.md"))).expect("a page");
        assert!(page.starts_with(&format!("# {alert}\n")), "{alert}");
        let heads: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(heads, questions, "{alert}");
        let parts = page.split("\n## ").skip(1);
        assert!(
            parts.map(|part| part.lines().count()).all(|lines| lines > 2),
            "{alert}"
        );
        // Whether it wakes somebody is said as the rule says it.
        let severity = page
            .lines()
            .nth(2)
            .and_then(|line| line.split('.').next())
            .unwrap_or_default();
        let rule = RULES
            .split("- alert: ")
            .find(|rule| rule.starts_with(&format!("{alert}\n")));
        let wanted = format!("severity: {}\n", severity.to_lowercase());
        assert!(rule.expect("the rule").contains(&wanted), "{alert}");
    }
}

#[test]
fn what_a_page_names_is_there() {
    let mut known = known();
    known.extend(all(RULES, "record:").into_iter().map(str::to_owned));
    let histograms = statuscheck::telemetry::catalogue::ALL
        .iter()
        .map(|instrument| instrument.prometheus_name());
    known.extend(histograms);
    for alert in all(RULES, "alert:") {
        let path = runbooks().join(format!("{alert}.md"));
        let page = fs::read_to_string(&path).expect("a page");
        for name in ours(&page) {
            assert!(known.contains(name), "{name} in {alert}");
        }
        let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links {
            assert!(runbooks().join(link).is_file(), "{link} in {alert}");
        }
    }
}
