//! How long a department took by its own count, told in every reply: `Server-Timing: app;dur=…` (W3C), in milliseconds.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::Response;
use statuscheck_domain::clock::SharedClock;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// `router`, whose replies say how long they took. A clock that stands still counts nothing.
pub(crate) fn told(router: Router, clock: SharedClock) -> Router {
    router.layer(middleware::from_fn_with_state(clock, tell))
}

async fn tell(State(clock): State<SharedClock>, request: Request, next: Next) -> Response {
    let began = clock.elapsed();
    let mut response = next.run(request).await;
    let took = clock.elapsed().saturating_sub(began);
    let metric = format!("app;dur={:.3}", took.as_secs_f64() * 1_000.0);
    if let Ok(value) = HeaderValue::try_from(metric) {
        response.headers_mut().insert(SERVER_TIMING, value);
    }
    response
}
