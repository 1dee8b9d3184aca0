//! Named examples, each with the instant before and after where something turns.

use super::*;
use Division::{EnglandAndWales as England, NorthernIreland as Ireland, Scotland};

#[track_caller]
fn assert_due(division: Division, start: &str, days: u16, due: &str) {
    let calendar = calendar();
    let end = calendar.add(division, at(start), calendar.days(days));
    assert_eq!(
        end.map(local).as_deref(),
        Ok(due),
        "{days} from {start} in {division}"
    );
}

#[test]
fn five_working_days_end_at_the_same_time_a_week_later() {
    assert_due(England, "2026-06-01T10:15", 5, "2026-06-08T10:15");
    assert_due(England, "2026-06-01T10:15", 0, "2026-06-01T10:15");
    assert_due(
        England,
        "2026-06-05T16:59:59.999999999",
        1,
        "2026-06-08T16:59:59.999999999",
    );
}

#[test]
fn opening_time_is_open_and_closing_time_is_the_next_opening() {
    for before_opening in [
        "2026-06-02T00:00",
        "2026-06-02T08:59:59.999999999",
        "2026-06-02T09:00",
    ] {
        assert_due(England, before_opening, 1, "2026-06-03T09:00");
    }
    assert_due(
        England,
        "2026-06-02T09:00:00.000000001",
        1,
        "2026-06-03T09:00:00.000000001",
    );
    assert_due(England, "2026-06-02T16:59", 1, "2026-06-03T16:59");
    for closed in [
        "2026-06-02T17:00",
        "2026-06-02T17:00:00.000000001",
        "2026-06-02T23:59",
    ] {
        assert_due(England, closed, 1, "2026-06-04T09:00");
    }
    // Eight hours from the opening end at the closing, which is the next opening.
    let by_hours = calendar().add(England, at("2026-06-02T09:00"), HOUR * 8);
    assert_eq!(by_hours.map(local).as_deref(), Ok("2026-06-03T09:00"));
    let just_less = calendar().add(
        England,
        at("2026-06-02T09:00"),
        HOUR * 8 - Duration::from_nanos(1),
    );
    assert_eq!(
        just_less.map(local).as_deref(),
        Ok("2026-06-02T16:59:59.999999999")
    );
}

#[test]
fn a_start_on_a_closed_day_counts_from_the_next_opening() {
    assert_due(England, "2026-06-05T17:00", 1, "2026-06-09T09:00");
    assert_due(England, "2026-06-06T12:00", 1, "2026-06-09T09:00");
    assert_due(England, "2026-06-07T23:59", 1, "2026-06-09T09:00");
    assert_due(England, "2026-08-31T12:00", 1, "2026-09-02T09:00");
}

#[test]
fn the_days_of_easter_are_those_of_the_division() {
    // Maundy Thursday is the last day before: at 16:30 it has half an hour left.
    assert_due(England, "2026-04-02T16:30", 1, "2026-04-07T16:30");
    assert_due(Scotland, "2026-04-02T16:30", 1, "2026-04-06T16:30");
    assert_due(Ireland, "2026-04-02T16:30", 1, "2026-04-07T16:30");
    assert_due(England, "2026-04-02T16:59", 5, "2026-04-13T16:59");
    assert_due(England, "2026-04-02T17:00", 5, "2026-04-14T09:00");
    assert_due(England, "2026-04-03T10:00", 5, "2026-04-14T09:00");
    assert_due(Scotland, "2026-04-03T10:00", 5, "2026-04-13T09:00");
}

#[test]
fn the_days_around_new_year_are_those_of_the_division() {
    assert_due(England, "2026-12-24T12:00", 3, "2026-12-31T12:00");
    assert_due(England, "2026-12-31T12:00", 1, "2027-01-04T12:00");
    assert_due(Scotland, "2026-12-31T12:00", 1, "2027-01-05T12:00");
    assert_due(Scotland, "2025-12-31T12:00", 1, "2026-01-05T12:00");
    assert_due(England, "2027-12-24T12:00", 5, "2028-01-05T12:00");
    assert_due(Scotland, "2027-12-24T12:00", 5, "2028-01-06T12:00");
}

#[test]
fn one_division_alone_may_have_a_holiday() {
    assert_due(Ireland, "2026-07-10T10:00", 1, "2026-07-14T10:00");
    assert_due(England, "2026-07-10T10:00", 1, "2026-07-13T10:00");
    assert_due(Ireland, "2026-03-16T10:00", 1, "2026-03-18T10:00");
    assert_due(Scotland, "2026-06-12T10:00", 1, "2026-06-16T10:00");
    assert_due(Scotland, "2026-07-31T10:00", 1, "2026-08-04T10:00");
    assert_due(England, "2026-08-28T10:00", 1, "2026-09-01T10:00");
    assert_due(Scotland, "2026-08-28T10:00", 1, "2026-08-31T10:00");
    assert_due(Scotland, "2026-11-27T10:00", 1, "2026-12-01T10:00");
}

#[test]
fn working_days_do_not_feel_the_clocks_change() {
    for (start, due) in [
        ("2026-03-27T16:30", "2026-03-30T16:30"),
        ("2026-10-23T16:30", "2026-10-26T16:30"),
        // In the hour that is skipped and in the one that is there twice everything is closed.
        ("2026-03-29T02:30", "2026-03-31T09:00"),
        ("2026-10-25T01:30", "2026-10-27T09:00"),
    ] {
        for division in Division::ALL {
            assert_due(division, start, 1, due);
        }
    }
    let open = |from, to| calendar().between(England, at(from), at(to));
    assert_eq!(open("2026-03-27T16:30", "2026-03-30T16:30"), Ok(HOUR * 8));
    assert_eq!(open("2026-10-23T16:30", "2026-10-26T16:30"), Ok(HOUR * 8));
}
