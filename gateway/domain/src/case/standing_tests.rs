//! How cases stand, at the edges of their times.

use std::time::Duration;

use super::super::tests::{HOUR, received, received_at};
use super::*;
use crate::answer::{Answer, Negative, PendingReason};
use crate::case_clock::ClockTerms;
use crate::event::EventKind;
use crate::sla::{Ground, SlaPolicy, Target};
use crate::subject::Field;
use crate::working_time::{Calendars, after};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn terms() -> Option<ClockTerms> {
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    Some(policy.terms(
        received_at(),
        Ground::Check,
        Calendars::default().current().version(),
    ))
}

fn pending(departments: &[DepartmentId]) -> Outcome {
    Outcome::Pending {
        reason: PendingReason::DepartmentWorking,
        departments: departments.to_vec(),
    }
}

fn more() -> Outcome {
    let fields = vec![Field::Postcode];
    Outcome::MoreInformation { fields }
}

/// The case after its caller was told `outcome` at `now`, with its clock in step.
fn told(case: &Case, now: Timestamp, outcome: Outcome) -> Case {
    let answer = Answer {
        outcome,
        legal_basis: String::new(),
        agreement_id: "work-2026".parse().unwrap(),
        as_of: None,
    };
    let Ok((change, decided)) = case.change(now, [EventKind::Decided(answer)]) else {
        panic!("a decision can always be made")
    };
    let events = decided.clock_events(now, terms, &Calendars::default()).unwrap();
    let Ok((next, case)) = decided.change(now, events.into_iter().map(EventKind::Clock)) else {
        panic!("the clock can follow")
    };
    let change = if next.events.is_empty() {
        change
    } else {
        change.followed_by(next)
    };
    assert_eq!(change.standing, case.standing());
    case
}

fn in_hours(hours: u32) -> Timestamp {
    after(received_at(), HOUR * hours)
}

#[test]
fn a_case_stands_nowhere_while_it_is_asked_about_nor_once_it_is_over() {
    let case = received();
    assert_eq!(case.standing(), None);
    let answered = Outcome::NotEstablished(Negative::NoRecord);
    let at_once = told(&case, in_hours(0), answered.clone());
    assert_eq!(at_once.standing(), None);
    let later = told(&told(&case, in_hours(0), pending(&[])), in_hours(9), answered);
    assert_eq!(later.standing(), None);
}

#[test]
fn it_is_the_turn_of_the_departments_that_the_caller_is_told_of() {
    let both = [DepartmentId::Hmrc, DepartmentId::Dwp];
    let case = told(&received(), in_hours(0), pending(&both));
    let standing = case.standing().unwrap();
    assert_eq!(standing.whose.to_string(), "dwp+hmrc");
    assert!(
        both.into_iter()
            .all(|department| standing.whose.includes(department))
    );
    assert!(!standing.whose.includes(DepartmentId::Dfe));
    let unnamed = told(&received(), in_hours(0), pending(&[]));
    assert_eq!(unnamed.standing().unwrap().whose.to_string(), "home-office");
}

#[test]
fn a_case_is_at_risk_from_its_last_threshold_to_its_due_time_and_late_after_it() {
    let standing = told(&received(), in_hours(0), pending(&[])).standing().unwrap();
    assert_eq!(standing.due_at, in_hours(48));
    let risk_at = standing.risk_at.unwrap();
    assert_eq!(
        risk_at,
        after(received_at(), Duration::from_mins(48 * 48)),
        "80 of 100"
    );
    let marks = [
        (risk_at - NANOSECOND, false, false),
        (risk_at, true, false),
        (in_hours(48), true, false),
        (after(in_hours(48), NANOSECOND), false, true),
    ];
    for (now, at_risk, late) in marks {
        assert_eq!(
            (standing.is_at_risk(now), standing.is_breached(now)),
            (at_risk, late)
        );
    }
}

#[test]
fn in_the_callers_turn_a_case_is_late_only_where_it_was_before() {
    for (paused_at, late) in [(in_hours(48), false), (in_hours(49), true)] {
        let open = told(&received(), in_hours(0), pending(&[]));
        let standing = told(&open, paused_at, more()).standing().unwrap();
        assert_eq!(standing.whose, Whose::Caller);
        assert_eq!(standing.is_breached(Timestamp::MAX), late);
        assert!(!standing.is_at_risk(in_hours(48)));
    }
}

#[test]
fn everyone_whose_turn_it_can_be_is_read_as_it_is_written() {
    assert_eq!(Whose::all().count(), 17);
    for whose in Whose::all() {
        assert_eq!(whose.to_string().parse(), Ok(whose));
    }
    for text in ["", "dwp+", "hmrc+dwp", "dwp+dwp", "nobody", "Caller"] {
        assert_eq!(text.parse::<Whose>(), Err(UnknownTurn), "{text}");
    }
}
