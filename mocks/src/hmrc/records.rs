//! Individuals Employments and the National Insurance record: where and when the person worked.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde::Deserialize;
use serde_json::{Value, json};
use statuscheck_domain::subject::iso_date;
use uuid::Uuid;

use super::{Refusal, invalid};
use crate::person::{Employment, Person};

/// Employments are told for the current tax year and this many before it.
const PREVIOUS_TAX_YEARS: i16 = 6;

/// The first tax year with a record of its own, 1975-76: contributions were stamps on a card before.
const FIRST_TAX_YEAR: i16 = 1975;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PayeQuery {
    pub(super) match_id: Option<String>,
    from_date: Option<String>,
    to_date: Option<String>,
}

/// Days from the first to the last, both included.
pub(super) struct Period {
    from: Date,
    to: Date,
}

impl PayeQuery {
    /// The period asked about; without its end, up to today.
    pub(super) fn period(&self, today: Date) -> Result<Period, Refusal> {
        let from = self
            .from_date
            .as_deref()
            .ok_or(invalid("fromDate is required"))
            .and_then(|text| iso_date(text).map_err(|_fault| invalid("fromDate: invalid date format")))?;
        let to = self
            .to_date
            .as_deref()
            .map_or(Ok(today), iso_date)
            .map_err(|_fault| invalid("toDate: invalid date format"))?;
        if from > to {
            return Err(invalid("Invalid time period requested"));
        }
        if from < tax_year_begins(tax_year_of(today) - PREVIOUS_TAX_YEARS) {
            return Err(invalid(
                "fromDate is earlier than the current and six previous tax years",
            ));
        }
        Ok(Period { from, to })
    }
}

/// Employments that touch the period. The population knows no pay, so the list of payments is empty.
pub(super) fn employments(id: Uuid, person: &Person, period: &Period) -> Value {
    let touching = person
        .employments
        .iter()
        .filter(|work| work.from <= period.to && work.to.is_none_or(|to| to >= period.from));
    json!({
        "employments": touching.map(employment).collect::<Vec<_>>(),
        "_links": {
            "self": {
                "href": format!(
                    "/individuals/employments/paye?matchId={id}&fromDate={}&toDate={}",
                    period.from, period.to
                ),
            },
        },
    })
}

fn employment(work: &Employment) -> Value {
    let mut body = json!({
        "startDate": work.from,
        "payFrequency": "CALENDAR_MONTHLY",
        "employer": {
            "name": work.employer,
            "payeReference": "123/MK45678",
            "address": { "line1": "1 Made-up Street", "line2": "Nowhere", "postcode": "AA1 1AA" },
        },
        "payment": [],
    });
    if let Some(to) = work.to {
        body["endDate"] = json!(to);
    }
    body
}

/// Every tax year from the first to the last in which an employment or a benefit is known, none before 1975-76. A year
/// qualifies where one touches it: employments pay contributions, benefits credit them.
pub(super) fn tax_years(person: &Person, today: Date) -> Value {
    let works = person.employments.iter().map(|work| (work.from, work.to));
    let benefits = person.benefits.iter().map(|benefit| (benefit.from, benefit.to));
    let touched: Vec<(i16, i16)> = works
        .chain(benefits)
        .filter(|(from, _)| *from <= today)
        .map(|(from, to)| {
            let last = to.map_or(today, |to| to.min(today));
            (tax_year_of(from).max(FIRST_TAX_YEAR), tax_year_of(last))
        })
        .filter(|(first, last)| first <= last)
        .collect();
    let first = touched.iter().map(|(first, _)| *first).min();
    let last = touched.iter().map(|(_, last)| *last).max();
    let years = match (first, last) {
        (Some(first), Some(last)) => (first..=last).rev().collect(),
        _ => Vec::new(),
    };
    let described: Vec<Value> = years
        .into_iter()
        .map(|year: i16| {
            json!({
                "taxYear": format!("{year}-{:02}", (year + 1) % 100),
                "qualifying": touched.iter().any(|(first, last)| (*first..=*last).contains(&year)),
                "underInvestigation": false,
            })
        })
        .collect();
    json!({ "taxYears": described })
}

/// The year in which the tax year of that day began, on 6 April.
fn tax_year_of(day: Date) -> i16 {
    if day < tax_year_begins(day.year()) {
        day.year() - 1
    } else {
        day.year()
    }
}

fn tax_year_begins(year: i16) -> Date {
    date(1, 4, 6).saturating_add((i32::from(year) - 1).years())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_year_begins_on_6_april() {
        assert_eq!(tax_year_of(date(2026, 4, 5)), 2025);
        assert_eq!(tax_year_of(date(2026, 4, 6)), 2026);
    }
}
