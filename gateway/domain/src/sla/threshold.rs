//! When, and to whom, it is said that an answer takes long.

use std::fmt;
use std::str::FromStr;

/// Someone who is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Operators of the gateway.
    Ops,
    /// The agreement's senior owner.
    Owner,
    /// The organisation that asked.
    Caller,
}

impl Audience {
    /// Everyone who can be told.
    pub const ALL: [Self; 3] = [Self::Ops, Self::Owner, Self::Caller];

    /// The name in settings and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ops => "ops",
            Self::Owner => "owner",
            Self::Caller => "caller",
        }
    }
}

/// Names nobody who can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of ops, owner, caller")]
pub struct UnknownAudience;

impl FromStr for Audience {
    type Err = UnknownAudience;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|audience| audience.as_str() == text)
            .ok_or(UnknownAudience)
    }
}

/// Who is told of one step.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Told(u8);

impl Told {
    /// Those of `audience`.
    pub const fn of<const N: usize>(audience: [Audience; N]) -> Self {
        let (mut told, mut at) = (0, 0);
        while at < N {
            told |= 1 << audience[at] as u8;
            at += 1;
        }
        Self(told)
    }

    /// These and `audience`.
    #[must_use]
    pub const fn and(self, audience: Audience) -> Self {
        Self(self.0 | 1 << audience as u8)
    }

    /// Whether `audience` is told.
    pub const fn contains(self, audience: Audience) -> bool {
        self.0 & 1 << audience as u8 != 0
    }

    /// Everyone who is told.
    pub fn iter(self) -> impl Iterator<Item = Audience> {
        Audience::ALL
            .into_iter()
            .filter(move |audience| self.contains(*audience))
    }
}

/// A part of the promised time, and who is told once it has gone by. Read from and written as `80% ops, owner`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Threshold {
    /// 1 to 100.
    pub percent: u8,
    /// Who is told.
    pub told: Told,
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<_> = self.told.iter().map(Audience::as_str).collect();
        write!(formatter, "{}% {}", self.percent, told.join(", "))
    }
}

/// Why thresholds cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ThresholdError {
    /// Not of the form.
    #[error("must be a percentage and who is told, such as 80% ops, owner")]
    Form,
    /// Not a part of the whole.
    #[error("{0}% is not from 1% to 100%")]
    Percent(u8),
    /// Not someone who can be told.
    #[error("who is told {0}")]
    Audience(#[from] UnknownAudience),
    /// Someone has to be told.
    #[error("nobody is told at {0}%")]
    Nobody(u8),
    /// A later threshold is not the higher one.
    #[error("{0}% must be above the threshold before it")]
    Order(u8),
    /// More than [`Thresholds::EARLY_MAX`] below 100%.
    #[error("there can be at most three thresholds below 100%")]
    TooMany,
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (percent, told) = text.split_once("% ").ok_or(ThresholdError::Form)?;
        let percent = percent.parse().map_err(|_no_number| ThresholdError::Form)?;
        let mut who = Told::default();
        for name in told.split(',') {
            who = who.and(name.trim().parse()?);
        }
        let threshold = Self { percent, told: who };
        threshold
            .is_part()
            .then_some(threshold)
            .ok_or(ThresholdError::Percent(percent))
    }
}

impl Threshold {
    const fn is_part(self) -> bool {
        1 <= self.percent && self.percent <= 100
    }
}

/// The thresholds of a policy, in their order; the last is always 100%, of which at least the owner is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thresholds {
    early: [Option<Threshold>; Self::EARLY_MAX],
    full: Told,
}

impl Thresholds {
    /// More warnings than three are read by nobody, and a million clocks are kept in memory with all of them.
    pub const EARLY_MAX: usize = 3;

    /// 50%, 80% and 100%: first those who can do something about it, then whoever answers for it, and the caller once
    /// the promise is broken.
    pub const USUAL: Self = Self {
        early: [
            Some(Threshold {
                percent: 50,
                told: Told::of([Audience::Ops]),
            }),
            Some(Threshold {
                percent: 80,
                told: Told::of([Audience::Ops, Audience::Owner]),
            }),
            None,
        ],
        full: Told::of(Audience::ALL),
    };

    /// `thresholds` in their order; 100% is added where it is not among them.
    ///
    /// # Errors
    /// [`ThresholdError`]; see its variants.
    pub fn new(thresholds: impl IntoIterator<Item = Threshold>) -> Result<Self, ThresholdError> {
        let mut made = Self {
            early: [None; Self::EARLY_MAX],
            full: Self::USUAL.full,
        };
        let (mut before, mut count) = (0, 0);
        for threshold in thresholds {
            let percent = threshold.percent;
            if !threshold.is_part() {
                return Err(ThresholdError::Percent(percent));
            }
            if threshold.told == Told::default() {
                return Err(ThresholdError::Nobody(percent));
            }
            if percent <= before {
                return Err(ThresholdError::Order(percent));
            }
            before = percent;
            if percent == 100 {
                made.full = threshold.told.and(Audience::Owner);
            } else {
                *made.early.get_mut(count).ok_or(ThresholdError::TooMany)? = Some(threshold);
                count += 1;
            }
        }
        Ok(made)
    }

    /// Those below 100%, in their order.
    pub fn early(&self) -> impl Iterator<Item = Threshold> {
        self.early.into_iter().flatten()
    }

    /// All of them, in their order; the last is 100%.
    pub fn iter(&self) -> impl Iterator<Item = Threshold> {
        let full = Threshold {
            percent: 100,
            told: self.full,
        };
        self.early().chain([full])
    }

    /// Who is told at `percent`; nobody where there is no such threshold.
    pub fn told(&self, percent: u8) -> Told {
        self.iter()
            .find(|threshold| threshold.percent == percent)
            .map(|threshold| threshold.told)
            .unwrap_or_default()
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::USUAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(texts: &[&str]) -> Result<Vec<String>, ThresholdError> {
        let parsed = texts
            .iter()
            .map(|text| text.parse())
            .collect::<Result<Vec<Threshold>, _>>()?;
        let made = Thresholds::new(parsed)?;
        Ok(made.iter().map(|threshold| threshold.to_string()).collect())
    }

    #[test]
    fn thresholds_are_read_as_they_are_written_and_end_with_the_whole() {
        let usual = ["50% ops", "80% ops, owner", "100% ops, owner, caller"];
        let written: Vec<_> = Thresholds::USUAL.iter().map(|each| each.to_string()).collect();
        assert_eq!(written, usual);
        assert_eq!(thresholds(&usual).unwrap(), usual);
        assert_eq!(thresholds(&usual[..2]).unwrap(), usual);
        assert_eq!(thresholds(&[]).unwrap(), usual[2..]);
        assert_eq!(
            Thresholds::USUAL.told(80),
            Told::of([Audience::Ops, Audience::Owner])
        );
        assert_eq!(Thresholds::USUAL.told(81), Told::default());
    }

    #[test]
    fn the_owner_is_always_told_of_a_broken_promise() {
        assert_eq!(thresholds(&["100% ops"]).unwrap(), ["100% ops, owner"]);
    }

    #[test]
    fn thresholds_that_cannot_be_are_refused() {
        let refused = |texts: &[&str]| thresholds(texts).unwrap_err();
        assert_eq!(refused(&["80% ops", "50% ops"]), ThresholdError::Order(50));
        assert_eq!(refused(&["80% ops", "80% owner"]), ThresholdError::Order(80));
        assert_eq!(refused(&["100% ops", "50% ops"]), ThresholdError::Order(50));
        assert_eq!(refused(&["0% ops"]), ThresholdError::Percent(0));
        assert_eq!(refused(&["101% ops"]), ThresholdError::Percent(101));
        let four = ["20% ops", "40% ops", "60% ops", "80% ops", "100% ops"];
        assert_eq!(refused(&four), ThresholdError::TooMany);
        let silent = Threshold {
            percent: 80,
            told: Told::default(),
        };
        assert_eq!(Thresholds::new([silent]), Err(ThresholdError::Nobody(80)));
        assert_eq!(refused(&["80%"]), ThresholdError::Form);
        assert_eq!(refused(&["300% ops"]), ThresholdError::Form);
        assert_eq!(
            refused(&["80% everyone"]),
            ThresholdError::Audience(UnknownAudience)
        );
        assert_eq!(refused(&["80% "]), ThresholdError::Audience(UnknownAudience));
    }
}
