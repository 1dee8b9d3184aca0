//! What all four departments have in common: the people, the clock, the tokens, and how a person makes them behave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;

use crate::behaviour::Behaviour;
use crate::oauth::Tokens;
use crate::person::Person;
use crate::population::Population;
use crate::settings::Settings;

/// How long a ticket can be asked for: longer than any clerk takes.
pub(crate) const TICKET_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);

/// Bytes of a request's body: the largest is a name and ten aliases.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// One department's common part.
pub(crate) struct Desk {
    department: DepartmentId,
    slow_max: Duration,
    pub(crate) population: Arc<Population>,
    pub(crate) clock: SharedClock,
    pub(crate) tokens: Arc<Tokens>,
    requests: Arc<AtomicU64>,
}

impl Desk {
    pub(crate) fn new(
        department: DepartmentId,
        settings: &Settings,
        population: Arc<Population>,
        requests: Arc<AtomicU64>,
    ) -> Self {
        Self {
            department,
            slow_max: settings.slow_max,
            population,
            clock: settings.clock.clone(),
            tokens: Arc::new(Tokens::new(department, settings)),
            requests,
        }
    }

    /// Counts one request to the API.
    pub(crate) fn count(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// How the department behaves about this person. A slow one has been waited for when this returns.
    pub(crate) async fn behaviour(&self, person: &Person) -> Behaviour {
        let behaviour = person.behaviour.of(self.department);
        if let Behaviour::Slow(duration) = behaviour {
            tokio::time::sleep(duration.min(self.slow_max)).await;
        }
        behaviour
    }

    /// The person in that place of the population.
    pub(crate) fn person_at(&self, place: usize) -> Option<&Person> {
        self.population.people().get(place)
    }
}

/// Status 200 with what no API promises: a page of some proxy in between.
pub(crate) fn garbage() -> Response {
    (StatusCode::OK, Html("<html><body><p>Please try again.</p>")).into_response()
}

/// Why a body was not understood.
pub(crate) enum BodyFault {
    /// Its media type is none of JSON's.
    MediaType,
    /// It is not JSON, or lacks a field, or has one too many or of another type.
    Shape,
}

/// The JSON body. A field that the API does not know is refused: nothing goes out that was not agreed.
pub(crate) fn body<T: DeserializeOwned>(headers: &HeaderMap, bytes: &Bytes) -> Result<T, BodyFault> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase());
    if !matches!(
        media_type.as_deref(),
        Some("application/json" | "application/vnd.api+json")
    ) {
        return Err(BodyFault::MediaType);
    }
    serde_json::from_slice(bytes).map_err(|_error| BodyFault::Shape)
}

/// `duration` after `now`; the end of time where there is no such moment.
pub(crate) fn after(now: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| now.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}
