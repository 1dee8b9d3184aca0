//! HMRC: Individuals Matching 2.0, Individuals Employments 2.0, and the National Insurance record. Shapes: the OpenAPI
//! files of hmrc/individuals-matching-api and hmrc/individuals-employments-api, and hmrc/national-insurance-record.

mod matching;
mod records;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde_json::{Value, json};
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::subject::Nino;
use uuid::Uuid;

use self::matching::MatchRequest;
use self::records::PayeQuery;
use crate::behaviour::Behaviour;
use crate::desk::{self, BODY_BYTES_MAX, Desk};
use crate::oauth::{self, Grant};
use crate::person::Person;
use crate::shelf::Shelf;

const CORRELATION_ID: HeaderName = HeaderName::from_static("correlationid");
const MEDIA_TYPE: &str = "application/vnd.hmrc.2.0+json";

const MATCHING: &str = "read:individuals-matching-ho-v2";
const EMPLOYMENTS: &str = "read:individuals-employments-ho-v2";
const NATIONAL_INSURANCE: &str = "read:national-insurance-record-ho-v2";

/// A match lives this long (individuals-matching-api).
const MATCH_LIFE: Duration = Duration::from_secs(18_000);

/// Requests a second for one application: the default of HMRC's API platform.
const RATE: NonZeroU32 = NonZeroU32::new(3).expect("three is not zero");

struct Hmrc {
    desk: Desk,
    rate: RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Duration>>,
    /// Match id → place of the person.
    matches: Shelf<Uuid, usize>,
    /// Places of people matched of late: only their National Insurance record is told.
    matched: Shelf<usize, ()>,
}

/// The injected clock, as the rate limiter reads it.
#[derive(Clone)]
struct Monotonic(SharedClock);

impl GovernorClock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// An error in HMRC's shape.
#[derive(Clone, Copy)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.code, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}

const fn refusal(status: StatusCode, code: &'static str, message: &'static str) -> Refusal {
    Refusal {
        status,
        code,
        message,
    }
}

const fn invalid(message: &'static str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
}

const NOT_FOUND: Refusal = refusal(
    StatusCode::NOT_FOUND,
    "NOT_FOUND",
    "The resource can not be found",
);
const MATCHING_FAILED: Refusal = refusal(
    StatusCode::NOT_FOUND,
    "MATCHING_FAILED",
    "There is no match for the information provided",
);
const UNAVAILABLE: Refusal = refusal(
    StatusCode::SERVICE_UNAVAILABLE,
    "SERVER_ERROR",
    "Service unavailable",
);

/// HMRC's APIs and token endpoint.
pub(crate) fn router(desk: Desk, kept_max: usize) -> Router {
    let tokens = oauth::endpoint(desk.tokens.clone());
    let clock = Monotonic(desk.clock.clone());
    let hmrc = Arc::new(Hmrc {
        desk,
        rate: RateLimiter::direct_with_clock(Quota::per_second(RATE), clock),
        matches: Shelf::new(MATCH_LIFE, kept_max),
        matched: Shelf::new(MATCH_LIFE, kept_max),
    });
    Router::new()
        .route("/individuals/matching/", post(match_person))
        .route("/individuals/matching/{match_id}", get(matched_person))
        .route("/individuals/employments/paye", get(paye))
        .route("/national-insurance-record/ni/{nino}", get(national_insurance))
        .route_layer(middleware::from_fn_with_state(hmrc.clone(), door))
        .with_state(hmrc)
        .merge(tokens)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Counts, then asks for media type, correlation id (which every answer echoes), token and rate, in this order.
async fn door(State(hmrc): State<Arc<Hmrc>>, mut request: Request, next: Next) -> Response {
    hmrc.desk.count();
    let headers = request.headers();
    if headers
        .get(header::ACCEPT)
        .is_none_or(|value| value != MEDIA_TYPE)
    {
        return refusal(
            StatusCode::NOT_ACCEPTABLE,
            "ACCEPT_HEADER_INVALID",
            "The accept header is missing or invalid",
        )
        .into_response();
    }
    let Some(correlation_id) = headers.get(CORRELATION_ID).cloned() else {
        return invalid("CorrelationId is required").into_response();
    };
    if !correlation_id.to_str().is_ok_and(is_correlation_id) {
        return invalid("Malformed CorrelationId").into_response();
    }
    let mut response = match hmrc.desk.tokens.grant(headers) {
        None => refusal(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "Bearer token is missing or not authorized",
        )
        .into_response(),
        Some(_) if hmrc.rate.check().is_err() => refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "MESSAGE_THROTTLED_OUT",
            "The request for the API is throttled as you have exceeded your quota.",
        )
        .into_response(),
        Some(grant) => {
            request.extensions_mut().insert(grant);
            next.run(request).await
        }
    };
    response.headers_mut().insert(CORRELATION_ID, correlation_id);
    response
}

/// HMRC's pattern: a hyphenated UUID of version 0 to 5 in the variant of RFC 4122.
fn is_correlation_id(text: &str) -> bool {
    let nibble = |place: usize, allowed: &str| {
        text.get(place..=place)
            .is_some_and(|symbol| allowed.contains(&symbol.to_ascii_lowercase()))
    };
    text.len() == 36 && Uuid::try_parse(text).is_ok() && nibble(14, "012345") && nibble(19, "89ab")
}

fn allowed(grant: &Grant, scope: &str) -> Result<(), Refusal> {
    if grant.has(scope) {
        return Ok(());
    }
    Err(refusal(
        StatusCode::FORBIDDEN,
        "INVALID_SCOPE",
        "Cannot access the required resource. Ensure this token has all the required scopes.",
    ))
}

async fn match_person(
    State(hmrc): State<Arc<Hmrc>>,
    Extension(grant): Extension<Grant>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    allowed(&grant, MATCHING)?;
    let asked = MatchRequest::parse(&headers, &bytes)?;
    let person = asked
        .person(&hmrc.desk.population, hmrc.desk.clock.now())?
        .ok_or(MATCHING_FAILED)?;
    hmrc.settle(person, MATCHING_FAILED, |hmrc| {
        if !asked.names_fit(person) {
            return Err(MATCHING_FAILED);
        }
        let place = hmrc.desk.population.place_of(person).ok_or(MATCHING_FAILED)?;
        let id = Uuid::new_v4();
        let now = hmrc.desk.clock.elapsed();
        hmrc.matches.keep(id, place, now);
        hmrc.matched.keep(place, (), now);
        Ok(matching::matched(id))
    })
    .await
}

async fn matched_person(
    State(hmrc): State<Arc<Hmrc>>,
    Extension(grant): Extension<Grant>,
    Path(match_id): Path<String>,
) -> Result<Response, Refusal> {
    allowed(&grant, MATCHING)?;
    let (id, person) = hmrc.matched_as(&match_id)?;
    hmrc.settle(person, NOT_FOUND, |_| Ok(matching::individual(id, person)))
        .await
}

async fn paye(
    State(hmrc): State<Arc<Hmrc>>,
    Extension(grant): Extension<Grant>,
    query: Result<Query<PayeQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    allowed(&grant, EMPLOYMENTS)?;
    let Query(query) = query.map_err(|_unreadable| invalid("The query cannot be read"))?;
    let (id, person) = hmrc.matched_as(query.match_id.as_deref().ok_or(invalid("matchId is required"))?)?;
    let period = query.period(london_day(hmrc.desk.clock.now()))?;
    hmrc.settle(person, NOT_FOUND, |_| {
        Ok(records::employments(id, person, &period))
    })
    .await
}

async fn national_insurance(
    State(hmrc): State<Arc<Hmrc>>,
    Extension(grant): Extension<Grant>,
    Path(nino): Path<String>,
) -> Result<Response, Refusal> {
    allowed(&grant, NATIONAL_INSURANCE)?;
    let nino = Nino::parse(&nino).map_err(|_fault| invalid("Malformed nino submitted"))?;
    let now = hmrc.desk.clock.elapsed();
    let person = hmrc
        .desk
        .population
        .with_nino(&nino)
        .find(|person| {
            hmrc.desk
                .population
                .place_of(person)
                .is_some_and(|place| hmrc.matched.find(&place, now).is_some())
        })
        .ok_or(NOT_FOUND)?;
    let today = london_day(hmrc.desk.clock.now());
    hmrc.settle(person, NOT_FOUND, |_| Ok(records::tax_years(person, today)))
        .await
}

impl Hmrc {
    /// The person behind a match that lives.
    fn matched_as(&self, match_id: &str) -> Result<(Uuid, &Person), Refusal> {
        let id = Uuid::try_parse(match_id).map_err(|_not_an_id| invalid("matchId format is invalid"))?;
        self.matches
            .find(&id, self.desk.clock.elapsed())
            .and_then(|place| self.desk.person_at(place))
            .map(|person| (id, person))
            .ok_or(NOT_FOUND)
    }

    /// Says what the records say, or what the person's behaviour makes of it.
    async fn settle(
        &self,
        person: &Person,
        no_record: Refusal,
        say: impl FnOnce(&Self) -> Result<Value, Refusal>,
    ) -> Result<Response, Refusal> {
        match self.desk.behaviour(person).await {
            Behaviour::NoRecord => Err(no_record),
            Behaviour::Fail => Err(UNAVAILABLE),
            Behaviour::Garbage => Ok(desk::garbage()),
            // The last three cannot be told of HMRC: a population refuses them.
            Behaviour::Answer
            | Behaviour::Slow(_)
            | Behaviour::Ambiguous
            | Behaviour::Defer(_)
            | Behaviour::Closed => Ok(Json(say(self)?).into_response()),
        }
    }
}
