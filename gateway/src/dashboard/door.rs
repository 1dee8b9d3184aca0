//! The listener of the pages: TLS in which a client certificate may be given and need not be, and HTTP/1.1 behind it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::settings::DashboardSettings;
use crate::peer::Peer;
use crate::tls::Tls;

/// The pause after an error that the next accept would meet again, such as no free file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Room for the line and the headers of a request. 16 KiB: a browser's take two.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Who is at the other end of a connection, as far as the handshake tells.
#[derive(Clone, Default)]
pub(super) struct Visitor {
    /// An operator, with the chain of the certificate; none where there is no certificate, or another's.
    pub(super) operator: Option<(String, Arc<Vec<CertificateDer<'static>>>)>,
}

/// A bound socket.
pub(super) struct Door {
    socket: TcpListener,
    tls: Tls,
    settings: DashboardSettings,
}

impl Door {
    pub(super) async fn bind(listen: SocketAddr, tls: Tls, settings: DashboardSettings) -> io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(listen).await?,
            tls,
            settings,
        })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves `pages` for ever; dropping it drops every connection.
    pub(super) async fn serve(self, pages: Router) -> Infallible {
        let places = Arc::new(Semaphore::new(self.settings.connections.max(1)));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                Some(_ended) = connections.join_next() => continue,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                // Dropping the socket closes it: refusing costs no TLS work.
                Ok((socket, _address)) => {
                    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                        let (tls, settings, pages) = (self.tls.clone(), self.settings.clone(), pages.clone());
                        connections.spawn(async move {
                            let _place = place;
                            serve(socket, &tls, &settings, pages).await;
                        });
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the dashboard cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn serve(socket: TcpStream, tls: &Tls, settings: &DashboardSettings, pages: Router) {
    let handshake = TlsAcceptor::from(tls.for_browsers()).accept(socket);
    let Ok(Ok(stream)) = timeout(settings.handshake, handshake).await else {
        return;
    };
    let chain = stream
        .get_ref()
        .1
        .peer_certificates()
        .unwrap_or_default()
        .to_vec();
    let peer = chain
        .first()
        .map(|certificate| Peer::from_certificate(certificate, tls.trust_domain()));
    let operator = match peer {
        Some(Ok(Peer::Ops(id))) => Some((format!("ops/{}", id.as_str()), Arc::new(chain))),
        Some(_) | None => None,
    };
    let pages = pages.layer(Extension(Visitor { operator }));
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(settings.headers)
        .max_buf_size(HEADER_BYTES_MAX);
    let connection = protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    // Broken or too old: the browser comes again.
    timeout(settings.age, connection).await.ok();
}
