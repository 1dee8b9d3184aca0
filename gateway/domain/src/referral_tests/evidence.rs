//! The line of time.

use jiff::civil::{Date, date};

use crate::ids::DepartmentId::{Dwp, Hmrc};
use crate::question::Operation;
use crate::referral::{Evidence, timeline};
use crate::reply::Period;

fn held(operation: Operation, periods: &[(Date, Option<Date>)]) -> Evidence {
    Evidence {
        operation,
        periods: periods
            .iter()
            .map(|(from, to)| Period { from: *from, to: *to })
            .collect(),
        is_awaited: false,
    }
}

/// Each stretch as its days and who saw the person.
fn line(evidence: &[Evidence]) -> Vec<(Date, Option<Date>, usize)> {
    let spans = timeline(evidence);
    let told = spans.iter().map(|span| {
        let period = &span.period;
        (period.from, period.to, span.departments.len())
    });
    told.collect()
}

#[test]
fn periods_that_touch_or_overlap_are_one_stretch_and_gaps_are_shown() {
    let contributions = held(
        Operation::ContributionHistory,
        &[
            (date(1970, 4, 6), Some(date(1971, 4, 5))),
            (date(1971, 4, 6), Some(date(1974, 4, 5))),
            (date(1980, 4, 6), None),
        ],
    );
    let benefits = held(
        Operation::BenefitHistory,
        &[(date(1973, 1, 1), Some(date(1975, 12, 31)))],
    );
    let evidence = [benefits, contributions];
    assert_eq!(
        line(&evidence),
        [
            (date(1970, 4, 6), Some(date(1975, 12, 31)), 2),
            (date(1976, 1, 1), Some(date(1980, 4, 5)), 0),
            (date(1980, 4, 6), None, 1),
        ]
    );
    let spans = timeline(&evidence);
    assert_eq!(spans[0].departments, [Dwp, Hmrc]);
    assert_eq!(spans[2].departments, [Hmrc]);
}

#[test]
fn a_day_between_is_a_gap_of_a_day() {
    let seen = held(
        Operation::BenefitHistory,
        &[
            (date(1990, 1, 1), Some(date(1990, 1, 31))),
            (date(1990, 2, 2), Some(date(1990, 2, 28))),
        ],
    );
    assert_eq!(line(&[seen])[1], (date(1990, 2, 1), Some(date(1990, 2, 1)), 0));
}

#[test]
fn a_period_within_another_shortens_nothing_and_one_that_ends_before_it_begins_says_nothing() {
    let seen = held(
        Operation::BenefitHistory,
        &[
            (date(1990, 1, 1), None),
            (date(1991, 1, 1), Some(date(1992, 1, 1))),
            (date(2001, 1, 1), Some(date(2000, 1, 1))),
        ],
    );
    assert_eq!(line(&[seen]), [(date(1990, 1, 1), None, 1)]);
    assert!(timeline(&[]).is_empty());
}
