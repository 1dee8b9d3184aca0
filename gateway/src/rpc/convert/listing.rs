//! Pages of cases.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use statuscheck_domain::case::CaseState;
use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::CaseId;
use statuscheck_proto::v1 as wire;
use uuid::Uuid;

use super::case;
use crate::error::Error;
use crate::store::CasePage;

/// Cases on a page when the caller does not say.
const PAGE_DEFAULT: i32 = 50;
/// Most cases on a page: about a megabyte.
const PAGE_MAX: i32 = 500;

/// Which cases to list.
pub(crate) struct ListPage {
    pub(crate) states: Vec<CaseState>,
    pub(crate) after: Option<CaseId>,
    pub(crate) limit: usize,
}

/// Parses a request for a page.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn list_request(request: &wire::ListCasesRequest) -> Result<ListPage, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: String, description: &str| {
        faults.push(Violation {
            field,
            description: description.to_owned(),
        });
    };
    let limit = match request.page_size {
        0 => PAGE_DEFAULT,
        size => size.min(PAGE_MAX),
    };
    let limit = usize::try_from(limit).unwrap_or_else(|_negative| {
        fault("page_size".to_owned(), "must not be negative; 0 means 50");
        0
    });
    let after = page_token(&request.page_token).unwrap_or_else(|| {
        fault(
            "page_token".to_owned(),
            "is none of ours; give next_page_token of the page before, or leave it empty",
        );
        None
    });
    let states =
        request.states.iter().enumerate().filter_map(|(place, state)| {
            match wire::CaseState::try_from(*state) {
                Ok(wire::CaseState::Open) => Some(CaseState::Open),
                Ok(wire::CaseState::AwaitingInformation) => Some(CaseState::AwaitingInformation),
                Ok(wire::CaseState::Referred) => Some(CaseState::Referred),
                Ok(wire::CaseState::Answered) => Some(CaseState::Answered),
                Ok(wire::CaseState::Withdrawn) => Some(CaseState::Withdrawn),
                Ok(wire::CaseState::Unspecified) | Err(_) => {
                    fault(format!("states[{place}]"), "must be one of the named states");
                    None
                }
            }
        });
    let states = states.collect();
    if faults.is_empty() {
        Ok(ListPage { states, after, limit })
    } else {
        Err(Error::Invalid(faults))
    }
}

/// None where the token is not ours; `Some(None)` on the first page.
fn page_token(token: &str) -> Option<Option<CaseId>> {
    if token.is_empty() {
        return Some(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    Some(Some(CaseId(Uuid::from_slice(&bytes).ok()?)))
}

/// A page of cases as the caller sees them at `now`.
pub(crate) fn list_response(page: &CasePage, now: Timestamp) -> wire::ListCasesResponse {
    wire::ListCasesResponse {
        cases: page.cases.iter().map(|found| case(found, now)).collect(),
        next_page_token: page
            .next
            .map(|last| URL_SAFE_NO_PAD.encode(last.0.as_bytes()))
            .unwrap_or_default(),
    }
}
