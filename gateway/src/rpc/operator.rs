//! Acts of operators: who acts, and that an act comes to its end.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::peer::{Connected, Peer, PeerError};

/// Lets an act come to its end when the caller hangs up. One that the program's end cuts off goes on when it is asked for
/// again.
pub(crate) async fn to_the_end<T: Send + 'static>(
    act: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<Response<T>, Status> {
    let done = tokio::spawn(act)
        .await
        .map_err(|panicked| Error::internal(&panicked))??;
    Ok(Response::new(done))
}

/// The calling operator of `service`, as the ledger names it: `ops/<id>`. The guard has let only operators through; this is
/// the proof by type.
pub(crate) fn operator<T>(service: &'static str, request: &Request<T>) -> Result<String, Error> {
    match request
        .extensions()
        .get::<Arc<Connected>>()
        .map(|connected| &connected.peer)
    {
        Some(Ok(Peer::Ops(id))) => Ok(format!("ops/{}", id.as_str())),
        Some(Ok(_)) => Err(Error::WrongPeer { service }),
        Some(Err(error)) => Err(Error::NoIdentity(*error)),
        None => Err(Error::NoIdentity(PeerError::NoUri)),
    }
}
