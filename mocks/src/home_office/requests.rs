//! What the Home Office is asked, parsed.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use statuscheck_domain::clock::london_day;
use statuscheck_domain::subject::{
    AsylumSupportReference, DateOfBirth, FormatError, HomeOfficeReference, Name, Nino, ShareCode,
    SharePurpose, name_part,
};

use super::answers::Said;
use crate::desk::{self, BodyFault};
use crate::person::Person;
use crate::population::Population;
use crate::variants::NameVariants;

/// A question with a JSON body.
pub(super) trait Question: DeserializeOwned {
    /// The body's texts.
    fn parse(headers: &HeaderMap, bytes: &Bytes) -> Result<Self, Said> {
        desk::body(headers, bytes).map_err(|fault| match fault {
            BodyFault::MediaType => Said::refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "the body must be application/json",
            ),
            BodyFault::Shape => Said::invalid("the body has not the fields that this takes, and no others"),
        })
    }
}

impl Question for ShareCodeRequest {}
impl Question for MatchRequest {}
impl Question for SupportRequest {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShareCodeRequest {
    share_code: String,
    date_of_birth: String,
    purpose: Purpose,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Purpose {
    Work,
    Rent,
}

pub(super) struct ByShareCode {
    pub(super) code: ShareCode,
    pub(super) date_of_birth: Date,
    pub(super) purpose: SharePurpose,
}

impl ShareCodeRequest {
    pub(super) fn read(&self, now: Timestamp) -> Result<ByShareCode, Said> {
        Ok(ByShareCode {
            code: ShareCode::parse(&self.share_code).map_err(malformed)?,
            date_of_birth: born(&self.date_of_birth, now)?,
            purpose: match self.purpose {
                Purpose::Work => SharePurpose::Work,
                Purpose::Rent => SharePurpose::Rent,
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MatchRequest {
    given_names: String,
    family_name: String,
    #[serde(default)]
    also_known_as: Vec<String>,
    date_of_birth: String,
    reference: Option<String>,
}

pub(super) struct ByNames {
    name: Name,
    also_known_as: Vec<String>,
    date_of_birth: Date,
    reference: Option<HomeOfficeReference>,
}

impl MatchRequest {
    pub(super) fn read(&self, now: Timestamp) -> Result<ByNames, Said> {
        let first = |faults: Vec<(_, FormatError)>| {
            malformed(
                faults
                    .first()
                    .map_or(FormatError("is no name"), |(_, fault)| *fault),
            )
        };
        Ok(ByNames {
            name: Name::parse(&self.given_names, &self.family_name).map_err(first)?,
            also_known_as: self
                .also_known_as
                .iter()
                .map(|alias| name_part(alias).map_err(malformed))
                .collect::<Result<_, _>>()?,
            date_of_birth: born(&self.date_of_birth, now)?,
            reference: self
                .reference
                .as_deref()
                .map(HomeOfficeReference::parse)
                .transpose()
                .map_err(malformed)?,
        })
    }
}

impl ByNames {
    /// Everyone who fits, once each. With a reference, it and the date of birth must be exact and the family name the
    /// same or a part of it after folding; without, the date of birth and the names, or where nobody has those, a
    /// variant of them.
    pub(super) fn fitting<'a>(&self, population: &'a Population) -> Vec<&'a Person> {
        let born = self.date_of_birth;
        if let Some(reference) = &self.reference {
            return population
                .with_home_office_reference(reference)
                .filter(|person| person.date_of_birth == born && person.has_family_name(self.name.family()))
                .collect();
        }
        let mut found: Vec<&Person> = Vec::new();
        let called = population.called(self.name.given(), self.name.family(), born);
        let aliases = self
            .also_known_as
            .iter()
            .flat_map(|alias| population.known_as(alias, born));
        for person in called.chain(aliases) {
            if found.iter().all(|seen| seen.id != person.id) {
                found.push(person);
            }
        }
        if found.is_empty() {
            return self.fitting_by_variants(population);
        }
        found
    }

    /// Only those born that day are compared, so the size of the population hardly counts.
    fn fitting_by_variants<'a>(&self, population: &'a Population) -> Vec<&'a Person> {
        let asked = NameVariants::of(&self.name, &self.also_known_as);
        population
            .born_on(self.date_of_birth)
            .filter(|person| NameVariants::held(person).is_some_and(|held| asked.fit(&held)))
            .collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SupportRequest {
    reference: String,
    family_name: String,
    date_of_birth: String,
}

enum SupportReference {
    Asylum(AsylumSupportReference),
    Nino(Nino),
}

pub(super) struct BySupport {
    reference: SupportReference,
    family_name: String,
    date_of_birth: Date,
}

impl SupportRequest {
    pub(super) fn read(&self, now: Timestamp) -> Result<BySupport, Said> {
        let reference = AsylumSupportReference::parse(&self.reference)
            .map(SupportReference::Asylum)
            .or_else(|_not_nass| Nino::parse(&self.reference).map(SupportReference::Nino))
            .map_err(|_neither| {
                Said::invalid("the reference is neither a NASS reference nor a National Insurance number")
            })?;
        Ok(BySupport {
            reference,
            family_name: name_part(&self.family_name).map_err(malformed)?,
            date_of_birth: born(&self.date_of_birth, now)?,
        })
    }
}

impl BySupport {
    /// Everyone whose reference or number it is, with that family name and date of birth.
    pub(super) fn fitting<'a>(&self, population: &'a Population) -> Vec<&'a Person> {
        let fits = |person: &&Person| {
            person.date_of_birth == self.date_of_birth && person.has_family_name(&self.family_name)
        };
        match &self.reference {
            SupportReference::Asylum(reference) => population
                .with_asylum_support_reference(reference)
                .filter(fits)
                .collect(),
            SupportReference::Nino(nino) => population.with_nino(nino).filter(fits).collect(),
        }
    }
}

fn born(text: &str, now: Timestamp) -> Result<Date, Said> {
    DateOfBirth::parse(text, london_day(now))
        .map(DateOfBirth::date)
        .map_err(malformed)
}

fn malformed(fault: FormatError) -> Said {
    Said::invalid(fault.0)
}
