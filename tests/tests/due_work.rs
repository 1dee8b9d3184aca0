//! What happens by itself, over several gateways on one database: another does what was left undone, and nothing is done twice.

use statuscheck_tests::crash::replicas::{CLOCKS, Heirs, QUESTIONS};
use statuscheck_tests::program::Start;

fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
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
    heirs.until_taken_over_from_stopped();
    heirs.wake_first();
    heirs.until_replied();
    assert_eq!(heirs.leased_by_first(), 0);
    assert_eq!(heirs.entries("at_risk"), (CLOCKS, CLOCKS));
    assert_eq!(heirs.entries("answered"), (QUESTIONS, QUESTIONS));
    // Each case was asked about once before, and by nobody without an entry that says so.
    let (asked, _) = heirs.entries("asked");
    assert!(asked - QUESTIONS - CLOCKS >= heirs.asked(), "{asked}");
}
