//! The person a check is about: every number, code, name and date is parsed once, at the edge, into a type of its own.
//!
//! None of these types has `Debug` or `Display`, so that a person cannot reach a log by accident, and all text in them
//! is wiped when it is dropped. Texts are kept in one normal form; `expose` gives it for the wire and the sealed store.

use zeroize::Zeroizing;

mod dates;
mod identity;
mod name;
mod numbers;

pub use self::dates::{DateOfBirth, iso_date};
pub use self::identity::Identity;
pub use self::name::{Name, name_part};
pub use self::numbers::{
    AsylumSupportReference, HomeOfficeReference, Nino, Postcode, ShareCode, SharePurpose,
};

/// Why a text was not accepted and how to mend it, without repeating the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct FormatError(pub &'static str);

/// A field of a check, by its name in the contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// `given_names`
    GivenNames,
    /// `family_name`
    FamilyName,
    /// `also_known_as`
    AlsoKnownAs,
    /// `date_of_birth`
    DateOfBirth,
    /// `national_insurance_number`
    NationalInsuranceNumber,
    /// `home_office_reference`
    HomeOfficeReference,
    /// `asylum_support_reference`
    AsylumSupportReference,
    /// `postcode`
    Postcode,
    /// `share_code`
    ShareCode,
    /// `tenancy_start`
    TenancyStart,
}

impl Field {
    /// Every field, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::GivenNames,
        Self::FamilyName,
        Self::AlsoKnownAs,
        Self::DateOfBirth,
        Self::NationalInsuranceNumber,
        Self::HomeOfficeReference,
        Self::AsylumSupportReference,
        Self::Postcode,
        Self::ShareCode,
        Self::TenancyStart,
    ];

    /// The field's name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GivenNames => "given_names",
            Self::FamilyName => "family_name",
            Self::AlsoKnownAs => "also_known_as",
            Self::DateOfBirth => "date_of_birth",
            Self::NationalInsuranceNumber => "national_insurance_number",
            Self::HomeOfficeReference => "home_office_reference",
            Self::AsylumSupportReference => "asylum_support_reference",
            Self::Postcode => "postcode",
            Self::ShareCode => "share_code",
            Self::TenancyStart => "tenancy_start",
        }
    }

    /// Its path within a check or what is added to one, e.g. `person.postcode` or `share_code`.
    pub fn place(self) -> String {
        let person = if self.is_of_person() { "person." } else { "" };
        format!("{person}{}", self.as_str())
    }

    /// The field of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The field belongs to the person, so an agreement must name it; the others belong to the check itself.
    pub const fn is_of_person(self) -> bool {
        !matches!(self, Self::ShareCode | Self::TenancyStart)
    }
}

/// The person a check is about, parsed.
#[derive(Clone)]
pub struct Subject {
    /// Absent where a share code stands for the person.
    pub name: Option<Name>,
    /// Other full names, as given but for spacing.
    pub also_known_as: Vec<Zeroizing<String>>,
    /// The one field that every check has.
    pub date_of_birth: DateOfBirth,
    /// National Insurance number.
    pub nino: Option<Nino>,
    /// Any Home Office reference.
    pub home_office_reference: Option<HomeOfficeReference>,
    /// National Asylum Support Service (NASS) reference.
    pub asylum_support_reference: Option<AsylumSupportReference>,
    /// UK postcode.
    pub postcode: Option<Postcode>,
    /// Code by which the person shares their status.
    pub share_code: Option<ShareCode>,
}

impl Subject {
    /// The fields that were given.
    pub fn fields(&self) -> Vec<Field> {
        let given = |present: bool, field: Field| present.then_some(field);
        let name = self.name.as_ref();
        [
            given(
                name.is_some_and(|name| !name.given().is_empty()),
                Field::GivenNames,
            ),
            given(name.is_some(), Field::FamilyName),
            given(!self.also_known_as.is_empty(), Field::AlsoKnownAs),
            Some(Field::DateOfBirth),
            given(self.nino.is_some(), Field::NationalInsuranceNumber),
            given(self.home_office_reference.is_some(), Field::HomeOfficeReference),
            given(
                self.asylum_support_reference.is_some(),
                Field::AsylumSupportReference,
            ),
            given(self.postcode.is_some(), Field::Postcode),
            given(self.share_code.is_some(), Field::ShareCode),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The same person with only those fields; the date of birth always stays, and given names go with a family name
    /// only. For what goes out to one department.
    pub fn only(&self, fields: &[Field]) -> Self {
        let keep = |field| fields.contains(&field);
        Self {
            name: self
                .name
                .as_ref()
                .filter(|_| keep(Field::FamilyName))
                .map(|name| {
                    if keep(Field::GivenNames) {
                        name.clone()
                    } else {
                        name.family_alone()
                    }
                }),
            also_known_as: if keep(Field::AlsoKnownAs) {
                self.also_known_as.clone()
            } else {
                Vec::new()
            },
            date_of_birth: self.date_of_birth,
            nino: self.nino.clone().filter(|_| keep(Field::NationalInsuranceNumber)),
            home_office_reference: self
                .home_office_reference
                .clone()
                .filter(|_| keep(Field::HomeOfficeReference)),
            asylum_support_reference: self
                .asylum_support_reference
                .clone()
                .filter(|_| keep(Field::AsylumSupportReference)),
            postcode: self.postcode.clone().filter(|_| keep(Field::Postcode)),
            share_code: self.share_code.clone().filter(|_| keep(Field::ShareCode)),
        }
    }
}

#[cfg(test)]
#[path = "subject_tests.rs"]
mod tests;
