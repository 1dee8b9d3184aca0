//! The Home Office: status by share code or by names, validation of asylum support, tickets. There is no public API;
//! this is ours, in the conventions of HMRC's and DWP's.

mod answers;
mod requests;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use self::answers::{Said, desk_closed, share_code_answer, status_answer, support_answer};
use self::requests::{MatchRequest, Question, ShareCodeRequest, SupportRequest};
use crate::behaviour::Behaviour;
use crate::desk::{self, BODY_BYTES_MAX, Desk, TICKET_LIFE};
use crate::oauth::{self, Grant};
use crate::person::Person;
use crate::shelf::Shelf;

const CORRELATION_ID: HeaderName = HeaderName::from_static("correlation-id");

/// Scope of the two status lookups.
const STATUS: &str = "status";

/// Scope of the validation of asylum support.
const SECTION_95: &str = "section-95";

struct HomeOffice {
    desk: Desk,
    tickets: Shelf<Uuid, Ticket>,
}

/// A question that a caseworker has. What they will say is known already, but not told before.
#[derive(Clone)]
struct Ticket {
    scope: &'static str,
    expected_by: Timestamp,
    said: Said,
}

/// The Home Office's API and token endpoint.
pub(crate) fn router(desk: Desk, kept_max: usize) -> Router {
    let tokens = oauth::endpoint(desk.tokens.clone());
    let office = Arc::new(HomeOffice {
        desk,
        tickets: Shelf::new(TICKET_LIFE, kept_max),
    });
    Router::new()
        .route("/v1/status/share-code", post(share_code))
        .route("/v1/status/match", post(match_names))
        .route("/v1/asylum-support/validations", post(validation))
        .route("/v1/requests/{ticket}", get(ticket))
        .route_layer(middleware::from_fn_with_state(office.clone(), door))
        .with_state(office)
        .merge(tokens)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Counts, then asks for the correlation id, which every answer echoes, and for a token.
async fn door(State(office): State<Arc<HomeOffice>>, mut request: Request, next: Next) -> Response {
    office.desk.count();
    let Some(correlation_id) = request.headers().get(CORRELATION_ID).cloned() else {
        return Said::invalid("the header Correlation-Id is missing").into_response();
    };
    let version_4 = correlation_id
        .to_str()
        .ok()
        .filter(|text| text.len() == 36)
        .and_then(|text| Uuid::try_parse(text).ok())
        .is_some_and(|id| id.get_version_num() == 4);
    if !version_4 {
        return Said::invalid("the header Correlation-Id must be a UUID of version 4").into_response();
    }
    let mut response = match office.desk.tokens.grant(request.headers()) {
        Some(grant) => {
            request.extensions_mut().insert(grant);
            next.run(request).await
        }
        None => Said::refused(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "a token that lives is needed",
        )
        .into_response(),
    };
    response.headers_mut().insert(CORRELATION_ID, correlation_id);
    response
}

async fn share_code(
    State(office): State<Arc<HomeOffice>>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Said> {
    allowed(&grant, STATUS)?;
    let asked = ShareCodeRequest::parse(&headers, &bytes)?.read(office.desk.clock.now())?;
    if asked.code.purpose() != asked.purpose {
        return Err(Said::refused(
            StatusCode::BAD_REQUEST,
            "WRONG_PURPOSE",
            "the code was issued for another purpose",
        ));
    }
    let found = office
        .desk
        .population
        .with_share_code(&asked.code)
        .find(|(person, _)| person.date_of_birth == asked.date_of_birth);
    let Some((person, issued)) = found else {
        return Err(Said::no_record());
    };
    let asked_at = office.desk.clock.now();
    Ok(office
        .settle(STATUS, person, |as_of| {
            share_code_answer(person, issued, asked_at, as_of)
        })
        .await)
}

async fn match_names(
    State(office): State<Arc<HomeOffice>>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Said> {
    allowed(&grant, STATUS)?;
    let asked = MatchRequest::parse(&headers, &bytes)?.read(office.desk.clock.now())?;
    let fitting = asked.fitting(&office.desk.population);
    let with_leave: Vec<&Person> = fitting
        .iter()
        .copied()
        .filter(|person| person.leave.is_some())
        .collect();
    match (with_leave.as_slice(), fitting.first()) {
        ([_, _, ..], _) => Err(Said::ambiguous()),
        ([person], _) | ([], Some(person)) => Ok(office
            .settle(STATUS, person, |as_of| status_answer(person, as_of))
            .await),
        ([], None) => Err(Said::no_record()),
    }
}

async fn validation(
    State(office): State<Arc<HomeOffice>>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Said> {
    allowed(&grant, SECTION_95)?;
    let asked = SupportRequest::parse(&headers, &bytes)?.read(office.desk.clock.now())?;
    match asked.fitting(&office.desk.population).as_slice() {
        [] => Err(Said::no_record()),
        [person] => Ok(office
            .settle(SECTION_95, person, |as_of| support_answer(person, as_of))
            .await),
        [_, _, ..] => Err(Said::ambiguous()),
    }
}

async fn ticket(
    State(office): State<Arc<HomeOffice>>,
    Extension(grant): Extension<Grant>,
    Path(id): Path<String>,
) -> Result<Response, Said> {
    let unknown = || Said::refused(StatusCode::NOT_FOUND, "UNKNOWN_TICKET", "there is no such ticket");
    let id = Uuid::try_parse(&id).map_err(|_not_an_id| unknown())?;
    let ticket = office
        .tickets
        .find(&id, office.desk.clock.elapsed())
        .ok_or_else(unknown)?;
    allowed(&grant, ticket.scope)?;
    if office.desk.clock.now() < ticket.expected_by {
        return Ok(taken(id, ticket.expected_by));
    }
    Ok(ticket.said.into_response())
}

fn allowed(grant: &Grant, scope: &str) -> Result<(), Said> {
    if grant.has(scope) {
        return Ok(());
    }
    Err(Said::refused(
        StatusCode::FORBIDDEN,
        "INVALID_SCOPE",
        "the token lacks the scope for this",
    ))
}

fn taken(ticket: Uuid, expected_by: Timestamp) -> Response {
    let body = json!({ "ticket": ticket, "expectedBy": expected_by });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

impl HomeOffice {
    /// Says what the records say as of a moment, or what the person's behaviour makes of it.
    async fn settle(
        &self,
        scope: &'static str,
        person: &Person,
        say: impl Fn(Timestamp) -> Said,
    ) -> Response {
        match self.desk.behaviour(person).await {
            Behaviour::Answer | Behaviour::Slow(_) => say(self.desk.clock.now()).into_response(),
            Behaviour::NoRecord => Said::no_record().into_response(),
            Behaviour::Ambiguous => Said::ambiguous().into_response(),
            Behaviour::Fail => Said::refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_SERVER_ERROR",
                "something failed here; ask again later",
            )
            .into_response(),
            Behaviour::Garbage => desk::garbage(),
            Behaviour::Defer(duration) => {
                let expected_by = desk::after(self.desk.clock.now(), duration);
                let id = Uuid::new_v4();
                let ticket = Ticket {
                    scope,
                    expected_by,
                    said: say(expected_by),
                };
                self.tickets.keep(id, ticket, self.desk.clock.elapsed());
                taken(id, expected_by)
            }
            Behaviour::Closed => {
                let (said, retry_after) = desk_closed(self.desk.clock.now());
                ([(header::RETRY_AFTER, retry_after.to_string())], said).into_response()
            }
        }
    }
}
