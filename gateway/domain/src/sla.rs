//! Promises about time: how long an answer may take, for whom, and who is told when it takes long.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

mod policy;
mod promise;
mod threshold;

pub use self::policy::{Ground, OrganisationKind, PolicyError, SlaPolicy, UnknownOrganisationKind};
pub use self::promise::{Promise, PromiseError, WorkingDays};
pub use self::threshold::{Audience, Threshold, ThresholdError, Thresholds, Told, UnknownAudience};

/// How long an answer may take, as elapsed time: 48 hours, 5 days (report 6.34, 6.60).
///
/// Read from `48h` or `5d`, or as it is written: `48 hours`, `5 days`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    hours: i64,
}

impl Target {
    /// 48 hours: for vulnerable subjects.
    pub const VULNERABLE: Self = Self { hours: 48 };
    /// Five days: for everyone else.
    pub const DEFAULT: Self = Self { hours: 5 * 24 };

    /// Four weeks: how long a case waits for what its caller was asked for. By then a caller who means to send it has, and a
    /// month of holiday or illness has passed.
    pub const SILENCE: Self = Self { hours: 28 * 24 };

    /// The target as a length of time.
    pub const fn length(self) -> Duration {
        // At most a year of hours, and at least one.
        Duration::from_hours(self.hours.unsigned_abs())
    }

    /// The clock of a case received at `started_at`.
    pub fn start(self, started_at: Timestamp) -> SlaClock {
        let due_at = started_at.saturating_add(SignedDuration::from_hours(self.hours));
        SlaClock {
            started_at,
            due_at: due_at.unwrap_or(Timestamp::MAX),
            explanation: format!("{self} from receipt, elapsed time"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.hours % 24, self.hours / 24) {
            (0, days) if days > 2 => write!(formatter, "{days} days"),
            _ if self.hours == 1 => formatter.write_str("1 hour"),
            _ => write!(formatter, "{} hours", self.hours),
        }
    }
}

/// Not a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be hours or days, such as 48h or 5d, at most 365d")]
pub struct TargetError;

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: i64 = number.parse().map_err(|_not_a_number| TargetError)?;
        let hours = match unit {
            "h" | " hour" | " hours" => number,
            "d" | " day" | " days" => number.checked_mul(24).ok_or(TargetError)?,
            _ => return Err(TargetError),
        };
        if (1..=365 * 24).contains(&hours) {
            Ok(Self { hours })
        } else {
            Err(TargetError)
        }
    }
}

/// A case's clock: when it started and when the answer is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlaClock {
    /// When the check was received.
    pub started_at: Timestamp,
    /// The answer is due at this instant, and late strictly after it.
    pub due_at: Timestamp,
    /// How `due_at` was reached, in words.
    pub explanation: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_eight_hours_and_five_days_are_elapsed_time_over_a_clock_change() {
        let before_the_clocks_go_back: Timestamp = "2026-10-24T12:00:00Z".parse().unwrap();
        let two_days = "48h".parse::<Target>().unwrap().start(before_the_clocks_go_back);
        assert_eq!(two_days.due_at.to_string(), "2026-10-26T12:00:00Z");
        assert_eq!(two_days.explanation, "48 hours from receipt, elapsed time");
        let five_days = "5d".parse::<Target>().unwrap().start(before_the_clocks_go_back);
        assert_eq!(five_days.due_at.to_string(), "2026-10-29T12:00:00Z");
        assert_eq!(five_days.explanation, "5 days from receipt, elapsed time");
    }

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for (text, written) in [
            ("1h", "1 hour"),
            ("1d", "24 hours"),
            ("2d", "48 hours"),
            ("5d", "5 days"),
            ("121h", "121 hours"),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), written);
            assert_eq!(written.parse(), Ok(target));
        }
    }

    #[test]
    fn a_target_is_hours_or_days_and_nothing_else() {
        for text in [
            "48hours",
            "+48h",
            "5  days",
            "",
            "h",
            "48",
            "0h",
            "-1d",
            "5 working days",
            "366d",
            "9999999999999999999d",
            "5dä",
        ] {
            assert_eq!(text.parse::<Target>(), Err(TargetError), "{text}");
        }
    }
}
