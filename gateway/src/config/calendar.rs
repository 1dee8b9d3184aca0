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
    pub fn load(&self) -> Result<Calendars, CalendarError> {
        let current = calendar(self.bank_holidays.as_deref(), self.hours.as_deref())?;
        let earlier = self.earlier.iter();
        let earlier =
            earlier.map(|earlier| calendar(earlier.bank_holidays.as_deref(), earlier.hours.as_deref()));
        Ok(Calendars::new(current, earlier.collect::<Result<_, _>>()?)?)
    }

    pub(super) fn rebase(&mut self, folder: &Path) {
        let earlier = self.earlier.iter_mut().map(|earlier| &mut earlier.bank_holidays);
        for path in earlier.chain([&mut self.bank_holidays]).flatten() {
            *path = folder.join(&*path);
        }
    }
}

fn calendar(bank_holidays: Option<&Path>, hours: Option<&str>) -> Result<WorkingCalendar, CalendarError> {
    let holidays = match bank_holidays {
        None => BankHolidays::built_in(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|source| CalendarError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            text.parse().map_err(|source| CalendarError::Holidays {
                path: path.to_owned(),
                source,
            })?
        }
    };
    let hours = match hours {
        None => WorkingHours::USUAL,
        Some(text) => text.parse().map_err(|source| CalendarError::Hours {
            text: text.to_owned(),
            source,
        })?,
    };
    Ok(WorkingCalendar::new(holidays, hours))
}
