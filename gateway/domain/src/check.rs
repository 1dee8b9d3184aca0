//! A check as the caller asks it: texts in, a [`Check`] or every fault at once out.

mod draft;
mod supplement;

use jiff::civil::Date;
use zeroize::Zeroizing;

pub use self::draft::{Draft, path};
use crate::subject::{AsylumSupportReference, HomeOfficeReference, Name, Nino, Postcode, ShareCode, Subject};

/// Which of the four checks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CheckKind {
    /// May this person do this work?
    RightToWork,
    /// May this person rent a home in England?
    RightToRent,
    /// Is this parent or guardian supported under section 95?
    Section95,
    /// What is this patient's immigration status? (Immigration Enforcement Checking and Advisory Service)
    Iecas,
}

impl CheckKind {
    /// Every check, in the order of the contract.
    pub const ALL: [Self; 4] = [Self::RightToWork, Self::RightToRent, Self::Section95, Self::Iecas];

    /// The name in configuration, on the command line and in figures.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RightToWork => "right-to-work",
            Self::RightToRent => "right-to-rent",
            Self::Section95 => "section-95",
            Self::Iecas => "iecas",
        }
    }

    /// The check of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name of the check's field in a request, which begins the path of every violation.
    pub const fn request_field(self) -> &'static str {
        match self {
            Self::RightToWork => "right_to_work",
            Self::RightToRent => "right_to_rent",
            Self::Section95 => "section_95",
            Self::Iecas => "iecas",
        }
    }
}

/// What a family claims for a child on the ground of Section 95 support.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EducationBenefit {
    /// Free school meals.
    FreeSchoolMeals,
    /// Early education for two-year-olds.
    TwoYearOldEarlyEducation,
    /// Early years pupil premium.
    EarlyYearsPupilPremium,
}

impl EducationBenefit {
    /// Every benefit, in the order of the contract.
    pub const ALL: [Self; 3] = [
        Self::FreeSchoolMeals,
        Self::TwoYearOldEarlyEducation,
        Self::EarlyYearsPupilPremium,
    ];

    /// The name in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FreeSchoolMeals => "free-school-meals",
            Self::TwoYearOldEarlyEducation => "two-year-old-early-education",
            Self::EarlyYearsPupilPremium => "early-years-pupil-premium",
        }
    }

    /// The benefit of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|benefit| benefit.as_str() == name)
    }
}

/// What a check asks beside the person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Right to work.
    RightToWork,
    /// Right to rent, from the first day of the tenancy.
    RightToRent {
        /// The day that counts.
        tenancy_start: Date,
    },
    /// Section 95 support.
    Section95 {
        /// What it is asked for.
        benefit: EducationBenefit,
    },
    /// Immigration status for an NHS trust.
    Iecas,
}

/// A parsed check. It carries a person, so it has no `Debug`.
#[derive(Clone)]
pub struct Check {
    /// What is asked.
    pub terms: Terms,
    /// About whom.
    pub subject: Subject,
}

impl Check {
    /// Which check it is.
    pub const fn kind(&self) -> CheckKind {
        match self.terms {
            Terms::RightToWork => CheckKind::RightToWork,
            Terms::RightToRent { .. } => CheckKind::RightToRent,
            Terms::Section95 { .. } => CheckKind::Section95,
            Terms::Iecas => CheckKind::Iecas,
        }
    }

    /// What a Section 95 check is asked for; none for the other checks, whose purpose is the check itself.
    pub const fn benefit(&self) -> Option<EducationBenefit> {
        match self.terms {
            Terms::Section95 { benefit } => Some(benefit),
            Terms::RightToWork | Terms::RightToRent { .. } | Terms::Iecas => None,
        }
    }

    /// The day for which a right must hold: the start of the tenancy, or `today`.
    pub const fn day_that_counts(&self, today: Date) -> Date {
        match self.terms {
            Terms::RightToRent { tenancy_start } => tenancy_start,
            _ => today,
        }
    }

    /// One unambiguous byte string of the parsed content, for comparing two requests under a keyed hash: each part has
    /// its length before it, so that no two checks share a string. It is wiped when dropped.
    pub fn canonical(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(512));
        let mut part = |text: &str| {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        part(self.kind().as_str());
        match self.terms {
            Terms::RightToRent { tenancy_start } => part(&tenancy_start.to_string()),
            Terms::Section95 { benefit } => part(&format!("{benefit:?}")),
            Terms::RightToWork | Terms::Iecas => part(""),
        }
        let subject = &self.subject;
        part(subject.name.as_ref().map_or("", Name::given));
        part(subject.name.as_ref().map_or("", Name::family));
        part(&subject.also_known_as.len().to_string());
        subject.also_known_as.iter().for_each(|alias| part(alias));
        part(&subject.date_of_birth.date().to_string());
        part(subject.nino.as_ref().map_or("", Nino::expose));
        part(
            subject
                .home_office_reference
                .as_ref()
                .map_or("", HomeOfficeReference::expose),
        );
        part(
            subject
                .asylum_support_reference
                .as_ref()
                .map_or("", AsylumSupportReference::expose),
        );
        part(subject.postcode.as_ref().map_or("", Postcode::expose));
        part(subject.share_code.as_ref().map_or("", ShareCode::expose));
        bytes
    }
}

/// A field at fault and how to mend it. The description never repeats what was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Path from the request, e.g. `right_to_work.person.date_of_birth`.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
