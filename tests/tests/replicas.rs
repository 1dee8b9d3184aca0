//! Several gateways on one database: whatever happens to one of them, together they lose nothing that they acknowledged and
//! do nothing twice.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

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
    // As good as everybody who is held back was asked about, and each is referred once.
    assert!(report.referred > 20, "{report}");
    // It was about the last units too, of which a gateway may hold a few that it did not come to use.
    assert!(report.charged * 10 >= replicas::HMRC_MONTHLY * 9, "{report}");

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
