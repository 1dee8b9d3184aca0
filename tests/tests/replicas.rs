//! Several gateways on one database: whatever happens to one of them, together they lose nothing that they acknowledged and
//! do nothing twice.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use statuscheck_tests::crash::replicas::{CLOCKS, Heirs, QUESTIONS};
use statuscheck_tests::crash::{Plan, replicas};
use statuscheck_tests::program::Start;

fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
}

#[tokio::test(flavor = "multi_thread")]
async fn three_gateways_of_which_one_is_killed_or_stopped_lose_nothing_and_double_nothing() {
    let plan = Plan { rounds: 20, seed: 1 };
    let replicas = replicas::run(plan, program(), |_| {}).await;
    let report = replicas.report();
    println!("{report}");
    assert!(report.findings.is_empty(), "{report}");
    assert_eq!(report.rounds, 20);
    assert!(report.killed > 0 && report.stopped > 0, "{report}");
    // A chain whose writer was killed or stopped past its lease has another, and the one that was stopped noticed.
    assert!(report.taken_over > 0 && report.fenced > 0, "{report}");
    assert!(report.acknowledged > 1_000, "{report}");

    replicas.remove_tail();
    let audited = replicas.verify().await;
    assert_eq!(audited.status.code(), Some(13), "{audited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_promoted_under_load_has_all_that_was_acknowledged() {
    let mut replicas = replicas::Replicas::with_standby(program(), 3).await;
    replicas.fail_over().await;
    replicas.finish().await;
    let report = replicas.report();
    println!("{report}");
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.acknowledged >= 200, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn due_work_of_a_gateway_that_is_killed_is_done_by_another_within_ten_seconds() {
    let mut heirs = Heirs::start(&program()).await;
    heirs.until_first_is_at_work();
    heirs.kill_first();
    assert!(heirs.leased_by_first() > 0, "it left work behind");
    heirs.until_taken_over();
    assert_eq!(heirs.entries("at_risk"), (CLOCKS, CLOCKS));
    heirs.until_replied();
    assert_eq!(heirs.entries("answered"), (QUESTIONS, QUESTIONS));
    assert_eq!(heirs.entries("clock_stopped"), (QUESTIONS, QUESTIONS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_stopped_past_its_lease_and_woken_up_does_nothing_twice() {
    let heirs = Heirs::start(&program()).await;
    heirs.until_first_is_at_work();
    heirs.stop_first();
    assert!(heirs.leased_by_first() > 0, "it was at work");
    heirs.until_taken_over();
    heirs.wake_first().await;
    heirs.until_replied();
    assert_eq!(heirs.leased_by_first(), 0);
    assert_eq!(heirs.entries("at_risk"), (CLOCKS, CLOCKS));
    assert_eq!(heirs.entries("answered"), (QUESTIONS, QUESTIONS));
    // Each case was asked about once before, and by nobody without an entry that says so.
    let (asked, _) = heirs.entries("asked");
    assert!(asked - QUESTIONS - CLOCKS >= heirs.asked(), "{asked}");
}
