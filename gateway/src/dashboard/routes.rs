//! What there is to ask for. Whatever is not here is not found, and nothing but signing in is for strangers.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use tokio::time::timeout;

use super::access::{COOKIE_NAME, Operator, is_from_here, operators_only};
use super::views::{View, ViewError};
use super::{Board, actions, assets, live, page};

/// Largest form, in bytes: a reason and some names.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// Nothing but our own files, no script and no style within a page, and no page of ours in another's.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // With none at all a browser would not say where a form comes from.
    (REFERRER_POLICY, "same-origin"),
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Everything that is served.
pub(super) fn routes(board: Arc<Board>) -> Router {
    let for_operators = Router::new()
        .route("/", get(first))
        .route("/{view}", get(view))
        .route("/cases/{id}", get(case))
        .route("/agreements/{id}", get(agreement))
        .route("/find", get(find))
        .route(
            "/departments/{id}",
            get(actions::department::form).post(actions::department::set),
        )
        .route("/hooks/{id}", get(actions::hook::form).post(actions::hook::retry))
        .route(
            "/more-time",
            get(actions::more_time::form).post(actions::more_time::give),
        )
        .route("/live/{*view}", get(live::updates))
        .route("/sign-out", post(sign_out))
        .route_layer(from_fn_with_state(Arc::clone(&board), operators_only));
    for_operators
        .route("/assets/{name}", get(assets::asset))
        .route("/sign-in/{link}", get(sign_in_page).post(sign_in))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(&board), in_time))
        .layer(from_fn(guarded))
        .with_state(board)
}

async fn in_time(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    match timeout(board.settings.answer, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => (StatusCode::SERVICE_UNAVAILABLE, page::busy()).into_response(),
    }
}

/// Headers that every response has.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

#[derive(Deserialize)]
struct Said {
    /// Given where an act was done.
    #[serde(default)]
    done: String,
}

async fn first(board: State<Arc<Board>>, operator: Extension<Operator>) -> Response {
    shown(&board, &operator, &View::Now, "").await
}

async fn view(
    board: State<Arc<Board>>,
    operator: Extension<Operator>,
    Path(name): Path<String>,
    Query(said): Query<Said>,
) -> Response {
    match View::named(&name) {
        Some(view) => shown(&board, &operator, &view, &said.done).await,
        None => not_found().await,
    }
}

async fn case(board: State<Arc<Board>>, operator: Extension<Operator>, Path(id): Path<String>) -> Response {
    match id.parse() {
        Ok(id) => shown(&board, &operator, &View::Case(id), "").await,
        Err(_no_id) => not_found().await,
    }
}

async fn agreement(
    board: State<Arc<Board>>,
    operator: Extension<Operator>,
    Path(id): Path<String>,
) -> Response {
    match id.parse() {
        Ok(id) => shown(&board, &operator, &View::Agreement(id), "").await,
        Err(_no_id) => not_found().await,
    }
}

async fn shown(board: &Board, operator: &Operator, view: &View, done: &str) -> Response {
    match board.show(operator, view).await {
        Ok(content) => page::view(board, operator, view, &content, done).into_response(),
        Err(error) => refused(error),
    }
}

/// What is told where something cannot be shown or done.
pub(super) fn refused(error: ViewError) -> Response {
    match error {
        ViewError::NotFound => (StatusCode::NOT_FOUND, page::not_found()).into_response(),
        ViewError::Commit(_) | ViewError::Read(_) => {
            tracing::warn!(%error, "a page cannot be shown");
            (StatusCode::SERVICE_UNAVAILABLE, page::busy()).into_response()
        }
    }
}

#[derive(Deserialize)]
struct Sought {
    #[serde(default)]
    case: String,
}

/// `GET /find?case=ID`
async fn find(Query(sought): Query<Sought>) -> Response {
    match sought.case.trim().parse::<statuscheck_domain::ids::CaseId>() {
        Ok(id) => Redirect::to(&format!("/cases/{id}")).into_response(),
        Err(_no_id) => not_found().await,
    }
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, page::not_found()).into_response()
}

async fn sign_in_page(Path(link): Path<String>) -> Response {
    page::sign_in(&link).into_response()
}

/// `POST /sign-in/LINK`: a link is used by a button, so that nobody who only looks at links ahead uses it up.
async fn sign_in(State(board): State<Arc<Board>>, headers: HeaderMap, Path(link): Path<String>) -> Response {
    let token = Some(link).filter(|_| is_from_here(&headers));
    let Some(token) = token.and_then(|link| board.sessions.sign_in(&link)) else {
        return (StatusCode::FORBIDDEN, page::link_is_used()).into_response();
    };
    let lasts = board.settings.session.as_secs();
    let cookie = format!("{COOKIE_NAME}={token}; Path=/; Max-Age={lasts}; Secure; HttpOnly; SameSite=Strict");
    ([(SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

#[derive(Deserialize)]
struct SignOut {
    #[serde(default)]
    proof: String,
}

async fn sign_out(
    State(board): State<Arc<Board>>,
    Extension(operator): Extension<Operator>,
    headers: HeaderMap,
    Form(form): Form<SignOut>,
) -> Response {
    if !is_from_here(&headers) || !board.sessions.is_proven(&operator.session(), &form.proof) {
        return (StatusCode::FORBIDDEN, page::stale_form()).into_response();
    }
    if let Some(token) = operator.token() {
        board.sessions.sign_out(token);
    }
    let cookie = format!("{COOKIE_NAME}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    ([(SET_COOKIE, cookie)], page::signed_out()).into_response()
}
