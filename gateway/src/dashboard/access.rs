//! Who may see pages: operators, by their certificate or signed in by a link. Everybody else is refused, whatever they ask for.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{COOKIE, HOST, ORIGIN};
use http::{HeaderMap, StatusCode};

use super::door::Visitor;
use super::sessions::name_of;
use super::{Board, page};

/// The cookie of a session. Its prefix has browsers take it from this host alone, over TLS alone.
pub(super) const COOKIE_NAME: &str = "__Host-session";

/// An operator who asks for a page.
#[derive(Clone)]
pub(super) struct Operator {
    /// As the ledger names them, e.g. `ops/duty-1`.
    pub(super) actor: String,
    /// By what they are signed in.
    by: By,
}

#[derive(Clone)]
enum By {
    Certificate(Visitor),
    /// The token of the cookie.
    Link(String),
}

impl Operator {
    /// A name for the session, which leads to nothing.
    pub(super) fn session(&self) -> String {
        match &self.by {
            By::Certificate(_) => self.actor.clone(),
            By::Link(token) => name_of(token),
        }
    }

    /// The token, where a link signed them in.
    pub(super) fn token(&self) -> Option<&str> {
        match &self.by {
            By::Certificate(_) => None,
            By::Link(token) => Some(token),
        }
    }
}

impl Board {
    /// Who asks; none where that is no operator.
    fn operator(&self, visitor: &Visitor, headers: &HeaderMap) -> Option<Operator> {
        if let Some((actor, _chain)) = &visitor.operator {
            let operator = Operator {
                actor: actor.clone(),
                by: By::Certificate(visitor.clone()),
            };
            return Some(operator).filter(|operator| self.is_still(operator));
        }
        let token = cookie(headers)?;
        let actor = self.sessions.actor(token)?;
        Some(Operator {
            actor,
            by: By::Link(token.to_owned()),
        })
    }

    /// The operator is let in as before: the session lasts, and the certificate would pass now.
    pub(super) fn is_still(&self, operator: &Operator) -> bool {
        match &operator.by {
            By::Certificate(visitor) => {
                let chain = visitor.operator.as_ref().map(|(_, chain)| chain);
                chain.is_some_and(|chain| self.tls.admits(chain))
            }
            By::Link(token) => self.sessions.actor(token).is_some(),
        }
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split("; "))
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, token)| token)
}

/// Lets operators through.
pub(super) async fn operators_only(
    State(board): State<Arc<Board>>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or_default();
    match board.operator(&visitor, request.headers()) {
        Some(operator) => {
            request.extensions_mut().insert(operator);
            next.run(request).await
        }
        None => (StatusCode::UNAUTHORIZED, page::sign_in_first()).into_response(),
    }
}

/// A form was sent from a page of ours, as far as the browser says where from.
pub(super) fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &http::HeaderValue| value.to_str().ok())
    };
    match (text(ORIGIN), text(HOST)) {
        (Some(origin), Some(host)) => origin.strip_prefix("https://") == Some(host),
        (None, _) => true,
        (Some(_), None) => false,
    }
}
