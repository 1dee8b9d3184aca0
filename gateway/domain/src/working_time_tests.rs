//! Counting of working time: named examples, and laws against a model that walks minute by minute.

use proptest::prelude::*;

use super::*;

#[path = "working_time_tests/examples.rs"]
mod examples;
#[path = "working_time_tests/naive.rs"]
pub(crate) mod naive;

const HOUR: Duration = Duration::from_hours(1);

pub(crate) fn at(local: &str) -> Timestamp {
    let local: jiff::civil::DateTime = local.parse().unwrap();
    local.to_zoned(london()).unwrap().timestamp()
}

/// In London, such as `2026-04-03T16:30`.
pub(crate) fn local(instant: Timestamp) -> String {
    let text = instant
        .to_zoned(london())
        .strftime("%Y-%m-%dT%H:%M:%S%.f")
        .to_string();
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}

fn calendar() -> &'static WorkingCalendar {
    static CALENDAR: std::sync::LazyLock<WorkingCalendar> =
        std::sync::LazyLock::new(WorkingCalendar::built_in);
    &CALENDAR
}

fn divisions() -> impl Strategy<Value = Division> {
    prop::sample::select(Division::ALL.to_vec())
}

/// A minute of the model's years, with room behind it for what is added.
fn minutes() -> impl Strategy<Value = usize> {
    0..naive::MINUTES - 90 * 24 * 60
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_end_of_a_count_is_the_one_found_by_walking(
        division in divisions(), start in minutes(), count in 0_usize..40 * 8 * 60,
    ) {
        let by = Duration::from_mins(count as u64);
        let end = calendar().add(division, naive::instant(start), by).unwrap();
        prop_assert_eq!(end, naive::instant(naive::add(division, start, count)));
    }

    #[test]
    fn the_time_between_is_the_one_found_by_walking(
        division in divisions(), start in minutes(), further in 0_usize..60 * 24 * 60,
    ) {
        let (from, to) = (naive::instant(start), naive::instant(start + further));
        let open = calendar().between(division, from, to).unwrap();
        prop_assert_eq!(open, Duration::from_mins(naive::between(division, start, start + further) as u64));
        prop_assert_eq!(calendar().between(division, to, from).unwrap(), Duration::ZERO);
    }

    #[test]
    fn what_is_added_lies_between_and_two_counts_are_one(
        division in divisions(),
        start in minutes(),
        [first, second] in prop::array::uniform2(0_u64..20 * 8 * 3_600 * 1_000_000_000),
        nanos in 0_u64..60_000_000_000,
    ) {
        let calendar = calendar();
        let start = after(naive::instant(start), Duration::from_nanos(nanos));
        let [first, second] = [first, second].map(Duration::from_nanos);
        let middle = calendar.add(division, start, first).unwrap();
        let end = calendar.add(division, middle, second).unwrap();
        prop_assert_eq!(end, calendar.add(division, start, first + second).unwrap());
        prop_assert_eq!(calendar.between(division, start, end).unwrap(), first + second);
        prop_assert_eq!(calendar.between(division, middle, end).unwrap(), second);
        prop_assert_eq!(calendar.add(division, end, Duration::ZERO).unwrap(), end);
    }

    #[test]
    fn working_days_from_opening_hours_end_at_the_same_time_of_day(
        division in divisions(), start in minutes(), days in 0_u16..40,
    ) {
        let calendar = calendar();
        let start = calendar.add(division, naive::instant(start), Duration::ZERO).unwrap();
        let end = calendar.add(division, start, calendar.days(days)).unwrap();
        prop_assert_eq!(start.to_zoned(london()).time(), end.to_zoned(london()).time());
        let between = calendar.between(division, start, end).unwrap();
        prop_assert_eq!(between, calendar.hours().length() * u32::from(days));
    }
}

#[test]
fn nothing_is_counted_beyond_the_years_of_the_calendar() {
    let beyond = BeyondCalendar {
        version: "2025-11-24".parse().unwrap(),
        first_year: 2019,
        last_year: 2028,
    };
    assert_eq!(
        beyond.to_string(),
        "the calendar 2025-11-24 knows the years 2019 to 2028, and the due time would lie outside them"
    );
    let add = |start: &str, hours: u32| calendar().add(Division::Scotland, at(start), HOUR * hours);
    // Friday 29 December 2028 is the last working day: what would be due at its closing is due in a year unknown.
    assert_eq!(
        add("2028-12-29T16:00", 0).as_ref().map(ToString::to_string),
        Ok("2028-12-29T16:00:00Z".to_owned())
    );
    assert!(add("2028-12-29T15:59:59.999999999", 1).is_ok());
    assert_eq!(add("2028-12-29T16:00", 1), Err(beyond.clone()));
    assert_eq!(add("2028-12-29T17:00", 0), Err(beyond.clone()));
    assert_eq!(add("2029-01-02T10:00", 0), Err(beyond.clone()));
    assert_eq!(add("2018-12-31T23:59:59", 1), Err(beyond.clone()));
    assert_eq!(
        add("2019-01-01T00:00", 1).map(local),
        Ok("2019-01-03T10:00".to_owned())
    );
    let between = |start, end| calendar().between(Division::Scotland, at(start), at(end));
    assert_eq!(between("2028-12-29T09:00", "2028-12-31T23:59"), Ok(HOUR * 8));
    assert_eq!(between("2028-12-29T09:00", "2029-01-01T00:00"), Err(beyond));
    let of_days = calendar().add(Division::Scotland, at("2028-01-01T00:00"), Duration::MAX);
    assert!(of_days.is_err());
}

#[test]
fn hours_are_configuration_and_have_a_version_of_their_own() {
    let hours: WorkingHours = "08:30-18:00".parse().unwrap();
    let calendar = WorkingCalendar::new(BankHolidays::built_in(), hours);
    assert_eq!(calendar.version().as_str(), "2025-11-24-0830-1800");
    assert_eq!(calendar.days(2), HOUR * 19);
    let end = calendar.add(Division::EnglandAndWales, at("2026-04-02T17:00"), HOUR * 2);
    assert_eq!(end.map(local), Ok("2026-04-07T09:30".to_owned()));
}

#[test]
fn hours_are_read_as_they_are_written_and_nothing_else_is() {
    for text in ["09:00-17:00", "00:00-23:59", "08:30-18:00"] {
        assert_eq!(text.parse::<WorkingHours>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "09:00",
        "17:00-09:00",
        "09:00-09:00",
        "9-17",
        "09:00-24:00",
        "09:00-17:00-18:00",
        "09:00:30-17:00",
    ] {
        assert_eq!(text.parse::<WorkingHours>(), Err(WorkingHoursError), "{text}");
    }
}

#[test]
fn calendars_are_found_by_version_and_no_two_have_the_same() {
    let newer =
        include_str!("../data/bank-holidays.tsv").replace("version\t2025-11-24", "version\t2026-07-01");
    let newer = WorkingCalendar::new(newer.parse().unwrap(), WorkingHours::USUAL);
    let calendars = Calendars::new(newer.clone(), vec![WorkingCalendar::built_in()]).unwrap();
    assert_eq!(calendars.current().version().as_str(), "2026-07-01");
    for version in ["2026-07-01", "2025-11-24"] {
        let version = version.parse().unwrap();
        let found = calendars.version(&version).map(WorkingCalendar::version);
        assert_eq!(found, Some(&version));
    }
    assert!(calendars.version(&"2024-01-01".parse().unwrap()).is_none());
    let twice = Calendars::new(newer.clone(), vec![newer]).unwrap_err();
    assert_eq!(twice, SameVersion("2026-07-01".parse().unwrap()));
}
