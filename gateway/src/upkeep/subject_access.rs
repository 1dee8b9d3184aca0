//! Subject access (UK GDPR, article 15): every check about one person, for that person.

use statuscheck_domain::case::Case;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::subject::Subject;

use super::{Housekeeping, UpkeepError};
use crate::store::HouseKind;

/// Checks in one export: far more than are made about one person, and about two megabytes.
const CHECKS_MAX: usize = 1_000;

/// Who is sought, as they say themselves. No `Debug`: it is a person.
pub struct Sought(Subject);

impl Sought {
    /// Nothing where `subject` has nothing but a date of birth, which means nobody.
    pub fn of(subject: Subject) -> Option<Self> {
        (!subject.identities().is_empty()).then_some(Self(subject))
    }
}

/// What was found about a person.
pub struct Found {
    /// The checks, oldest first.
    pub checks: Vec<FoundCheck>,
    /// Cases under the same number or reference with another date of birth. They may be slips of a caller, or somebody
    /// else's: they are not handed out, and somebody has to look at them.
    pub set_aside: Vec<CaseId>,
    /// There are more than one export takes.
    pub more: bool,
}

/// One check about a person: who asked, when, under what, why, and what they were told.
pub struct FoundCheck {
    /// The case.
    pub case: Case,
    /// What its agreement is for; empty where that is in the register no longer.
    pub purpose: String,
}

impl Housekeeping {
    /// Finds every check about whoever is `sought`, and records that it was handed out: by whom, when, and how many.
    ///
    /// # Errors
    /// [`UpkeepError`]; then nothing is handed out.
    pub async fn find(&self, actor: &str, sought: &Sought) -> Result<Found, UpkeepError> {
        let Sought(subject) = sought;
        let mut cases = self.store.about(&subject.identities(), CHECKS_MAX + 1).await?;
        let more = cases.len() > CHECKS_MAX;
        cases.truncate(CHECKS_MAX);
        let (theirs, others): (Vec<_>, Vec<_>) = cases
            .into_iter()
            .partition(|case| case.receipt.check.subject.date_of_birth == subject.date_of_birth);
        let details = [
            ("checks", theirs.len().into()),
            ("set_aside", others.len().into()),
        ];
        let entry = self.entry(HouseKind::SubjectAccessed, actor, details);
        self.store.note(entry).await?;
        Ok(Found {
            checks: theirs.into_iter().map(|case| self.found(case)).collect(),
            set_aside: others.into_iter().map(|case| case.id).collect(),
            more,
        })
    }

    fn found(&self, case: Case) -> FoundCheck {
        let version = self.register.now();
        let agreement = version.register.agreement(&case.receipt.agreement_id);
        let purpose = agreement.map(|agreement| agreement.purpose.clone());
        FoundCheck {
            case,
            purpose: purpose.unwrap_or_default(),
        }
    }
}
