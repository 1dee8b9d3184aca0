//! Giving open cases more time.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Form};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use statuscheck_domain::case_clock::Extension as MoreTime;
use statuscheck_domain::due_order::OrderContent;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::sla::WorkingDays;

use crate::dashboard::Board;
use crate::dashboard::access::Operator;
use crate::dashboard::page::{error_summary, field, hidden};
use crate::dashboard::routes::refused;
use crate::dashboard::views::department_name;
use crate::upkeep::{Extended, UpkeepError};

/// What was filled in.
#[derive(Deserialize, Default)]
pub(in crate::dashboard) struct Filled {
    #[serde(default)]
    proof: String,
    /// Empty for all.
    #[serde(default)]
    department: String,
    /// Empty for all.
    #[serde(default)]
    agreement: String,
    #[serde(default)]
    amount: String,
    /// `hours` or `days`.
    #[serde(default)]
    unit: String,
    #[serde(default)]
    reason: String,
    /// `yes` on the second page.
    #[serde(default)]
    confirmed: String,
}

/// `GET /more-time`
pub(in crate::dashboard) async fn form(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
) -> Response {
    ask(&board, &operator, &Filled::default(), &[]).into_response()
}

/// `POST /more-time`
pub(in crate::dashboard) async fn give(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    if let Some(refusal) = board.forged(&operator, &headers, &filled.proof) {
        return refusal;
    }
    let content = match read(&filled) {
        Ok(content) => content,
        Err(faults) => {
            let page = ask(&board, &operator, &filled, &faults);
            return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
        }
    };
    let housekeeping = Arc::clone(&board.sources.housekeeping);
    let actor = operator.actor.clone();
    let is_confirmed = filled.confirmed == "yes";
    // To its end, also where the browser goes.
    let done = tokio::spawn(async move {
        if is_confirmed {
            housekeeping.extend_due(&actor, content).await
        } else {
            housekeeping.preview_extension(&content).await
        }
    });
    match done.await {
        Ok(Ok(extended)) if is_confirmed => told(&board, &operator, &extended).into_response(),
        Ok(Ok(extended)) => preview(&board, &operator, &filled, &extended).into_response(),
        Ok(Err(UpkeepError::Read(error))) => refused(error.into()),
        Ok(Err(UpkeepError::Commit(error))) => refused(error.into()),
        Err(_panicked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

type Faults = Vec<(&'static str, &'static str)>;

fn read(filled: &Filled) -> Result<OrderContent, Faults> {
    let mut faults = Faults::new();
    let named = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let department = named(&filled.department).map(|name| name.parse()).transpose();
    if department.is_err() {
        faults.push(("department", "Choose a department, or all"));
    }
    let agreement = named(&filled.agreement).map(|id| id.parse()).transpose();
    if agreement.is_err() {
        faults.push(("agreement", "Choose an agreement, or all"));
    }
    let by = amount(filled);
    if by.is_none() {
        faults.push(("amount", "Enter 1 to 8760 hours, or 1 to 260 working days"));
    }
    let reason = filled.reason.parse();
    if reason.is_err() {
        faults.push(("reason", "Say why in 1 to 200 characters, and name no person"));
    }
    match (department, agreement, by, reason) {
        (Ok(department), Ok(agreement), Some(by), Ok(reason)) => Ok(OrderContent {
            department,
            agreement,
            by,
            reason,
        }),
        _ => Err(faults),
    }
}

fn amount(filled: &Filled) -> Option<MoreTime> {
    let number: u16 = filled.amount.trim().parse().ok().filter(|number| *number > 0)?;
    match filled.unit.as_str() {
        "days" => WorkingDays::new(number).ok().map(MoreTime::Working),
        _ => Some(Duration::from_hours(number.into()))
            .filter(|by| *by <= MoreTime::ELAPSED_MAX)
            .map(MoreTime::Elapsed),
    }
}

fn ask(board: &Board, operator: &Operator, filled: &Filled, faults: &[(&str, &str)]) -> Markup {
    let version = board.sources.register.now();
    let agreements = version
        .register
        .agreements()
        .filter(|agreement| !agreement.listed_only);
    let content = html! {
        (error_summary(faults))
        p class="govuk-body" { "For outages and closures. You see how many cases it means before anything is moved." }
        form method="post" action="/more-time" novalidate {
            (hidden("proof", &board.sessions.proof(&operator.session())))
            (field(("department", "Cases that wait for", "Others keep their due times"), faults, |described| html! {
                select class="govuk-select" id="department" name="department" aria-describedby=(described) {
                    option value="" { "Any department" }
                    @for department in DepartmentId::ALL {
                        option value=(department.as_str()) selected[filled.department == department.as_str()] { (department_name(department)) }
                    }
                }
            }))
            (field(("agreement", "Under", "Others keep their due times"), faults, |described| html! {
                select class="govuk-select" id="agreement" name="agreement" aria-describedby=(described) {
                    option value="" { "Any agreement" }
                    @for agreement in agreements {
                        option value=(agreement.id.as_str()) selected[filled.agreement == agreement.id.as_str()] { (agreement.title) }
                    }
                }
            }))
            (field(("amount", "How much", "A whole number"), faults, |described| html! {
                input class="govuk-input govuk-input--width-4" type="text" inputmode="numeric" id="amount" name="amount" value=(filled.amount) aria-describedby=(described);
            }))
            (field(("unit", "Of what", "Working days count in the calendar of each case"), faults, |described| html! {
                select class="govuk-select" id="unit" name="unit" aria-describedby=(described) {
                    option value="hours" { "Hours" }
                    option value="days" selected[filled.unit == "days"] { "Working days" }
                }
            }))
            (field(("reason", "Why", "Callers read it, and it stands in the ledger for ever. It must name no person."), faults, |described| html! {
                input class="govuk-input" type="text" id="reason" name="reason" value=(filled.reason) maxlength="200" aria-describedby=(described);
            }))
            button class="govuk-button" { "Continue" }
        }
    };
    board.form_page("Give more time", operator, &content)
}

fn preview(board: &Board, operator: &Operator, filled: &Filled, extended: &Extended) -> Markup {
    let unit = if filled.unit == "days" {
        "working days"
    } else {
        "hours"
    };
    let content = html! {
        (counted(extended, "would get"))
        p class="govuk-body" { (filled.amount.trim()) " " (unit) " more. Why: " (filled.reason.trim()) }
        form method="post" action="/more-time" {
            (hidden("proof", &board.sessions.proof(&operator.session())))
            (hidden("department", &filled.department))
            (hidden("agreement", &filled.agreement))
            (hidden("amount", &filled.amount))
            (hidden("unit", &filled.unit))
            (hidden("reason", &filled.reason))
            (hidden("confirmed", "yes"))
            div class="govuk-button-group" {
                button class="govuk-button govuk-button--warning" { "Give more time" }
                a class="govuk-link" href="/now" { "Cancel" }
            }
        }
    };
    board.form_page("Give more time?", operator, &content)
}

fn told(board: &Board, operator: &Operator, extended: &Extended) -> Markup {
    let content = html! {
        (counted(extended, "got"))
        p class="govuk-body" { a class="govuk-link" href="/now" { "What is there now" } }
    };
    board.form_page("More time was given", operator, &content)
}

fn counted(extended: &Extended, verb: &str) -> Markup {
    html! {
        p class="govuk-body" { strong { (extended.cases()) " cases" } " " (verb) " more time." }
        @if !extended.by_agreement.is_empty() {
            ul class="govuk-list govuk-list--bullet" {
                @for (agreement, cases) in &extended.by_agreement { li { (agreement.as_str()) ": " (cases) } }
            }
        }
        @if extended.refused > 0 {
            p class="govuk-body" { (extended.refused) " cases match and cannot be given so much; the log says why." }
        }
    }
}
