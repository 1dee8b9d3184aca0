//! What an agreement promises, and to whom the shorter promise.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Promise, Target, Thresholds};
use crate::calendar::Division;
use crate::case_clock::ClockTerms;
use crate::check::CheckKind;
use crate::ids::{CalendarVersion, PolicyVersion};

/// What kind of organisation asks. The register says so, never the caller.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrganisationKind {
    /// An employer.
    Employer,
    /// A landlord or letting agent.
    Landlord,
    /// A school.
    School,
    /// A local education authority.
    EducationAuthority,
    /// An NHS trust.
    NhsTrust,
    /// A local authority.
    LocalAuthority,
}

impl OrganisationKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Employer,
        Self::Landlord,
        Self::School,
        Self::EducationAuthority,
        Self::NhsTrust,
        Self::LocalAuthority,
    ];

    /// The name in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Employer => "employer",
            Self::Landlord => "landlord",
            Self::School => "school",
            Self::EducationAuthority => "education-authority",
            Self::NhsTrust => "nhs-trust",
            Self::LocalAuthority => "local-authority",
        }
    }
}

impl fmt::Display for OrganisationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Names no kind of organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of employer, landlord, school, education-authority, nhs-trust, local-authority")]
pub struct UnknownOrganisationKind;

impl FromStr for OrganisationKind {
    type Err = UnknownOrganisationKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownOrganisationKind)
    }
}

/// Why a case has the promise that it has. A caller is never told: the ground may be a fact that only a department
/// knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ground {
    /// Nothing is known that makes the person vulnerable.
    Usual,
    /// The check is about support of an asylum seeker (section 95).
    Check,
    /// A school asks.
    Organisation,
    /// A department states leave as a refugee (report 6.34: "vulnerable individuals").
    Leave,
}

impl Ground {
    /// Every ground.
    pub const ALL: [Self; 4] = [Self::Usual, Self::Check, Self::Organisation, Self::Leave];

    /// The name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Check => "check",
            Self::Organisation => "organisation",
            Self::Leave => "leave",
        }
    }

    /// The promise is the one for vulnerable subjects.
    pub const fn is_vulnerable(self) -> bool {
        !matches!(self, Self::Usual)
    }

    /// The ground of a check as it comes in: what is asked, and who asks.
    pub const fn of(check: CheckKind, organisation: Option<OrganisationKind>) -> Self {
        match (check, organisation) {
            (CheckKind::Section95, _) => Self::Check,
            (_, Some(OrganisationKind::School)) => Self::Organisation,
            (CheckKind::RightToWork | CheckKind::RightToRent | CheckKind::Iecas, _) => Self::Usual,
        }
    }

    /// The ground that a department's statement of `leave` gives, in the Home Office's words such as "Refugee permission
    /// to stay"; none where it gives none.
    pub fn of_leave(leave: &str) -> Option<Self> {
        leave
            .split(|letter: char| !letter.is_alphabetic())
            .any(|word| word.eq_ignore_ascii_case("refugee"))
            .then_some(Self::Leave)
    }
}

/// What an agreement promises about time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlaPolicy {
    version: PolicyVersion,
    usual: Promise,
    vulnerable: Promise,
    division: Division,
    thresholds: Thresholds,
    silence: Target,
}

/// A policy that cannot be meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the promise for vulnerable subjects ({vulnerable}) must not be longer than the usual one ({usual})")]
pub struct PolicyError {
    /// What is promised usually.
    pub usual: Promise,
    /// What is promised to vulnerable subjects.
    pub vulnerable: Promise,
}

impl SlaPolicy {
    /// A policy. Working days, for promises and for extensions, are those of `division`.
    ///
    /// # Errors
    /// The promise for vulnerable subjects is the longer one, both being of one measure.
    pub fn new(
        version: PolicyVersion,
        usual: Promise,
        vulnerable: Promise,
        division: Division,
        thresholds: Thresholds,
    ) -> Result<Self, PolicyError> {
        let is_longer = match (usual, vulnerable) {
            (Promise::Elapsed(usual), Promise::Elapsed(vulnerable)) => vulnerable.length() > usual.length(),
            (Promise::Working(usual), Promise::Working(vulnerable)) => vulnerable > usual,
            // Which is the longer depends on the day.
            (Promise::Elapsed(_), Promise::Working(_)) | (Promise::Working(_), Promise::Elapsed(_)) => false,
        };
        if is_longer {
            return Err(PolicyError { usual, vulnerable });
        }
        Ok(Self {
            version,
            usual,
            vulnerable,
            division,
            thresholds,
            silence: Target::SILENCE,
        })
    }

    /// The policy of an agreement that says no more than `target`: at most 48 hours for vulnerable subjects, warnings at
    /// 50% and 80%.
    pub fn of(version: PolicyVersion, target: Target) -> Self {
        let vulnerable = if target.length() < Target::VULNERABLE.length() {
            target
        } else {
            Target::VULNERABLE
        };
        Self {
            version,
            usual: target.into(),
            vulnerable: vulnerable.into(),
            division: Division::EnglandAndWales,
            thresholds: Thresholds::USUAL,
            silence: Target::SILENCE,
        }
    }

    /// The same, and callers may stay silent for `silence` when they are asked for more.
    #[must_use]
    pub fn with_silence(self, silence: Target) -> Self {
        Self { silence, ..self }
    }

    /// The version that a case keeps.
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// Whose working days count.
    pub fn division(&self) -> Division {
        self.division
    }

    /// The promise on `ground`.
    pub fn promise(&self, ground: Ground) -> Promise {
        if ground.is_vulnerable() {
            self.vulnerable
        } else {
            self.usual
        }
    }

    /// How long a caller who is asked for more may stay silent before the case lapses.
    pub fn silence(&self) -> Target {
        self.silence
    }

    /// When warnings are due, and who is told.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// What a case received at `started_at` on `ground` is promised, under this policy and the calendar `calendar`.
    pub fn terms(&self, started_at: Timestamp, ground: Ground, calendar: &CalendarVersion) -> ClockTerms {
        ClockTerms {
            started_at,
            promise: self.promise(ground),
            vulnerable: self.vulnerable,
            ground,
            division: self.division,
            thresholds: self.thresholds,
            silence: self.silence,
            policy: self.version.clone(),
            calendar: calendar.clone(),
            order: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(usual: &str, vulnerable: &str) -> Result<SlaPolicy, PolicyError> {
        SlaPolicy::new(
            "2026-1".parse().unwrap(),
            usual.parse().unwrap(),
            vulnerable.parse().unwrap(),
            Division::Scotland,
            Thresholds::USUAL,
        )
    }

    #[test]
    fn the_vulnerable_are_known_by_the_check_by_who_asks_and_by_their_leave() {
        let school = Some(OrganisationKind::School);
        for (check, organisation, ground) in [
            (CheckKind::Section95, None, Ground::Check),
            (CheckKind::Section95, school, Ground::Check),
            (CheckKind::RightToWork, school, Ground::Organisation),
            (CheckKind::Iecas, Some(OrganisationKind::NhsTrust), Ground::Usual),
            (
                CheckKind::RightToRent,
                Some(OrganisationKind::Landlord),
                Ground::Usual,
            ),
            (
                CheckKind::RightToWork,
                Some(OrganisationKind::EducationAuthority),
                Ground::Usual,
            ),
            (CheckKind::RightToWork, None, Ground::Usual),
        ] {
            assert_eq!(
                Ground::of(check, organisation),
                ground,
                "{check:?} {organisation:?}"
            );
        }
        for (leave, ground) in [
            ("Refugee permission to stay", Some(Ground::Leave)),
            ("Leave to remain (refugee)", Some(Ground::Leave)),
            ("Graduate", None),
            ("Settled status", None),
            ("", None),
        ] {
            assert_eq!(Ground::of_leave(leave), ground, "{leave}");
        }
    }

    #[test]
    fn a_ground_has_its_promise() {
        let policy = policy("5 working days", "48h").unwrap();
        let promises = Ground::ALL.map(|ground| policy.promise(ground).to_string());
        assert_eq!(promises, ["5 working days", "48 hours", "48 hours", "48 hours"]);
    }

    #[test]
    fn an_agreement_that_says_only_a_target_has_the_rest_as_usual() {
        let promises = |target: &str| {
            let policy = SlaPolicy::of("2026-1".parse().unwrap(), target.parse().unwrap());
            [Ground::Usual, Ground::Check].map(|ground| policy.promise(ground).to_string())
        };
        assert_eq!(promises("5d"), ["5 days", "48 hours"]);
        assert_eq!(promises("24h"), ["24 hours", "24 hours"]);
    }

    #[test]
    fn nobody_vulnerable_waits_longer_than_others() {
        assert!(policy("48h", "48h").is_ok());
        assert!(policy("2 working days", "48h").is_ok());
        let refused = policy("47h", "48h").map_err(|error| error.to_string());
        let why =
            "the promise for vulnerable subjects (48 hours) must not be longer than the usual one (47 hours)";
        assert_eq!(refused, Err(why.to_owned()));
        assert!(policy("2 working days", "3 working days").is_err());
    }

    #[test]
    fn kinds_of_organisation_are_read_as_they_are_written() {
        for kind in OrganisationKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("club".parse::<OrganisationKind>(), Err(UnknownOrganisationKind));
    }
}
