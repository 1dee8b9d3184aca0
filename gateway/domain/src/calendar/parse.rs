//! Reads a list of bank holidays, and names every line at fault.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::Date;

use super::{BankHoliday, BankHolidays, BankHolidaysError, Division, Fault, LineFault, is_weekend};
use crate::ids::CalendarVersion;

/// A hundred years of every division's days; a longer file is a slip.
const LINES_MAX: usize = 5_000;
/// Room for the opening hours behind it, within the 64 characters of an id.
const VERSION_MAX: usize = 40;
const NAME_MAX: usize = 80;
/// Since 1972 the clocks change on Sundays, when every desk is closed; and instants are kept in 64 bits of nanoseconds,
/// which end in 2262.
const YEARS: RangeInclusive<i16> = 1972..=2199;
/// England and Wales have eight a year, and the others more: a year with fewer was cut off.
const DAYS_A_YEAR_MIN: usize = 8;

impl FromStr for BankHolidays {
    type Err = BankHolidaysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut list = List::default();
        for (line, number) in text.lines().zip(1..=LINES_MAX) {
            list.last_line = number;
            if let Err(fault) = list.line(number, line.trim_end()) {
                list.fault(number, fault);
            }
        }
        if text.lines().nth(LINES_MAX).is_some() {
            list.fault(LINES_MAX, Fault::TooLong);
        }
        list.finish()
    }
}

#[derive(Default)]
struct List {
    version: Option<CalendarVersion>,
    source: Option<String>,
    years: Option<(usize, RangeInclusive<i16>)>,
    days: HashMap<(Division, Date), (usize, BankHoliday)>,
    last_line: usize,
    faults: Vec<LineFault>,
}

impl List {
    fn fault(&mut self, line: usize, fault: Fault) {
        self.faults.push(LineFault { line, fault });
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), Fault> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let fields: Vec<_> = line.split('\t').map(str::trim).collect();
        match *fields.as_slice() {
            ["version", version] => {
                if version.len() > VERSION_MAX {
                    return Err(Fault::VersionTooLong);
                }
                once(&mut self.version, "version", version.parse()?)
            }
            ["source", source] => once(&mut self.source, "source", source.to_owned()),
            ["years", first, last] => once(&mut self.years, "years", (number, years(first, last)?)),
            [date, division, name] => self.day(number, date, division, name, false),
            [date, division, name, "substitute"] => self.day(number, date, division, name, true),
            [_date, _division, _name, _note] => Err(Fault::Note),
            _ => Err(Fault::UnknownLine),
        }
    }

    fn day(
        &mut self,
        number: usize,
        date: &str,
        division: &str,
        name: &str,
        is_substitute: bool,
    ) -> Result<(), Fault> {
        let date: Date = date.parse().map_err(|_no_date| Fault::Date)?;
        let division: Division = division.parse()?;
        if name.is_empty() || name.chars().count() > NAME_MAX {
            return Err(Fault::Name);
        }
        if is_weekend(date) {
            return Err(Fault::Weekend(date));
        }
        if let Some((first, _)) = self.days.get(&(division, date)) {
            return Err(Fault::Duplicate { first: *first });
        }
        let name = name.to_owned();
        let holiday = BankHoliday {
            date,
            name,
            is_substitute,
        };
        self.days.insert((division, date), (number, holiday));
        Ok(())
    }

    fn finish(mut self) -> Result<BankHolidays, BankHolidaysError> {
        let end = self.last_line.max(1);
        if self.version.is_none() {
            self.fault(end, Fault::HeadingMissing("version"));
        }
        if self.source.is_none() {
            self.fault(end, Fault::HeadingMissing("source"));
        }
        // A year at fault is named already where the heading is there but cannot be read.
        match self.years.clone() {
            Some((line, years)) => self.judge_years(line, &years),
            None if self.faults.iter().any(|line| line.fault == Fault::Years) => {}
            None => self.fault(end, Fault::HeadingMissing("years")),
        }
        match (self.version, self.source, self.years) {
            (Some(version), Some(source), Some((_, years))) if self.faults.is_empty() => {
                let mut days = [const { Vec::new() }; 3];
                for ((division, _), (_, holiday)) in self.days {
                    days[division as usize].push(holiday);
                }
                days.iter_mut()
                    .for_each(|days: &mut Vec<BankHoliday>| days.sort_by_key(|holiday| holiday.date));
                Ok(BankHolidays {
                    version,
                    source,
                    years,
                    days,
                })
            }
            _ => {
                let mut faults = self.faults;
                faults.sort_by_key(|fault| fault.line);
                faults.truncate(BankHolidaysError::FAULTS_MAX);
                Err(BankHolidaysError { faults })
            }
        }
    }

    fn judge_years(&mut self, line: usize, years: &RangeInclusive<i16>) {
        let outside: Vec<_> = self
            .days
            .iter()
            .filter(|((_, date), _)| !years.contains(&date.year()))
            .map(|((_, date), (number, _))| (*number, *date))
            .collect();
        for (number, date) in outside {
            self.fault(number, Fault::OutsideYears(date));
        }
        for year in years.clone() {
            for division in Division::ALL {
                let of_year = |(known, date): &&(Division, Date)| *known == division && date.year() == year;
                let found = self.days.keys().filter(of_year).count();
                if found < DAYS_A_YEAR_MIN {
                    let hole = Fault::Hole {
                        year,
                        division,
                        found,
                    };
                    self.fault(line, hole);
                }
            }
        }
    }
}

fn once<T>(slot: &mut Option<T>, heading: &'static str, value: T) -> Result<(), Fault> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::HeadingTwice(heading)),
    }
}

fn years(first: &str, last: &str) -> Result<RangeInclusive<i16>, Fault> {
    let year = |text: &str| text.parse().ok().filter(|year| YEARS.contains(year));
    match (year(first), year(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err(Fault::Years),
    }
}
