//! DWP's errors, as JSON:API has them.

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use super::Document;
use crate::desk::{self, BodyFault};

/// One error object.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
    pointer: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({
            "id": Uuid::new_v4(),
            "status": self.status.as_str(),
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "source": { "pointer": self.pointer },
        });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}

const fn refusal(
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
    pointer: &'static str,
) -> Refusal {
    Refusal {
        status,
        code,
        title,
        detail,
        pointer,
    }
}

pub(super) const MISSING_HEADER: Refusal = refusal(
    StatusCode::BAD_REQUEST,
    "MISSING_HEADER",
    "Bad request",
    "Authorization, correlation-id, context, policy-id, instigating-user-id and access-level are required",
    "/headers",
);
pub(super) const UNKNOWN_CONTEXT: Refusal = refusal(
    StatusCode::BAD_REQUEST,
    "UNKNOWN_CONTEXT",
    "Bad request",
    "The context is not one that is agreed",
    "/headers/context",
);
pub(super) const UNAUTHORISED: Refusal = refusal(
    StatusCode::UNAUTHORIZED,
    "UNAUTHORIZED",
    "Unauthorized",
    "The access token is not one that lives",
    "/headers/authorization",
);
pub(super) const NOT_FOUND: Refusal = refusal(
    StatusCode::NOT_FOUND,
    "NOT_FOUND",
    "Not found",
    "Nothing is held that fits",
    "/data",
);
pub(super) const UNKNOWN_TICKET: Refusal = refusal(
    StatusCode::NOT_FOUND,
    "UNKNOWN_TICKET",
    "Unknown ticket",
    "There is no such ticket",
    "/data",
);
pub(super) const SEVERAL: Refusal = refusal(
    StatusCode::UNPROCESSABLE_ENTITY,
    "MULTIPLE_MATCHES",
    "Unprocessable entity",
    "More than one record fits, or one only in part",
    "/data/attributes",
);
pub(super) const FAILED: Refusal = refusal(
    StatusCode::INTERNAL_SERVER_ERROR,
    "INTERNAL_SERVER_ERROR",
    "Internal server error",
    "Something failed here; ask again later",
    "/data",
);
const MEDIA_TYPE: Refusal = refusal(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "UNSUPPORTED_MEDIA_TYPE",
    "Unsupported media type",
    "The body must be application/vnd.api+json or application/json",
    "/headers/content-type",
);

/// What stands there is missing or of another form.
pub(super) const fn malformed(pointer: &'static str) -> Refusal {
    refusal(
        StatusCode::BAD_REQUEST,
        "INVALID_REQUEST",
        "Bad request",
        "A value is missing, malformed, or not known here",
        pointer,
    )
}

/// The attributes of the one resource in the body.
pub(super) fn attributes<T: DeserializeOwned>(
    headers: &HeaderMap,
    bytes: &Bytes,
    kind: &str,
) -> Result<T, Refusal> {
    desk::body::<Document<T>>(headers, bytes)
        .map_err(|fault| match fault {
            BodyFault::MediaType => MEDIA_TYPE,
            BodyFault::Shape => malformed("/data"),
        })?
        .attributes(kind)
}
