//! The Department for Education's Eligibility Checking Engine: a check is queued, then asked after.
//!
//! The paths hold the engine's own id of the check, which its API demands there; who it is about goes in the body only.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};
use statuscheck_domain::check::EducationBenefit;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{EducationEligibility, Facts, Outcome, Reply};
use statuscheck_domain::subject::{AsylumSupportReference, Field, Nino};
use uuid::Uuid;

use crate::adapter::{Speak, needs};
use crate::http::{Answer, Api, Exchange};
use crate::{Ask, AskError};

/// First pause before asking after a check: the engine's stored results are there at once, so it is short.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// Longest pause: four questions a second about one check are no burden, and cost an eighth of a check's time at most.
const PAUSE_MAX: Duration = Duration::from_millis(250);
/// Kept back from the question's time, so that "still queued" is told before the deadline and not lost to it.
const SLICE: Duration = Duration::from_millis(50);

pub(crate) struct Dfe {
    api: Api,
}

impl Dfe {
    pub(crate) fn new(api: Api) -> Self {
        Self { api }
    }
}

impl Speak for Dfe {
    const ID: DepartmentId = DepartmentId::Dfe;

    async fn reply(&self, ask: &Ask) -> Result<Reply, AskError> {
        let question = &*ask.question;
        if question.operation != Operation::EducationEligibility {
            return Err(AskError::Refused);
        }
        let request = match Request::of(question) {
            Ok(request) => request,
            Err(missing) => return Ok(needs(missing)),
        };
        let exchange = self.api.begin(ask, HeaderMap::new());
        // The same content again gives the check that is there already, for seven days; so a repeat needs no ticket.
        let answer = exchange
            .post(&["check", benefit(question)?], &Data { data: request })
            .await?;
        let check = read_queued(&answer)?;
        let patience = exchange.left().saturating_sub(SLICE);
        match tokio::time::timeout(patience, settled(&exchange, check)).await {
            Ok(reply) => reply,
            Err(_elapsed) => Ok(Reply::of(Outcome::Deferred {
                expected_by: None,
                ticket: check.to_string(),
            })),
        }
    }
}

/// Asks after a check until it is no longer queued.
async fn settled(exchange: &Exchange<'_>, check: Uuid) -> Result<Reply, AskError> {
    let check = check.to_string();
    let mut pause = PAUSE_FIRST;
    loop {
        let answer = exchange.poll(&["check", &check, "status"]).await?;
        if let Some(reply) = read_status(&answer)? {
            return Ok(reply);
        }
        exchange.pause(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn benefit(question: &Question) -> Result<&'static str, AskError> {
    match question.benefit {
        Some(EducationBenefit::FreeSchoolMeals) => Ok("free-school-meals"),
        Some(EducationBenefit::TwoYearOldEarlyEducation) => Ok("two-year-offer"),
        Some(EducationBenefit::EarlyYearsPupilPremium) => Ok("early-year-pupil-premium"),
        None => Err(AskError::Refused),
    }
}

#[derive(Serialize, Deserialize)]
struct Data<D> {
    data: D,
}

/// Who a check is about, by exactly one of the two numbers. No `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    national_asylum_seeker_service_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    national_insurance_number: Option<&'a str>,
    last_name: String,
    date_of_birth: Date,
}

impl<'a> Request<'a> {
    /// The request, or the field without which there is none.
    fn of(question: &'a Question) -> Result<Self, Field> {
        let subject = &*question.subject;
        let reference = subject
            .asylum_support_reference
            .as_ref()
            .map(AsylumSupportReference::expose);
        // The engine refuses a number without its suffix, and both numbers at once.
        let nino = subject
            .nino
            .as_ref()
            .filter(|nino| reference.is_none() && nino.has_suffix());
        if reference.is_none() && nino.is_none() {
            return Err(Field::AsylumSupportReference);
        }
        let name = subject.name.as_ref().ok_or(Field::FamilyName)?;
        Ok(Self {
            national_asylum_seeker_service_number: reference,
            national_insurance_number: nino.map(Nino::expose),
            last_name: plain_marks(name.family()),
            date_of_birth: subject.date_of_birth.date(),
        })
    }
}

/// Typographic apostrophes and dashes made plain: the engine's check of names knows letters, accents and plain marks only.
fn plain_marks(name: &str) -> String {
    let plain = |symbol| match symbol {
        '\u{2018}' | '\u{2019}' | '\u{2bb}' | '\u{2bc}' | '\u{b4}' | '`' => '\'',
        '\u{2010}' | '\u{2011}' | '\u{2013}' => '-',
        other => other,
    };
    name.chars().map(plain).collect()
}

#[derive(Deserialize)]
struct Queued {
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    #[serde(rename = "get_EligibilityCheck")]
    check: String,
}

#[derive(Deserialize)]
struct Checked {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    QueuedForProcessing,
    Eligible,
    NotEligible,
    ParentNotFound,
    Error,
}

/// The engine's id of the check. Its link is not followed, only read: where we ask is ours to say.
fn read_queued(answer: &Answer) -> Result<Uuid, AskError> {
    if !matches!(answer.status, 200 | 202) {
        return Err(answer.unexpected());
    }
    let queued: Queued = answer.json()?;
    let id = queued.links.check.rsplit('/').next().unwrap_or_default();
    Uuid::try_parse(id).map_err(|_no_guid| AskError::Garbage)
}

/// The reply; none while the check is queued.
fn read_status(answer: &Answer) -> Result<Option<Reply>, AskError> {
    if answer.status != 200 {
        // A check that the engine has just queued and no longer knows was lost, not answered.
        return Err(match answer.status {
            404 => AskError::Unavailable,
            _ => answer.unexpected(),
        });
    }
    let checked: Data<Checked> = answer.json()?;
    match checked.data.status {
        Status::QueuedForProcessing => Ok(None),
        Status::Eligible => found(answer, true).map(Some),
        Status::NotEligible => found(answer, false).map(Some),
        Status::ParentNotFound => Ok(Some(Reply::of(Outcome::NoRecord))),
        // It gave up after three tries of its own.
        Status::Error => Err(AskError::Unavailable),
    }
}

fn found(answer: &Answer, eligible: bool) -> Result<Reply, AskError> {
    let source = answer.header("x-source").map(str::parse).transpose();
    let loaded_at: Option<Timestamp> = answer
        .header("x-source-loaded-at")
        .map(str::parse)
        .transpose()
        .map_err(|_no_time| AskError::Garbage)?;
    Ok(Reply {
        as_of: loaded_at,
        outcome: Outcome::Found(Facts::EducationEligibility(EducationEligibility {
            eligible,
            source: source.map_err(|_nobody| AskError::Garbage)?,
            loaded_at,
        })),
    })
}

#[cfg(test)]
#[path = "dfe_tests.rs"]
mod tests;
