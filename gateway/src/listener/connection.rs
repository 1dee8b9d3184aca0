//! The life of one connection: handshake, requests, and the reasons to end it.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};

use super::census::Ending;
use super::limits::ConnectionLimits;
use crate::peer::{Connected, Peer};
use crate::tls::{ALPN_H2, Loaded, Tls};

/// The bound of the drain where nothing was ever asked: time to hand over the GOAWAY. Without a preface nobody takes it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Whether a connection is to end: every request has one in its extensions. Calls that go on for as long as their connection
/// end when it is said, so that their callers go on elsewhere.
#[derive(Clone, Default)]
pub struct Farewell(CancellationToken);

impl Farewell {
    /// Waits until the connection is to end.
    pub async fn said(&self) {
        self.0.cancelled().await;
    }
}

/// What all connections of a listener share.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) tls: Tls,
    pub(super) limits: Arc<ConnectionLimits>,
    pub(super) shutdown: CancellationToken,
}

/// Serves one accepted socket to its end.
pub(super) async fn serve<S, B>(socket: TcpStream, address: SocketAddr, terms: Terms, service: S) -> Ending
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut reloads = terms.tls.subscribe();
    let loaded = reloads.borrow_and_update().clone();
    let stream = tokio::select! {
        shaken = shake_hands(socket, &loaded, terms.limits.handshake) => match shaken {
            Ok(stream) => stream,
            Err(ending) => return ending,
        },
        () = terms.shutdown.cancelled() => return Ending::ShutDown,
    };
    let chain = stream
        .get_ref()
        .1
        .peer_certificates()
        .unwrap_or_default()
        .to_vec();
    let Some(certificate) = chain.first() else {
        return Ending::HandshakeFailed;
    };
    let connected = Arc::new(Connected {
        address,
        peer: Peer::from_certificate(certificate, terms.tls.trust_domain()),
    });

    let asked = Arc::new(AtomicBool::new(false));
    let asks = asked.clone();
    let farewell = Farewell::default();
    let each = farewell.clone();
    let answer = service_fn(move |mut request: Request<Incoming>| {
        asks.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(connected.clone());
        request.extensions_mut().insert(each.clone());
        service.clone().oneshot(request)
    });
    let protocol = http2_within(&terms.limits);
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(stream), answer));
    let reason = tokio::select! {
        ended = connection.as_mut() => return ended.map_or(Ending::Broken, |()| Ending::Closed),
        reason = reason_to_end(&terms, &asked, &chain, &mut reloads) => reason,
    };
    connection.as_mut().graceful_shutdown();
    farewell.0.cancel();
    let bound = if asked.load(Ordering::Relaxed) {
        terms.limits.drain
    } else {
        FAREWELL.min(terms.limits.drain)
    };
    // Drained, broken or out of time: the reason stays what it was.
    timeout(bound, connection).await.ok();
    reason
}

async fn shake_hands(
    socket: TcpStream,
    loaded: &Loaded,
    deadline: Duration,
) -> Result<TlsStream<TcpStream>, Ending> {
    let handshake = TlsAcceptor::from(loaded.config.clone()).accept(socket);
    match timeout(deadline, handshake).await {
        // A client that offers no protocol at all passes rustls, and would have to guess.
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(ALPN_H2) => Ok(stream),
        Ok(Ok(_)) => Err(Ending::HandshakeFailed),
        Ok(Err(error)) => {
            tracing::debug!(%error, "handshake failed");
            Err(Ending::HandshakeFailed)
        }
        Err(_elapsed) => Err(Ending::HandshakeLate),
    }
}

fn http2_within(limits: &ConnectionLimits) -> http2::Builder<TokioExecutor> {
    let mut protocol = http2::Builder::new(TokioExecutor::new());
    protocol
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_list_bytes)
        .max_pending_accept_reset_streams(limits.pending_reset_streams)
        .max_local_error_reset_streams(limits.error_reset_streams)
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .max_send_buf_size(limits.send_buffer_bytes);
    protocol
}

/// Waits until the gateway has a reason to end the connection.
async fn reason_to_end(
    terms: &Terms,
    asked: &AtomicBool,
    chain: &[CertificateDer<'static>],
    reloads: &mut watch::Receiver<Arc<Loaded>>,
) -> Ending {
    let silent = async {
        sleep(terms.limits.first_request).await;
        if asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    let refused = async {
        // The sender lives in `terms.tls`, so that the wait itself cannot fail.
        while reloads.changed().await.is_ok() {
            let loaded = reloads.borrow_and_update().clone();
            if !loaded.admits(chain) {
                break;
            }
        }
    };
    tokio::select! {
        () = silent => Ending::Silent,
        () = refused => Ending::Revoked,
        () = sleep(jittered(terms.limits.age)) => Ending::Aged,
        () = terms.shutdown.cancelled() => Ending::ShutDown,
    }
}

/// `age`, less up to a tenth of it.
fn jittered(age: Duration) -> Duration {
    let mut random = [0_u8; 2];
    // Without randomness there is no jitter, which is no reason to refuse anybody.
    aws_lc_rs::rand::fill(&mut random).ok();
    age.mul_f64(1.0 - 0.1 * f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_one_moment_age_apart_and_never_too_late() {
        let hour = Duration::from_secs(3_600);
        let ages: Vec<_> = (0..100).map(|_| jittered(hour)).collect();
        assert!(ages.iter().all(|age| *age <= hour && *age >= hour.mul_f64(0.9)));
        assert!(ages.iter().any(|age| *age != ages[0]));
    }
}
