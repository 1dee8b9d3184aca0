//! The files that pages need, compiled in. GOV.UK Frontend's styles are made by `gateway/assets/make`.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        (
            $name,
            $kind,
            include_str!(concat!("../../assets/dashboard/", $name)),
        )
    };
}

const ASSETS: [(&str, &str, &str); 4] = [
    asset!("govuk-frontend.css", "text/css; charset=utf-8"),
    asset!("dashboard.css", "text/css; charset=utf-8"),
    asset!("dashboard.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
];

/// `GET /assets/NAME`
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        // An hour: they change with the program alone.
        Some((_, kind, text)) => {
            ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, "max-age=3600")], *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
