//! Dates, dates of birth and ages.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::*;

const TODAY: Date = date(2026, 7, 15);

#[test]
fn a_date_is_written_year_month_day_and_no_other_way() {
    for text in [
        "",
        "1990",
        "1990-12",
        "1990-1-01",
        "1990-01-1",
        "90-01-01",
        "01-01-1990",
        "01/01/1990",
        "1990/01/01",
        "1990.01.01",
        "19900101",
        "1990-01-01T00:00:00Z",
        "1990-01-01 ",
        " 1990-01-01",
        "+1990-01-01",
        "-990-01-01",
        "1990-W01-1",
        "1990-Jan-1",
        "1990-001-1",
        "1990‐01‐01",
        "１９９０-０１-０１",
        "199٠-01-0",
    ] {
        let said = refusal(iso_date(text));
        assert!(
            said.is_some_and(|said| said.contains("written YYYY-MM-DD")),
            "{text}"
        );
    }
    assert_eq!(iso_date("1990-12-31"), Ok(date(1990, 12, 31)));
}

#[test]
fn a_well_written_day_that_does_not_exist_is_refused() {
    for text in [
        "1990-00-10",
        "1990-13-10",
        "1990-01-00",
        "1990-01-32",
        "1990-04-31",
        "1990-06-31",
        "1990-09-31",
        "1990-11-31",
        "1990-02-30",
        "2023-02-29",
        "1900-02-29",
        "2100-02-29",
    ] {
        assert_eq!(refusal(iso_date(text)), Some("there is no such day"), "{text}");
    }
}

#[test]
fn leap_days_exist_in_leap_years_only() {
    for (text, day) in [
        ("2024-02-29", date(2024, 2, 29)),
        ("2000-02-29", date(2000, 2, 29)),
        ("1904-02-29", date(1904, 2, 29)),
    ] {
        assert_eq!(iso_date(text), Ok(day), "{text}");
    }
}

#[test]
fn a_date_of_birth_is_at_most_today_and_at_most_130_years_back() {
    let cases = [
        ("2026-07-14", TODAY, None),
        ("2026-07-15", TODAY, None),
        ("2026-07-16", TODAY, Some("lies in the future")),
        ("2027-01-01", TODAY, Some("lies in the future")),
        ("9999-12-31", TODAY, Some("lies in the future")),
        ("1896-07-16", TODAY, None),
        ("1896-07-15", TODAY, None),
        ("1896-07-14", TODAY, Some("lies over 130 years back")),
        ("0000-01-01", TODAY, Some("lies over 130 years back")),
        // 1898 had no leap day: 130 years before 29 February 2028 is the last day of that February.
        ("1898-02-28", date(2028, 2, 29), None),
        ("1898-02-27", date(2028, 2, 29), Some("lies over 130 years back")),
    ];
    for (text, today, expected) in cases {
        assert_eq!(
            refusal(DateOfBirth::parse(text, today)),
            expected,
            "{text} on {today}"
        );
    }
}

#[test]
fn a_date_of_birth_keeps_the_rules_of_dates() {
    for (text, said) in [
        ("2025-02-29", "no such day"),
        ("15/07/1990", "YYYY-MM-DD"),
        ("", "YYYY-MM-DD"),
    ] {
        let refused = refusal(DateOfBirth::parse(text, TODAY));
        assert!(refused.is_some_and(|refused| refused.contains(said)), "{text}");
    }
    let leap = DateOfBirth::parse("2000-02-29", TODAY);
    assert_eq!(leap.map(DateOfBirth::date), Ok(date(2000, 2, 29)));
}

#[test]
fn an_age_grows_on_the_birthday_and_on_1_march_for_a_leap_day_in_other_years() {
    let cases = [
        (date(2008, 7, 15), date(2026, 7, 14), 17),
        (date(2008, 7, 15), date(2026, 7, 15), 18),
        (date(2008, 7, 15), date(2026, 7, 16), 18),
        (date(2007, 12, 31), date(2026, 1, 1), 18),
        (date(2008, 12, 31), date(2026, 12, 30), 17),
        (date(2008, 1, 1), date(2026, 1, 1), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2008, 2, 28), date(2026, 2, 28), 18),
        (date(2026, 7, 15), date(2026, 7, 15), 0),
        (date(1896, 7, 15), date(2026, 7, 15), 130),
    ];
    for (born, day, age) in cases {
        assert_eq!(DateOfBirth::of(born).age_on(day), age, "born {born}, on {day}");
    }
}

proptest! {
    #[test]
    fn every_day_from_130_years_back_is_a_date_of_birth_until_today(days in 0_i64..=47_481) {
        let born = TODAY.saturating_sub(days.days());
        let parsed = DateOfBirth::parse(&born.to_string(), TODAY);
        prop_assert_eq!(parsed.map(DateOfBirth::date), Ok(born));
    }

    #[test]
    fn an_age_grows_on_every_anniversary_and_not_a_day_sooner(days in 0_i64..47_000, years in 1_i16..120) {
        let born = TODAY.saturating_sub(days.days());
        prop_assume!((born.month(), born.day()) != (2, 29));
        let birthday = date(born.year() + years, born.month(), born.day());
        prop_assert_eq!(DateOfBirth::of(born).age_on(birthday), years);
        prop_assert_eq!(DateOfBirth::of(born).age_on(birthday.saturating_sub(1.days())), years - 1);
    }
}
