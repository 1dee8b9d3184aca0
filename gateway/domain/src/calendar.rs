//! Bank holidays by division, as versioned data: built in, or read from a file of the same form.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};

use crate::ids::{CalendarVersion, SlugError};

mod parse;

/// A part of the United Kingdom with bank holidays of its own (Banking and Financial Dealings Act 1971, schedule 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Division {
    /// England and Wales.
    EnglandAndWales,
    /// Scotland.
    Scotland,
    /// Northern Ireland.
    NorthernIreland,
}

impl Division {
    /// Every division.
    pub const ALL: [Self; 3] = [Self::EnglandAndWales, Self::Scotland, Self::NorthernIreland];

    /// The name in files and settings, which is GOV.UK's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EnglandAndWales => "england-and-wales",
            Self::Scotland => "scotland",
            Self::NorthernIreland => "northern-ireland",
        }
    }
}

/// As people write it: "England and Wales".
impl fmt::Display for Division {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EnglandAndWales => "England and Wales",
            Self::Scotland => "Scotland",
            Self::NorthernIreland => "Northern Ireland",
        })
    }
}

/// Names no division.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of england-and-wales, scotland, northern-ireland")]
pub struct UnknownDivision;

impl FromStr for Division {
    type Err = UnknownDivision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|division| division.as_str() == text)
            .ok_or(UnknownDivision)
    }
}

/// A day on which desks are closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BankHoliday {
    /// The day: Monday to Friday.
    pub date: Date,
    /// Its name, such as "Easter Monday".
    pub name: String,
    /// It stands in for one that falls on a weekend.
    pub is_substitute: bool,
}

impl fmt::Display for BankHoliday {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        if self.is_substitute {
            formatter.write_str(" (substitute day)")?;
        }
        Ok(())
    }
}

/// The bank holidays of every division over a range of whole years, under a version.
///
/// Of days outside its years it knows nothing, so nothing is counted there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BankHolidays {
    version: CalendarVersion,
    source: String,
    years: RangeInclusive<i16>,
    /// In the order of [`Division::ALL`]; each in the order of the days.
    days: [Vec<BankHoliday>; 3],
}

impl BankHolidays {
    /// The list that the program is built with: `data/bank-holidays.tsv`.
    pub fn built_in() -> Self {
        include_str!("../data/bank-holidays.tsv")
            .parse()
            .expect("a test reads the list that is built in")
    }

    /// The version that a case keeps.
    pub fn version(&self) -> &CalendarVersion {
        &self.version
    }

    /// Where the list is from, in a sentence.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The years that it knows, all days of them.
    pub fn years(&self) -> RangeInclusive<i16> {
        self.years.clone()
    }

    /// The holidays of `division`, in their order.
    pub fn of(&self, division: Division) -> &[BankHoliday] {
        &self.days[division as usize]
    }

    /// The holidays of `division` from `first` to `last`, both included.
    pub fn between(&self, division: Division, first: Date, last: Date) -> &[BankHoliday] {
        let days = self.of(division);
        let from = days.partition_point(|holiday| holiday.date < first);
        let to = days.partition_point(|holiday| holiday.date <= last);
        days.get(from..to).unwrap_or_default()
    }

    /// The working days of `division`, in their order: Monday to Friday, but for its holidays.
    pub fn working_days(&self, division: Division) -> impl Iterator<Item = Date> {
        let holidays = self.of(division);
        let first = Date::new(*self.years.start(), 1, 1).unwrap_or(Date::MAX);
        let last = *self.years.end();
        std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take_while(move |day| day.year() <= last)
            .filter(move |day| {
                !is_weekend(*day) && holidays.binary_search_by(|known| known.date.cmp(day)).is_err()
            })
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// A file of bank holidays that cannot be used: every line at fault, or the first [`Self::FAULTS_MAX`] of them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", self.lines())]
pub struct BankHolidaysError {
    /// The faults, in the order of the lines.
    pub faults: Vec<LineFault>,
}

impl BankHolidaysError {
    /// More would not be read, and a file of another kind is at fault in every line.
    pub const FAULTS_MAX: usize = 20;

    fn lines(&self) -> String {
        let lines: Vec<_> = self.faults.iter().map(LineFault::to_string).collect();
        lines.join("; ")
    }
}

/// A line at fault.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct LineFault {
    /// Its number, from 1. For what is missing, the last line.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a line of a file of bank holidays.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Neither a heading nor a day.
    #[error(
        "must be version, source or years with their values, or a date, a division and a name, all with tabs between"
    )]
    UnknownLine,
    /// A version that cannot be.
    #[error("version: {0}")]
    Version(#[from] SlugError),
    /// A version with no room for the opening hours behind it.
    #[error("version: must have at most 40 characters")]
    VersionTooLong,
    /// Years that cannot be.
    #[error("years: must be two years from 1972 to 2199, the earlier first")]
    Years,
    /// A heading a second time.
    #[error("{0} is given twice")]
    HeadingTwice(&'static str),
    /// A heading that is not there.
    #[error("{0} is missing")]
    HeadingMissing(&'static str),
    /// Not a day of the calendar.
    #[error("the date must be a day of the calendar, such as 2026-12-25")]
    Date,
    /// Not a division.
    #[error("the division {0}")]
    Division(#[from] UnknownDivision),
    /// No name, or one that is no name.
    #[error("the name must have 1 to 80 characters")]
    Name,
    /// A fourth field that says nothing known.
    #[error("behind the name only \"substitute\" can stand")]
    Note,
    /// A Saturday or Sunday, which is closed anyhow: a slip, or the substitute day is missing.
    #[error("{0} is a Saturday or Sunday")]
    Weekend(Date),
    /// A day twice.
    #[error("the day is given in line {first} already")]
    Duplicate {
        /// Where it was given first.
        first: usize,
    },
    /// A day that is in none of the years.
    #[error("{0} is outside the years of the list")]
    OutsideYears(Date),
    /// A year that cannot be whole.
    #[error("{year} has only {found} days for {division}, and no division has fewer than 8")]
    Hole {
        /// The year.
        year: i16,
        /// The division.
        division: Division,
        /// How many days there are.
        found: usize,
    },
    /// More lines than a list can need.
    #[error("a list has at most 5000 lines")]
    TooLong,
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
