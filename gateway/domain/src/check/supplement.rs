//! A check with details added to it later.

use jiff::civil::Date;
use zeroize::Zeroizing;

use super::{Check, CheckKind, Draft, Terms, Violation};
use crate::subject::{AsylumSupportReference, HomeOfficeReference, Name, Nino, Postcode, ShareCode};

impl Check {
    /// The check with what is `given`, which takes the place of what was there; dates are judged on `today` (in London).
    /// Section 95 takes one number, so there the number that is given takes the place of either.
    ///
    /// # Errors
    /// Every field at fault, as [`Draft::parse`] tells it.
    pub fn with(&self, given: &Draft<'_>, today: Date) -> Result<Self, Vec<Violation>> {
        let subject = &self.subject;
        let one_number = self.kind() == CheckKind::Section95
            && !(given.national_insurance_number.trim().is_empty()
                && given.asylum_support_reference.trim().is_empty());
        let nino = subject.nino.as_ref().filter(|_| !one_number);
        let asylum_support = subject.asylum_support_reference.as_ref().filter(|_| !one_number);
        let home_office = subject.home_office_reference.as_ref();
        let name = subject.name.as_ref();
        let date_of_birth = Zeroizing::new(subject.date_of_birth.date().to_string());
        let tenancy_start = match self.terms {
            Terms::RightToRent { tenancy_start } => tenancy_start.to_string(),
            Terms::RightToWork | Terms::Section95 { .. } | Terms::Iecas => String::new(),
        };
        let draft = Draft {
            share_code: or(
                given.share_code,
                subject.share_code.as_ref().map(ShareCode::expose),
            ),
            given_names: or(given.given_names, name.map(Name::given)),
            family_name: or(given.family_name, name.map(Name::family)),
            also_known_as: given.also_known_as,
            date_of_birth: or(given.date_of_birth, Some(&date_of_birth)),
            national_insurance_number: or(given.national_insurance_number, nino.map(Nino::expose)),
            home_office_reference: or(
                given.home_office_reference,
                home_office.map(HomeOfficeReference::expose),
            ),
            asylum_support_reference: or(
                given.asylum_support_reference,
                asylum_support.map(AsylumSupportReference::expose),
            ),
            postcode: or(given.postcode, subject.postcode.as_ref().map(Postcode::expose)),
            tenancy_start: or(given.tenancy_start, Some(&tenancy_start)),
            benefit: self.benefit(),
        };
        let mut check = draft.parse(self.kind(), today)?;
        if given.also_known_as.is_empty() {
            check.subject.also_known_as.clone_from(&subject.also_known_as);
        }
        Ok(check)
    }
}

fn or<'a>(given: &'a str, there: Option<&'a str>) -> &'a str {
    if given.trim().is_empty() {
        there.unwrap_or_default()
    } else {
        given
    }
}
