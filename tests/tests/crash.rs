//! Killed at any moment, the gateway loses nothing that it acknowledged and does nothing twice.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use std::fs;
use std::path::Path;

use statuscheck_tests::crash::{Crashes, Kind, Plan, holds, run};
use statuscheck_tests::program::Start;

fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_and_double_nothing() {
    let plan = Plan { rounds: 50, seed: 1 };
    let report = run(plan, program(), |_| {}).await;
    println!("{report}");
    assert!(report.findings.is_empty(), "{report}");
    assert_eq!(report.rounds, 50);
    // The kills fell where they should: into the work, before and after its first record.
    assert!(report.acknowledged > 0 && report.recorded > 0, "{report}");
    assert!(
        report.killed_starting > 0 && report.killed_draining > 0,
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_around_holds_leave_each_person_one_referral_the_taskforce_one_hook_and_every_finding_whole()
 {
    let plan = Plan { rounds: 10, seed: 1 };
    let report = holds::run(plan, program(), |_| {}).await;
    println!("{report}");
    assert!(report.findings.is_empty(), "{report}");
    assert_eq!(report.rounds, 10);
    // Callers were told, several of one person, and the taskforce was told again of what it had not taken.
    let told = report.referred + report.released + report.established;
    assert!(told > report.referrals && report.referrals > 50, "{report}");
    assert!(report.repeated > 0 && report.killed_in_trouble > 0, "{report}");
    // What it found was told, and kills fell into its saying so.
    assert!(report.released > 0 && report.established > 0, "{report}");
    assert!(report.cut_there + report.cut_absent > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_forgot_is_found_out() {
    let mut crashes = Crashes::new(program(), 2).await;
    crashes.round().await;
    assert!(crashes.report().findings.is_empty(), "{}", crashes.report());
    let (folder, copy) = (
        crashes.site().store().parent().unwrap(),
        crashes.site().folder().join("copy"),
    );
    copy_files(folder, &copy);
    let forgotten = crashes.press_and_kill().await;
    let folder = crashes.site().store().parent().unwrap();
    fs::remove_dir_all(folder).unwrap();
    copy_files(&copy, folder);
    crashes.compare(forgotten).await;
    assert!(crashes.report().count(Kind::Lost) > 0, "{}", crashes.report());
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let file = entry.unwrap().path();
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}
