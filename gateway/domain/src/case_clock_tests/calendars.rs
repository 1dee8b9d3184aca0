//! Calendars and policies change; deadlines of the past do not.

use super::*;
use crate::working_time::{WorkingCalendar, WorkingHours};

const BUILT_IN: &str = include_str!("../../data/bank-holidays.tsv");

/// As if Wednesday 3 June 2026 had been proclaimed a bank holiday of England and Wales.
fn with_a_new_holiday() -> WorkingCalendar {
    let text = BUILT_IN.replace("version\t2025-11-24", "version\t2026-05-20")
        + "2026-06-03\tengland-and-wales\tDay of thanks\n";
    WorkingCalendar::new(text.parse().unwrap(), WorkingHours::USUAL)
}

fn both() -> Calendars {
    Calendars::new(with_a_new_holiday(), vec![WorkingCalendar::built_in()]).unwrap()
}

#[test]
fn a_new_calendar_moves_no_deadline_that_was_given() {
    let mut course = Course::promised("2 working days", "2026-06-02T10:00");
    assert_eq!(course.due(), "2026-06-04T10:00");
    for now in ["2026-06-02T11:00", "2026-06-02T12:00"].map(at) {
        let clock = &course.clock;
        let events = match clock.turn() {
            Turn::Departments => clock.pause(now, &both()),
            Turn::Caller | Turn::Nobody => clock.resume(now, &both()),
        };
        course.take(now, events.unwrap());
    }
    assert_eq!(course.due(), "2026-06-04T11:00");
    assert_eq!(course.clock.terms().calendar.as_str(), "2025-11-24");
    // A fold takes no calendar at all.
    assert_eq!(CaseClock::fold(course.events), Ok(course.clock));
}

#[test]
fn an_order_counts_a_clock_anew_under_the_versions_that_it_names() {
    let mut course = Course::promised("2 working days", "2026-06-02T10:00");
    course.pause("2026-06-02T11:00");
    course.resume("2026-06-02T12:00");
    course.extend("2026-06-02T12:00", working(1));
    assert_eq!(course.due(), "2026-06-05T11:00");
    let version = "2026-05-20".parse().unwrap();
    let same = policy("2 working days", "2 working days");
    let now = at("2026-06-02T16:00");
    let recompute = |course: &Course, policy: &SlaPolicy| {
        let why = reason("A bank holiday was proclaimed");
        course
            .clock
            .recompute(now, policy, &version, why, &both())
            .unwrap()
    };
    let mut anew = course.clone();
    assert_eq!(anew.take(now, recompute(&course, &same)), ["clock_recomputed"]);
    assert_eq!(anew.due(), "2026-06-08T11:00");
    assert_eq!(anew.clock.terms().calendar, version);
    assert_eq!(
        anew.clock.explanation(),
        "2 working days from Tue 2 Jun 2026 10:00 (England and Wales): Day of thanks does not count; paused 1 h; extended \
         by 1 working day (DWP was closed); counted anew (A bank holiday was proclaimed)"
    );
    assert_eq!(CaseClock::fold(anew.events), Ok(anew.clock));
    let mut other_policy = course.clone();
    other_policy.take(now, recompute(&course, &policy("48h", "48h")));
    assert_eq!(other_policy.due(), "2026-06-05T11:00");
}

#[test]
fn an_order_may_change_the_warnings_and_repeats_none_that_were_fired() {
    let mut course = Course::promised("100h", "2026-06-01T00:00");
    assert_eq!(course.step(at("2026-06-03T02:00")), ["at_risk"]);
    let promise: Promise = "100h".parse().unwrap();
    let mut percents = Vec::new();
    for thresholds in [&["90% ops"][..], &["40% ops", "50% ops", "60% ops"], &["30% ops"]] {
        let thresholds = thresholds.iter().map(|text| text.parse().unwrap());
        let thresholds = Thresholds::new(thresholds).unwrap();
        let policy = SlaPolicy::new(
            "2026-2".parse().unwrap(),
            promise,
            promise,
            Division::Scotland,
            thresholds,
        )
        .unwrap();
        let (now, version) = (at("2026-06-03T02:00"), CALENDARS.current().version());
        let why = reason("The agreement was amended");
        let events = course
            .clock
            .recompute(now, &policy, version, why, &CALENDARS)
            .unwrap();
        course.take(now, events);
        let to_come: Vec<_> = course
            .clock
            .timer()
            .to_come()
            .map(|next| next.step.percent())
            .collect();
        percents.push(to_come);
    }
    assert_eq!(percents, [vec![90, 100], vec![60, 100], vec![100]]);
}

#[test]
fn a_clock_that_has_stopped_is_never_counted_anew() {
    let mut course = Course::promised("2 working days", "2026-06-02T10:00");
    course.stop("2026-06-04T12:00");
    let order = course.clock.recompute(
        at("2026-06-05T12:00"),
        &policy("5d", "48h"),
        both().current().version(),
        reason("A bank holiday was proclaimed"),
        &both(),
    );
    assert_eq!(order, Err(ClockError::OutOfTurn(OutOfTurn::Stopped)));
}

#[test]
fn a_calendar_that_is_not_loaded_is_missed_and_not_replaced() {
    let only_new = Calendars::new(with_a_new_holiday(), Vec::new()).unwrap();
    let course = Course::promised("2 working days", "2026-06-02T10:00");
    let missing = ClockError::UnknownCalendar("2025-11-24".parse().unwrap());
    let paused = course.clock.pause(at("2026-06-02T11:00"), &only_new);
    assert_eq!(paused, Err(missing.clone()));
    assert_eq!(missing.to_string(), "the calendar 2025-11-24 is not loaded");
    // Elapsed time needs none.
    let elapsed = Course::promised("48h", "2026-06-02T10:00");
    assert!(elapsed.clock.pause(at("2026-06-02T11:00"), &only_new).is_ok());
    let by_working_days = elapsed.clock.extend(
        at("2026-06-02T11:00"),
        working(1),
        reason("Closed"),
        ORDER,
        &only_new,
    );
    assert_eq!(by_working_days, Err(missing));
}

#[test]
fn a_due_time_beyond_the_calendar_is_an_error_and_not_a_guess() {
    let policy = policy("5 working days", "48h");
    let start = |now: &str, ground| {
        let terms = policy.terms(at(now), ground, CALENDARS.current().version());
        CaseClock::start(terms, &CALENDARS)
    };
    assert!(start("2028-12-19T16:59", Ground::Usual).is_ok());
    assert!(start("2028-12-20T16:59", Ground::Usual).is_ok());
    for too_late in ["2028-12-20T17:00", "2028-12-21T10:00", "2029-06-01T10:00"] {
        let refused = start(too_late, Ground::Usual);
        assert!(matches!(refused, Err(ClockError::Beyond(_))), "{too_late}");
        assert!(start(too_late, Ground::Check).is_ok(), "{too_late}");
    }
    let event = start("2028-12-20T16:00", Ground::Usual).unwrap();
    let mut clock = CaseClock::open(at("2028-12-20T16:00"), event).unwrap();
    let pause = clock.pause(at("2028-12-20T16:30"), &CALENDARS).unwrap();
    for event in pause {
        clock.apply(at("2028-12-20T16:30"), event).unwrap();
    }
    let resumed = clock.resume(at("2028-12-21T16:30"), &CALENDARS);
    assert!(matches!(resumed, Err(ClockError::Beyond(_))));
}
