//! The trace: does this number belong to this person.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;
use statuscheck_domain::clock::london_day;
use statuscheck_domain::subject::{DateOfBirth, Name, Nino, name_part};
use uuid::Uuid;

use super::errors::{FAILED, NOT_FOUND, Refusal, SEVERAL, UNKNOWN_TICKET, attributes, malformed};
use super::{Dwp, Ticket, resource};
use crate::behaviour::Behaviour;
use crate::desk;
use crate::person::Person;
use crate::population::Population;
use crate::variants::name_parts;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Attributes {
    nino: String,
    first_name: String,
    last_name: String,
    #[serde(default)]
    also_known_as: Vec<String>,
    date_of_birth: String,
}

/// Who is said to have which number.
struct Claimed {
    nino: Nino,
    name: Name,
    also_known_as: Vec<String>,
    born: Date,
}

/// What a trace found.
#[derive(Clone, Copy)]
pub(super) enum Traced {
    /// Number, name and date of birth are one person's.
    Match,
    /// The number is somebody else's, or the person has another.
    NoMatch,
}

impl Attributes {
    fn read(&self, now: Timestamp) -> Result<Claimed, Refusal> {
        let alias =
            |text: &String| name_part(text).map_err(|_fault| malformed("/data/attributes/alsoKnownAs"));
        Ok(Claimed {
            nino: Nino::parse(&self.nino).map_err(|_fault| malformed("/data/attributes/nino"))?,
            name: Name::parse(&self.first_name, &self.last_name)
                .map_err(|_faults| malformed("/data/attributes/lastName"))?,
            also_known_as: self.also_known_as.iter().map(alias).collect::<Result<_, _>>()?,
            born: DateOfBirth::parse(&self.date_of_birth, london_day(now))
                .map_err(|_fault| malformed("/data/attributes/dateOfBirth"))?
                .date(),
        })
    }
}

impl Claimed {
    /// Everyone of that name and date of birth, whatever their number.
    fn known<'a>(&self, population: &'a Population) -> impl Iterator<Item = &'a Person> {
        let named = population.called(self.name.given(), self.name.family(), self.born);
        let aliases = self.also_known_as.iter();
        named.chain(aliases.flat_map(|alias| population.known_as(alias, self.born)))
    }

    /// Whose behaviour counts: the person of that name and date of birth, or else the number's holder.
    fn about<'a>(&self, population: &'a Population) -> Option<&'a Person> {
        self.known(population)
            .next()
            .or_else(|| population.with_nino(&self.nino).next())
    }

    fn is_name_of(&self, person: &Person) -> bool {
        person.is_called(self.name.given(), self.name.family())
            || self.also_known_as.iter().any(|alias| person.is_known_as(alias))
    }

    /// Some forename or surname is one of the person's, so that a clerk would send the question back.
    fn shares_a_name_with(&self, person: &Person) -> bool {
        let asked = name_parts(self.name.given(), self.name.family(), &self.also_known_as);
        let held = name_parts(&person.given_names, &person.family_name, &person.also_known_as);
        !asked.is_disjoint(&held)
    }

    fn traced(&self, population: &Population) -> Result<Traced, Refusal> {
        let holders: Vec<&Person> = population.with_nino(&self.nino).collect();
        if holders.is_empty() {
            // Who has another number has not this one; of who has none, nothing is known.
            let numbered = self
                .known(population)
                .any(|person| person.national_insurance_number.is_some());
            return if numbered {
                Ok(Traced::NoMatch)
            } else {
                Err(NOT_FOUND)
            };
        }
        let born_then = || holders.iter().filter(|person| person.date_of_birth == self.born);
        if born_then().any(|person| self.is_name_of(person)) {
            return Ok(Traced::Match);
        }
        if born_then().any(|person| self.shares_a_name_with(person)) {
            return Err(SEVERAL);
        }
        Ok(Traced::NoMatch)
    }
}

pub(super) async fn trace(
    State(dwp): State<Arc<Dwp>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    let attributes: Attributes = attributes(&headers, &bytes, "NinoTrace")?;
    let claimed = attributes.read(dwp.desk.clock.now())?;
    let behaviour = match claimed.about(&dwp.desk.population) {
        Some(person) => dwp.desk.behaviour(person).await,
        None => Behaviour::Answer,
    };
    let said = claimed.traced(&dwp.desk.population);
    match behaviour {
        Behaviour::Answer | Behaviour::Slow(_) | Behaviour::Closed => said.map(Traced::into_answer),
        Behaviour::NoRecord => Err(NOT_FOUND),
        Behaviour::Ambiguous => Err(SEVERAL),
        Behaviour::Fail => Err(FAILED),
        Behaviour::Garbage => Ok(desk::garbage()),
        Behaviour::Defer(duration) => {
            let due = desk::after(dwp.desk.clock.now(), duration);
            let id = Uuid::new_v4();
            dwp.tickets
                .keep(id, Ticket { due, said }, dwp.desk.clock.elapsed());
            Ok(taken(id))
        }
    }
}

pub(super) async fn ticket(State(dwp): State<Arc<Dwp>>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let id = Uuid::try_parse(&id).map_err(|_not_an_id| UNKNOWN_TICKET)?;
    let ticket = dwp
        .tickets
        .find(&id, dwp.desk.clock.elapsed())
        .ok_or(UNKNOWN_TICKET)?;
    if dwp.desk.clock.now() < ticket.due {
        return Ok(taken(id));
    }
    ticket.said.map(Traced::into_answer)
}

fn taken(ticket: Uuid) -> Response {
    let body = json!({
        "jsonapi": { "version": "1.0" },
        "data": { "id": ticket, "type": "NinoTraceTicket" },
    });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

impl Traced {
    fn into_answer(self) -> Response {
        let outcome = match self {
            Self::Match => "MATCH",
            Self::NoMatch => "NO_MATCH",
        };
        let id = Uuid::new_v4().to_string();
        resource(&id, "NinoTraceResult", &json!({ "outcome": outcome })).into_response()
    }
}
