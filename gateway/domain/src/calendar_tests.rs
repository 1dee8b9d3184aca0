use jiff::civil::date;

use super::*;

/// The list that is built in, with `change` made to its text.
fn faults(change: impl Fn(&str) -> String) -> Vec<String> {
    let text = change(include_str!("../data/bank-holidays.tsv"));
    let error = text.parse::<BankHolidays>().unwrap_err();
    error.faults.iter().map(ToString::to_string).collect()
}

fn without_days(year: &str, division: &str) -> impl Fn(&str) -> String {
    move |text: &str| {
        let stays = |line: &&str| !(line.starts_with(year) && line.contains(division));
        text.lines()
            .filter(stays)
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

#[test]
fn the_list_that_is_built_in_knows_ten_years_of_every_division() {
    let holidays = BankHolidays::built_in();
    assert_eq!(holidays.version().as_str(), "2025-11-24");
    assert!(holidays.source().starts_with("GOV.UK"));
    assert_eq!(holidays.years(), 2019..=2028);
    let counts = Division::ALL.map(|division| holidays.of(division).len());
    assert_eq!(counts, [83, 94, 103]);
}

#[test]
fn divisions_differ_where_the_law_does() {
    let holidays = BankHolidays::built_in();
    let name = |division, day| {
        let days = holidays.between(division, day, day);
        days.first().map(BankHoliday::to_string)
    };
    let [england, scotland, ireland] = Division::ALL;
    let boyne = "Battle of the Boyne (Orangemen's Day) (substitute day)";
    assert_eq!(name(ireland, date(2026, 7, 13)).as_deref(), Some(boyne));
    assert_eq!(name(ireland, date(2026, 7, 12)), None);
    assert_eq!(name(england, date(2026, 7, 13)), None);
    assert_eq!(name(scotland, date(2026, 4, 6)), None);
    assert_eq!(name(england, date(2026, 4, 6)).as_deref(), Some("Easter Monday"));
    let world_cup = name(scotland, date(2026, 6, 15));
    assert_eq!(world_cup.as_deref(), Some("World Cup bank holiday"));
    let jubilee = name(england, date(2022, 6, 3));
    assert_eq!(jubilee.as_deref(), Some("Platinum Jubilee bank holiday"));
}

#[test]
fn days_between_two_days_include_both() {
    let holidays = BankHolidays::built_in();
    let names = |first, last| -> Vec<_> {
        let days = holidays.between(Division::EnglandAndWales, first, last);
        days.iter().map(|holiday| holiday.name.as_str()).collect()
    };
    let easter = ["Good Friday", "Easter Monday"];
    assert_eq!(names(date(2026, 4, 3), date(2026, 4, 6)), easter);
    assert_eq!(names(date(2026, 4, 4), date(2026, 4, 6)), easter[1..]);
    assert_eq!(names(date(2026, 4, 3), date(2026, 4, 5)), easter[..1]);
    assert_eq!(names(date(2026, 4, 6), date(2026, 4, 3)), [""; 0]);
}

#[test]
fn a_year_of_working_days_is_what_is_left_of_it() {
    let holidays = BankHolidays::built_in();
    let in_2026 = |division| {
        let days = holidays.working_days(division);
        days.filter(|day| day.year() == 2026).count()
    };
    // 261 days from Monday to Friday, less 8, 10 and 10.
    assert_eq!(Division::ALL.map(in_2026), [253, 251, 251]);
}

#[test]
fn every_line_at_fault_is_named_at_once() {
    let found = faults(|text| {
        format!(
            "{text}\
             2026-12-25\tengland-and-wales\tChristmas Day\n\
             2026-12-29\tcornwall\tA day\n\
             2026-12-27\tscotland\tA day\n\
             2026-02-29\tscotland\tA day\n\
             2029-01-01\tscotland\tNew Year's Day\n\
             2026-12-29\tscotland\t\tsubstitute\n\
             2026-12-29\tscotland\tA day\tperhaps\n\
             a line\n\
             version\t2026-01-01\n"
        )
    });
    assert_eq!(
        found,
        [
            "line 288: the day is given in line 228 already",
            "line 289: the division must be one of england-and-wales, scotland, northern-ireland",
            "line 290: 2026-12-27 is a Saturday or Sunday",
            "line 291: the date must be a day of the calendar, such as 2026-12-25",
            "line 292: 2029-01-01 is outside the years of the list",
            "line 293: the name must have 1 to 80 characters",
            "line 294: behind the name only \"substitute\" can stand",
            "line 295: must be version, source or years with their values, or a date, a division and a name, all with tabs \
             between",
            "line 296: version is given twice",
        ]
    );
}

#[test]
fn years_with_holes_are_refused() {
    assert_eq!(
        faults(without_days("2023", "scotland")),
        ["line 7: 2023 has only 0 days for Scotland, and no division has fewer than 8"]
    );
    assert_eq!(
        faults(|text| text.replace("years\t2019\t2028", "years\t2019\t2029")),
        Division::ALL.map(|division| {
            format!("line 7: 2029 has only 0 days for {division}, and no division has fewer than 8")
        })
    );
    assert_eq!(
        faults(without_days("2028-12", "england")),
        ["line 7: 2028 has only 6 days for England and Wales, and no division has fewer than 8"]
    );
}

#[test]
fn headings_must_be_there_and_make_sense() {
    let years = "line 7: years: must be two years from 1972 to 2199, the earlier first";
    for wrong in ["years\t2028\t2019", "years\t1971\t2028", "years\t2019\tlater"] {
        let found = faults(|text| text.replace("years\t2019\t2028", wrong));
        assert_eq!(found, [years], "{wrong}");
    }
    let headings = ["version", "source", "years"];
    assert_eq!(
        "".parse::<BankHolidays>().unwrap_err().to_string(),
        headings
            .map(|heading| format!("line 1: {heading} is missing"))
            .join("; ")
    );
    assert_eq!(
        faults(|text| text.replace("version\t2025-11-24", "version\tthe newest")),
        [
            "line 5: version: must be 1 to 64 lower-case letters, digits and hyphens",
            "line 287: version is missing"
        ]
    );
}

#[test]
fn a_file_of_another_kind_gives_a_short_error() {
    let error = "nonsense\n".repeat(6_000).parse::<BankHolidays>().unwrap_err();
    assert_eq!(error.faults.len(), BankHolidaysError::FAULTS_MAX);
}

#[test]
fn a_division_is_read_as_it_is_written() {
    for division in Division::ALL {
        assert_eq!(division.as_str().parse(), Ok(division));
    }
    assert_eq!("England and Wales".parse::<Division>(), Err(UnknownDivision));
}
