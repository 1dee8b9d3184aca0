//! What operators do from pages: each act is shown before it is done, carries a reason, and counts only where its form came from a
//! page of the same session.

pub(super) mod department;
pub(super) mod hook;
pub(super) mod more_time;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};

use super::access::{Operator, is_from_here};
use super::{Board, page};

impl Board {
    /// The refusal of a form that is not from a page of this session.
    fn forged(&self, operator: &Operator, headers: &HeaderMap, proof: &str) -> Option<Response> {
        let is_ours = is_from_here(headers) && self.sessions.is_proven(&operator.session(), proof);
        (!is_ours).then(|| (StatusCode::FORBIDDEN, page::stale_form()).into_response())
    }
}
