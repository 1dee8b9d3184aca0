//! Which days and hours are working time: the list that the program is built with, or another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use statuscheck_domain::calendar::{BankHolidays, BankHolidaysError};
use statuscheck_domain::working_time::{
    Calendars, SameVersion, WorkingCalendar, WorkingHours, WorkingHoursError,
};

/// The calendar for new cases, and those before it.
#[derive(Clone, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarSection {
    /// File of bank holidays, of the form of the list that the program is built with. Without it, that list.
    pub bank_holidays: Option<PathBuf>,
    /// When desks open and close, Monday to Friday, in London. Without it, `09:00-17:00`.
    pub hours: Option<String>,
    /// Calendars under which open cases started.
    pub earlier: Vec<EarlierCalendar>,
}

/// A calendar that was used before.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct EarlierCalendar {
    /// Its file of bank holidays. Without it, the list that the program is built with.
    pub bank_holidays: Option<PathBuf>,
    /// Its hours. Without it, `09:00-17:00`.
    pub hours: Option<String>,
}

/// Calendars as they are configured.
#[derive(Default)]
pub struct ConfiguredCalendars {
    /// The calendar for new cases, and those before it.
    pub(crate) calendars: Calendars,
    /// The file of the first, with what it says now; none where it is the list that the program is built with.
    pub(crate) file: Option<(CalendarFile, String)>,
}

/// A file of bank holidays, in whose place another may be put, and the hours that go with it.
#[derive(Clone)]
pub(crate) struct CalendarFile {
    path: PathBuf,
    hours: WorkingHours,
}

/// What is wrong with a calendar.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// A file cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no list of bank holidays.
    #[error("{path}")]
    Holidays {
        /// Which.
        path: PathBuf,
        /// Its lines at fault.
        source: BankHolidaysError,
    },
    /// Hours that cannot be.
    #[error("hours: \"{text}\"")]
    Hours {
        /// What was given.
        text: String,
        /// What it must be.
        source: WorkingHoursError,
    },
    /// Two calendars of one version.
    #[error(transparent)]
    SameVersion(#[from] SameVersion),
}

impl CalendarSection {
    /// Reads the files.
    ///
    /// # Errors
    /// The first file, or hours, at fault.
    pub fn load(&self) -> Result<ConfiguredCalendars, CalendarError> {
        let hours = hours(self.hours.as_deref())?;
        let (current, file) = match &self.bank_holidays {
            None => (WorkingCalendar::new(BankHolidays::built_in(), hours), None),
            Some(path) => {
                let path = path.clone();
                let file = CalendarFile { path, hours };
                let (calendar, list) = file.read_now()?;
                (calendar, Some((file, list)))
            }
        };
        let earlier = self.earlier.iter().map(EarlierCalendar::load);
        let calendars = Calendars::new(current, earlier.collect::<Result<_, _>>()?)?;
        Ok(ConfiguredCalendars { calendars, file })
    }

    pub(super) fn rebase(&mut self, folder: &Path) {
        let earlier = self.earlier.iter_mut().map(|earlier| &mut earlier.bank_holidays);
        for path in earlier.chain([&mut self.bank_holidays]).flatten() {
            *path = folder.join(&*path);
        }
    }
}

impl EarlierCalendar {
    fn load(&self) -> Result<WorkingCalendar, CalendarError> {
        let hours = hours(self.hours.as_deref())?;
        match &self.bank_holidays {
            None => Ok(WorkingCalendar::new(BankHolidays::built_in(), hours)),
            Some(path) => {
                let path = path.clone();
                let (calendar, _list) = CalendarFile { path, hours }.read_now()?;
                Ok(calendar)
            }
        }
    }
}

impl CalendarFile {
    /// The calendar as the file has it now, and what the file says.
    ///
    /// # Errors
    /// [`CalendarError::Unreadable`], [`CalendarError::Holidays`]
    pub(crate) async fn read(&self) -> Result<(WorkingCalendar, String), CalendarError> {
        let file = self.clone();
        let path = self.path.clone();
        let reading = tokio::task::spawn_blocking(move || file.read_now());
        reading.await.map_err(|panicked| CalendarError::Unreadable {
            path,
            source: panicked.into(),
        })?
    }

    fn read_now(&self) -> Result<(WorkingCalendar, String), CalendarError> {
        let path = || self.path.clone();
        let list = fs::read_to_string(&self.path)
            .map_err(|source| CalendarError::Unreadable { path: path(), source })?;
        let holidays = list
            .parse()
            .map_err(|source| CalendarError::Holidays { path: path(), source })?;
        Ok((WorkingCalendar::new(holidays, self.hours), list))
    }
}

fn hours(text: Option<&str>) -> Result<WorkingHours, CalendarError> {
    let Some(text) = text else {
        return Ok(WorkingHours::USUAL);
    };
    text.parse().map_err(|source| CalendarError::Hours {
        text: text.to_owned(),
        source,
    })
}
