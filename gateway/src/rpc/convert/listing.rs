//! Pages of cases.

use jiff::Timestamp;
use statuscheck_domain::case::CaseState;
use statuscheck_domain::ids::CaseId;
use statuscheck_proto::v1 as wire;

use super::case;
use super::desk::violation;
use super::paging::{PageSize, after_id, token};
use crate::error::Error;
use crate::store::CasePage;

/// Cases on a page: at most about a megabyte.
const PAGE: PageSize = PageSize {
    default: 50,
    max: 500,
};

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
    let limit = PAGE.limit(request.page_size, &mut faults);
    let after = after_id(&request.page_token, &mut faults).map(CaseId);
    let states =
        request.states.iter().enumerate().filter_map(|(place, state)| {
            match wire::CaseState::try_from(*state) {
                Ok(wire::CaseState::Open) => Some(CaseState::Open),
                Ok(wire::CaseState::AwaitingInformation) => Some(CaseState::AwaitingInformation),
                Ok(wire::CaseState::Referred) => Some(CaseState::Referred),
                Ok(wire::CaseState::Answered) => Some(CaseState::Answered),
                Ok(wire::CaseState::Withdrawn) => Some(CaseState::Withdrawn),
                Ok(wire::CaseState::Unspecified) | Err(_) => {
                    let field = format!("states[{place}]");
                    faults.push(violation(&field, "must be one of the named states"));
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

/// A page of cases as the caller sees them at `now`.
pub(crate) fn list_response(page: &CasePage, now: Timestamp) -> wire::ListCasesResponse {
    wire::ListCasesResponse {
        cases: page.cases.iter().map(|found| case(found, now)).collect(),
        next_page_token: token(page.next.as_ref().map(|last| last.0.as_bytes())),
    }
}
