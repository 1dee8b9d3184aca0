//! What is noted of a case, and how it is counted.

use std::time::Duration;

use jiff::ToSpan as _;

use super::*;
use crate::answer::{Answer, Negative, PendingReason};
use crate::case::Use;
use crate::case::tests::{received, received_at};
use crate::case_clock::{CaseClock, ClockEvent};
use crate::event::Change;
use crate::ids::QuestionId;
use crate::question::Operation;
use crate::reply::{self, Reply};
use crate::sla::{Ground, SlaPolicy, Target};
use crate::working_time::Calendars;

/// That many hours after the receipt; due after 120.
fn hour(hours: i64) -> Timestamp {
    received_at() + hours.hours()
}

fn told(outcome: Outcome) -> EventKind {
    EventKind::Decided(Answer {
        outcome,
        legal_basis: String::new(),
        agreement_id: "work-2026".parse().unwrap(),
        as_of: None,
    })
}

fn pending() -> EventKind {
    told(Outcome::Pending {
        reason: PendingReason::DepartmentWorking,
        departments: Vec::new(),
    })
}

fn no_record() -> EventKind {
    told(Outcome::NotEstablished(Negative::NoRecord))
}

fn started() -> EventKind {
    let calendars = Calendars::default();
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    let terms = policy.terms(received_at(), Ground::Usual, calendars.current().version());
    EventKind::Clock(CaseClock::start(terms, &calendars).unwrap())
}

fn replied(timing: Timing) -> EventKind {
    EventKind::Replied {
        question_id: QuestionId(uuid::Uuid::nil()),
        operation: Operation::NinoTrace,
        reply: Reply::of(reply::Outcome::NoRecord),
        refunded: None,
        again: None,
        timing: Some(timing),
    }
}

/// The course of a case to which this happened after its receipt, in hours.
fn course(steps: impl IntoIterator<Item = (i64, EventKind)>) -> Course {
    let mut case = received();
    let first = EventKind::Received(Box::new(case.receipt.clone()));
    let mut events = Change::new(case.id, received_at(), [first]).events;
    for (at, kind) in steps {
        let Ok((change, after)) = case.change(hour(at), [kind]) else {
            panic!("the step follows on")
        };
        events.extend(change.events);
        case = after;
    }
    Course::of(case.id, events).unwrap_or_else(|error| panic!("{error}"))
}

fn figures<'a>(courses: impl IntoIterator<Item = &'a Course>, as_of: Timestamp) -> Figures {
    let mut tally = Tally::as_of(as_of);
    courses.into_iter().for_each(|course| tally.add(course));
    tally.figures()
}

fn due() -> Timestamp {
    received().receipt.clock.due_at
}

#[test]
fn a_check_that_is_answered_at_once_leaves_its_due_time_and_its_answer() {
    let timing = Timing::of(Duration::from_millis(3), Some(Duration::from_millis(2)), None);
    let course = course([(0, replied(timing)), (0, no_record())]);
    let mark = |change| Mark {
        time: received_at(),
        change,
    };
    let marks = [
        Milestone::Due(due()),
        Milestone::Called(timing),
        Milestone::Stage(Stage::NotEstablished),
        Milestone::Stood(due()),
    ];
    assert_eq!(course.marks, marks.map(mark));
    let figures = figures([&course], received_at());
    assert_eq!((figures.checks, figures.answered_at_once), (1, 1));
    assert_eq!((figures.answered_in_time, figures.not_established), (1, 1));
    assert_eq!((figures.open, figures.breached, figures.answered_late), (0, 0, 0));
    assert_eq!(figures.calls.department_p95, Some(Duration::from_millis(2)));
    assert_eq!(figures.calls.network_p95, None);
}

#[test]
fn a_case_is_late_strictly_after_it_was_due_and_stays_so_once_it_is_answered() {
    let waiting = [(0, pending()), (0, started())];
    let answered = |at| {
        let stopped = EventKind::Clock(ClockEvent::Stopped);
        course(
            waiting
                .clone()
                .into_iter()
                .chain([(at, no_record()), (at, stopped)]),
        )
    };
    let (late, in_time) = (answered(130), answered(120));
    let counted = |course, at| {
        let figures = figures([course], at);
        let answered = (figures.answered_in_time, figures.answered_late);
        (figures.open, figures.breached, answered)
    };
    assert_eq!(due(), hour(120));
    for course in [&late, &in_time] {
        assert_eq!(counted(course, hour(119)), (1, 0, (0, 0)));
    }
    assert_eq!(counted(&late, hour(120)), (1, 0, (0, 0)));
    assert_eq!(counted(&late, hour(120) + 1.nanosecond()), (1, 1, (0, 0)));
    assert_eq!(counted(&late, hour(130)), (0, 1, (0, 1)));
    assert_eq!(counted(&late, hour(6_000)), (0, 1, (0, 1)));
    assert_eq!(counted(&in_time, hour(120)), (0, 0, (1, 0)));
    assert_eq!(counted(&in_time, hour(6_000)), (0, 0, (1, 0)));
}

#[test]
fn what_happens_later_changes_no_figure_of_before() {
    let fields = Vec::new();
    let steps = [
        (0, pending()),
        (0, started()),
        (1, told(Outcome::MoreInformation { fields })),
        (2, no_record()),
        (2, EventKind::Clock(ClockEvent::Stopped)),
        (3, EventKind::Feedback(Use::Refused)),
        (
            4,
            EventKind::Disputed {
                reason: "not so".to_owned().into(),
            },
        ),
        (5, EventKind::Withdrawn),
    ];
    let known = |count: usize, at| figures([&course(steps[..count].to_vec())], hour(at));
    for (count, at) in [(2, 0), (3, 1), (5, 2), (6, 3), (7, 4), (8, 5)] {
        assert_eq!(known(count, at), known(8, at), "after {at} hours");
    }
    let end = known(8, 5);
    assert_eq!((end.disputed, end.feedback_given, end.open), (1, 1, 0));
    assert_eq!(
        (end.answered_in_time, end.answered_at_once, end.not_established),
        (1, 0, 0)
    );
    assert_eq!(known(8, 4).open, 1);
}

#[test]
fn percentiles_are_of_the_nearest_rank() {
    let answered = |hours| course([(0, pending()), (0, started()), (hours, no_record())]);
    let courses: Vec<_> = (1..=20).map(answered).collect();
    let turnaround = |count: usize| figures(&courses[..count], hour(100)).turnaround;
    let hours = |p50, p95, max| {
        Some(Turnaround {
            p50: Duration::from_hours(p50),
            p95: Duration::from_hours(p95),
            max: Duration::from_hours(max),
        })
    };
    assert_eq!(turnaround(0), None);
    assert_eq!(turnaround(1), hours(1, 1, 1));
    assert_eq!(turnaround(2), hours(1, 2, 2));
    assert_eq!(turnaround(19), hours(10, 19, 19));
    assert_eq!(turnaround(20), hours(10, 19, 20));
}

#[test]
fn what_was_charged_and_given_back_is_no_use_of_a_quota() {
    let month = "2026-06".parse().ok();
    let asked = || EventKind::Asked {
        question_id: QuestionId(uuid::Uuid::nil()),
        operation: Operation::NinoTrace,
        charged: month,
    };
    let unsent = || {
        let mut unsent = replied(Timing::of(Duration::ZERO, None, None));
        if let EventKind::Replied { refunded, .. } = &mut unsent {
            *refunded = month;
        }
        unsent
    };
    let course = course([(0, asked()), (1, unsent()), (2, asked())]);
    let used = |at| figures([&course], hour(at)).quota_used;
    assert_eq!([used(0), used(1), used(2)], [1, 0, 1]);
}

#[test]
fn a_check_that_was_not_received_yet_counts_for_nothing() {
    let course = course([]);
    assert_eq!(
        figures([&course], received_at() - 1.nanosecond()),
        Figures::default()
    );
    assert_eq!(figures([&course], received_at()).checks, 1);
}
