//! Closing a department by hand, and opening it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::DateTime;
use maud::{Markup, html};
use serde::Deserialize;
use statuscheck_domain::clock::london;
use statuscheck_domain::ids::DepartmentId;

use crate::dashboard::Board;
use crate::dashboard::access::Operator;
use crate::dashboard::page::{error_summary, field, hidden, not_found};
use crate::dashboard::routes::refused;
use crate::dashboard::views::{department_name, time};
use crate::upkeep::{Reason, UpkeepError};

/// What was filled in.
#[derive(Deserialize, Default)]
pub(in crate::dashboard) struct Filled {
    #[serde(default)]
    proof: String,
    /// As a browser writes it, in London; empty where somebody has to open it.
    #[serde(default)]
    until: String,
    #[serde(default)]
    reason: String,
    /// `yes` on the second page.
    #[serde(default)]
    confirmed: String,
}

/// `GET /departments/ID`
pub(in crate::dashboard) async fn form(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    match id.parse() {
        Ok(department) => ask(&board, &operator, department, &Filled::default(), &[]).into_response(),
        Err(_unknown) => (StatusCode::NOT_FOUND, not_found()).into_response(),
    }
}

/// `POST /departments/ID`: what is closed is opened, and what is open is closed.
pub(in crate::dashboard) async fn set(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    if let Some(refusal) = board.forged(&operator, &headers, &filled.proof) {
        return refusal;
    }
    let Ok(department) = id.parse::<DepartmentId>() else {
        return (StatusCode::NOT_FOUND, not_found()).into_response();
    };
    let closes = board.sources.live.closures.of(department).is_none();
    let (until, reason) = match read(&filled, closes, board.sources.clock.now()) {
        Ok(read) => read,
        Err(faults) => {
            let page = ask(&board, &operator, department, &filled, &faults);
            return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
        }
    };
    if filled.confirmed != "yes" {
        return preview(&board, &operator, department, &filled, closes.then_some(until)).await;
    }
    let closures = &board.sources.live.closures;
    match closures
        .set(&operator.actor, department, closes.then_some(until), &reason)
        .await
    {
        Ok(()) if closes => Redirect::to("/departments?done=closed").into_response(),
        Ok(()) => Redirect::to("/departments?done=opened").into_response(),
        Err(UpkeepError::Read(error)) => refused(error.into()),
        Err(UpkeepError::Commit(error)) => refused(error.into()),
    }
}

type Faults = Vec<(&'static str, &'static str)>;

fn read(filled: &Filled, closes: bool, now: Timestamp) -> Result<(Option<Timestamp>, Reason), Faults> {
    let mut faults = Faults::new();
    let reason = Reason::parse(&filled.reason);
    if reason.is_err() {
        faults.push(("reason", "Say why in 1 to 200 characters, and name no person"));
    }
    let until = match filled.until.trim() {
        "" => Ok(None),
        text if closes => until(text, now).map(Some).ok_or(()),
        _ => Ok(None),
    };
    if until.is_err() {
        faults.push(("until", "Enter a time in the future"));
    }
    match (until, reason) {
        (Ok(until), Ok(reason)) => Ok((until, reason)),
        _ => Err(faults),
    }
}

fn until(text: &str, now: Timestamp) -> Option<Timestamp> {
    let local = DateTime::strptime("%Y-%m-%dT%H:%M", text).ok()?;
    let until = local.to_zoned(london()).ok()?.timestamp();
    (until > now).then_some(until)
}

fn ask(
    board: &Board,
    operator: &Operator,
    department: DepartmentId,
    filled: &Filled,
    faults: &[(&str, &str)],
) -> Markup {
    let name = department_name(department);
    let closure = board.sources.live.closures.of(department);
    let act = if closure.is_some() { "Open" } else { "Close" };
    let content = html! {
        (error_summary(faults))
        @match &closure {
            Some(closure) => {
                p class="govuk-body" {
                    "Closed since " (time(closure.since)) " by " (closure.actor) ": " (closure.reason) "."
                }
            },
            None => {
                p class="govuk-body" {
                    "While it is closed nothing is asked of it. Checks that need it are pending, their clocks go on, and they are asked again when it opens."
                }
            },
        }
        form method="post" action={ "/departments/" (department.as_str()) } novalidate {
            (hidden("proof", &board.sessions.proof(&operator.session())))
            @if closure.is_none() {
                (field(("until", "Until", "London time; leave it empty where it is not known"), faults, |described| html! {
                    input class="govuk-input govuk-input--width-20" type="datetime-local" id="until" name="until" value=(filled.until) aria-describedby=(described);
                }))
            }
            (field(("reason", "Why", "It stands in the ledger for ever. It must name no person."), faults, |described| html! {
                input class="govuk-input" type="text" id="reason" name="reason" value=(filled.reason) maxlength="200" aria-describedby=(described);
            }))
            div class="govuk-button-group" {
                button class="govuk-button" { "Continue" }
                a class="govuk-link" href="/departments" { "Cancel" }
            }
        }
    };
    board.form_page(&format!("{act} {name}"), operator, &content)
}

/// What would be done.
async fn preview(
    board: &Board,
    operator: &Operator,
    department: DepartmentId,
    filled: &Filled,
    closed: Option<Option<Timestamp>>,
) -> Response {
    let name = department_name(department);
    let waiting = match board.sources.live.overview.now().await {
        Ok(open) => open.waiting_for(department),
        Err(error) => return refused(error.into()),
    };
    let act = if closed.is_some() { "Close" } else { "Open" };
    let content = html! {
        p class="govuk-body" { (waiting) " open cases wait for it now." }
        p class="govuk-body" {
            @match closed {
                Some(Some(until)) => { "It will be closed until " (time(until)) ", in every gateway." },
                Some(None) => { "It will be closed until somebody opens it, in every gateway." },
                None => { "It will be asked again, by every gateway." },
            }
        }
        p class="govuk-body" { "Why: " (filled.reason.trim()) }
        form method="post" action={ "/departments/" (department.as_str()) } {
            (hidden("proof", &board.sessions.proof(&operator.session())))
            (hidden("until", &filled.until))
            (hidden("reason", &filled.reason))
            (hidden("confirmed", "yes"))
            div class="govuk-button-group" {
                button class="govuk-button govuk-button--warning" { (act) " " (name) }
                a class="govuk-link" href="/departments" { "Cancel" }
            }
        }
    };
    board
        .form_page(&format!("{act} {name}?"), operator, &content)
        .into_response()
}
