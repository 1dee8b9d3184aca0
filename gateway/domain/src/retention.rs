//! How long a case is kept once it is closed (UK GDPR, article 5(1)(e): no longer than is necessary).

use std::fmt;
use std::str::FromStr;

use jiff::{Span, Timestamp, ToSpan as _};

use crate::case::{Case, CaseState};
use crate::check::CheckKind;
use crate::clock::london;

/// A period of the calendar in London, counted from a case's last event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    count: u16,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    Days,
    Months,
    Years,
}

impl Retention {
    /// How long a case is kept where its agreement does not say.
    ///
    /// Right to work: two years. The employer keeps its own record for the employment and two years after (Home Office,
    /// "Employer's guide to right to work checks"); the gateway need not hold another for the employment, but has to
    /// answer for as long as an excuse is most often disputed. Right to rent: one year, as a landlord's record is kept for
    /// the tenancy and one year after ("Landlord's guide to right to rent checks"). Section 95 and immigration status for
    /// charging: six months, enough for a complaint, and no rule asks for more.
    pub const fn usual(check: CheckKind) -> Self {
        let (count, unit) = match check {
            CheckKind::RightToWork => (2, Unit::Years),
            CheckKind::RightToRent => (1, Unit::Years),
            CheckKind::Section95 | CheckKind::Iecas => (6, Unit::Months),
        };
        Self { count, unit }
    }

    /// The first instant at which a closed case whose last event happened at `last` is kept no longer.
    pub fn ends(self, last: Timestamp) -> Timestamp {
        last.to_zoned(london())
            .checked_add(self.span())
            .map_or(Timestamp::MAX, |end| end.timestamp())
    }

    fn span(self) -> Span {
        let count = i64::from(self.count);
        match self.unit {
            Unit::Days => count.days(),
            Unit::Months => count.months(),
            Unit::Years => count.years(),
        }
    }
}

impl CaseState {
    /// Nobody's turn: the case is over, and the time for which it is kept runs.
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Answered | Self::Withdrawn => true,
            Self::Open | Self::AwaitingInformation | Self::Referred => false,
        }
    }
}

impl Case {
    /// When the case is kept no longer under `retention`; none while it is not closed.
    pub fn kept_until(&self, retention: Retention) -> Option<Timestamp> {
        self.state.is_closed().then(|| retention.ends(self.update_time))
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Days => "d",
            Unit::Months => "mo",
            Unit::Years => "y",
        };
        write!(formatter, "{}{unit}", self.count)
    }
}

/// Not a retention.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be days, months or years, such as 90d, 6mo or 2y, and at most ten years")]
pub struct RetentionError;

/// Ten years: nothing that the checks' laws ask for is longer, and a slip of a digit should be noticed.
const YEARS_MAX: u16 = 10;

impl FromStr for Retention {
    type Err = RetentionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let (unit, max) = match unit {
            "d" => (Unit::Days, YEARS_MAX * 365),
            "mo" => (Unit::Months, YEARS_MAX * 12),
            "y" => (Unit::Years, YEARS_MAX),
            _ => return Err(RetentionError),
        };
        let count = count.parse().map_err(|_not_a_number| RetentionError)?;
        if (1..=max).contains(&count) {
            Ok(Self { count, unit })
        } else {
            Err(RetentionError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(retention: &str, last: &str) -> String {
        let last: Timestamp = last.parse().unwrap();
        retention.parse::<Retention>().unwrap().ends(last).to_string()
    }

    #[test]
    fn a_year_is_a_year_of_the_calendar_in_london() {
        assert_eq!(ends("1y", "2027-06-01T08:00:00Z"), "2028-06-01T08:00:00Z");
        assert_eq!(ends("2y", "2028-02-29T12:00:00Z"), "2030-02-28T12:00:00Z");
        // Nine in the morning stays nine over the change of the clocks.
        assert_eq!(ends("6mo", "2026-07-01T08:00:00Z"), "2027-01-01T09:00:00Z");
        assert_eq!(ends("30d", "2026-01-01T00:00:00Z"), "2026-01-31T00:00:00Z");
    }

    #[test]
    fn the_usual_times_are_two_years_one_year_and_six_months() {
        let usual = CheckKind::ALL.map(|check| Retention::usual(check).to_string());
        assert_eq!(usual, ["2y", "1y", "6mo", "6mo"]);
    }

    #[test]
    fn a_retention_is_read_as_it_is_written_and_nothing_else_is() {
        for text in ["1d", "3650d", "6mo", "120mo", "2y", "10y"] {
            assert_eq!(text.parse::<Retention>().unwrap().to_string(), text);
        }
        for text in [
            "", "y", "0d", "11y", "121mo", "3651d", "2", "-1y", "2m", "2 y", "70000y", "2yö",
        ] {
            assert_eq!(text.parse::<Retention>(), Err(RetentionError), "{text}");
        }
    }
}
