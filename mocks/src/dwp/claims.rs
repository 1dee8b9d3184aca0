//! Claims of a citizen: benefits and their awards.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::subject::iso_date;
use uuid::Uuid;

use super::Dwp;
use super::errors::{FAILED, NOT_FOUND, Refusal, SEVERAL, malformed};
use super::matching::place_of;
use crate::behaviour::Behaviour;
use crate::desk;
use crate::person::{Benefit, Person};

/// Pence of every award: the population knows no amounts, and this is the standard allowance of universal credit for a
/// single person of 25 or over from April 2024, a month.
const AWARD_PENCE: u32 = 39_345;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimsQuery {
    benefit_type: Option<String>,
    effective_from_date: Option<String>,
    effective_to_date: Option<String>,
}

/// Which claims are asked for: kinds (all where none is named), and days, both included.
struct Wanted {
    kinds: Option<Vec<String>>,
    from: Date,
    to: Date,
}

impl ClaimsQuery {
    fn read(self) -> Result<Wanted, Refusal> {
        let day = |text: Option<String>, pointer| {
            text.and_then(|text| iso_date(&text).ok())
                .ok_or(malformed(pointer))
        };
        let from = day(self.effective_from_date, "/effectiveFromDate")?;
        let to = day(self.effective_to_date, "/effectiveToDate")?;
        if from > to {
            return Err(malformed("/effectiveToDate"));
        }
        let kinds = self.benefit_type.map(|kinds| {
            kinds
                .split(',')
                .map(|kind| kind.trim().to_owned())
                .collect::<Vec<_>>()
        });
        if kinds
            .as_ref()
            .is_some_and(|kinds| kinds.iter().any(String::is_empty))
        {
            return Err(malformed("/benefitType"));
        }
        Ok(Wanted { kinds, from, to })
    }
}

impl Wanted {
    fn has(&self, benefit: &Benefit) -> bool {
        let of_kind = self
            .kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&benefit.kind));
        of_kind && benefit.from <= self.to && benefit.to.is_none_or(|to| to >= self.from)
    }
}

pub(super) async fn claims(
    State(dwp): State<Arc<Dwp>>,
    Path(guid): Path<String>,
    query: Result<Query<ClaimsQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) = query.map_err(|_unreadable| malformed("/"))?;
    let wanted = query.read()?;
    let guid = Uuid::try_parse(&guid).map_err(|_not_an_id| malformed("/guid"))?;
    let person = place_of(guid)
        .and_then(|place| dwp.desk.person_at(place))
        .ok_or(NOT_FOUND)?;
    match dwp.desk.behaviour(person).await {
        Behaviour::Answer | Behaviour::Slow(_) | Behaviour::Defer(_) | Behaviour::Closed => {
            let today = london_day(dwp.desk.clock.now());
            let found = described(person, &wanted, today);
            if found.is_empty() {
                return Err(NOT_FOUND);
            }
            Ok(Json(json!({ "jsonapi": { "version": "1.0" }, "data": found })).into_response())
        }
        Behaviour::NoRecord => Err(NOT_FOUND),
        Behaviour::Ambiguous => Err(SEVERAL),
        Behaviour::Fail => Err(FAILED),
        Behaviour::Garbage => Ok(desk::garbage()),
    }
}

fn described(person: &Person, wanted: &Wanted, today: Date) -> Vec<Value> {
    person
        .benefits
        .iter()
        .enumerate()
        .filter(|(_, benefit)| wanted.has(benefit))
        .map(|(place, benefit)| claim(&format!("{}-{}", person.id, place + 1), benefit, today))
        .collect()
}

fn claim(id: &str, benefit: &Benefit, today: Date) -> Value {
    let ended = benefit.to.is_some_and(|to| to < today);
    let mut award = json!({
        "amount": AWARD_PENCE,
        "startDate": benefit.from,
        "status": if ended { "ended" } else { "live" },
        "assessmentAttributes": { "takeHomePay": 0 },
    });
    let mut attributes = json!({
        "benefitType": benefit.kind,
        "startDate": benefit.from,
        "status": if ended { "terminated" } else { "in_payment" },
    });
    if let Some(to) = benefit.to {
        award["endDate"] = json!(to);
        attributes["endDate"] = json!(to);
    }
    attributes["awards"] = json!([award]);
    json!({ "id": id, "type": "Claim", "attributes": attributes })
}
