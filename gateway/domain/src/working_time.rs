//! Working time: how long desks are open, between two instants and from one on.
//!
//! "N working days" are N times the opening hours of a day, so they end at the same time of day N working days later.
//! A start outside the hours counts from the next opening. **Closing time is the next opening**: no working time lies
//! between them, and a due time is always the later of the two, so what starts at 17:00 on Monday starts at 09:00 on
//! Tuesday, and one working day from 09:00 on Monday ends at 09:00 on Tuesday. Therefore adding two lengths one after
//! the other is adding their sum, and what was added is what lies between.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use crate::calendar::{BankHolidays, Division};
use crate::clock::london;
use crate::ids::CalendarVersion;

/// When desks open and close, Monday to Friday, in London; whole minutes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkingHours {
    opens: Time,
    closes: Time,
}

impl WorkingHours {
    /// 09:00 to 17:00, as the Home Office's desk for the NHS keeps (report 6.160).
    pub const USUAL: Self = Self {
        opens: Time::constant(9, 0, 0, 0),
        closes: Time::constant(17, 0, 0, 0),
    };

    /// How long a working day is.
    pub fn length(self) -> Duration {
        self.opens.duration_until(self.closes).unsigned_abs()
    }
}

impl Default for WorkingHours {
    fn default() -> Self {
        Self::USUAL
    }
}

impl fmt::Display for WorkingHours {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opens, closes) = (self.opens.strftime("%H:%M"), self.closes.strftime("%H:%M"));
        write!(formatter, "{opens}-{closes}")
    }
}

/// Not working hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be two times of one day, the earlier first, such as 09:00-17:00")]
pub struct WorkingHoursError;

impl FromStr for WorkingHours {
    type Err = WorkingHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|_no_time| WorkingHoursError);
        let (opens, closes) = text.split_once('-').ok_or(WorkingHoursError)?;
        let (opens, closes) = (time(opens)?, time(closes)?);
        if opens < closes {
            Ok(Self { opens, closes })
        } else {
            Err(WorkingHoursError)
        }
    }
}

/// An instant, or the end of a count, lies in years that the calendar does not know. Bank holidays are proclaimed, not
/// computed, so nothing is guessed: a list with more years has to be loaded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the calendar {version} knows the years {first_year} to {last_year}, and the due time would lie outside them"
)]
pub struct BeyondCalendar {
    /// The calendar.
    pub version: CalendarVersion,
    /// The first year that it knows.
    pub first_year: i16,
    /// The last year that it knows.
    pub last_year: i16,
}

/// Two calendars of one version, of which a case could not say which is its own.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("two calendars have the version {0}; each list of bank holidays needs a version of its own")]
pub struct SameVersion(pub CalendarVersion);

/// Bank holidays and opening hours together, ready for counting: some 60 KB for ten years.
///
/// The clocks change on Sundays, so every working day has the same length, and counting takes no time zone.
#[derive(Clone, Debug)]
pub struct WorkingCalendar {
    version: CalendarVersion,
    holidays: BankHolidays,
    hours: WorkingHours,
    /// Nanoseconds of a working day.
    day: i64,
    /// The first instant that the calendar knows, and the first that it does not, in nanoseconds since 1970.
    known: (i64, i64),
    /// When each working day opens, by division.
    openings: [Vec<i64>; 3],
}

impl WorkingCalendar {
    /// The calendar of `holidays` and `hours`. Its version is the list's, followed by the hours where they are not
    /// [`WorkingHours::USUAL`], so that a change of either has a version of its own.
    pub fn new(holidays: BankHolidays, hours: WorkingHours) -> Self {
        let version = version(holidays.version(), hours);
        let opening = |day: Date| start_of(day, hours.opens);
        let openings =
            Division::ALL.map(|division| holidays.working_days(division).map(opening).collect::<Vec<_>>());
        let new_year =
            |year: i16| Date::new(year, 1, 1).map_or(i64::MAX, |day| start_of(day, Time::midnight()));
        let years = holidays.years();
        Self {
            version,
            hours,
            day: nanos(hours.length()).unwrap_or(i64::MAX),
            known: (new_year(*years.start()), new_year(years.end() + 1)),
            openings,
            holidays,
        }
    }

    /// The calendar that the program is built with.
    pub fn built_in() -> Self {
        Self::new(BankHolidays::built_in(), WorkingHours::USUAL)
    }

    /// The version that a case keeps.
    pub fn version(&self) -> &CalendarVersion {
        &self.version
    }

    /// It counts as `other` does, under the same version.
    pub fn is_same(&self, other: &Self) -> bool {
        self.holidays == other.holidays && self.hours == other.hours
    }

    /// The bank holidays.
    pub fn holidays(&self) -> &BankHolidays {
        &self.holidays
    }

    /// The opening hours.
    pub fn hours(&self) -> WorkingHours {
        self.hours
    }

    /// The working time of `count` working days.
    pub fn days(&self, count: u16) -> Duration {
        self.hours.length() * u32::from(count)
    }

    /// The instant at which desks of `division` have been open for `by` since `start`: within opening hours always, so
    /// with nothing to add it is `start` or the next opening.
    ///
    /// # Errors
    /// [`BeyondCalendar`] where `start` or the end is.
    pub fn add(
        &self,
        division: Division,
        start: Timestamp,
        by: Duration,
    ) -> Result<Timestamp, BeyondCalendar> {
        let openings = &self.openings[division as usize];
        let end = nanos(by)
            .and_then(|by| self.position(division, start)?.checked_add(by))
            .and_then(|position| {
                let opening = openings.get(usize::try_from(position / self.day).ok()?)?;
                Timestamp::from_nanosecond(i128::from(opening + position % self.day)).ok()
            });
        end.ok_or_else(|| self.beyond())
    }

    /// How long desks of `division` are open from `start` to `end`; nothing where `end` is not after `start`.
    ///
    /// # Errors
    /// [`BeyondCalendar`] where one of them is.
    pub fn between(
        &self,
        division: Division,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Duration, BeyondCalendar> {
        let position = |instant| self.position(division, instant).ok_or_else(|| self.beyond());
        let open = position(end)? - position(start)?;
        Ok(Duration::from_nanos(u64::try_from(open).unwrap_or(0)))
    }

    /// How long desks were open since the calendar begins.
    fn position(&self, division: Division, instant: Timestamp) -> Option<i64> {
        let instant = i64::try_from(instant.as_nanosecond()).ok()?;
        if !(self.known.0..self.known.1).contains(&instant) {
            return None;
        }
        let openings = &self.openings[division as usize];
        let opened = openings.partition_point(|opening| *opening <= instant);
        let Some(last) = opened.checked_sub(1) else {
            return Some(0);
        };
        let since = instant - openings.get(last)?;
        Some(i64::try_from(last).ok()? * self.day + since.min(self.day))
    }

    fn beyond(&self) -> BeyondCalendar {
        let years = self.holidays.years();
        BeyondCalendar {
            version: self.version.clone(),
            first_year: *years.start(),
            last_year: *years.end(),
        }
    }
}

fn version(list: &CalendarVersion, hours: WorkingHours) -> CalendarVersion {
    if hours == WorkingHours::USUAL {
        return list.clone();
    }
    let hours = hours.to_string().replace(':', "");
    format!("{list}-{hours}")
        .parse()
        .expect("a list's version leaves room for the hours")
}

/// Nanoseconds since 1970 of `time` on `day` in London.
fn start_of(day: Date, time: Time) -> i64 {
    let zoned = day.to_datetime(time).to_zoned(london());
    let instant = zoned.map_or(Timestamp::MAX, |zoned| zoned.timestamp());
    i64::try_from(instant.as_nanosecond()).unwrap_or(i64::MAX)
}

fn nanos(length: Duration) -> Option<i64> {
    i64::try_from(length.as_nanos()).ok()
}

/// Every calendar that a case may have started under: the one for new cases, and those before it.
#[derive(Clone, Debug)]
pub struct Calendars {
    current: WorkingCalendar,
    earlier: Vec<WorkingCalendar>,
}

impl Calendars {
    /// `current` for new cases, and `earlier` for those that started under them.
    ///
    /// # Errors
    /// Two calendars have one version.
    pub fn new(current: WorkingCalendar, earlier: Vec<WorkingCalendar>) -> Result<Self, SameVersion> {
        let calendars = Self { current, earlier };
        let mut versions: Vec<_> = calendars.every().map(WorkingCalendar::version).collect();
        versions.sort();
        match versions.array_windows().find(|[first, second]| first == second) {
            Some([same, _]) => Err(SameVersion((*same).clone())),
            None => Ok(calendars),
        }
    }

    /// These, with `next` for new cases and what counted for them until now among the earlier ones. One that was used before may
    /// count again, where it is the same.
    ///
    /// # Errors
    /// `next` has the version of another calendar and is not the same.
    pub fn followed_by(&self, next: WorkingCalendar) -> Result<Self, SameVersion> {
        let mut earlier: Vec<_> = self.every().cloned().collect();
        if let Some(place) = earlier.iter().position(|known| known.version == next.version) {
            let known = earlier.remove(place);
            if !known.is_same(&next) {
                return Err(SameVersion(next.version));
            }
        }
        Ok(Self {
            current: next,
            earlier,
        })
    }

    /// These, and one more that cases may have started under; the same where it is known.
    ///
    /// # Errors
    /// It has the version of another calendar and is not the same.
    pub fn and_earlier(mut self, calendar: WorkingCalendar) -> Result<Self, SameVersion> {
        match self.version(&calendar.version) {
            Some(known) if known.is_same(&calendar) => {}
            Some(_other) => return Err(SameVersion(calendar.version)),
            None => self.earlier.push(calendar),
        }
        Ok(self)
    }

    /// The calendar for new cases.
    pub fn current(&self) -> &WorkingCalendar {
        &self.current
    }

    /// The calendar of that version.
    pub fn version(&self, version: &CalendarVersion) -> Option<&WorkingCalendar> {
        self.every().find(|calendar| calendar.version == *version)
    }

    fn every(&self) -> impl Iterator<Item = &WorkingCalendar> {
        std::iter::once(&self.current).chain(&self.earlier)
    }
}

/// The calendar that the program is built with, alone.
impl Default for Calendars {
    fn default() -> Self {
        Self {
            current: WorkingCalendar::built_in(),
            earlier: Vec::new(),
        }
    }
}

/// `instant` and `by` of elapsed time; the end of time where there is no such instant.
pub(crate) fn after(instant: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| instant.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
#[path = "working_time_tests.rs"]
pub(crate) mod tests;
