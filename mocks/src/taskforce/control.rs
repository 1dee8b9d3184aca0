//! The control API: what came in, what to do with the next hooks, and to resolve a referral. JSON over HTTP, on an address of
//! its own, for whoever runs a test or a demo and for nobody else.
//!
//! | request | what |
//! | --- | --- |
//! | `GET /hooks` | what came in: `{hooks: [{id, subject, case_id, times, effects, first_at, last_at}], referrals, refused, forgotten}` |
//! | `GET /orders` | the orders that wait: `["2xfail:503"]` |
//! | `POST /orders` | `{"order": "3xfail:503"}`: one more |
//! | `DELETE /orders` | none any more |
//! | `POST /resolve` | `{"referral_id", "finding": "confirmed" \| "not_confirmed" \| "needs_longer", "until"?, "note"?}` → `{referral_id, state}` |

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Finding, Order, ResolveError, Taskforce};

/// Bytes of a request: the longest is a note of 2,000 characters.
const BODY_BYTES_MAX: usize = 16 * 1024;

pub(super) fn router(taskforce: Taskforce) -> Router {
    Router::new()
        .route("/hooks", get(hooks))
        .route("/orders", get(list).post(give).delete(take_back))
        .route("/resolve", post(resolve))
        .with_state(taskforce)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn hooks(State(taskforce): State<Taskforce>) -> Response {
    Json(taskforce.received()).into_response()
}

async fn list(State(taskforce): State<Taskforce>) -> Response {
    let orders: Vec<_> = taskforce.orders().list().iter().map(Order::to_string).collect();
    Json(orders).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GiveRequest {
    order: String,
}

async fn give(
    State(taskforce): State<Taskforce>,
    request: Result<Json<GiveRequest>, JsonRejection>,
) -> Response {
    let Ok(Json(request)) = request else {
        return refused(StatusCode::BAD_REQUEST, "must be {\"order\": \"3xfail:503\"}");
    };
    let order = request.order.parse();
    match order.and_then(|order| taskforce.orders().give(order)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(StatusCode::BAD_REQUEST, &format!("order: {error}")),
    }
}

async fn take_back(State(taskforce): State<Taskforce>) -> StatusCode {
    taskforce.orders().take_back();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResolveRequest {
    referral_id: String,
    finding: String,
    until: Option<Timestamp>,
    #[serde(default)]
    note: String,
}

impl ResolveRequest {
    fn finding(&self) -> Option<Finding> {
        match (self.finding.as_str(), self.until) {
            ("confirmed", None) => Some(Finding::Confirmed),
            ("not_confirmed", None) => Some(Finding::NotConfirmed),
            ("needs_longer", Some(until)) => Some(Finding::NeedsLonger(until)),
            _ => None,
        }
    }
}

async fn resolve(
    State(taskforce): State<Taskforce>,
    request: Result<Json<ResolveRequest>, JsonRejection>,
) -> Response {
    let Ok(Json(request)) = request else {
        let what = "must have referral_id and finding, and may have until and note";
        return refused(StatusCode::BAD_REQUEST, what);
    };
    let Some(finding) = request.finding() else {
        let what = "finding: must be confirmed or not_confirmed, or needs_longer with until";
        return refused(StatusCode::BAD_REQUEST, what);
    };
    let resolved = taskforce.resolve(&request.referral_id, finding, &request.note);
    match resolved.await {
        Ok(resolved) => {
            let body = json!({ "referral_id": resolved.referral_id, "state": resolved.state });
            Json(body).into_response()
        }
        Err(error @ ResolveError::NoGateway) => refused(StatusCode::CONFLICT, &error.to_string()),
        Err(error) => refused(StatusCode::BAD_GATEWAY, &error.to_string()),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}
