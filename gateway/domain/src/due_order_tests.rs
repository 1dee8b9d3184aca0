//! Which cases an order moves, and that it moves each once.

use std::time::Duration;

use super::*;
use crate::answer::{Answer, PendingReason};
use crate::case::tests::{HOUR, received, received_at};
use crate::event::EventKind;
use crate::sla::{Ground, SlaPolicy, Target};
use crate::working_time::after;

/// The case, told at once that it waits for DWP.
fn waiting() -> Case {
    let answer = Answer {
        outcome: Outcome::Pending {
            reason: PendingReason::DepartmentWorking,
            departments: vec![DepartmentId::Dwp],
        },
        legal_basis: String::new(),
        agreement_id: "work-2026".parse().unwrap(),
        as_of: None,
    };
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    let calendars = Calendars::default();
    let terms = policy.terms(received_at(), Ground::Usual, calendars.current().version());
    let start = CaseClock::start(terms, &calendars).unwrap();
    step(
        &received(),
        received_at(),
        vec![EventKind::Decided(answer), EventKind::Clock(start)],
    )
}

fn step(case: &Case, now: Timestamp, kinds: Vec<EventKind>) -> Case {
    let Ok((_, after)) = case.change(now, kinds) else {
        panic!("the steps follow")
    };
    after
}

fn order(given_at: Timestamp) -> DueOrder {
    DueOrder {
        id: DueOrderId::at(given_at, &[1; 10]),
        given_at,
        content: OrderContent {
            department: None,
            agreement: None,
            by: Extension::Elapsed(HOUR * 24),
            reason: "DWP was closed".parse().unwrap(),
        },
    }
}

fn given_to(case: &Case, order: &DueOrder, now: Timestamp) -> Vec<ClockEvent> {
    order.steps(case, now, &Calendars::default()).unwrap()
}

#[test]
fn an_order_moves_a_case_once() {
    let (case, now) = (waiting(), after(received_at(), HOUR));
    let order = order(now);
    assert!(!order.has_moved(&case));
    let steps = given_to(&case, &order, now);
    let moved = step(&case, now, steps.into_iter().map(EventKind::Clock).collect());
    assert!(order.has_moved(&moved));
    let due = |case: &Case| case.clock.as_ref().unwrap().due_at();
    assert_eq!(due(&moved), after(due(&case), HOUR * 24));
    assert_eq!(given_to(&moved, &order, after(now, HOUR)), []);
    let another = DueOrder {
        id: DueOrderId::at(now, &[2; 10]),
        ..order
    };
    assert_eq!(given_to(&moved, &another, now).len(), 1);
}

#[test]
fn only_what_an_order_means_is_moved() {
    let (case, now) = (waiting(), after(received_at(), HOUR));
    let meant = |change: &dyn Fn(&mut DueOrder)| {
        let mut order = order(now);
        change(&mut order);
        !given_to(&case, &order, now).is_empty()
    };
    assert!(meant(&|order| order.content.department = Some(DepartmentId::Dwp)));
    assert!(!meant(&|order| order.content.department = Some(DepartmentId::Dfe)));
    let agreement = case.receipt.agreement_id.clone();
    assert!(meant(&|order| order.content.agreement = Some(agreement.clone())));
    assert!(!meant(&|order| order.content.agreement = "other".parse().ok()));
    assert!(meant(&|order| order.given_at = received_at()));
    let before = received_at() - Duration::from_nanos(1);
    assert!(!meant(&|order| order.given_at = before));
    let fresh = received();
    assert_eq!(given_to(&fresh, &order(now), now), [], "it has no clock yet");
    let ended = step(&case, now, vec![EventKind::Clock(ClockEvent::Stopped)]);
    assert_eq!(given_to(&ended, &order(now), now), []);
}

#[test]
fn a_case_that_cannot_be_given_so_much_says_so() {
    let (case, now) = (waiting(), after(received_at(), HOUR));
    let mut order = order(now);
    order.content.by = Extension::Elapsed(Extension::ELAPSED_MAX + HOUR);
    let refused = order.steps(&case, now, &Calendars::default());
    assert_eq!(refused, Err(ClockError::TooLong));
}
