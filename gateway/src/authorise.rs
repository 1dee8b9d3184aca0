//! Whether an agreement covers a check. Only what it returns, a [`Permit`], goes further in.

use jiff::civil::Date;
use statuscheck_domain::agreement::{Permit, Register};
use statuscheck_domain::check::Check;
use statuscheck_domain::ids::{AgreementId, OrganisationId};

use crate::error::Error;

/// The permit for `check` on `today` (in London), by the agreement that is `named` or the only one that fits.
///
/// # Errors
/// [`Error::Refused`] with the reason and whom to turn to.
pub(crate) fn authorise(
    register: &Register,
    organisation: &OrganisationId,
    check: &Check,
    named: Option<&AgreementId>,
    today: Date,
) -> Result<Permit, Error> {
    register
        .authorise(organisation, check, named, today)
        .map_err(|refusal| Error::Refused {
            kind: check.kind(),
            refusal,
        })
}
