//! DfE: the Eligibility Checking Engine. Shapes and rules: DFE-Digital/eligibility-checking-engine.

mod checks;
mod limits;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use self::checks::{CheckRequest, Content, Kind};
use self::limits::{Limits, WindowFull};
use crate::behaviour::Behaviour;
use crate::desk::{self, BODY_BYTES_MAX, Desk};
use crate::oauth;
use crate::person::{Education, Feed};
use crate::settings::FeedAges;
use crate::shelf::Shelf;

const SOURCE: HeaderName = HeaderName::from_static("x-source");
const SOURCE_LOADED_AT: HeaderName = HeaderName::from_static("x-source-loaded-at");

/// How long the same content gives the stored result, and how long an item can be asked for.
const STORED_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// The status of a check that is not processed yet.
const QUEUED: &str = "queuedForProcessing";

struct Dfe {
    desk: Desk,
    limits: Limits,
    feeds: FeedAges,
    processing: Duration,
    /// A local authority's content → its item.
    stored: Shelf<(LocalAuthority, Content), Uuid>,
    items: Shelf<Uuid, Arc<Item>>,
}

/// The local authority in whose name a token asks, by its number.
#[derive(Clone, PartialEq, Eq, Hash)]
struct LocalAuthority(String);

/// One check.
struct Item {
    authority: LocalAuthority,
    content: Content,
    created: Timestamp,
    processed: Timestamp,
    result: Found,
    /// Whose behaviour counts when the item is asked for.
    place: Option<usize>,
}

/// What the engine finds.
#[derive(Clone, Copy)]
enum Found {
    ParentNotFound,
    Record {
        eligible: Option<bool>,
        source: Option<Feed>,
    },
}

/// An error in the engine's shape.
#[derive(Clone, Copy)]
struct Refusal {
    status: StatusCode,
    title: &'static str,
    detail: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "status": self.status.as_str(), "title": self.title, "detail": self.detail });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}

const fn refusal(status: StatusCode, title: &'static str, detail: &'static str) -> Refusal {
    Refusal {
        status,
        title,
        detail,
    }
}

const NOT_FOUND: Refusal = refusal(StatusCode::NOT_FOUND, "Not Found", "There is no such check.");
const FAILED: Refusal = refusal(
    StatusCode::INTERNAL_SERVER_ERROR,
    "Internal Server Error",
    "The check could not be taken.",
);

/// DfE's API and token endpoint.
pub(crate) fn router(desk: Desk, kept_max: usize, feeds: FeedAges, processing: Duration) -> Router {
    let tokens = oauth::endpoint(desk.tokens.clone());
    let dfe = Arc::new(Dfe {
        desk,
        limits: Limits::default(),
        feeds,
        processing,
        stored: Shelf::new(STORED_FOR, kept_max),
        items: Shelf::new(STORED_FOR, kept_max),
    });
    Router::new()
        .route("/check/free-school-meals", post(free_school_meals))
        .route("/check/two-year-offer", post(two_year_offer))
        .route("/check/early-year-pupil-premium", post(early_year_pupil_premium))
        .route("/check/{guid}/status", get(status))
        .route("/check/{guid}", get(item))
        .route_layer(middleware::from_fn_with_state(dfe.clone(), door))
        .with_state(dfe)
        .merge(tokens)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Counts, then asks for a token with the scopes `check` and one `local_authority:NNN`.
async fn door(State(dfe): State<Arc<Dfe>>, mut request: Request, next: Next) -> Response {
    dfe.desk.count();
    let Some(grant) = dfe.desk.tokens.grant(request.headers()) else {
        return refusal(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            "A token that lives is needed.",
        )
        .into_response();
    };
    let authority = grant.after("local_authority:").filter(|_| grant.has("check"));
    let Some(authority) = authority else {
        return refusal(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "The scopes check and local_authority:NNN are needed.",
        )
        .into_response();
    };
    request
        .extensions_mut()
        .insert(LocalAuthority(authority.to_owned()));
    next.run(request).await
}

async fn free_school_meals(
    State(dfe): State<Arc<Dfe>>,
    Extension(authority): Extension<LocalAuthority>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    dfe.take(Kind::FreeSchoolMeals, authority, &headers, &bytes).await
}

async fn two_year_offer(
    State(dfe): State<Arc<Dfe>>,
    Extension(authority): Extension<LocalAuthority>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    dfe.take(Kind::TwoYearOffer, authority, &headers, &bytes).await
}

async fn early_year_pupil_premium(
    State(dfe): State<Arc<Dfe>>,
    Extension(authority): Extension<LocalAuthority>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    dfe.take(Kind::EarlyYearPupilPremium, authority, &headers, &bytes)
        .await
}

async fn status(
    State(dfe): State<Arc<Dfe>>,
    Extension(authority): Extension<LocalAuthority>,
    Path(guid): Path<String>,
) -> Result<Response, Refusal> {
    dfe.asked_for(
        &guid,
        &authority,
        |_, _, status| json!({ "data": with_status(json!({}), status) }),
    )
    .await
}

async fn item(
    State(dfe): State<Arc<Dfe>>,
    Extension(authority): Extension<LocalAuthority>,
    Path(guid): Path<String>,
) -> Result<Response, Refusal> {
    dfe.asked_for(&guid, &authority, |id, item, status| {
        let mut data = with_status(item.content.described(), status);
        data["created"] = json!(item.created);
        json!({ "data": data, "links": links(id) })
    })
    .await
}

impl Dfe {
    /// Takes a check into the queue, or tells the stored result of the same content.
    async fn take(
        &self,
        kind: Kind,
        authority: LocalAuthority,
        headers: &HeaderMap,
        bytes: &Bytes,
    ) -> Response {
        if let Err(WindowFull { retry_after }) = self.limits.pass(&authority, self.desk.clock.elapsed()) {
            let throttled = refusal(
                StatusCode::TOO_MANY_REQUESTS,
                "Too Many Requests",
                "The limit of this local authority is reached.",
            );
            let seconds = retry_after.as_secs().to_string();
            return ([(header::RETRY_AFTER, seconds)], throttled).into_response();
        }
        match CheckRequest::parse(headers, bytes)
            .and_then(|request| request.content(kind, self.desk.clock.now()))
        {
            Ok(content) => self.queue(authority, content).await,
            Err(refusal) => refusal.into_response(),
        }
    }

    async fn queue(&self, authority: LocalAuthority, content: Content) -> Response {
        let person = content.find(&self.desk.population);
        let behaviour = match person {
            Some(person) => self.desk.behaviour(person).await,
            None => Behaviour::Answer,
        };
        let delay = match behaviour {
            Behaviour::Fail => return FAILED.into_response(),
            Behaviour::Garbage => return desk::garbage(),
            Behaviour::Defer(duration) => duration,
            _ => self.processing,
        };
        let key = (authority.clone(), content.clone());
        let elapsed = self.desk.clock.elapsed();
        let stored = self
            .stored
            .find(&key, elapsed)
            .and_then(|id| self.items.find(&id, elapsed).map(|item| (id, item)));
        if let Some((id, item)) = stored {
            return accepted(id, item.status(self.desk.clock.now()));
        }
        let created = self.desk.clock.now();
        let education = person
            .filter(|_| behaviour != Behaviour::NoRecord)
            .and_then(|person| person.education.as_ref());
        let item = Item {
            authority,
            content,
            created,
            processed: desk::after(created, delay),
            result: Found::from(education),
            place: person.and_then(|person| self.desk.population.place_of(person)),
        };
        let id = Uuid::new_v4();
        self.items.keep(id, Arc::new(item), elapsed);
        self.stored.keep(key, id, elapsed);
        accepted(id, Some(QUEUED))
    }

    /// An item of this local authority, with the feed of its record in the headers once it is processed.
    async fn asked_for(
        &self,
        guid: &str,
        authority: &LocalAuthority,
        describe: impl FnOnce(Uuid, &Item, Option<&'static str>) -> Value,
    ) -> Result<Response, Refusal> {
        let id = Uuid::try_parse(guid).map_err(|_not_an_id| NOT_FOUND)?;
        let item = self
            .items
            .find(&id, self.desk.clock.elapsed())
            .filter(|item| item.authority == *authority)
            .ok_or(NOT_FOUND)?;
        if let Some(person) = item.place.and_then(|place| self.desk.person_at(place)) {
            self.desk.behaviour(person).await;
        }
        let now = self.desk.clock.now();
        let mut response = Json(describe(id, &item, item.status(now))).into_response();
        if let (true, Some(source)) = (now >= item.processed, item.result.source()) {
            let loaded_at = item
                .processed
                .checked_sub(self.feeds.of(source))
                .unwrap_or(Timestamp::MIN)
                .to_string();
            let headers = response.headers_mut();
            headers.insert(SOURCE, HeaderValue::from_static(source.as_str()));
            if let Ok(loaded_at) = HeaderValue::try_from(loaded_at) {
                headers.insert(SOURCE_LOADED_AT, loaded_at);
            }
        }
        Ok(response)
    }
}

impl Item {
    /// None where the record does not say.
    fn status(&self, now: Timestamp) -> Option<&'static str> {
        if now < self.processed {
            return Some(QUEUED);
        }
        match self.result {
            Found::ParentNotFound => Some("parentNotFound"),
            Found::Record { eligible, .. } => {
                eligible.map(|eligible| if eligible { "eligible" } else { "notEligible" })
            }
        }
    }
}

impl From<Option<&Education>> for Found {
    fn from(education: Option<&Education>) -> Self {
        education.map_or(Self::ParentNotFound, |held| Self::Record {
            eligible: held.eligible,
            source: held.source,
        })
    }
}

impl Found {
    const fn source(self) -> Option<Feed> {
        match self {
            Self::ParentNotFound => None,
            Self::Record { source, .. } => source,
        }
    }
}

fn accepted(id: Uuid, status: Option<&str>) -> Response {
    let body = json!({ "data": with_status(json!({}), status), "links": links(id) });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

/// The data with the status, which is left out where the record does not say.
fn with_status(mut data: Value, status: Option<&str>) -> Value {
    if let Some(status) = status {
        data["status"] = json!(status);
    }
    data
}

fn links(id: Uuid) -> Value {
    json!({
        "get_EligibilityCheck": format!("/check/{id}"),
        "get_EligibilityCheckStatus": format!("/check/{id}/status"),
    })
}
