//! The clock keeps step with the case, whatever the case goes through.

use std::time::Duration;

use super::super::tests::{HOUR, received, received_at};
use super::*;
use crate::answer::{Answer, Negative, Outcome, PendingReason};
use crate::event::EventKind;
use crate::ids::QuestionId;
use crate::question::Operation;
use crate::reply::{self, ImmigrationStatus, Reply};
use crate::sla::{SlaPolicy, Target};
use crate::subject::Field;
use crate::working_time::after;

fn terms_from(start: Timestamp) -> ClockTerms {
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    policy.terms(start, Ground::Usual, Calendars::default().current().version())
}

pub(crate) fn answer(outcome: Outcome) -> Answer {
    Answer {
        outcome,
        legal_basis: String::new(),
        agreement_id: "work-2026".parse().unwrap(),
        as_of: None,
    }
}

pub(crate) fn pending() -> Outcome {
    Outcome::Pending {
        reason: PendingReason::DepartmentWorking,
        departments: Vec::new(),
    }
}

pub(crate) fn more() -> Outcome {
    let fields = vec![Field::Postcode];
    Outcome::MoreInformation { fields }
}

/// The case after `kinds` at `now`, its clock in step, and the names of what happened to the clock.
pub(crate) fn decided(case: &Case, now: Timestamp, outcome: Outcome) -> (Case, Vec<&'static str>) {
    let kinds = vec![EventKind::Decided(answer(outcome))];
    let Ok((_, after)) = case.change(now, kinds.clone()) else {
        panic!("a decision can always be made")
    };
    let first = case.clock.is_none();
    let terms = || Some(terms_from(if first { received_at() } else { now }));
    let events = after.clock_events(now, terms, &Calendars::default()).unwrap();
    let names = events.iter().map(ClockEvent::as_str).collect();
    let kinds = kinds.into_iter().chain(events.into_iter().map(EventKind::Clock));
    let Ok((_, after)) = case.change(now, kinds) else {
        panic!("the clock can follow")
    };
    (after, names)
}

pub(crate) fn in_hours(hours: u32) -> Timestamp {
    after(received_at(), HOUR * hours)
}

#[test]
fn a_case_that_is_answered_at_once_has_no_clock() {
    let (case, names) = decided(
        &received(),
        in_hours(0),
        Outcome::NotEstablished(Negative::NoRecord),
    );
    assert!(names.is_empty() && case.clock.is_none() && case.wake().is_none());
}

#[test]
fn a_clock_counts_from_the_receipt_and_follows_every_turn() {
    let (case, names) = decided(&received(), in_hours(1), pending());
    assert_eq!(names, ["clock_started"]);
    assert_eq!(case.promise().due_at, in_hours(5 * 24));
    let (case, names) = decided(&case, in_hours(2), pending());
    assert!(names.is_empty());
    let (case, names) = decided(&case, in_hours(3), more());
    assert_eq!(names, ["clock_paused"]);
    assert_eq!(case.wake(), case.silence_ends_at());
    let (case, names) = decided(&case, in_hours(13), pending());
    assert_eq!(names, ["clock_resumed"]);
    assert_eq!(case.promise().due_at, in_hours(5 * 24 + 10));
    let (case, names) = decided(&case, in_hours(20), Outcome::NotEstablished(Negative::NoRecord));
    assert_eq!(names, ["clock_stopped"]);
    assert!(case.wake().is_none());
    // Disputed: a clock of its own.
    let (case, names) = decided(&case, in_hours(1_000), pending());
    assert_eq!(names, ["clock_reopened"]);
    assert_eq!(case.promise().due_at, in_hours(1_000 + 5 * 24));
}

#[test]
fn a_case_that_needs_the_caller_first_starts_paused() {
    let (case, names) = decided(&received(), in_hours(1), more());
    assert_eq!(names, ["clock_started", "clock_paused"]);
    let (_, names) = decided(&case, in_hours(2), Outcome::NotEstablished(Negative::NoRecord));
    assert_eq!(names, ["clock_stopped"]);
}

#[test]
fn what_was_late_stays_late_when_the_answer_comes() {
    let (case, _) = decided(&received(), in_hours(1), pending());
    let (case, names) = decided(
        &case,
        in_hours(6 * 24),
        Outcome::NotEstablished(Negative::NoRecord),
    );
    assert_eq!(names, ["at_risk", "at_risk", "breached", "clock_stopped"]);
    assert!(case.is_breached(in_hours(6 * 24)));
}

#[test]
fn a_refugees_leave_makes_the_promise_the_shorter_one() {
    let leave = reply::Outcome::Found(Facts::ImmigrationStatus(ImmigrationStatus {
        leave: "Refugee permission to stay".to_owned(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_until: None,
        may_work: true,
        may_rent: true,
        conditions: Vec::new(),
        health_surcharge_paid: None,
        arrived_on: None,
        document_valid_until: None,
    }));
    let question_id = QuestionId(uuid::Uuid::nil());
    let operation = Operation::ImmigrationStatus;
    let kinds = [
        EventKind::Asked {
            question_id,
            operation,
            charged: None,
        },
        EventKind::Replied {
            question_id,
            operation,
            reply: Reply::of(leave),
            refunded: None,
            again: None,
            timing: None,
        },
    ];
    let Ok((_, case)) = received().change(in_hours(0), kinds) else {
        panic!("a question can be asked")
    };
    let (case, names) = decided(&case, in_hours(1), pending());
    assert_eq!(names, ["clock_started", "clock_hastened"]);
    assert_eq!(case.promise().due_at, in_hours(48));
}

#[test]
fn a_case_wakes_for_its_clock_or_for_a_question_whichever_is_first() {
    let (case, _) = decided(&received(), in_hours(1), pending());
    let step = case.wake().unwrap();
    assert_eq!(step, in_hours(60));
    let question_id = QuestionId(uuid::Uuid::nil());
    let operation = Operation::ImmigrationStatus;
    let asked = EventKind::Asked {
        question_id,
        operation,
        charged: None,
    };
    let Ok((change, case)) = case.change(in_hours(2), [asked]) else {
        panic!("a question can be asked")
    };
    assert_eq!(case.wake(), Some(after(in_hours(2), Duration::from_secs(60))));
    assert_eq!(change.wake, case.wake());
    let replied = |again| EventKind::Replied {
        question_id,
        operation,
        reply: Reply::of(reply::Outcome::Closed { until: again }),
        refunded: None,
        again,
        timing: None,
    };
    let Ok((_, later)) = case.change(in_hours(3), [replied(Some(in_hours(100)))]) else {
        panic!("a reply can come")
    };
    assert_eq!(later.wake(), Some(step));
    let Ok((_, sooner)) = case.change(in_hours(3), [replied(Some(in_hours(4)))]) else {
        panic!("a reply can come")
    };
    assert_eq!(sooner.wake(), Some(in_hours(4)));
    let (answered, _) = decided(&sooner, in_hours(5), Outcome::NotEstablished(Negative::NoRecord));
    assert!(answered.wake().is_none());
}
