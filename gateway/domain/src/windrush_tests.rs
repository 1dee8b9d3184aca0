//! Each ground, a day before and after its boundary, and what ends a profile.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::check::{CheckKind, Draft};
use crate::question::Operation;
use crate::reply::{ImmigrationStatus, Outcome, Period, Reply, Section95Support};

use Ground::{ArrivedBefore1989, CouldHaveArrived, SettledBefore1973};

const BORN_IN_TIME: Date = date(1958, 3, 4);
const BORN_LATER: Date = date(1990, 5, 17);

fn born(day: Date) -> Check {
    let draft = Draft {
        given_names: "Ada",
        family_name: "Example",
        date_of_birth: &day.to_string(),
        ..Draft::default()
    };
    match draft.parse(CheckKind::Iecas, date(2026, 6, 10)) {
        Ok(check) => check,
        Err(faults) => panic!("{}", faults[0].field),
    }
}

fn found(facts: Facts) -> Reply {
    Reply::of(Outcome::Found(facts))
}

fn leave(from: Date, arrived_on: Option<Date>) -> (Operation, Reply) {
    let status = ImmigrationStatus {
        leave: "leave to remain".to_owned(),
        valid_from: from,
        valid_until: Some(date(2025, 12, 31)),
        may_work: true,
        may_rent: true,
        conditions: Vec::new(),
        health_surcharge_paid: None,
        arrived_on,
        document_valid_until: None,
    };
    (
        Operation::ImmigrationStatus,
        found(Facts::ImmigrationStatus(status)),
    )
}

fn seen_from(operation: Operation, day: Date) -> (Operation, Reply) {
    let periods = vec![Period { from: day, to: None }];
    (operation, found(Facts::Residence(periods)))
}

fn supported_since(day: Date) -> (Operation, Reply) {
    let support = Section95Support {
        in_force: false,
        since: Some(day),
        legal_basis: None,
    };
    (
        Operation::Section95Support,
        found(Facts::Section95Support(support)),
    )
}

fn grounds<const N: usize>(day: Date, said: [(Operation, Reply); N]) -> Vec<Ground> {
    by(&Rules::default(), day, said)
}

fn by<const N: usize>(rules: &Rules, day: Date, said: [(Operation, Reply); N]) -> Vec<Ground> {
    let mut replies = Replies::default();
    for (operation, reply) in said {
        replies.reply(operation, reply);
    }
    rules.grounds(&born(day), &replies)
}

const LATE: Date = date(1989, 1, 1);
const RECENT: Date = date(2020, 1, 1);

#[test]
fn whoever_was_born_by_the_last_day_of_1988_could_have_arrived() {
    assert_eq!(grounds(date(1988, 12, 30), []), [CouldHaveArrived]);
    assert_eq!(grounds(date(1988, 12, 31), []), [CouldHaveArrived]);
    assert_eq!(grounds(date(1989, 1, 1), []), []);
    assert_eq!(
        grounds(BORN_IN_TIME, [leave(RECENT, None)]),
        [CouldHaveArrived],
        "recent leave is no recorded arrival"
    );
}

#[test]
fn a_recorded_arrival_by_the_last_day_counts_whenever_the_person_was_born() {
    for day in [BORN_IN_TIME, BORN_LATER] {
        let arrived = |on| grounds(day, [leave(RECENT, Some(on))]);
        assert_eq!(arrived(date(1988, 12, 30)), [ArrivedBefore1989]);
        assert_eq!(arrived(date(1988, 12, 31)), [ArrivedBefore1989]);
        assert_eq!(arrived(date(1989, 1, 1)), [], "and one after it ends the profile");
    }
}

#[test]
fn settlement_by_the_end_of_1972_is_a_ground_of_its_own() {
    let settled = |from| grounds(BORN_IN_TIME, [leave(from, None)]);
    assert_eq!(
        settled(date(1972, 12, 30)),
        [SettledBefore1973, ArrivedBefore1989]
    );
    assert_eq!(
        settled(date(1972, 12, 31)),
        [SettledBefore1973, ArrivedBefore1989]
    );
    assert_eq!(settled(date(1973, 1, 1)), [ArrivedBefore1989]);
}

#[test]
fn every_sign_of_residence_counts_whichever_department_saw_it() {
    let last = LAST_ARRIVAL;
    let signs = [
        leave(last, None),
        seen_from(Operation::ContributionHistory, last),
        seen_from(Operation::BenefitHistory, last),
        seen_from(Operation::EmploymentHistory, last),
        supported_since(last),
    ];
    for sign in signs {
        assert_eq!(grounds(BORN_LATER, [sign]), [ArrivedBefore1989]);
    }
    assert_eq!(
        grounds(BORN_LATER, [seen_from(Operation::ContributionHistory, LATE)]),
        []
    );
}

#[test]
fn a_late_first_arrival_ends_the_profile_only_without_an_earlier_sign() {
    let contributions = |day| seen_from(Operation::ContributionHistory, day);
    let arrived_late = || leave(RECENT, Some(LATE));
    assert_eq!(grounds(BORN_IN_TIME, [arrived_late()]), []);
    assert_eq!(grounds(BORN_IN_TIME, [arrived_late(), contributions(LATE)]), []);
    assert_eq!(
        grounds(BORN_IN_TIME, [arrived_late(), contributions(LAST_ARRIVAL)]),
        [ArrivedBefore1989]
    );
    // A sign after the last day is not a recorded arrival.
    assert_eq!(grounds(BORN_IN_TIME, [contributions(LATE)]), [CouldHaveArrived]);
}

#[test]
fn a_reply_about_another_question_is_no_sign() {
    let (_, misplaced) = leave(LAST_ARRIVAL, Some(LATE));
    assert_eq!(
        grounds(BORN_IN_TIME, [(Operation::BenefitHistory, misplaced)]),
        [CouldHaveArrived]
    );
}

#[test]
fn a_ground_that_is_off_takes_nobody_out_of_the_others() {
    let rules = Rules {
        grounds: vec![CouldHaveArrived],
        ..Rules::default()
    };
    assert_eq!(
        by(&rules, BORN_IN_TIME, [leave(LAST_ARRIVAL, Some(LATE))]),
        [CouldHaveArrived],
        "an earlier sign keeps the profile, by whatever ground is left"
    );
    let none = Rules {
        grounds: Vec::new(),
        ..Rules::default()
    };
    assert_eq!(by(&none, BORN_IN_TIME, []), []);
}

#[test]
fn the_days_are_those_of_the_rules() {
    let rules = Rules {
        last_arrival: date(1987, 12, 31),
        ..Rules::default()
    };
    assert_eq!(by(&rules, date(1987, 12, 31), []), [CouldHaveArrived]);
    assert_eq!(by(&rules, date(1988, 1, 1), []), []);
}

#[test]
fn every_ground_has_a_name_by_which_it_is_found() {
    for ground in Ground::ALL {
        assert_eq!(Ground::named(ground.as_str()), Some(ground));
    }
    assert_eq!(Ground::named("BORN_BEFORE_1989"), None);
}

proptest! {
    #[test]
    fn what_is_not_known_never_ends_a_profile(
        day in 0i64..14_000, arrived in proptest::option::of(0i64..20_000), from in 0i64..20_000
    ) {
        let on = |days: i64| date(1950, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let person = on(day);
        let with = grounds(person, [leave(on(from), arrived.map(on))]);
        let without = grounds(person, [leave(on(from), None)]);
        prop_assert!(with.is_empty() || !without.is_empty());
        prop_assert!(person > LAST_ARRIVAL || !without.is_empty());
    }
}
