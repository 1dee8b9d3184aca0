//! `/metrics`, `/livez` and `/readyz`, on a listener of their own: who looks after the gateway must not need a place among
//! those who ask.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{Registry, TextEncoder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::readiness::{Told, alive};
use super::{Figures, Readiness};
use crate::listener::{ConnectionLimits, Listener};
use crate::peer::{Connected, PeerKind};
use crate::tls::Tls;

/// Connections at a time. 16: a few scrapers and probes, each with one or two.
const CONNECTIONS_MAX: usize = 16;

/// How long a connection may be without a request. 75 s: longer than from one scrape to the next, which is a minute at most.
const IDLE: Duration = Duration::from_secs(75);

/// The pause after an error that the next accept would meet again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The format that Prometheus and everybody else takes.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

type Shown = Response<Full<Bytes>>;

/// The pages, bound and not served yet.
pub(crate) struct Page {
    door: Door,
    address: SocketAddr,
    pages: Pages,
}

enum Door {
    /// Nobody but this machine can come in.
    Plain(TcpListener),
    /// By certificate, HTTP/2, and for operators alone.
    Tls(Box<Listener>),
}

/// What is told.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) registry: Registry,
    pub(crate) figures: Arc<Figures>,
    pub(crate) readiness: Arc<Readiness>,
}

impl Page {
    /// Binds the address: plain where it is a loopback one, by the gateway's own certificates where it is not.
    ///
    /// # Errors
    /// The address is taken, or not ours.
    pub(crate) async fn bind(address: SocketAddr, tls: Tls, pages: Pages) -> io::Result<Self> {
        let (door, address) = if address.ip().to_canonical().is_loopback() {
            let socket = TcpListener::bind(address).await?;
            let address = socket.local_addr()?;
            (Door::Plain(socket), address)
        } else {
            let limits = ConnectionLimits {
                connections: CONNECTIONS_MAX,
                connections_per_address: CONNECTIONS_MAX,
                ..ConnectionLimits::default()
            };
            let listener = Listener::bind(address, tls, limits).await?;
            let address = listener.local_addr()?;
            (Door::Tls(Box::new(listener)), address)
        };
        Ok(Self { door, address, pages })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves for ever: drop it to stop.
    pub(crate) async fn serve(self) {
        let pages = self.pages;
        match self.door {
            Door::Plain(socket) => serve_plain(socket, pages).await,
            Door::Tls(listener) => {
                let service = tower::service_fn(move |request: Request<Incoming>| {
                    let pages = pages.clone();
                    async move { Ok::<_, Infallible>(pages.answer_operator(&request).await) }
                });
                listener.serve(service, std::future::pending()).await;
            }
        }
    }
}

async fn serve_plain(socket: TcpListener, pages: Pages) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                // Without a place the socket is dropped, which closes it.
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let serving = serve_one(stream, pages.clone());
                    connections.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the telemetry listener cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_one(stream: TcpStream, pages: Pages) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let pages = pages.clone();
        async move { Ok::<_, Infallible>(pages.answer(&request).await) }
    });
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(IDLE);
    // Whoever went, or spoke no HTTP, is nobody to tell.
    protocol.serve_connection(TokioIo::new(stream), answer).await.ok();
}

impl Pages {
    async fn answer_operator(&self, request: &Request<Incoming>) -> Shown {
        let connected = request.extensions().get::<Arc<Connected>>();
        let peer = connected.and_then(|connected| connected.peer.as_ref().ok());
        if peer.is_some_and(|peer| peer.kind() == PeerKind::Ops) {
            self.answer(request).await
        } else {
            page(StatusCode::FORBIDDEN, "text/plain", "for operators alone\n")
        }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Shown {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut refused = page(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET alone\n");
            refused
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match request.uri().path() {
            "/metrics" => self.metrics().await,
            "/livez" => told(request, &alive(&self.figures)),
            "/readyz" => told(request, &self.readiness.ready()),
            _ => page(
                StatusCode::NOT_FOUND,
                "text/plain",
                "there are /metrics, /livez and /readyz\n",
            ),
        }
    }

    async fn metrics(&self) -> Shown {
        let registry = self.registry.clone();
        // Thousands of lines take a few milliseconds, for which no call should wait.
        let written =
            tokio::task::spawn_blocking(move || TextEncoder::new().encode_to_string(&registry.gather()))
                .await;
        match written {
            Ok(Ok(text)) => page(StatusCode::OK, TEXT_FORMAT, text),
            Ok(Err(_)) | Err(_) => page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain",
                "the figures cannot be written\n",
            ),
        }
    }
}

/// As JSON for who wants that, else as text.
fn told(request: &Request<Incoming>, told: &Told) -> Shown {
    let status = if told.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let accepts = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    let json = accepts.is_some_and(|accept| accept.contains("application/json"));
    match serde_json::to_string(told) {
        Ok(text) if json => page(status, "application/json", text),
        Ok(_) | Err(_) => page(status, "text/plain; charset=utf-8", told.text()),
    }
}

fn page(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Shown {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
