//! Which clocks an order counts anew, and that what is past stays.

use super::*;
use crate::answer::{Answer, Outcome, PendingReason};
use crate::case::tests::{HOUR, received, received_at};
use crate::event::EventKind;
use crate::sla::Ground;
use crate::working_time::after;

fn policy(version: &str, target: &str) -> SlaPolicy {
    SlaPolicy::of(version.parse().unwrap(), target.parse().unwrap())
}

/// A case that waits, promised an answer within five days.
fn waiting() -> Case {
    let answer = Answer {
        outcome: Outcome::Pending {
            reason: PendingReason::DepartmentWorking,
            departments: Vec::new(),
        },
        legal_basis: String::new(),
        agreement_id: "work-2026".parse().unwrap(),
        as_of: None,
    };
    let calendars = Calendars::default();
    let terms = policy("2026-1", "5d").terms(received_at(), Ground::Usual, calendars.current().version());
    let start = CaseClock::start(terms, &calendars).unwrap();
    then(
        &received(),
        received_at(),
        vec![EventKind::Decided(answer), EventKind::Clock(start)],
    )
}

fn then(case: &Case, now: Timestamp, kinds: Vec<EventKind>) -> Case {
    let Ok((_, after)) = case.change(now, kinds) else {
        panic!("the steps follow")
    };
    after
}

fn order(given_at: Timestamp, version: &str) -> RecountOrder {
    RecountOrder {
        id: DueOrderId::at(given_at, &[1; 10]),
        given_at,
        content: RecountContent {
            agreement: None,
            reason: "The promise is three days now".parse().unwrap(),
        },
        calendar: Calendars::default().current().version().clone(),
        policies: [("work-2026".parse().unwrap(), version.parse().unwrap())].into(),
    }
}

fn usual() -> SlaPolicy {
    policy("2026-1", "5d")
}

fn recounted(order: &RecountOrder, case: &Case, now: Timestamp, policy: &SlaPolicy) -> Recounted {
    order
        .recount(case, now, Some(policy), &Calendars::default())
        .unwrap()
}

fn in_hours(hours: u32) -> Timestamp {
    after(received_at(), HOUR * hours)
}

#[test]
fn an_order_counts_a_clock_once_from_its_start_and_says_why() {
    let (case, policy) = (waiting(), policy("2026-2", "3d"));
    let now = in_hours(1);
    let order = order(now, "2026-2");
    let Recounted::Now(Recount { steps, from, to }) = recounted(&order, &case, now, &policy) else {
        panic!("the clock is counted anew")
    };
    assert_eq!((from, to), (in_hours(120), in_hours(72)));
    let case = then(&case, now, steps.into_iter().map(EventKind::Clock).collect());
    assert_eq!(case.promise().due_at, in_hours(72));
    let explanation = case.promise().explanation;
    assert!(
        explanation.contains("The promise is three days now"),
        "{explanation}"
    );
    assert_eq!(recounted(&order, &case, now, &policy), Recounted::Before);
    let other = RecountOrder {
        content: RecountContent {
            agreement: None,
            reason: "Once more".parse().unwrap(),
        },
        ..order
    };
    assert_eq!(recounted(&other, &case, now, &policy), Recounted::NotMeant);
}

#[test]
fn what_was_fired_stays_fired_and_what_is_past_now_is_fired_at_once() {
    let (case, now) = (waiting(), in_hours(70));
    let clock = case.clock.as_ref().unwrap();
    let case = then(
        &case,
        now,
        clock.step(now).into_iter().map(EventKind::Clock).collect(),
    );
    let policy = policy("2026-2", "48h");
    let Recounted::Now(Recount { steps, .. }) = recounted(&order(now, "2026-2"), &case, now, &policy) else {
        panic!("the clock is counted anew")
    };
    let case = then(&case, now, steps.into_iter().map(EventKind::Clock).collect());
    let clock = case.clock.unwrap();
    let due: Vec<_> = clock.step(now).iter().map(ClockEvent::as_str).collect();
    // Half of the time was warned of before.
    assert_eq!(due, ["at_risk", "breached"]);
    assert_eq!(clock.wake(), Some(after(received_at(), HOUR * 48 / 5 * 4)));
}

#[test]
fn only_open_cases_of_before_the_order_and_of_its_agreement_are_meant() {
    let (case, policy) = (waiting(), policy("2026-2", "3d"));
    let now = in_hours(1);
    let early = order(received_at() - jiff::SignedDuration::from_nanos(1), "2026-2");
    assert_eq!(recounted(&early, &case, now, &policy), Recounted::NotMeant);
    let mut elsewhere = order(now, "2026-2");
    elsewhere.content.agreement = Some("rent-2026".parse().unwrap());
    assert_eq!(recounted(&elsewhere, &case, now, &policy), Recounted::NotMeant);
    let same = usual();
    assert_eq!(
        recounted(&order(now, "2026-1"), &case, now, &same),
        Recounted::NotMeant,
        "it counts so already"
    );
    let stopped = case.clock.as_ref().unwrap().stop(now).unwrap();
    let mut kinds = vec![EventKind::Withdrawn];
    kinds.extend(stopped.into_iter().map(EventKind::Clock));
    let over = then(&case, now, kinds);
    assert_eq!(
        recounted(&order(now, "2026-2"), &over, now, &policy),
        Recounted::NotMeant
    );
    assert_eq!(
        recounted(&order(now, "2026-2"), &received(), now, &policy),
        Recounted::NotMeant
    );
}

#[test]
fn an_order_is_refused_where_what_it_meant_has_changed() {
    let (case, now, calendars) = (waiting(), in_hours(1), Calendars::default());
    let newer = policy("2026-3", "3d");
    let refused = |order: &RecountOrder, policy| order.recount(&case, now, policy, &calendars).err();
    assert_eq!(
        refused(&order(now, "2026-2"), Some(&newer)),
        Some(RecountError::Changed)
    );
    assert_eq!(
        refused(&order(now, "2026-2"), None),
        Some(RecountError::NoAgreement)
    );
    let other = RecountOrder {
        calendar: "2026-12-01".parse().unwrap(),
        ..order(now, "2026-3")
    };
    assert_eq!(refused(&other, Some(&newer)), Some(RecountError::Changed));
    assert!(refused(&order(now, "2026-3"), Some(&newer)).is_none());
}
