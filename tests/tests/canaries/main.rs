//! Personal data that is recognised wherever it turns up: planted in every field, at every department, in requests that
//! are refused and in replies that fail; then looked for in all that the program says and keeps.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod callers;
mod echo;
mod flock;
mod hunt;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use statuscheck_tests::prelude::*;
use statuscheck_tests::program::Start;
use statuscheck_tests::receiver::Receiver;
use statuscheck_tests::site::Site;

use self::flock::Flock;
use self::hunt::Hunt;

/// All that can be asked of the log, also by the names of the libraries that would tell most.
const LOUDEST: &str = "trace,h2=trace,h2::codec=trace,hyper=trace,hyper_util=trace,reqwest=trace,rustls=trace,\
                       tonic=trace,tower=trace,log=trace,tokio_util=trace,statuscheck=trace,statuscheck_adapters=trace";

/// Follows every call, and tells all of it to `receiver`.
fn program(receiver: &Receiver) -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
        .logging(LOUDEST)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint())
        .with("OTEL_TRACES_SAMPLER", "always_on")
}

/// Every file of the folder and below.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

/// Asks everything about the flock, and looks for it in all that is said and kept.
async fn nothing_is_found_of(flock: &Flock, site: &Site) {
    let hunt = Hunt::for_all(flock);
    let receiver = Receiver::start().await;
    let (mut program, address) = program(&receiver).serve(site).await;
    let said = callers::ask_everything(flock, site, address).await;
    for (what, text) in &said.refusals {
        assert_eq!(hunt.first_in(text), None, "in the refusal of {what}");
    }
    let figures = program.page("/metrics").await;
    assert!(figures.contains("statuscheck_checks_total"));
    assert_eq!(
        hunt.first_in(figures.as_bytes()),
        None,
        "in the figures:\n{figures}"
    );
    // While it serves, with a log and its index beside the database; and once it has tidied up.
    let store = site.store().parent().unwrap();
    let open = files(store);
    assert!(open.len() >= 3, "the log of the database is there");
    program.terminate();
    assert!(program.ended().await.success());
    let closed = files(store);
    for (file, bytes) in open.iter().chain(&closed) {
        assert_eq!(hunt.first_in(bytes), None, "in {file}");
    }
    let (spans, figures) = (receiver.spans().len(), receiver.figures().len());
    assert!(
        spans > 50 && figures > 10,
        "{spans} spans and {figures} figures were sent"
    );
    assert_eq!(hunt.first_in(&receiver.bytes()), None, "in what was sent");
    let log = program.said();
    assert!(
        log.contains("\"serving\"") && log.contains("\"stopped\""),
        "{log}"
    );
    assert_eq!(hunt.first_in(log.as_bytes()), None, "in the log:\n{log}");
    assert_eq!(talkative_library(&log), None);
    for outcome in &said.outcomes_wanted {
        assert!(
            said.outcomes.contains(*outcome),
            "{outcome} in {:?}",
            said.outcomes
        );
    }
}

/// A line below `info` that is not the program's own: what libraries say there is out of our hands.
fn talkative_library(log: &str) -> Option<&str> {
    log.lines().find(|line| {
        let line: serde_json::Value = serde_json::from_str(line).expect("every line is JSON");
        let is_fine = matches!(line["level"].as_str(), Some("TRACE" | "DEBUG"));
        is_fine && !line["target"].as_str().unwrap().starts_with("statuscheck")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_personal_data_is_said_or_kept_readable_whatever_departments_answer() {
    let flock = Flock::hatch(1);
    let site = Site::with(flock.residents()).await;
    nothing_is_found_of(&flock, &site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_personal_data_is_said_that_departments_put_into_their_errors() {
    let flock = Flock::hatch(2);
    let site = Site::with([]).await;
    let echo = echo::Echo::start(&flock).await;
    let urls = DepartmentId::ALL.map(|department| (department, echo.url(department)));
    site.configure(&BTreeMap::from(urls), "");
    nothing_is_found_of(&flock, &site).await;
    assert!(
        echo.answers() > 20,
        "departments were asked {} times",
        echo.answers()
    );
}
