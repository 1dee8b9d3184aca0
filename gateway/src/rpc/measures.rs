//! Who may have an agreement measured: operators, and the departments that are asked under it. What is counted is of all
//! organisations together, so none of them is told.

use std::sync::Arc;

use statuscheck_domain::agreement::Register;
use statuscheck_domain::ids::AgreementId;
use tonic::Request;

use crate::error::Error;
use crate::peer::{Connected, Peer, PeerError};

/// Lets the caller have `agreement` measured.
///
/// # Errors
/// [`Error::NotAParty`], [`Error::NoSuchAgreement`]; the guard has let nobody else through.
pub(crate) fn may_measure<T>(
    service: &'static str,
    request: &Request<T>,
    agreement: &AgreementId,
    register: &Register,
) -> Result<(), Error> {
    let connected = request.extensions().get::<Arc<Connected>>();
    match connected.map(|connected| &connected.peer) {
        Some(Ok(Peer::Ops(_))) => Ok(()),
        Some(Ok(Peer::Department(department))) => match register.agreement(agreement) {
            Some(known) if known.departments().contains(department) => Ok(()),
            Some(_) => Err(Error::NotAParty(agreement.clone())),
            None => Err(Error::NoSuchAgreement(agreement.clone())),
        },
        Some(Ok(_)) => Err(Error::WrongPeer { service }),
        Some(Err(error)) => Err(Error::NoIdentity(*error)),
        None => Err(Error::NoIdentity(PeerError::NoUri)),
    }
}
