//! Days, and the date of birth.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::FormatError;

/// A date of birth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateOfBirth(Date);

impl DateOfBirth {
    /// Parses `YYYY-MM-DD`, not after `today` and not over 130 years before it.
    ///
    /// # Errors
    /// Says which of these does not hold.
    pub fn parse(text: &str, today: Date) -> Result<Self, FormatError> {
        let date = iso_date(text)?;
        if date > today {
            return Err(FormatError("lies in the future"));
        }
        if date < today.saturating_sub(130.years()) {
            return Err(FormatError("lies over 130 years back"));
        }
        Ok(Self(date))
    }

    /// A date that was parsed before, from the sealed store or a population.
    pub const fn of(date: Date) -> Self {
        Self(date)
    }

    /// The date, for rules, the wire to a department and the sealed store.
    pub const fn date(self) -> Date {
        self.0
    }

    /// Full years of age on `day`: a birthday on 29 February counts from 1 March in other years, as in English law.
    pub fn age_on(self, day: Date) -> i16 {
        let before_birthday = (day.month(), day.day()) < (self.0.month(), self.0.day());
        day.year() - self.0.year() - i16::from(before_birthday)
    }
}

/// A date written `YYYY-MM-DD`, exactly.
///
/// # Errors
/// Any other shape, or no such day.
pub fn iso_date(text: &str) -> Result<Date, FormatError> {
    const SHAPE: FormatError = FormatError("must be a day written YYYY-MM-DD, such as 1990-12-31");
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(SHAPE);
    }
    text.parse()
        .map_err(|_not_a_day| FormatError("there is no such day"))
}
