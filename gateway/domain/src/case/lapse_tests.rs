//! Silent callers, before, at and after the end of their time.

use std::time::Duration;

use jiff::Timestamp;

use super::super::clocking::tests::{answer, decided, in_hours, more, pending};
use super::super::tests::received;
use super::*;
use crate::answer::Outcome;
use crate::case::HistoryError;
use crate::event::EventKind;
use crate::ids::QuestionId;
use crate::question::Operation;
use crate::reply::{self, Reply};
use crate::subject::{DateOfBirth, Field};
use crate::windrush::{self, Rules};

const NANOSECOND: Duration = Duration::from_nanos(1);
const FOUR_WEEKS: u32 = 28 * 24;

/// A case about a person who came too late, that asked its caller for more an hour after it was received.
fn asked() -> Case {
    decided(&received(), in_hours(1), more()).0
}

/// What `kinds` at `now` make of it.
fn then<const N: usize>(case: &Case, now: Timestamp, kinds: [EventKind; N]) -> Result<Case, HistoryError> {
    let (change, after) = case.change(now, kinds)?;
    assert_eq!(change.wake, after.wake());
    Ok(after)
}

#[test]
fn a_case_lapses_four_weeks_after_its_caller_was_asked_and_no_nanosecond_before() {
    let case = asked();
    let end = in_hours(1 + FOUR_WEEKS);
    assert_eq!(case.silence_ends_at(), Some(end));
    assert_eq!(case.wake(), Some(end));
    let early = end - jiff::SignedDuration::from_nanos(1);
    assert!(case.silenced(early, &Rules::default()).is_none());
    for at in [end, after(end, NANOSECOND)] {
        let silenced = case.silenced(at, &Rules::default());
        assert!(matches!(silenced, Some(Silence::Lapses)));
    }

    let Ok(over) = then(&case, end, [EventKind::Lapsed]) else {
        panic!("a case can lapse")
    };
    assert_eq!(over.state, CaseState::Withdrawn);
    assert_eq!((over.silence_ends_at(), over.wake()), (None, None));
    assert!(over.is_over() && over.silenced(Timestamp::MAX, &Rules::default()).is_none());
    let again = then(&over, end, [EventKind::Lapsed]).err();
    assert_eq!(again, Some(HistoryError::AfterWithdrawal));
    let events = over.clock_events(end, || None, &crate::working_time::Calendars::default());
    let names: Vec<_> = events.unwrap().iter().map(|event| event.as_str()).collect();
    assert_eq!(names, ["clock_stopped"]);
}

#[test]
fn the_count_begins_when_the_caller_was_asked_last() {
    let other = Outcome::MoreInformation {
        fields: vec![Field::HomeOfficeReference],
    };
    let (again, _) = decided(&asked(), in_hours(100), other);
    assert_eq!(again.silence_ends_at(), Some(in_hours(100 + FOUR_WEEKS)));
}

#[test]
fn what_a_caller_provides_ends_the_silence_and_only_being_asked_again_begins_another() {
    let case = asked();
    let check = case.receipt.check.clone();
    let Ok(given) = then(&case, in_hours(600), [EventKind::Provided(Box::new(check))]) else {
        panic!("what was asked for can be provided")
    };
    assert_eq!(given.silence_ends_at(), None);
    let (waiting, _) = decided(&given, in_hours(601), pending());
    assert_eq!(waiting.silence_ends_at(), None);
    let (again, _) = decided(&waiting, in_hours(700), more());
    assert_eq!(again.silence_ends_at(), Some(in_hours(700 + FOUR_WEEKS)));
}

#[test]
fn an_agreement_may_give_its_callers_less_time() {
    let policy = crate::sla::SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT)
        .with_silence("14d".parse().unwrap());
    let calendars = crate::working_time::Calendars::default();
    let Ok(told) = then(&received(), in_hours(1), [EventKind::Decided(answer(more()))]) else {
        panic!("a caller can be asked")
    };
    let terms = || {
        let calendar = calendars.current().version();
        Some(policy.terms(in_hours(0), crate::sla::Ground::Usual, calendar))
    };
    let clock = told.clock_events(in_hours(1), terms, &calendars).unwrap();
    let kinds = clock.into_iter().map(EventKind::Clock);
    let Ok((_, case)) = told.change(in_hours(1), kinds) else {
        panic!("the clock can follow")
    };
    assert_eq!(case.silence_ends_at(), Some(in_hours(1 + 14 * 24)));
}

/// The grounds on which the case is referred at the end of the silence; none where it lapses.
fn referred(case: &Case, rules: &Rules) -> Vec<windrush::Ground> {
    let end = case.silence_ends_at().unwrap();
    assert_eq!(case.wake(), Some(end), "it is looked at then");
    match case.silenced(end, rules) {
        Some(Silence::Refers(hold)) => {
            assert!(hold.held == Held::Silence);
            hold.grounds
        }
        Some(Silence::Lapses) => Vec::new(),
        None => panic!("the silence is over"),
    }
}

#[test]
fn a_case_with_a_possible_windrush_profile_is_referred_instead() {
    let mut elder = asked();
    elder.receipt.check.subject.date_of_birth = DateOfBirth::of(windrush::LAST_ARRIVAL);
    assert_eq!(
        referred(&elder, &Rules::default()),
        [windrush::Ground::CouldHaveArrived]
    );

    // An early sign of residence is one too, whenever it is seen.
    let question_id = QuestionId(uuid::Uuid::nil());
    let operation = Operation::EmploymentHistory;
    let seen = reply::Outcome::Found(reply::Facts::Residence(vec![reply::Period {
        from: windrush::LAST_ARRIVAL,
        to: None,
    }]));
    let kinds = [
        EventKind::Asked {
            question_id,
            operation,
            charged: None,
        },
        EventKind::Replied {
            question_id,
            operation,
            reply: Reply::of(seen),
            refunded: None,
            again: None,
            timing: None,
        },
    ];
    let Ok(case) = then(&asked(), in_hours(2), kinds) else {
        panic!("a department can be asked")
    };
    assert_eq!(
        referred(&case, &Rules::default()),
        [windrush::Ground::ArrivedBefore1989]
    );
}

#[test]
fn whether_it_lapses_goes_by_the_rules_that_it_is_given() {
    let mut elder = asked();
    elder.receipt.check.subject.date_of_birth = DateOfBirth::of(windrush::LAST_ARRIVAL);
    let narrower = Rules {
        last_arrival: windrush::LAST_SETTLEMENT,
        ..Rules::default()
    };
    assert_eq!(referred(&elder, &narrower), []);
    let nobody = Rules {
        grounds: Vec::new(),
        ..Rules::default()
    };
    assert_eq!(referred(&elder, &nobody), []);
}
