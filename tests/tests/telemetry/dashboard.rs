//! The Grafana dashboard, made from the list of instruments.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use statuscheck::telemetry::catalogue::{ALL, Instrument, Kind};

use crate::names::{known, ours};

/// Rows of the dashboard, and how the names of their instruments begin. Each instrument stands in the first that fits.
const ROWS: [(&str, &[&str]); 6] = [
    (
        "Calls and checks",
        &["rpc.", "statuscheck.check", "statuscheck.seats"],
    ),
    ("Departments", &["statuscheck.department", "statuscheck.feed"]),
    (
        "Promises and clocks",
        &["statuscheck.promises", "statuscheck.case", "statuscheck.clock"],
    ),
    ("Quotas", &["statuscheck.quota"]),
    ("Ledger", &["statuscheck.ledger"]),
    ("The door", &["statuscheck.c", "statuscheck.ready"]),
];

/// Columns of Grafana's grid.
const WIDTH: usize = 24;
/// Two panels beside each other.
const PANEL_WIDTH: usize = WIDTH / 2;
const PANEL_HEIGHT: usize = 8;

/// Labels that would draw more lines than anybody can tell apart; a variable chooses among them.
const CHOSEN: &str = "agreement";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/statuscheck.json")
}

fn dashboard() -> Value {
    let mut panels = Vec::new();
    let mut top = 0;
    for (place, (title, _)) in ROWS.iter().enumerate() {
        panels.push(json!({
            "type": "row", "title": title, "collapsed": false, "panels": [],
            "gridPos": { "x": 0, "y": top, "w": WIDTH, "h": 1 },
        }));
        top += 1;
        let instruments: Vec<_> = ALL.iter().filter(|known| row(known) == Some(place)).collect();
        for (number, instrument) in instruments.iter().enumerate() {
            let at = json!({
                "x": number % 2 * PANEL_WIDTH, "y": top + number / 2 * PANEL_HEIGHT,
                "w": PANEL_WIDTH, "h": PANEL_HEIGHT,
            });
            panels.push(panel(instrument, at));
        }
        top += instruments.len().div_ceil(2) * PANEL_HEIGHT;
    }
    for (number, panel) in panels.iter_mut().enumerate() {
        panel["id"] = json!(number + 1);
    }
    json!({
        "uid": "statuscheck", "title": "Status checking gateway", "tags": ["statuscheck"],
        "description": "Made from the gateway's list of instruments; see CONTRIBUTING.md.",
        "schemaVersion": 39, "version": 1, "editable": true, "refresh": "30s", "timezone": "Europe/London",
        "time": { "from": "now-6h", "to": "now" },
        "templating": { "list": [
            { "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus" },
            variable("instance", "label_values(statuscheck_ready, instance)"),
            variable(CHOSEN, "label_values(statuscheck_checks_total, agreement)"),
        ] },
        "panels": panels,
    })
}

fn variable(name: &str, query: &str) -> Value {
    json!({
        "name": name, "type": "query", "query": query, "datasource": source(), "refresh": 2,
        "multi": true, "includeAll": true, "allValue": ".*", "current": { "text": "All", "value": "$__all" },
    })
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

fn row(instrument: &Instrument) -> Option<usize> {
    ROWS.iter()
        .position(|(_, starts)| starts.iter().any(|start| instrument.name.starts_with(start)))
}

fn panel(instrument: &Instrument, at: Value) -> Value {
    let targets = queries(instrument).into_iter().zip(["A", "B", "C"]);
    let targets: Vec<_> = targets
        .map(|((expression, legend), name)| {
            json!({ "refId": name, "datasource": source(), "expr": expression, "legendFormat": legend })
        })
        .collect();
    json!({
        "type": "timeseries", "title": instrument.prometheus_name(), "description": format!("{}.", instrument.help),
        "datasource": source(), "gridPos": at, "targets": targets,
        "fieldConfig": { "defaults": { "unit": unit(instrument), "min": 0 }, "overrides": [] },
        "options": {
            "legend": { "displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"] },
            "tooltip": { "mode": "multi", "sort": "desc" },
        },
    })
}

/// What is asked of Prometheus, each with the legend of its lines.
fn queries(instrument: &Instrument) -> Vec<(String, String)> {
    let name = instrument.prometheus_name();
    let labels: Vec<_> = instrument
        .labels
        .iter()
        .map(|label| label.prometheus_name())
        .collect();
    let mut chosen = "instance=~\"$instance\"".to_owned();
    if labels.iter().any(|label| label == CHOSEN) {
        chosen.push_str(", agreement=~\"$agreement\"");
    }
    // Of calls the system is always gRPC.
    let by: Vec<_> = labels
        .iter()
        .filter(|label| *label != "rpc_system_name")
        .cloned()
        .collect();
    let legend = by
        .iter()
        .map(|label| format!("{{{{{label}}}}}"))
        .collect::<Vec<_>>()
        .join(" ");
    let by = by.join(", ");
    match instrument.kind {
        Kind::Counter => vec![(
            format!("sum by ({by}) (rate({name}{{{chosen}}}[$__rate_interval]))"),
            legend,
        )],
        // Each gateway looks for itself, and the worst is what counts.
        Kind::Gauge if instrument.name == "statuscheck.ready" => {
            vec![(format!("min by ({by}) ({name}{{{chosen}}})"), legend)]
        }
        Kind::Gauge if instrument.name == "statuscheck.certificate.expiry" => {
            vec![(format!("min by ({by}) ({name}{{{chosen}}}) - time()"), legend)]
        }
        Kind::Gauge => vec![(format!("max by ({by}) ({name}{{{chosen}}})"), legend)],
        Kind::Histogram(_) => {
            let first = instrument.labels.iter().map(|label| label.prometheus_name());
            let first = first
                .filter(|label| label != "rpc_system_name" && label != CHOSEN)
                .take(1);
            let by: Vec<_> = first.collect();
            let legend = |part: &str| {
                by.iter()
                    .map(|label| format!("{{{{{label}}}}} "))
                    .chain([part.to_owned()])
                    .collect()
            };
            let buckets = format!("rate({name}_bucket{{{chosen}}}[$__rate_interval])");
            let grouped = by.iter().map(|label| format!("{label}, ")).collect::<String>();
            let quantile = |part| format!("histogram_quantile({part}, sum by ({grouped}le) ({buckets}))");
            vec![
                (quantile("0.5"), legend("half")),
                (quantile("0.99"), legend("99 in 100")),
            ]
        }
    }
}

fn unit(instrument: &Instrument) -> &'static str {
    match (instrument.unit, instrument.kind) {
        ("s", _) => "s",
        (_, Kind::Counter) => "ops",
        (_, Kind::Gauge | Kind::Histogram(_)) => "short",
    }
}

#[test]
fn every_instrument_has_its_place_on_the_dashboard() {
    for instrument in ALL {
        assert!(row(instrument).is_some(), "{}", instrument.name);
    }
    let panels = dashboard()["panels"].as_array().expect("panels").len();
    assert_eq!(panels, ALL.len() + ROWS.len());
}

#[test]
fn the_dashboard_is_what_the_list_of_instruments_makes() {
    let path = path();
    let made = serde_json::to_string_pretty(&dashboard()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &made).expect("the dashboard's file");
    }
    let kept = fs::read_to_string(&path).expect("the dashboard");
    assert!(
        kept == made,
        "deploy/grafana/statuscheck.json is not what the list of instruments makes; write it with \
         UPDATE_DOCS=1 cargo test -p statuscheck-tests --test telemetry"
    );
}

#[test]
fn no_panel_names_a_figure_that_does_not_exist() {
    let kept = fs::read_to_string(path()).expect("the dashboard");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    let known = known();
    let panels = kept["panels"].as_array().expect("panels");
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let expressions: Vec<_> = targets.filter_map(|target| target["expr"].as_str()).collect();
    assert!(expressions.len() >= ALL.len(), "{}", expressions.len());
    for name in expressions.into_iter().flat_map(ours) {
        assert!(known.contains(name), "{name}");
    }
}
