//! The Home Office: immigration status by share code or by names, and section 95 support.
//!
//! It publishes no API; this one follows the conventions of the other departments. Names, codes and references go in
//! bodies; the only thing in a path is the ticket of a request that a caseworker has.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{Facts, ImmigrationStatus, Outcome, Reply, Section95Support};
use statuscheck_domain::subject::{AsylumSupportReference, Field, HomeOfficeReference, Nino, ShareCode};
use zeroize::Zeroizing;

use crate::adapter::{Speak, needs};
use crate::http::{Answer, Api, headers};
use crate::tickets::Ticket;
use crate::{Ask, AskError};

pub(crate) struct HomeOffice {
    api: Api,
}

impl HomeOffice {
    pub(crate) fn new(api: Api) -> Self {
        Self { api }
    }
}

impl Speak for HomeOffice {
    const ID: DepartmentId = DepartmentId::HomeOffice;

    async fn reply(&self, ask: &Ask) -> Result<Reply, AskError> {
        let question = &*ask.question;
        let request = match Request::of(question)? {
            Ok(request) => request,
            Err(missing) => return Ok(needs(missing)),
        };
        let correlation_id = question.correlation_id.to_string();
        let exchange = self
            .api
            .begin(ask, headers([("correlation-id", &correlation_id)])?);
        if let Some(ticket) = Ticket::of(question)? {
            let answer = exchange.read(&["v1", "requests", ticket.as_str()], &[]).await?;
            if answer.status != 404 || code(&answer).as_deref() == Some("NO_RECORD") {
                return understood(question.operation, &answer);
            }
            // The request is gone from its books: the question is put anew.
        }
        let answer = exchange.post(request.path(), &request).await?;
        understood(question.operation, &answer)
    }
}

fn understood(operation: Operation, answer: &Answer) -> Result<Reply, AskError> {
    let reply = read(operation, answer)?;
    Ticket::check(&reply)?;
    Ok(reply)
}

/// What is asked. It carries a person, so it has no `Debug`.
#[derive(Serialize)]
#[serde(untagged)]
enum Request<'a> {
    #[serde(rename_all = "camelCase")]
    ByShareCode {
        share_code: &'a str,
        date_of_birth: Date,
        purpose: &'static str,
    },
    #[serde(rename_all = "camelCase")]
    ByNames {
        given_names: &'a str,
        family_name: &'a str,
        also_known_as: &'a [Zeroizing<String>],
        date_of_birth: Date,
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<&'a str>,
    },
    #[serde(rename_all = "camelCase")]
    Support {
        reference: &'a str,
        family_name: &'a str,
        date_of_birth: Date,
    },
}

impl<'a> Request<'a> {
    /// The request, or the field without which there is none.
    fn of(question: &'a Question) -> Result<Result<Self, Field>, AskError> {
        let subject = &*question.subject;
        let date_of_birth = subject.date_of_birth.date();
        match question.operation {
            Operation::ImmigrationStatus => {
                if let Some(code) = &subject.share_code {
                    return Ok(Ok(Self::ByShareCode {
                        share_code: ShareCode::expose(code),
                        date_of_birth,
                        purpose: purpose(question.check)?,
                    }));
                }
                let Some(name) = &subject.name else {
                    return Ok(Err(Field::FamilyName));
                };
                Ok(Ok(Self::ByNames {
                    given_names: name.given(),
                    family_name: name.family(),
                    also_known_as: &subject.also_known_as,
                    date_of_birth,
                    reference: subject
                        .home_office_reference
                        .as_ref()
                        .map(HomeOfficeReference::expose),
                }))
            }
            Operation::Section95Support => {
                // The support is found by the NASS reference, or by the number where only that was given.
                let nass = subject
                    .asylum_support_reference
                    .as_ref()
                    .map(AsylumSupportReference::expose);
                let Some(reference) = nass.or(subject.nino.as_ref().map(Nino::expose)) else {
                    return Ok(Err(Field::AsylumSupportReference));
                };
                let Some(name) = &subject.name else {
                    return Ok(Err(Field::FamilyName));
                };
                Ok(Ok(Self::Support {
                    reference,
                    family_name: name.family(),
                    date_of_birth,
                }))
            }
            _ => Err(AskError::Refused),
        }
    }

    fn path(&self) -> &'static [&'static str] {
        match self {
            Self::ByShareCode { .. } => &["v1", "status", "share-code"],
            Self::ByNames { .. } => &["v1", "status", "match"],
            Self::Support { .. } => &["v1", "asylum-support", "validations"],
        }
    }
}

/// Share codes are asked for work and for rent; no other check takes one.
fn purpose(check: CheckKind) -> Result<&'static str, AskError> {
    match check {
        CheckKind::RightToWork => Ok("WORK"),
        CheckKind::RightToRent => Ok("RENT"),
        CheckKind::Section95 | CheckKind::Iecas => Err(AskError::Refused),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusBody {
    leave: String,
    valid_from: Date,
    valid_until: Option<Date>,
    may_work: bool,
    may_rent: bool,
    conditions: Vec<String>,
    health_surcharge_paid: Option<bool>,
    arrived_on: Option<Date>,
    document_valid_until: Option<Date>,
    as_of: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SupportBody {
    in_force: bool,
    since: Option<Date>,
    part: Option<String>,
    section: Option<String>,
    as_of: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TicketBody {
    ticket: String,
    expected_by: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    code: String,
    #[serde(default)]
    would_settle: Vec<String>,
    opens_at: Option<Timestamp>,
}

fn code(answer: &Answer) -> Option<String> {
    answer.json::<ErrorBody>().ok().map(|body| body.code)
}

fn read(operation: Operation, answer: &Answer) -> Result<Reply, AskError> {
    match answer.status {
        200 if operation == Operation::Section95Support => support(answer.json()?),
        200 => status(answer.json()?),
        202 => {
            let body: TicketBody = answer.json()?;
            Ok(Reply::of(Outcome::Deferred {
                expected_by: body.expected_by,
                ticket: body.ticket,
            }))
        }
        _ => {
            let body = answer.json::<ErrorBody>().unwrap_or_default();
            match (answer.status, body.code.as_str()) {
                (404, "NO_RECORD") => Ok(Reply::of(Outcome::NoRecord)),
                (409, "AMBIGUOUS") => Ok(Reply::of(Outcome::Ambiguous {
                    would_settle: settling(operation, &body.would_settle),
                })),
                // Said only with the right date of birth: the person can make a new code.
                (410, "CODE_EXPIRED") => Ok(needs(Field::ShareCode)),
                (503, "DESK_CLOSED") => Ok(Reply::of(Outcome::Closed { until: body.opens_at })),
                _ => Err(answer.unexpected()),
            }
        }
    }
}

fn status(body: StatusBody) -> Result<Reply, AskError> {
    let ends_before_it_begins = body.valid_until.is_some_and(|until| until < body.valid_from);
    if body.leave.trim().is_empty() || ends_before_it_begins {
        return Err(AskError::Garbage);
    }
    Ok(Reply {
        as_of: body.as_of,
        outcome: Outcome::Found(Facts::ImmigrationStatus(ImmigrationStatus {
            leave: body.leave,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            may_work: body.may_work,
            may_rent: body.may_rent,
            conditions: body.conditions,
            health_surcharge_paid: body.health_surcharge_paid,
            arrived_on: body.arrived_on,
            document_valid_until: body.document_valid_until,
        })),
    })
}

/// A basis that was left out is told as left out: what that means for the answer is not for the adapter to say (§6.134).
fn support(body: SupportBody) -> Result<Reply, AskError> {
    let said = |word: Option<String>, before: &str| {
        word.filter(|word| !word.trim().is_empty())
            .map(|word| format!("{before} {}", word.trim()))
    };
    let basis: Vec<String> = [said(body.part, "Part"), said(body.section, "section")]
        .into_iter()
        .flatten()
        .collect();
    Ok(Reply {
        as_of: body.as_of,
        outcome: Outcome::Found(Facts::Section95Support(Section95Support {
            in_force: body.in_force,
            since: body.since,
            legal_basis: (!basis.is_empty()).then(|| basis.join(", ")),
        })),
    })
}

/// The fields that the Home Office names; where it names none that we know, the reference, which finds one record only.
fn settling(operation: Operation, names: &[String]) -> Vec<Field> {
    let reference = match operation {
        Operation::Section95Support => Field::AsylumSupportReference,
        _ => Field::HomeOfficeReference,
    };
    let field = |name: &String| match name.as_str() {
        "givenNames" => Some(Field::GivenNames),
        "familyName" => Some(Field::FamilyName),
        "alsoKnownAs" => Some(Field::AlsoKnownAs),
        "dateOfBirth" => Some(Field::DateOfBirth),
        "shareCode" => Some(Field::ShareCode),
        "nationalInsuranceNumber" => Some(Field::NationalInsuranceNumber),
        "reference" => Some(reference),
        other => Field::named(other),
    };
    let mut fields: Vec<Field> = names.iter().filter_map(field).collect();
    fields.dedup();
    if fields.is_empty() {
        fields.push(reference);
    }
    fields
}

#[cfg(test)]
#[path = "home_office_tests.rs"]
mod tests;
