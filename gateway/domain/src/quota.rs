//! Quotas: how many questions may be put to a department under an agreement in a month.
//!
//! The unit is one question that was sent. It is charged where the question is recorded, [`EventKind::Asked`], and given
//! back where its reply says that it was not sent after all. Only questions under a quota are charged; the events say
//! which were, so that what was used is a sum over the ledger.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::{london, london_day};
use crate::event::EventKind;
use crate::ids::{AgreementId, DepartmentId};

/// A month of the calendar in London. As text `2026-03`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that `instant` is in.
    pub fn of(instant: Timestamp) -> Self {
        Self::of_day(london_day(instant))
    }

    /// The month of a day in London.
    pub fn of_day(day: Date) -> Self {
        Self {
            year: day.year(),
            month: day.month(),
        }
    }

    /// The month after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year.saturating_add(1),
                month: 1,
            },
            month => Self {
                month: month + 1,
                ..self
            },
        }
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        Date::new(self.year, self.month, 1)
            .and_then(|first| first.to_zoned(london()))
            .map_or(Timestamp::MAX, |first| first.timestamp())
    }

    /// The first instant after it.
    pub fn end(self) -> Timestamp {
        self.next().start()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year, self.month)
    }
}

/// Is no month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be a month, as in 2026-03")]
pub struct MonthError;

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month) = text
            .split_once('-')
            .filter(|(year, month)| year.len() == 4 && month.len() == 2 && digits(year) && digits(month))
            .ok_or(MonthError)?;
        let year = year.parse().map_err(|_number| MonthError)?;
        match month.parse() {
            Ok(month @ 1..=12) => Ok(Self { year, month }),
            _ => Err(MonthError),
        }
    }
}

/// Which quota.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QuotaKey {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Whom is asked.
    pub department: DepartmentId,
    /// When.
    pub month: Month,
}

impl QuotaKey {
    /// The quota of those names, as [`fmt::Display`] writes each; none where one is no such name.
    pub fn parse(agreement: &str, department: &str, month: &str) -> Option<Self> {
        Some(Self {
            agreement: agreement.parse().ok()?,
            department: department.parse().ok()?,
            month: month.parse().ok()?,
        })
    }
}

/// Units of a quota that are used, or given back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spent {
    /// Which quota.
    pub key: QuotaKey,
    /// Used; below 0 given back. Never 0.
    pub units: i64,
}

/// What the steps `kinds` of a case under `agreement` use and give back, each quota once.
pub(crate) fn spent<'a>(
    agreement: &AgreementId,
    kinds: impl IntoIterator<Item = &'a EventKind>,
) -> Vec<Spent> {
    let mut sum = Vec::new();
    for kind in kinds {
        add(&mut sum, agreement, kind);
    }
    sum
}

/// Adds to `sum` what one step uses or gives back.
pub(crate) fn add(sum: &mut Vec<Spent>, agreement: &AgreementId, kind: &EventKind) {
    let (operation, month, units) = match kind {
        EventKind::Asked {
            operation,
            charged: Some(month),
            ..
        } => (operation, *month, 1),
        EventKind::Replied {
            operation,
            refunded: Some(month),
            ..
        } => (operation, *month, -1),
        _ => return,
    };
    let department = operation.department();
    match sum
        .iter_mut()
        .find(|spent| spent.key.department == department && spent.key.month == month)
    {
        Some(spent) => spent.units += units,
        None => sum.push(Spent {
            key: QuotaKey {
                agreement: agreement.clone(),
                department,
                month,
            },
            units,
        }),
    }
    sum.retain(|spent| spent.units != 0);
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
