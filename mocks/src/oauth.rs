//! OAuth 2.0 client credentials (RFC 6749, section 4.4): each department's token endpoint, and the tokens it gave.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use uuid::Uuid;

use crate::settings::{Credentials, Settings};
use crate::shelf::Shelf;

/// HMRC's scopes that the Home Office holds.
const HMRC_SCOPES: [&str; 3] = [
    "read:individuals-matching-ho-v2",
    "read:individuals-employments-ho-v2",
    "read:national-insurance-record-ho-v2",
];

/// Client credentials of one department, and the tokens given for them.
pub(crate) struct Tokens {
    department: DepartmentId,
    credentials: Credentials,
    life: Duration,
    clock: SharedClock,
    given: Shelf<String, Grant>,
}

/// What a token allows.
#[derive(Clone)]
pub(crate) struct Grant {
    scopes: Arc<[String]>,
}

impl Grant {
    /// The scope was granted.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// What stands after the prefix in the one scope that has it; none where several have.
    pub(crate) fn after(&self, prefix: &str) -> Option<&str> {
        let mut found = self.scopes.iter().filter_map(|held| held.strip_prefix(prefix));
        found.next().filter(|_| found.next().is_none())
    }
}

#[derive(Deserialize)]
struct TokenForm {
    client_id: Option<String>,
    client_secret: Option<String>,
    grant_type: Option<String>,
    scope: Option<String>,
}

/// An error of RFC 6749, section 5.2.
struct TokenError(StatusCode, &'static str);

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

const INVALID_REQUEST: TokenError = TokenError(StatusCode::BAD_REQUEST, "invalid_request");

impl Tokens {
    pub(crate) fn new(department: DepartmentId, settings: &Settings) -> Self {
        Self {
            department,
            credentials: settings.credentials.of(department).clone(),
            life: settings.token_life,
            clock: settings.clock.clone(),
            given: Shelf::new(settings.token_life, settings.kept_max),
        }
    }

    /// What the request's bearer token allows; none without a token that lives.
    pub(crate) fn grant(&self, headers: &HeaderMap) -> Option<Grant> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        self.given.find(&token.trim().to_owned(), self.clock.elapsed())
    }

    fn give(&self, headers: &HeaderMap, form: TokenForm) -> Result<Response, TokenError> {
        let (client_id, client_secret) = self.presented(headers, &form)?;
        if client_id != self.credentials.client_id || client_secret != self.credentials.client_secret {
            return Err(TokenError(StatusCode::UNAUTHORIZED, "invalid_client"));
        }
        match form.grant_type.as_deref() {
            Some("client_credentials") => {}
            // DfE's engine knows no other grant and does not ask which.
            None if self.department == DepartmentId::Dfe => {}
            None => return Err(INVALID_REQUEST),
            Some(_) => return Err(TokenError(StatusCode::BAD_REQUEST, "unsupported_grant_type")),
        }
        let scope = form.scope.unwrap_or_default();
        let scopes: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
        if !scopes.iter().all(|scope| self.knows(scope)) {
            return Err(TokenError(StatusCode::BAD_REQUEST, "invalid_scope"));
        }
        let token = Uuid::new_v4().simple().to_string();
        let grant = Grant {
            scopes: scopes.into(),
        };
        self.given.keep(token.clone(), grant, self.clock.elapsed());
        let mut body = json!({ "access_token": token, "expires_in": self.life.as_secs() });
        if self.department != DepartmentId::Dwp {
            body["token_type"] = json!("bearer");
        }
        if matches!(self.department, DepartmentId::Hmrc | DepartmentId::HomeOffice) {
            body["scope"] = json!(scope);
        }
        Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
    }

    fn presented(&self, headers: &HeaderMap, form: &TokenForm) -> Result<(String, String), TokenError> {
        if let (Some(client_id), Some(client_secret)) = (&form.client_id, &form.client_secret) {
            return Ok((client_id.clone(), client_secret.clone()));
        }
        if self.department == DepartmentId::Dfe {
            return basic(headers).ok_or(INVALID_REQUEST);
        }
        Err(INVALID_REQUEST)
    }

    fn knows(&self, scope: &str) -> bool {
        match self.department {
            DepartmentId::HomeOffice => matches!(scope, "status" | "section-95"),
            DepartmentId::Dwp => false,
            DepartmentId::Hmrc => HMRC_SCOPES.contains(&scope),
            DepartmentId::Dfe => {
                scope == "check"
                    || scope.strip_prefix("local_authority:").is_some_and(|number| {
                        number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit())
                    })
            }
        }
    }
}

/// The user and password of HTTP Basic authentication.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The department's token endpoint: `/oauth/token` at HMRC, `/oauth2/token` elsewhere.
pub(crate) fn endpoint(tokens: Arc<Tokens>) -> Router {
    let path = match tokens.department {
        DepartmentId::Hmrc => "/oauth/token",
        DepartmentId::HomeOffice | DepartmentId::Dwp | DepartmentId::Dfe => "/oauth2/token",
    };
    Router::new().route(path, post(token)).with_state(tokens)
}

async fn token(
    State(tokens): State<Arc<Tokens>>,
    headers: HeaderMap,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Result<Response, TokenError> {
    let Form(form) = form.map_err(|_not_a_form| INVALID_REQUEST)?;
    tokens.give(&headers, form)
}
