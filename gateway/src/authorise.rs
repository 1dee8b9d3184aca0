//! Whether an agreement covers a check. Only what it returns, a [`Permit`], goes further in.

use jiff::civil::Date;
use statuscheck_domain::agreement::{Permit, Register};
use statuscheck_domain::ids::OrganisationId;

use crate::cases::CheckRequest;
use crate::error::Error;

/// The permit for `request` on `today` (in London), by the agreement that it names or the only one that fits.
///
/// # Errors
/// [`Error::Refused`] with the reason and whom to turn to.
pub(crate) fn authorise(
    register: &Register,
    organisation: &OrganisationId,
    request: &CheckRequest,
    today: Date,
) -> Result<Permit, Error> {
    register
        .authorise(organisation, &request.check, request.agreement_id.as_ref(), today)
        .map_err(|refusal| Error::Refused {
            kind: request.check.kind(),
            refusal,
        })
}
