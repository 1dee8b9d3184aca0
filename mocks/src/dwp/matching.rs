//! Citizen match: which citizen has this date of birth, last name, and last four digits of a number.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use statuscheck_domain::clock::london_day;
use statuscheck_domain::subject::{DateOfBirth, Nino, name_part};
use uuid::Uuid;

use super::errors::{FAILED, NOT_FOUND, Refusal, SEVERAL, attributes, malformed};
use super::{Dwp, resource};
use crate::behaviour::Behaviour;
use crate::desk;
use crate::person::Person;

/// The first part of every citizen's id; the rest is the person's place in the population, so that ids last and
/// nothing must be remembered.
const GUID_BASE: u128 = 0x5d1e_6a3c_9b2f_4c70_8a41_0000_0000_0000;
const PLACE_BITS: u128 = 0x0000_ffff_ffff_ffff;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Citizen {
    date_of_birth: String,
    nino_fragment: String,
    last_name: String,
}

pub(super) async fn match_citizen(
    State(dwp): State<Arc<Dwp>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    let asked: Citizen = attributes(&headers, &bytes, "Match")?;
    let born = DateOfBirth::parse(&asked.date_of_birth, london_day(dwp.desk.clock.now()))
        .map_err(|_fault| malformed("/data/attributes/dateOfBirth"))?
        .date();
    let fragment = asked.nino_fragment.as_str();
    if fragment.len() != 4 || !fragment.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(malformed("/data/attributes/ninoFragment"));
    }
    let last_name = name_part(&asked.last_name).map_err(|_fault| malformed("/data/attributes/lastName"))?;
    let fitting: Vec<&Person> = dwp
        .desk
        .population
        .with_family_name(&last_name, born)
        .filter(|person| {
            person
                .national_insurance_number
                .as_ref()
                .is_some_and(|nino: &Nino| nino.fragment() == fragment)
        })
        .collect();
    let person = match fitting.as_slice() {
        [] => return Err(NOT_FOUND),
        [person] => *person,
        [_, _, ..] => return Err(SEVERAL),
    };
    match dwp.desk.behaviour(person).await {
        // Only a trace can be deferred; a citizen is matched by machine.
        Behaviour::Answer | Behaviour::Slow(_) | Behaviour::Defer(_) | Behaviour::Closed => {
            let guid = dwp
                .desk
                .population
                .place_of(person)
                .map(guid_of)
                .ok_or(NOT_FOUND)?;
            let attributes = json!({ "matchingScenario": "FULL_MATCH" });
            Ok(resource(&guid.to_string(), "MatchResult", &attributes).into_response())
        }
        Behaviour::NoRecord => Err(NOT_FOUND),
        Behaviour::Ambiguous => Err(SEVERAL),
        Behaviour::Fail => Err(FAILED),
        Behaviour::Garbage => Ok(desk::garbage()),
    }
}

fn guid_of(place: usize) -> Uuid {
    Uuid::from_u128(GUID_BASE | (place as u128 & PLACE_BITS))
}

/// The person's place behind a citizen's id; none for an id that was never given.
pub(super) fn place_of(guid: Uuid) -> Option<usize> {
    let bits = guid.as_u128();
    (bits & !PLACE_BITS == GUID_BASE)
        .then(|| usize::try_from(bits & PLACE_BITS).ok())
        .flatten()
}
