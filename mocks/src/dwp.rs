//! DWP: citizen match, claims, and the trace of a National Insurance number, as JSON:API. The shapes of the first two
//! are those that DfE's eligibility engine speaks (`DwpAdapter`); the trace has no public API and is ours.
//!
//! `POST /v2/nino-traces` takes `{"jsonapi":{"version":"1.0"},"data":{"type":"NinoTrace","attributes":{"nino",
//! "firstName","lastName","alsoKnownAs"?,"dateOfBirth"}}}`.

mod claims;
mod errors;
mod matching;
mod traces;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderMap;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use self::errors::{MISSING_HEADER, Refusal, UNAUTHORISED, UNKNOWN_CONTEXT};
use crate::desk::{BODY_BYTES_MAX, Desk, TICKET_LIFE};
use crate::oauth;
use crate::shelf::Shelf;

/// Headers of every call. A missing one is 400, the first of them too.
const HEADERS: [&str; 6] = [
    "authorization",
    "correlation-id",
    "context",
    "policy-id",
    "instigating-user-id",
    "access-level",
];

/// For what a citizen is asked about: DfE's three purposes and ours.
const CONTEXTS: [&str; 6] = ["DFE-FSM", "DFE-EYPP", "DFE-2EY", "HO-RTW", "HO-RTR", "HO-IECAS"];

struct Dwp {
    desk: Desk,
    tickets: Shelf<Uuid, Ticket>,
}

/// A trace that a clerk has.
#[derive(Clone)]
struct Ticket {
    due: Timestamp,
    said: Result<traces::Traced, Refusal>,
}

/// DWP's API and token endpoint.
pub(crate) fn router(desk: Desk, kept_max: usize) -> Router {
    let tokens = oauth::endpoint(desk.tokens.clone());
    let dwp = Arc::new(Dwp {
        desk,
        tickets: Shelf::new(TICKET_LIFE, kept_max),
    });
    Router::new()
        .route("/v2/citizens/match", post(matching::match_citizen))
        .route("/v2/citizens/{guid}/claims", get(claims::claims))
        .route("/v2/nino-traces", post(traces::trace))
        .route("/v2/nino-traces/{ticket}", get(traces::ticket))
        .route_layer(middleware::from_fn_with_state(dwp.clone(), door))
        .with_state(dwp)
        .merge(tokens)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Counts, then asks for every header and for a token that lives.
async fn door(State(dwp): State<Arc<Dwp>>, request: Request, next: Next) -> Response {
    dwp.desk.count();
    match dwp.admit(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

impl Dwp {
    fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let missing = |name: &str| text(name).is_none_or(|value| value.trim().is_empty());
        if HEADERS.iter().any(|name| missing(name)) {
            return Err(MISSING_HEADER);
        }
        if !text("context").is_some_and(|context| CONTEXTS.contains(&context)) {
            return Err(UNKNOWN_CONTEXT);
        }
        self.desk.tokens.grant(headers).map(|_any| ()).ok_or(UNAUTHORISED)
    }
}

/// A JSON:API document with one resource to be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<T> {
    jsonapi: JsonApi,
    data: Resource<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonApi {
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource<T> {
    #[serde(rename = "type")]
    kind: String,
    attributes: T,
}

impl<T> Document<T> {
    /// The attributes, if the document is of JSON:API 1.0 and the resource of that type.
    fn attributes(self, kind: &str) -> Result<T, Refusal> {
        if self.jsonapi.version != "1.0" {
            return Err(errors::malformed("/jsonapi/version"));
        }
        if self.data.kind != kind {
            return Err(errors::malformed("/data/type"));
        }
        Ok(self.data.attributes)
    }
}

/// An answer with one resource.
fn resource(id: &str, kind: &str, attributes: &Value) -> Json<Value> {
    Json(json!({
        "jsonapi": { "version": "1.0" },
        "data": { "id": id, "type": kind, "attributes": attributes },
    }))
}
