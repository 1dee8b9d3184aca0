//! What the engine is asked, and whom it finds.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::names::comparison_key;
use statuscheck_domain::subject::{AsylumSupportReference, DateOfBirth, Nino, name_part};

use super::{Refusal, refusal};
use crate::desk::{self, BodyFault};
use crate::person::Person;
use crate::population::Population;

/// Letters of the surname that are compared; all of a shorter one.
const SURNAME_LETTERS: usize = 3;

/// What is claimed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    FreeSchoolMeals,
    TwoYearOffer,
    EarlyYearPupilPremium,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckRequest {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Data {
    national_insurance_number: Option<String>,
    national_asylum_seeker_service_number: Option<String>,
    last_name: Option<String>,
    date_of_birth: Option<String>,
}

/// A check's content, in one form: the same content gives the same item. No `Debug`: it is a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Content {
    kind: Kind,
    number: Number,
    last_name: String,
    date_of_birth: Date,
}

/// In normal form.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Number {
    NationalInsurance(String),
    AsylumSupport(String),
}

const fn invalid(detail: &'static str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, "Bad Request", detail)
}

impl CheckRequest {
    pub(super) fn parse(headers: &HeaderMap, bytes: &Bytes) -> Result<Self, Refusal> {
        desk::body(headers, bytes).map_err(|fault| match fault {
            BodyFault::MediaType => refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported Media Type",
                "The body must be application/json.",
            ),
            BodyFault::Shape => invalid("Invalid request, the model is not as described."),
        })
    }

    /// The content, every format as strict as the engine's.
    pub(super) fn content(self, kind: Kind, now: Timestamp) -> Result<Content, Refusal> {
        let data = self.data;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let numbers = (
            given(data.national_insurance_number),
            given(data.national_asylum_seeker_service_number),
        );
        let number = match numbers {
            (Some(nino), None) => national_insurance(nino)?,
            (None, Some(reference)) => asylum_support(reference)?,
            (None, None) => {
                return Err(invalid(
                    "National Insurance Number or National Asylum Seeker Service Number is required.",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "National Insurance Number or National Asylum Seeker Service Number is required, not both.",
                ));
            }
        };
        let last_name = given(data.last_name).ok_or(invalid("LastName is required."))?;
        name_part(&last_name).map_err(|_fault| invalid("LastName contains an invalid character."))?;
        let date_of_birth = data
            .date_of_birth
            .and_then(|text| DateOfBirth::parse(&text, london_day(now)).ok())
            .ok_or(invalid("Date of birth is required: (yyyy-mm-dd)."))?
            .date();
        Ok(Content {
            kind,
            number,
            last_name: last_name.trim().to_uppercase(),
            date_of_birth,
        })
    }
}

/// The engine wants the number whole, its suffix letter too, and unspaced.
fn national_insurance(text: String) -> Result<Number, Refusal> {
    let whole =
        Nino::parse(&text).is_ok_and(|nino| nino.has_suffix() && nino.expose().eq_ignore_ascii_case(&text));
    if whole {
        Ok(Number::NationalInsurance(text.to_ascii_uppercase()))
    } else {
        Err(invalid("Invalid National Insurance Number."))
    }
}

/// `^[0-9]{2}(0[1-9]|1[0-2])[0-9]{5,6}$`
fn asylum_support(text: String) -> Result<Number, Refusal> {
    let plain = AsylumSupportReference::parse(&text).is_ok_and(|reference| reference.expose() == text);
    if plain {
        Ok(Number::AsylumSupport(text))
    } else {
        Err(invalid("Nass Number contains an invalid format."))
    }
}

impl Content {
    /// Number and date of birth exact, the surname by its first three letters whatever their case.
    pub(super) fn find<'a>(&self, population: &'a Population) -> Option<&'a Person> {
        let wanted = surname_start(&self.last_name);
        let fits = |person: &&Person| {
            person.date_of_birth == self.date_of_birth && surname_start(&person.family_name) == wanted
        };
        match &self.number {
            Number::NationalInsurance(number) => {
                let nino = Nino::parse(number).ok()?;
                population.with_nino(&nino).find(fits)
            }
            Number::AsylumSupport(number) => {
                let reference = AsylumSupportReference::parse(number).ok()?;
                population.with_asylum_support_reference(&reference).find(fits)
            }
        }
    }

    /// The item's data, as `GET /check/{guid}` tells it.
    pub(super) fn described(&self) -> Value {
        let mut data = json!({ "lastName": self.last_name, "dateOfBirth": self.date_of_birth });
        match &self.number {
            Number::NationalInsurance(number) => data["nationalInsuranceNumber"] = json!(number),
            Number::AsylumSupport(number) => data["nationalAsylumSeekerServiceNumber"] = json!(number),
        }
        data
    }
}

fn surname_start(name: &str) -> String {
    comparison_key(name).chars().take(SURNAME_LETTERS).collect()
}
