//! What is promised: elapsed time, or working days.

use std::fmt;
use std::str::FromStr;

use super::Target;

/// How long an answer may take (report 6.34, 6.162): two different things, and an agreement says which.
///
/// Read from `48h`, `5d` or `5 working days`, or as it is written: `48 hours`, `5 days`, `5 working days`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    /// Elapsed time, by night and on holidays too.
    Elapsed(Target),
    /// Working days of a division's calendar.
    Working(WorkingDays),
}

/// A number of working days: 1 to 260.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WorkingDays(u16);

impl WorkingDays {
    /// About a year, as the longest elapsed target; what is longer is a slip.
    pub const MAX: u16 = 260;

    /// A working week.
    pub const FIVE: Self = Self(5);

    /// `count` working days.
    ///
    /// # Errors
    /// None, or more than [`Self::MAX`].
    pub const fn new(count: u16) -> Result<Self, PromiseError> {
        if 1 <= count && count <= Self::MAX {
            Ok(Self(count))
        } else {
            Err(PromiseError::OutOfRange)
        }
    }

    /// How many.
    pub const fn count(self) -> u16 {
        self.0
    }
}

impl fmt::Display for WorkingDays {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = if self.0 == 1 { "day" } else { "days" };
        write!(formatter, "{} working {days}", self.0)
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed(target) => target.fmt(formatter),
            Self::Working(days) => days.fmt(formatter),
        }
    }
}

/// Why a text is not a promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PromiseError {
    /// Not of any of the forms.
    #[error("must be hours, days or working days, such as 48h, 5d or 5 working days")]
    Form,
    /// Of a form, but none at all or too long.
    #[error("must be at least one hour or working day, and at most 365d or 260 working days")]
    OutOfRange,
}

impl FromStr for Promise {
    type Err = PromiseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let is_known = matches!(unit, "h" | " hour" | " hours" | "d" | " day" | " days");
        match unit {
            _ if number.is_empty() => Err(PromiseError::Form),
            " working day" | " working days" => number
                .parse()
                .map_err(|_too_many| PromiseError::OutOfRange)
                .and_then(WorkingDays::new)
                .map(Self::Working),
            _ if is_known => text
                .parse()
                .map(Self::Elapsed)
                .map_err(|_out_of_range| PromiseError::OutOfRange),
            _ => Err(PromiseError::Form),
        }
    }
}

impl From<Target> for Promise {
    fn from(target: Target) -> Self {
        Self::Elapsed(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_read_as_it_is_written() {
        for (text, written) in [
            ("48h", "48 hours"),
            ("5d", "5 days"),
            ("365d", "365 days"),
            ("1 working day", "1 working day"),
            ("1 working days", "1 working day"),
            ("5 working days", "5 working days"),
            ("260 working days", "260 working days"),
        ] {
            let promise: Promise = text.parse().unwrap();
            assert_eq!(promise.to_string(), written);
            assert_eq!(written.parse(), Ok(promise));
        }
    }

    #[test]
    fn five_days_and_five_working_days_are_two_things() {
        assert_ne!("5d".parse::<Promise>(), "5 working days".parse());
    }

    #[test]
    fn what_is_no_promise_is_told_apart_from_one_that_is_too_long() {
        for text in [
            "",
            "5",
            "days",
            "-5d",
            "5 workdays",
            "5  working days",
            "five days",
            "5d ",
            "5D",
            "5 days ago",
        ] {
            assert_eq!(text.parse::<Promise>(), Err(PromiseError::Form), "{text}");
        }
        for text in [
            "0h",
            "0d",
            "366d",
            "8761h",
            "0 working days",
            "261 working days",
            "70000 working days",
            "99999999999999999999h",
        ] {
            assert_eq!(text.parse::<Promise>(), Err(PromiseError::OutOfRange), "{text}");
        }
    }
}
