//! Months in London, and what a case uses.

use uuid::Uuid;

use super::*;
use crate::ids::QuestionId;
use crate::question::Operation;
use crate::reply::{Outcome, Reply, Unavailable};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn asked(operation: Operation, charged: Option<Month>) -> EventKind {
    EventKind::Asked {
        question_id: QuestionId(Uuid::nil()),
        operation,
        charged,
    }
}

fn unasked(operation: Operation, refunded: Option<Month>) -> EventKind {
    EventKind::Replied {
        question_id: QuestionId(Uuid::nil()),
        operation,
        reply: Reply::of(Outcome::Unavailable(Unavailable::BreakerOpen)),
        refunded,
        again: None,
        timing: None,
    }
}

#[test]
fn a_month_begins_and_ends_at_midnight_in_london() {
    let march = month("2026-03");
    assert_eq!(march.start(), at("2026-03-01T00:00:00Z"));
    // British Summer Time began on 29 March.
    assert_eq!(march.end(), at("2026-03-31T23:00:00Z"));
    assert_eq!(Month::of(at("2026-03-31T22:59:59.999999999Z")), march);
    assert_eq!(Month::of(march.end()), month("2026-04"));
    assert_eq!(Month::of(month("2026-04").start()), month("2026-04"));
    assert_eq!(month("2026-12").next(), month("2027-01"));
    assert_eq!(month("2026-12").end(), at("2027-01-01T00:00:00Z"));
}

#[test]
fn a_month_is_read_as_it_is_written_and_nothing_else_is() {
    for text in ["2026-03", "1970-12", "0001-01"] {
        assert_eq!(month(text).to_string(), text);
    }
    for text in [
        "", "2026", "2026-3", "2026-13", "2026-00", "26-03", "+026-03", "2026-+3", "2026-03-", "2026_03",
    ] {
        assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
    }
}

#[test]
fn what_is_used_is_one_unit_for_each_charged_question_less_those_given_back() {
    let agreement: AgreementId = "work-2026".parse().unwrap();
    let (march, april) = (month("2026-03"), month("2026-04"));
    let units = |department, month, units| Spent {
        key: QuotaKey {
            agreement: agreement.clone(),
            department,
            month,
        },
        units,
    };
    let steps = [
        asked(Operation::ImmigrationStatus, None),
        asked(Operation::NinoTrace, Some(march)),
        asked(Operation::BenefitHistory, Some(march)),
        asked(Operation::EmploymentHistory, Some(march)),
        asked(Operation::ContributionHistory, Some(april)),
    ];
    assert_eq!(
        spent(&agreement, &steps),
        [
            units(DepartmentId::Dwp, march, 2),
            units(DepartmentId::Hmrc, march, 1),
            units(DepartmentId::Hmrc, april, 1),
        ]
    );
    let back = [
        unasked(Operation::NinoTrace, Some(march)),
        unasked(Operation::ImmigrationStatus, None),
    ];
    assert_eq!(spent(&agreement, &back), [units(DepartmentId::Dwp, march, -1)]);
    let both = [
        asked(Operation::NinoTrace, Some(march)),
        unasked(Operation::NinoTrace, Some(march)),
    ];
    assert_eq!(spent(&agreement, &both), []);
}

#[test]
fn a_question_that_was_not_sent_is_given_back_also_where_it_is_asked_again() {
    let march = month("2026-03");
    let mut unsent = unasked(Operation::NinoTrace, Some(march));
    if let EventKind::Replied { again, .. } = &mut unsent {
        *again = Some(at("2026-03-11T10:00:05Z"));
    }
    let agreement = "work-2026".parse().unwrap();
    let steps = [asked(Operation::NinoTrace, Some(march)), unsent];
    assert_eq!(spent(&agreement, &steps), []);
}
