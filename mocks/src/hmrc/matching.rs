//! Individuals Matching: who is meant.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::names::fold;
use statuscheck_domain::subject::{DateOfBirth, Nino};
use uuid::Uuid;

use super::{Refusal, invalid, refusal};
use crate::desk::{self, BodyFault};
use crate::person::Person;
use crate::population::Population;

/// Longest name that HMRC takes, in characters.
const NAME_CHARS_MAX: usize = 35;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MatchRequest {
    first_name: String,
    last_name: String,
    nino: String,
    date_of_birth: String,
}

impl MatchRequest {
    /// The body's texts, the names checked against HMRC's pattern.
    pub(super) fn parse(headers: &HeaderMap, bytes: &Bytes) -> Result<Self, Refusal> {
        let request: Self = desk::body(headers, bytes).map_err(|fault| match fault {
            BodyFault::MediaType => refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "Expecting text/json or application/json body",
            ),
            BodyFault::Shape => invalid("firstName, lastName, nino and dateOfBirth are required"),
        })?;
        if !is_name(&request.first_name) {
            return Err(invalid("Malformed firstName submitted"));
        }
        if !is_name(&request.last_name) {
            return Err(invalid("Malformed lastName submitted"));
        }
        Ok(request)
    }

    /// Whose number and date of birth these are. A number without its suffix agrees with any suffix.
    pub(super) fn person<'a>(
        &self,
        population: &'a Population,
        now: Timestamp,
    ) -> Result<Option<&'a Person>, Refusal> {
        let nino = Nino::parse(&self.nino)
            .ok()
            .filter(|nino| nino.expose() == self.nino)
            .ok_or(invalid("Malformed nino submitted"))?;
        let born = DateOfBirth::parse(&self.date_of_birth, london_day(now))
            .map_err(|_fault| invalid("dateOfBirth: invalid date format"))?
            .date();
        Ok(population
            .with_nino(&nino)
            .filter(|person| person.date_of_birth == born)
            .max_by_key(|person| self.names_fit(person)))
    }

    /// First character of the first name and first three of the last, whatever the case.
    pub(super) fn names_fit(&self, person: &Person) -> bool {
        let (first, last) = registered_names(person);
        start(&self.first_name, 1) == start(first, 1) && start(&self.last_name, 3) == start(last, 3)
    }
}

/// HMRC holds both names of everyone: a person with one name has it in both places.
fn registered_names(person: &Person) -> (&str, &str) {
    let last = person.family_name.as_str();
    if person.given_names.is_empty() {
        (last, last)
    } else {
        (&person.given_names, last)
    }
}

/// The first characters of a name, folded as HMRC keeps it: plain capitals with its marks.
fn start(name: &str, characters: usize) -> String {
    fold(name).chars().take(characters).collect()
}

/// HMRC's pattern: letters, space, hyphen, apostrophe, dot, 1 to 35 of them; ours wants a letter among them.
fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && name
            .chars()
            .all(|symbol| symbol.is_ascii_alphabetic() || matches!(symbol, ' ' | '-' | '\'' | '.'))
        && name.contains(|symbol: char| symbol.is_ascii_alphabetic())
}

/// A match: where the person is to be found.
pub(super) fn matched(id: Uuid) -> Value {
    json!({
        "_links": {
            "individual": {
                "name": "GET",
                "href": format!("/individuals/matching/{id}"),
                "title": "Get a matched individual’s information",
            },
            "self": { "href": "/individuals/matching/" },
        }
    })
}

/// The person as HMRC holds them, and where more is.
pub(super) fn individual(id: Uuid, person: &Person) -> Value {
    let link = |resource: &str| json!({ "href": format!("/individuals/{resource}/?matchId={id}") });
    let (first, last) = registered_names(person);
    json!({
        "individual": {
            "firstName": first,
            "lastName": last,
            "nino": person.national_insurance_number.as_ref().map(Nino::expose),
            "dateOfBirth": person.date_of_birth,
        },
        "_links": {
            "income": link("income"),
            "employments": link("employments"),
            "benefits-and-credits": link("benefits-and-credits"),
            "details": link("details"),
            "self": { "href": format!("/individuals/matching/{id}") },
        }
    })
}
