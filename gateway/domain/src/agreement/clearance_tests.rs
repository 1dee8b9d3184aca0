use jiff::civil::date;
use proptest::prelude::*;

use super::super::tests::{order, sample};
use super::*;

/// The order of the samples is in force from 1 June 2026, about people over 30, to DWP.
const TODAY: Date = date(2026, 7, 1);

fn register(orders: impl IntoIterator<Item = SuspensionOrder>) -> Register {
    let mut feed = sample("feed");
    feed.proactive = true;
    Register::new([feed, sample("asked")], orders).unwrap()
}

fn cleared(
    register: &Register,
    agreement: &str,
    to: DepartmentId,
    today: Date,
    rows: &[Option<Date>],
) -> Tally {
    let agreement = register.agreement(&agreement.parse().unwrap()).unwrap();
    let mut clearance = Clearance::of(register, agreement, to, today);
    for born in rows {
        clearance.row(*born);
    }
    clearance.tally().clone()
}

/// Thirty on the day, thirty-one on the next day, thirty-one on the day, and nobody knows.
const ROWS: [Option<Date>; 4] = [
    Some(date(1996, 7, 1)),
    Some(date(1995, 7, 2)),
    Some(date(1995, 7, 1)),
    None,
];

#[test]
fn rows_about_people_over_the_age_are_held_back_and_so_are_those_whose_age_nobody_knows() {
    let tally = cleared(&register([order()]), "feed", DepartmentId::Dwp, TODAY, &ROWS);
    assert_eq!(tally.cleared, 2);
    assert_eq!(tally.held_back, [("over-30".parse().unwrap(), 2)].into());
}

#[test]
fn nothing_is_held_back_of_what_is_asked_or_of_what_goes_elsewhere_or_on_another_day() {
    let all = Tally {
        cleared: 4,
        ..Tally::default()
    };
    let register = register([order()]);
    for (agreement, to, today) in [
        ("asked", DepartmentId::Dwp, TODAY),
        ("feed", DepartmentId::Dfe, TODAY),
        ("feed", DepartmentId::Dwp, date(2026, 5, 31)),
    ] {
        assert_eq!(
            cleared(&register, agreement, to, today, &ROWS),
            all,
            "{agreement} {to} {today}"
        );
    }
    let mut ended = order();
    ended.ends_on = Some(date(2026, 6, 30));
    let register = self::register([ended]);
    assert_eq!(cleared(&register, "feed", DepartmentId::Dwp, TODAY, &ROWS), all);
    assert_ne!(
        cleared(&register, "feed", DepartmentId::Dwp, date(2026, 6, 30), &ROWS),
        all
    );
}

#[test]
fn of_several_orders_the_first_that_stops_a_row_is_named() {
    let mut everybody = order();
    everybody.id = "everybody".parse().unwrap();
    everybody.over_age = None;
    let register = register([order(), everybody]);
    let tally = cleared(&register, "feed", DepartmentId::Dwp, TODAY, &ROWS);
    let expected = [("everybody".parse().unwrap(), 2), ("over-30".parse().unwrap(), 2)];
    assert_eq!((tally.cleared, tally.held_back), (0, expected.into()));
}

proptest! {
    #[test]
    fn every_row_goes_one_way_and_a_younger_person_is_held_back_only_where_an_older_one_is(
        days in prop::collection::vec(prop::option::of(0i64..40_000), 0..50),
        age in 0u8..120,
    ) {
        let born = |days: &Option<i64>| {
            days.map(|days| TODAY.checked_sub(jiff::Span::new().days(days)).unwrap())
        };
        let mut order = order();
        order.over_age = Some(age);
        let register = register([order]);
        let agreement = register.agreement(&"feed".parse().unwrap()).unwrap();
        let mut clearance = Clearance::of(&register, agreement, DepartmentId::Dwp, TODAY);
        let mut fates: Vec<_> = days.iter().map(|days| (*days, clearance.row(born(days)).is_some())).collect();
        let tally = clearance.tally();
        prop_assert_eq!(tally.cleared + tally.held_back.values().sum::<u64>(), days.len() as u64);
        prop_assert!(fates.iter().all(|(days, is_held)| days.is_some() || *is_held));
        fates.retain(|(days, _)| days.is_some());
        fates.sort();
        prop_assert!(fates.is_sorted_by_key(|(_, is_held)| *is_held));
    }
}
