use super::*;

const EVERY: Duration = Duration::from_hours(7 * 24);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_feed_is_late_strictly_after_its_interval() {
    let last = Some(at("2026-03-01T10:00:00Z"));
    let late = |now: &str| is_late(EVERY, last, None, at(now));
    assert!(!late("2026-03-08T10:00:00Z"));
    assert!(late("2026-03-08T10:00:00.000000001Z"));
}

#[test]
fn one_that_never_came_is_expected_since_its_agreement_was_signed() {
    let signed = Some(jiff::civil::date(2026, 7, 1));
    let late = |now: &str| is_late(EVERY, None, signed, at(now));
    // Midnight in London, where it is summer.
    assert!(!late("2026-07-07T23:00:00Z"));
    assert!(late("2026-07-07T23:00:01Z"));
    assert!(is_late(EVERY, None, None, at("2026-07-07T23:00:00Z")));
}
