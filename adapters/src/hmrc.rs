//! HM Revenue and Customs: employments and years of National Insurance, as evidence of residence.
//!
//! Individuals Matching 2.0 and Individuals Employments 2.0. HMRC finds a person by the first letter of the forename, the
//! first three of the surname, the whole number and the whole date of birth, so other names are tried only where those
//! differ. One path holds the National Insurance number, because HMRC's API demands it there: that of the record.

use std::collections::HashSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use statuscheck_domain::clock::london_day;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::names::{Candidate, candidates};
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{Facts, Outcome, Period, Reply};
use statuscheck_domain::subject::{Field, Nino};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::adapter::{Speak, needs};
use crate::http::{Answer, Api, Exchange, headers};
use crate::settings::HmrcSettings;
use crate::{Ask, AskError};

/// Longest name that HMRC takes; it compares the first letters only, so a longer one is cut.
const NAME_CHARS_MAX: usize = 35;
/// Tax years before the current one of which HMRC tells employments.
const TAX_YEARS_BACK: i16 = 6;

pub(crate) struct Hmrc {
    api: Api,
    settings: HmrcSettings,
}

impl Hmrc {
    pub(crate) fn new(api: Api, settings: HmrcSettings) -> Self {
        Self { api, settings }
    }

    /// The match under the first name that HMRC knows the person by.
    async fn find(
        &self,
        exchange: &Exchange<'_>,
        question: &Question,
        nino: &Nino,
        names: &[Candidate],
    ) -> Result<Option<Uuid>, AskError> {
        for name in names {
            let request = Request {
                first_name: &name.first,
                last_name: &name.last,
                nino: nino.expose(),
                date_of_birth: question.subject.date_of_birth.date(),
            };
            // HMRC's path ends with a slash, which the empty segment writes.
            let answer = exchange.post(&["individuals", "matching", ""], &request).await?;
            if let Some(found) = read_match(&answer)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn employments(&self, exchange: &Exchange<'_>, found: Uuid) -> Result<Reply, AskError> {
        let from = first_day_told(london_day(self.api.clock().now())).to_string();
        let query = [("matchId", &*found.to_string()), ("fromDate", &*from)];
        let answer = exchange
            .read(&["individuals", "employments", "paye"], &query)
            .await?;
        read_employments(&answer)
    }
}

impl Speak for Hmrc {
    const ID: DepartmentId = DepartmentId::Hmrc;

    async fn reply(&self, ask: &Ask) -> Result<Reply, AskError> {
        let question = &*ask.question;
        let Some(nino) = &question.subject.nino else {
            return Ok(needs(Field::NationalInsuranceNumber));
        };
        let Some(name) = &question.subject.name else {
            return Ok(needs(Field::FamilyName));
        };
        let exchange = self.api.begin(
            ask,
            headers([
                ("accept", "application/vnd.hmrc.2.0+json"),
                ("correlationid", &question.correlation_id.to_string()),
            ])?,
        );
        let names = distinct(
            candidates(name, &question.subject.also_known_as),
            self.settings.name_variants_max,
        );
        let Some(found) = self.find(&exchange, question, nino, &names).await? else {
            return Ok(Reply::of(Outcome::NoRecord));
        };
        match question.operation {
            Operation::EmploymentHistory => self.employments(&exchange, found).await,
            Operation::ContributionHistory => {
                let path = ["national-insurance-record", "ni", nino.expose()];
                read_contributions(&exchange.read(&path, &[]).await?)
            }
            _ => Err(AskError::Refused),
        }
    }
}

/// Who is looked for. No `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    first_name: &'a str,
    last_name: &'a str,
    nino: &'a str,
    date_of_birth: Date,
}

/// The names that differ in what HMRC compares, most likely first, in HMRC's format.
fn distinct(names: Vec<Candidate>, names_max: u32) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    names
        .into_iter()
        .map(|name| Candidate {
            first: cut(&name.first),
            last: cut(&name.last),
        })
        .filter(|name| {
            let first: String = name.first.chars().take(1).collect();
            let last: String = name.last.chars().take(3).collect();
            seen.insert((first, last))
        })
        .take(names_max as usize)
        .collect()
}

/// A folded name has HMRC's letters and marks already; only its length may be too great.
fn cut(name: &str) -> Zeroizing<String> {
    let cut = Zeroizing::new(name.chars().take(NAME_CHARS_MAX).collect::<String>());
    Zeroizing::new(cut.trim_end().to_owned())
}

/// 6 April of the sixth tax year before the one that `today` is in.
fn first_day_told(today: Date) -> Date {
    let begins = date(today.year(), 4, 6);
    let back = TAX_YEARS_BACK + i16::from(today < begins);
    begins.saturating_sub(back.years())
}

#[derive(Deserialize)]
struct Matched {
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    individual: Link,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: String,
}

#[derive(Deserialize)]
struct Employments {
    employments: Vec<Employment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Employment {
    start_date: Date,
    end_date: Option<Date>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    tax_years: Vec<TaxYear>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaxYear {
    tax_year: String,
    qualifying: bool,
}

fn has_code(answer: &Answer, code: &str) -> bool {
    answer.json::<ErrorBody>().is_ok_and(|body| body.code == code)
}

/// HMRC's id of the match; none where it knows nobody like that. The link is not followed, only read.
fn read_match(answer: &Answer) -> Result<Option<Uuid>, AskError> {
    match answer.status {
        200 => {
            let matched: Matched = answer.json()?;
            let href = matched.links.individual.href;
            let id = href.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            Uuid::try_parse(id)
                .map(Some)
                .map_err(|_no_guid| AskError::Garbage)
        }
        404 if has_code(answer, "MATCHING_FAILED") => Ok(None),
        _ => Err(answer.unexpected()),
    }
}

/// A person who was matched and has no employments is found, without evidence.
fn read_employments(answer: &Answer) -> Result<Reply, AskError> {
    if answer.status != 200 {
        return Err(lost(answer));
    }
    let told: Employments = answer.json()?;
    let period = |employment: Employment| Period {
        from: employment.start_date,
        to: employment.end_date,
    };
    Ok(residence(told.employments.into_iter().map(period).collect()))
}

/// Years with contributions, each as a period. A year under investigation counts: it is evidence that the person was here,
/// and evidence is only ever used in their favour.
fn read_contributions(answer: &Answer) -> Result<Reply, AskError> {
    if answer.status != 200 {
        return Err(lost(answer));
    }
    let record: Record = answer.json()?;
    let qualifying = record.tax_years.iter().filter(|year| year.qualifying);
    let periods: Result<Vec<Period>, AskError> = qualifying.map(|year| tax_year(&year.tax_year)).collect();
    periods.map(residence)
}

/// Oldest first; HMRC tells tax years newest first.
fn residence(mut periods: Vec<Period>) -> Reply {
    periods.sort_by_key(|period| period.from);
    Reply::of(Outcome::Found(Facts::Residence(periods)))
}

/// What was matched a moment ago and is now not found got lost on HMRC's side.
fn lost(answer: &Answer) -> AskError {
    match answer.status {
        404 => AskError::Unavailable,
        _ => answer.unexpected(),
    }
}

/// `1979-80` as 6 April 1979 to 5 April 1980.
fn tax_year(text: &str) -> Result<Period, AskError> {
    let (begins, ends) = text.split_once('-').ok_or(AskError::Garbage)?;
    let year: i16 = begins.parse().map_err(|_no_year| AskError::Garbage)?;
    let next: i16 = ends.parse().map_err(|_no_year| AskError::Garbage)?;
    if !(1900..=2200).contains(&year) || (year + 1) % 100 != next {
        return Err(AskError::Garbage);
    }
    Ok(Period {
        from: date(year, 4, 6),
        to: Some(date(year + 1, 4, 5)),
    })
}

#[cfg(test)]
#[path = "hmrc_tests.rs"]
mod tests;
