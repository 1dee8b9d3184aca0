//! Following cases.

use statuscheck_domain::check::Violation;
use statuscheck_domain::ids::OrganisationId;
use statuscheck_proto::v1 as wire;

use super::steps::both;
use super::{case, case_id};
use crate::error::Error;
use crate::following::{Told, Wanted};
use crate::store::Position;

/// Parses what is to be followed for `organisation`.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn watch_request(
    request: &wire::WatchCasesRequest,
    organisation: OrganisationId,
) -> Result<Wanted, Error> {
    let given = |text: &str| !text.is_empty();
    let only = Some(request.case_id.as_str()).filter(|text| given(text));
    let token = Some(request.resume_token.as_str()).filter(|text| given(text));
    let after = token.map(str::parse::<Position>).transpose();
    let fault = Violation {
        field: "resume_token".to_owned(),
        description:
            "is none of ours; give the resume_token of the last response, or read your cases with ListCases \
            and leave it empty"
                .to_owned(),
    };
    let (only, after) = both(only.map(case_id).transpose(), after.ok(), fault)?;
    Ok(Wanted {
        organisation,
        only,
        after,
    })
}

/// What happened, as the caller sees it: the case as it stood then.
pub(crate) fn watched(told: &Told) -> wire::WatchCasesResponse {
    let case = case(&told.case, told.case.update_time);
    wire::WatchCasesResponse {
        event: case.history.last().cloned(),
        case: Some(case),
        resume_token: told.reached.to_string(),
    }
}
