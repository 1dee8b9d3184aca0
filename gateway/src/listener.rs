//! The door: a socket, TLS, caps and deadlines, and HTTP/2 behind them.
//!
//! ```no_run
//! # use std::time::Duration;
//! # use statuscheck::{listener::{ConnectionLimits, Listener}, peer::TrustDomain, tls::{Tls, TlsFiles}};
//! # use statuscheck_domain::clock::SystemClock;
//! # async fn run(files: TlsFiles, trust_domain: TrustDomain) -> Result<(), Box<dyn std::error::Error>> {
//! let tls = Tls::load(files, trust_domain, SystemClock::shared()).await?;
//! let watched = tls.clone();
//! let watching = tokio::spawn(async move { watched.watch(Duration::from_secs(60)).await });
//! let listener = Listener::bind(([0, 0, 0, 0], 8443).into(), tls, ConnectionLimits::default()).await?;
//! let census = listener.census(); // for metrics
//! # let (routes, shutdown_signal) = (tonic::service::Routes::default(), std::future::pending());
//! listener.serve(routes, shutdown_signal).await;
//! watching.abort();
//! # Ok(())
//! # }
//! ```
//!
//! tonic's own server has no caps, and no timer before the HTTP/2 preface; its TLS settings know no revocation and no
//! reload. So the accept loop is ours, and tonic's `Routes` are served as any other service is.

mod census;
mod connection;
mod limits;

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::Service;

pub use self::census::{Census, Ending};
pub use self::connection::Farewell;
use self::connection::Terms;
pub use self::limits::ConnectionLimits;
use crate::tls::Tls;

/// The pause after an error that the next accept would meet again, such as no free file descriptor. Long enough not to
/// spin, short enough that callers waiting in the backlog do not notice.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound socket that lets in HTTP/2 over TLS, within limits.
pub struct Listener {
    socket: TcpListener,
    tls: Tls,
    limits: Arc<ConnectionLimits>,
    census: Arc<Census>,
}

impl Listener {
    /// Binds the address; port 0 takes a free one. Nobody is accepted before [`Listener::serve`].
    ///
    /// # Errors
    /// The address is taken, not ours, or not allowed.
    pub async fn bind(address: SocketAddr, tls: Tls, limits: ConnectionLimits) -> io::Result<Self> {
        let census = Census::new(limits.connections, limits.connections_per_address);
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            tls,
            limits: Arc::new(limits),
            census,
        })
    }

    /// The bound address.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The counts of connections; they stay readable while serving.
    pub fn census(&self) -> Arc<Census> {
        self.census.clone()
    }

    /// Serves until `shutdown` ends; then nobody is accepted any more, and calls under way have
    /// [`ConnectionLimits::drain`] to end. When this returns, every connection has gone; dropping it drops them at once.
    ///
    /// Each request has an `Arc<`[`Connected`](crate::peer::Connected)`>` in its extensions. A service that is not ready
    /// keeps its request waiting.
    pub async fn serve<S, B>(self, service: S, shutdown: impl Future<Output = ()>)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let terms = Terms {
            tls: self.tls,
            limits: self.limits,
            shutdown: CancellationToken::new(),
        };
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let (socket, address) = tokio::select! {
                () = shutdown.as_mut() => break,
                Some(ended) = connections.join_next() => {
                    report(ended);
                    continue;
                }
                accepted = accept(&self.socket) => accepted,
            };
            // Dropping the socket closes it: refusing costs no TLS work.
            if let Some(place) = self.census.enter(address.ip()) {
                let serving = connection::serve(socket, address, terms.clone(), service.clone());
                connections.spawn(async move { place.leave(serving.await) });
            }
        }
        drop(self.socket);
        terms.shutdown.cancel();
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    }
}

async fn accept(listening: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listening.accept().await {
            Ok((socket, address)) => {
                // Answers are small and written whole; waiting to fill packets only delays them. Where it cannot be
                // set the socket is gone already, which the handshake will find.
                socket.set_nodelay(true).ok();
                return (socket, address);
            }
            Err(error) if concerns_one_caller(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The caller went while waiting to be accepted; the next one may be accepted at once.
fn concerns_one_caller(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        // Without the panic's message, which may quote a request.
        tracing::error!(panicked = error.is_panic(), "a connection's task failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_caller_that_went_lets_the_next_be_accepted_without_a_pause() {
        assert!(concerns_one_caller(&io::ErrorKind::ConnectionAborted.into()));
        // Too many open files of the process, of the system; no buffers; no memory.
        for errno in [24, 23, 105, 12] {
            assert!(
                !concerns_one_caller(&io::Error::from_raw_os_error(errno)),
                "{errno}"
            );
        }
    }
}
