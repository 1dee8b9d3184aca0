//! `WatchCases`: what happened to cases, for as long as the connection lasts.

use futures_util::{Stream, stream};
use statuscheck_proto::v1::WatchCasesResponse;
use tonic::Status;

use crate::error::Error;
use crate::following::{Follower, WatchRefusal};
use crate::listener::Farewell;
use crate::rpc::convert;

/// The header of the response that says where the watch began, for whoever is cut off before the first event.
pub(crate) const RESUME_TOKEN: &str = "resume-token";

/// What `follower` tells, until the first fault or until the connection is to end. It is asked for the next event when the
/// caller has room for it.
pub(crate) fn events(
    follower: Follower,
    farewell: Farewell,
) -> impl Stream<Item = Result<WatchCasesResponse, Status>> + Send + 'static {
    stream::unfold(Some((follower, farewell)), |watching| async move {
        let (mut follower, farewell) = watching?;
        let told = tokio::select! {
            biased;
            () = farewell.said() => Err(Error::from(WatchRefusal::ConnectionEnds)),
            told = follower.next() => told,
        };
        Some(match told {
            Ok(told) => (Ok(convert::watched(&told)), Some((follower, farewell))),
            Err(error) => (Err(error.into()), None),
        })
    })
}
