//! The Department for Work and Pensions: the trace of a National Insurance number, and benefits as evidence of residence.
//!
//! JSON:API, as DfE's eligibility engine speaks it to DWP. The paths hold DWP's own ids for a citizen and a ticket, which
//! its API demands there; names, numbers and dates of birth go in bodies only.

use jiff::civil::{Date, date};
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{Facts, Outcome, Period, Reply};
use statuscheck_domain::subject::{Field, Name, Nino};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::adapter::{Speak, needs};
use crate::http::{Answer, Api, Exchange, headers};
use crate::settings::DwpSettings;
use crate::tickets::Ticket;
use crate::{Ask, AskError};

/// Benefits are asked for from here: the appointed day of the National Insurance Act 1946, before which DWP has none.
const BENEFITS_FROM: Date = date(1948, 7, 5);

pub(crate) struct Dwp {
    api: Api,
    settings: DwpSettings,
}

impl Dwp {
    pub(crate) fn new(api: Api, settings: DwpSettings) -> Self {
        Self { api, settings }
    }

    fn headers(&self, question: &Question) -> Result<HeaderMap, AskError> {
        let settings = &self.settings;
        headers([
            ("correlation-id", &question.correlation_id.to_string()),
            ("context", settings.context.of(question.check, question.benefit)),
            ("policy-id", &settings.policy_id),
            ("instigating-user-id", &settings.instigating_user_id),
            ("access-level", &settings.access_level),
        ])
    }

    async fn trace(&self, exchange: &Exchange<'_>, question: &Question) -> Result<Reply, AskError> {
        let (name, nino) = match identity(question) {
            Ok(identity) => identity,
            Err(missing) => return Ok(needs(missing)),
        };
        if let Some(ticket) = Ticket::of(question)? {
            let answer = exchange
                .read(&["v2", "nino-traces", ticket.as_str()], &[])
                .await?;
            if !is_unknown_ticket(&answer) {
                return understood(&answer);
            }
            // The ticket is gone from DWP's books: the question is put anew.
        }
        let attributes = TraceAttributes {
            nino: nino.expose(),
            first_name: name.given(),
            last_name: name.family(),
            also_known_as: &question.subject.also_known_as,
            date_of_birth: question.subject.date_of_birth.date(),
        };
        let body = Document::of("NinoTrace", attributes);
        let answer = exchange.post(&["v2", "nino-traces"], &body).await?;
        understood(&answer)
    }

    async fn benefits(&self, exchange: &Exchange<'_>, question: &Question) -> Result<Reply, AskError> {
        let (name, nino) = match identity(question) {
            Ok(identity) => identity,
            Err(missing) => return Ok(needs(missing)),
        };
        let attributes = MatchAttributes {
            date_of_birth: question.subject.date_of_birth.date(),
            nino_fragment: nino.fragment(),
            last_name: name.family(),
        };
        let body = Document::of("Match", attributes);
        let answer = exchange.post(&["v2", "citizens", "match"], &body).await?;
        let citizen = match read_match(&answer)? {
            Ok(citizen) => citizen.to_string(),
            Err(reply) => return Ok(reply),
        };
        let today = london_day(self.api.clock().now()).to_string();
        let period = [
            ("effectiveFromDate", &*BENEFITS_FROM.to_string()),
            ("effectiveToDate", &*today),
        ];
        let answer = exchange
            .read(&["v2", "citizens", &citizen, "claims"], &period)
            .await?;
        read_claims(&answer)
    }
}

impl Speak for Dwp {
    const ID: DepartmentId = DepartmentId::Dwp;

    async fn reply(&self, ask: &Ask) -> Result<Reply, AskError> {
        let question = &*ask.question;
        let exchange = self.api.begin(ask, self.headers(question)?);
        match question.operation {
            Operation::NinoTrace => self.trace(&exchange, question).await,
            Operation::BenefitHistory => self.benefits(&exchange, question).await,
            _ => Err(AskError::Refused),
        }
    }
}

/// What DWP looks a person up by, or the field that is missing for it.
fn identity(question: &Question) -> Result<(&Name, &Nino), Field> {
    let subject = &question.subject;
    let nino = subject.nino.as_ref().ok_or(Field::NationalInsuranceNumber)?;
    let name = subject.name.as_ref().ok_or(Field::FamilyName)?;
    Ok((name, nino))
}

/// A JSON:API document. It carries a person, so neither it nor its attributes have `Debug`.
#[derive(Serialize)]
struct Document<A> {
    jsonapi: Version,
    data: Resource<A>,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}

#[derive(Serialize)]
struct Resource<A> {
    r#type: &'static str,
    attributes: A,
}

impl<A> Document<A> {
    fn of(r#type: &'static str, attributes: A) -> Self {
        Self {
            jsonapi: Version { version: "1.0" },
            data: Resource { r#type, attributes },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceAttributes<'a> {
    nino: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also_known_as: &'a [Zeroizing<String>],
    date_of_birth: Date,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MatchAttributes<'a> {
    date_of_birth: Date,
    nino_fragment: &'a str,
    last_name: &'a str,
}

#[derive(Deserialize)]
struct Found<D> {
    data: D,
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

#[derive(Deserialize)]
struct Attributed<A> {
    attributes: A,
}

#[derive(Deserialize)]
struct TraceOutcome {
    outcome: TraceWord,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum TraceWord {
    Match,
    NoMatch,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    start_date: Date,
    end_date: Option<Date>,
}

/// DWP's errors; their texts are not read, for they may repeat what was asked.
#[derive(Default, Deserialize)]
struct Errors {
    errors: Vec<ErrorCode>,
}

#[derive(Deserialize)]
struct ErrorCode {
    code: Option<String>,
}

/// A 404 in DWP's own words; one from anybody else says nothing about the person.
fn is_own_404(answer: &Answer) -> bool {
    let own = || answer.json::<Errors>().unwrap_or_default();
    answer.status == 404 && !own().errors.is_empty() && !is_unknown_ticket(answer)
}

fn understood(answer: &Answer) -> Result<Reply, AskError> {
    let reply = read_trace(answer)?;
    Ticket::check(&reply)?;
    Ok(reply)
}

/// The ticket is not known, which says nothing about the number either.
fn is_unknown_ticket(answer: &Answer) -> bool {
    let unknown = |error: &ErrorCode| error.code.as_deref() == Some("UNKNOWN_TICKET");
    let own = || answer.json::<Errors>().unwrap_or_default();
    answer.status == 404 && own().errors.iter().any(unknown)
}

fn read_trace(answer: &Answer) -> Result<Reply, AskError> {
    let outcome = match answer.status {
        200 => {
            let found: Found<Attributed<TraceOutcome>> = answer.json()?;
            Outcome::Found(Facts::NinoTrace {
                matches: matches!(found.data.attributes.outcome, TraceWord::Match),
            })
        }
        202 => Outcome::Deferred {
            expected_by: None,
            ticket: answer.json::<Found<Identified>>()?.data.id,
        },
        404 if is_own_404(answer) => Outcome::NoRecord,
        422 => return Ok(needs(Field::NationalInsuranceNumber)),
        _ => return Err(answer.unexpected()),
    };
    Ok(Reply::of(outcome))
}

/// DWP's id of the citizen, or the reply where there is not exactly one.
fn read_match(answer: &Answer) -> Result<Result<Uuid, Reply>, AskError> {
    match answer.status {
        200 => {
            let found: Found<Identified> = answer.json()?;
            let citizen = Uuid::try_parse(&found.data.id).map_err(|_no_guid| AskError::Garbage)?;
            Ok(Ok(citizen))
        }
        404 if is_own_404(answer) => Ok(Err(Reply::of(Outcome::NoRecord))),
        // It saw four digits of the number and a surname only, so nothing that we could send settles it but the number.
        422 => Ok(Err(needs(Field::NationalInsuranceNumber))),
        _ => Err(answer.unexpected()),
    }
}

/// A citizen without claims was found all the same: there is no evidence, which is not "no record".
fn read_claims(answer: &Answer) -> Result<Reply, AskError> {
    let claims = match answer.status {
        200 => answer.json::<Found<Vec<Attributed<Claim>>>>()?.data,
        404 if is_own_404(answer) => Vec::new(),
        _ => return Err(answer.unexpected()),
    };
    let period = |claim: Attributed<Claim>| Period {
        from: claim.attributes.start_date,
        to: claim.attributes.end_date,
    };
    Ok(Reply::of(Outcome::Found(Facts::Residence(
        claims.into_iter().map(period).collect(),
    ))))
}

#[cfg(test)]
#[path = "dwp_tests.rs"]
mod tests;
