//! The Windrush taskforce's side: where the gateway's hooks come in, and how referrals are resolved.
//!
//! `POST /hooks` takes what the gateway sends as a strict receiver would: it checks the signature ([Standard Webhooks]
//! 1.0.0), takes no event that it did not agree to, and lets each have its effect once, however often it comes. What came
//! is listed, and the taskforce is told to fail or to resolve, by [`Taskforce`] and by the control API of [`control`].
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks

mod control;
mod event;
mod inbox;
mod orders;
mod resolving;
mod signature;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use statuscheck_domain::clock::SharedClock;

pub use self::inbox::{Hook, Received};
pub use self::orders::{Order, OrderError, Orders, What};
pub use self::resolving::{Finding, Gateway, ResolveError, Resolved};
pub use self::signature::{Secret, SecretError};

use self::inbox::Inbox;
use self::resolving::Resolver;
use crate::settings::{Settings, TaskforceSettings};

/// Bytes of a hook: an event has some 600.
const HOOK_BYTES_MAX: usize = 16 * 1024;

/// How long ids of hooks are kept: longer than the gateway repeats one, which is 72 hours.
const HOOK_LIFE: Duration = Duration::from_secs(4 * 24 * 3600);

/// The taskforce. Every clone is the same one.
#[derive(Clone)]
pub struct Taskforce(Arc<Office>);

struct Office {
    secrets: Vec<Secret>,
    clock: SharedClock,
    slow_max: Duration,
    requests: AtomicU64,
    inbox: Inbox,
    orders: Orders,
    resolver: Resolver,
}

impl Taskforce {
    /// # Errors
    /// A secret, or an order of the settings, cannot be used.
    pub(crate) fn new(taskforce: TaskforceSettings, settings: &Settings) -> Result<Self, TaskforceError> {
        if !(1..=2).contains(&taskforce.secrets.len()) {
            return Err(TaskforceError::Secrets);
        }
        let secrets = taskforce.secrets.iter().map(|path| Secret::read(path));
        let orders = Orders::new(settings.slow_max);
        for order in taskforce.orders {
            orders.give(order)?;
        }
        Ok(Self(Arc::new(Office {
            secrets: secrets.collect::<Result<_, _>>()?,
            clock: settings.clock.clone(),
            slow_max: settings.slow_max,
            requests: AtomicU64::new(0),
            inbox: Inbox::new(HOOK_LIFE, taskforce.hooks_max),
            orders,
            resolver: Resolver::new(taskforce.gateway),
        })))
    }

    /// What came in so far.
    pub fn received(&self) -> Received {
        self.0.inbox.received()
    }

    /// Requests to `/hooks` since the start, refused ones too.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// What it was told to do with hooks to come.
    pub fn orders(&self) -> &Orders {
        &self.0.orders
    }

    /// Where referrals are resolved from now on: the gateway may be started after the taskforce.
    pub fn resolves_at(&self, gateway: Gateway) {
        self.0.resolver.turn_to(gateway);
    }

    /// Reads a referral at the gateway, as a person of the taskforce would, and resolves it.
    ///
    /// # Errors
    /// [`ResolveError`]
    pub async fn resolve(
        &self,
        referral: &str,
        finding: Finding,
        note: &str,
    ) -> Result<Resolved, ResolveError> {
        self.0.resolver.resolve(referral, finding, note).await
    }

    /// The door for hooks.
    pub(crate) fn hooks(&self) -> Router {
        Router::new()
            .route("/hooks", post(hook))
            .with_state(self.0.clone())
            .layer(DefaultBodyLimit::max(HOOK_BYTES_MAX))
    }

    /// The door for whoever runs a test or a demo.
    pub(crate) fn control(&self) -> Router {
        control::router(self.clone())
    }
}

/// Why the taskforce cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum TaskforceError {
    /// Give it one secret, or two.
    #[error("the taskforce needs one secret, or two while one takes the place of the other")]
    Secrets,
    /// A file of a secret cannot be used.
    #[error("a secret of the taskforce")]
    Secret(#[from] SecretError),
    /// It is told to do what it cannot.
    #[error("an order to the taskforce")]
    Order(#[from] OrderError),
}

/// Why a hook is not taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// The body is longer than any event, or broke off.
    Body,
    /// A header of the signature is missing, or is not well formed.
    Headers,
    /// It was signed more than five minutes ago, or is yet to be.
    OutsideWindow,
    /// None of the signatures is made with a secret that is shared.
    Signature,
    /// The media type is not that of an event.
    MediaType,
    /// It is an event of a kind that nobody asked for.
    UnwantedType,
    /// It is no such event, or says more than was agreed.
    NotAnEvent,
}

impl Refusal {
    /// The code in the body of the answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "BODY",
            Self::Headers => "HEADERS",
            Self::OutsideWindow => "OUTSIDE_WINDOW",
            Self::Signature => "WRONG_SIGNATURE",
            Self::MediaType => "MEDIA_TYPE",
            Self::UnwantedType => "UNWANTED_TYPE",
            Self::NotAnEvent => "NOT_AN_EVENT",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Headers => StatusCode::BAD_REQUEST,
            Self::OutsideWindow | Self::Signature => StatusCode::UNAUTHORIZED,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UnwantedType | Self::NotAnEvent => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// What is said repeats nothing of what came.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "code": self.as_str() }))).into_response()
    }
}

async fn hook(
    State(office): State<Arc<Office>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    office.requests.fetch_add(1, Ordering::Relaxed);
    match office.taken(&headers, body).await {
        Ok(status) => status.into_response(),
        Err(refusal) => {
            office.inbox.refused(refusal);
            refusal.into_response()
        }
    }
}

impl Office {
    /// Takes a hook in, or does with it what it was told to. An order is spent on a hook that is genuine, and on no other.
    async fn taken(
        &self,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<StatusCode, Refusal> {
        let body = body.map_err(|_too_long| Refusal::Body)?;
        let now = self.clock.now();
        let id = signature::verified(headers, &body, &self.secrets, now)?;
        if !is_an_event(headers) {
            return Err(Refusal::MediaType);
        }
        let opened = event::opened(&body, id)?;
        let order = self.orders.next();
        let takes_in = !matches!(order, Some(What::Fail(_)));
        self.inbox.take(id, &opened, takes_in, now, self.clock.elapsed());
        let accepted = StatusCode::NO_CONTENT;
        match order {
            None => Ok(accepted),
            Some(What::Fail(status)) => Ok(status),
            Some(What::Delay(duration)) => {
                tokio::time::sleep(duration).await;
                Ok(accepted)
            }
            Some(What::Hang) => {
                tokio::time::sleep(self.slow_max).await;
                Ok(StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}

fn is_an_event(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/cloudevents+json"))
}
