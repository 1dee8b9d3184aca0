//! Having a parked notice tried anew.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{HeaderMap, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use statuscheck_domain::ids::NoticeId;

use crate::dashboard::Board;
use crate::dashboard::access::Operator;
use crate::dashboard::page::{error_summary, field, hidden, not_found};
use crate::dashboard::routes::refused;
use crate::store::HookRow;
use crate::upkeep::{Reason, RetryError, UpkeepError};

/// What was filled in.
#[derive(Deserialize, Default)]
pub(in crate::dashboard) struct Filled {
    #[serde(default)]
    proof: String,
    #[serde(default)]
    reason: String,
    /// `yes` on the second page.
    #[serde(default)]
    confirmed: String,
}

/// `GET /hooks/ID`
pub(in crate::dashboard) async fn form(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    match board.hook(&operator, &id).await {
        Ok(hook) => ask(&board, &operator, &hook, &Filled::default(), &[]).into_response(),
        Err(refusal) => refusal,
    }
}

/// `POST /hooks/ID`
pub(in crate::dashboard) async fn retry(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    if let Some(refusal) = board.forged(&operator, &headers, &filled.proof) {
        return refusal;
    }
    let hook = match board.hook(&operator, &id).await {
        Ok(hook) => hook,
        Err(refusal) => return refusal,
    };
    let Ok(reason) = Reason::parse(&filled.reason) else {
        let faults = [("reason", "Say why in 1 to 200 characters, and name no person")];
        let page = ask(&board, &operator, &hook, &filled, &faults);
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    };
    if filled.confirmed != "yes" {
        return preview(&board, &operator, &hook, &filled).into_response();
    }
    // To its end, also where the browser goes.
    let retrying = tokio::spawn(async move {
        let (live, housekeeping) = (&board.sources.live, &board.sources.housekeeping);
        live.retry_hook(housekeeping, &operator.actor, hook.id, Some(&reason))
            .await
    });
    match retrying.await {
        Ok(Ok(())) => Redirect::to("/referrals?done=retried").into_response(),
        Ok(Err(error)) => not_retried(error),
        Err(_panicked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Board {
    /// The notice of that id, once it is recorded that `operator` looks at it, or what is told where it was taken, or never was.
    async fn hook(&self, operator: &Operator, id: &str) -> Result<HookRow, Response> {
        let unknown = || (StatusCode::NOT_FOUND, not_found()).into_response();
        let id: NoticeId = id.parse().map_err(|_no_id| unknown())?;
        let (live, view) = (&self.sources.live, format!("hooks/{id}"));
        let recorded = live
            .views
            .record(&operator.actor, &operator.session(), &view)
            .await;
        recorded.map_err(|error| refused(error.into()))?;
        live.hook(id).await.map_err(not_retried)
    }
}

fn not_retried(error: RetryError) -> Response {
    match error {
        RetryError::NoSuchHook(_) => (StatusCode::NOT_FOUND, not_found()).into_response(),
        RetryError::Upkeep(UpkeepError::Read(error)) => refused(error.into()),
        RetryError::Upkeep(UpkeepError::Commit(error)) => refused(error.into()),
    }
}

fn ask(
    board: &Board,
    operator: &Operator,
    hook: &HookRow,
    filled: &Filled,
    faults: &[(&str, &str)],
) -> Markup {
    let content = html! {
        (error_summary(faults))
        (told(hook))
        @if hook.next.is_some() {
            p class="govuk-body" { "It is not parked: it is tried again by itself." }
            p class="govuk-body" { a class="govuk-link" href="/referrals" { "Back to referrals" } }
        } @else {
            form method="post" action={ "/hooks/" (hook.id) } novalidate {
                (hidden("proof", &board.sessions.proof(&operator.session())))
                (field(("reason", "Why", "It stands in the ledger for ever. It must name no person."), faults, |described| html! {
                    input class="govuk-input" type="text" id="reason" name="reason" value=(filled.reason) maxlength="200" aria-describedby=(described);
                }))
                div class="govuk-button-group" {
                    button class="govuk-button" { "Continue" }
                    a class="govuk-link" href="/referrals" { "Cancel" }
                }
            }
        }
    };
    board.form_page("Try a notice again", operator, &content)
}

/// What would be done.
fn preview(board: &Board, operator: &Operator, hook: &HookRow, filled: &Filled) -> Markup {
    let content = html! {
        (told(hook))
        p class="govuk-body" {
            "It will be sent at once, with the same id, and again by itself for up to three days where it is not taken."
        }
        p class="govuk-body" { "Why: " (filled.reason.trim()) }
        form method="post" action={ "/hooks/" (hook.id) } {
            (hidden("proof", &board.sessions.proof(&operator.session())))
            (hidden("reason", &filled.reason))
            (hidden("confirmed", "yes"))
            div class="govuk-button-group" {
                button class="govuk-button govuk-button--warning" { "Try again" }
                a class="govuk-link" href="/referrals" { "Cancel" }
            }
        }
    };
    board.form_page("Try the notice again?", operator, &content)
}

fn told(hook: &HookRow) -> Markup {
    html! {
        p class="govuk-body" {
            "To " (hook.receiver) ", of " (hook.happening) ": " (hook.attempts)
            @if hook.attempts == 1 { " attempt" } @else { " attempts" } " came to nothing"
            @if let Some(fault) = &hook.fault { ", the last by: " (fault) }
            "."
        }
    }
}
