//! A year of cases on a clock that is moved by hand, with gateways that die between any two steps.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

use statuscheck_tests::year::{Plan, run};

#[test]
fn through_a_year_of_crashes_every_clock_fires_once_in_order_and_never_early_and_every_case_ends_or_is_late()
{
    // As many as half a minute of a processor takes in a debug build; `--bin simulate` takes ten thousand through it.
    let plan = Plan {
        cases: 3_000,
        seed: 1,
        crashes: 200,
    };
    let report = run(plan, |_crashes, _now| {}).unwrap();
    println!("{report}");
    assert_eq!(report.findings(), [] as [String; 0]);
    assert!(report.crashes > 150, "{} gateways died", report.crashes);
    let (before, after) = report.places();
    assert!(
        before >= 10 && after >= 10,
        "gateways died at {before} and {after} kinds of operation"
    );
    assert!(report.fired() > 1_000 && report.lapsed() > 50);
    let (taken, parked) = report.notices();
    assert!(
        taken > 300 && parked > 5,
        "{taken} notices were taken, {parked} given up"
    );
}
