//! A gateway's door with a small service behind it, and callers to knock.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use statuscheck::listener::{Census, ConnectionLimits, Ending, Listener};
use statuscheck::peer::Connected;
use statuscheck::tls::Tls;
use statuscheck_domain::clock::ManualClock;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::authority::{Authority, Folder, Leaf};

pub(crate) const DOMAIN: &str = "gateway.test";
pub(crate) const ACME: &str = "spiffe://gateway.test/organisation/acme";

/// A bound for what must happen at once: reached only where the gateway hangs.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), what).await {
        Ok(done) => done,
        Err(_) => panic!("it never happened"),
    }
}

/// Waits for something that no event announces.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    soon(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The service behind the door.
pub(crate) struct Desk {
    pub(crate) served: AtomicUsize,
    pub(crate) held: AtomicUsize,
    pub(crate) held_max: AtomicUsize,
    release: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            served: AtomicUsize::default(),
            held: AtomicUsize::default(),
            held_max: AtomicUsize::default(),
            release: Semaphore::new(0),
        }
    }
}

impl Desk {
    /// `/who` answers with the peer and address; `/hold` waits to be released.
    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        self.served.fetch_add(1, Ordering::SeqCst);
        if request.uri().path() == "/hold" {
            let held = self.held.fetch_add(1, Ordering::SeqCst) + 1;
            self.held_max.fetch_max(held, Ordering::SeqCst);
            self.release.acquire().await.unwrap().forget();
            self.held.fetch_sub(1, Ordering::SeqCst);
        }
        let connected = request.extensions().get::<Arc<Connected>>().unwrap();
        let who = match &connected.peer {
            Ok(peer) => format!("{peer} at {}", connected.address.ip()),
            Err(error) => format!("{error:?} at {}", connected.address.ip()),
        };
        Ok(Response::new(Full::from(who)))
    }

    pub(crate) fn release(&self, holds: usize) {
        self.release.add_permits(holds);
    }
}

/// A gateway under test.
pub(crate) struct House {
    pub(crate) authority: Authority,
    pub(crate) folder: Folder,
    pub(crate) clock: ManualClock,
    pub(crate) tls: Tls,
    pub(crate) address: SocketAddr,
    pub(crate) census: Arc<Census>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) stop: oneshot::Sender<()>,
}

impl House {
    pub(crate) async fn open(limits: ConnectionLimits) -> Self {
        Self::open_with(limits, |_, _| {}).await
    }

    /// Opens after `prepare` changed the files.
    pub(crate) async fn open_with(
        limits: ConnectionLimits,
        prepare: impl FnOnce(&Authority, &mut Folder),
    ) -> Self {
        let authority = Authority::new("Test Authority");
        let mut folder = Folder::of(&authority);
        prepare(&authority, &mut folder);
        let clock = ManualClock::at("2026-06-01T12:00:00Z".parse().unwrap());
        let tls = Tls::load(
            folder.files.clone(),
            DOMAIN.parse().unwrap(),
            Arc::new(clock.clone()),
        )
        .await
        .unwrap();
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), tls.clone(), limits)
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let census = listener.census();
        let desk = Arc::new(Desk::default());
        let (stop, stopped) = oneshot::channel();
        let behind = desk.clone();
        let service = tower::service_fn(move |request| behind.clone().answer(request));
        let serving = tokio::spawn(listener.serve(service, async { stopped.await.unwrap_or(()) }));
        Self {
            authority,
            folder,
            clock,
            tls,
            address,
            census,
            desk,
            serving,
            stop,
        }
    }

    pub(crate) fn acme(&self) -> Leaf {
        self.authority.client(&[ACME])
    }

    /// A client that trusts this house and offers `protocols`.
    pub(crate) fn client(
        &self,
        leaf: Option<&Leaf>,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match leaf {
            Some(leaf) => config
                .with_client_auth_cert(vec![leaf.certificate.clone()], leaf.key.clone_key())
                .unwrap(),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    pub(crate) fn usual_client(&self, leaf: &Leaf) -> Arc<ClientConfig> {
        self.client(Some(leaf), &[&rustls::version::TLS13], &["h2"])
    }

    /// A socket with TLS, and nothing sent over it. TLS 1.3 lets a client believe in this before it is accepted.
    pub(crate) async fn knock(&self, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(config).connect(name, socket).await
    }

    /// A caller whose connection has served a request.
    pub(crate) async fn caller(&self, leaf: &Leaf) -> Caller {
        let mut caller = self.try_caller(self.usual_client(leaf)).await.unwrap();
        caller.who().await.unwrap();
        caller
    }

    pub(crate) async fn try_caller(&self, config: Arc<ClientConfig>) -> Option<Caller> {
        let stream = soon(self.knock(config)).await.ok()?;
        let (_, tls) = stream.get_ref();
        let gateway_certificate = tls.peer_certificates()?.first()?.to_vec();
        let (requests, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.ok()?;
        Some(Caller {
            requests,
            gateway_certificate,
            connection: tokio::spawn(connection),
        })
    }

    /// The client with this configuration is refused in the handshake and reaches nobody.
    pub(crate) async fn assert_refused(&self, config: Arc<ClientConfig>) {
        let refused = self.census.ended(Ending::HandshakeFailed);
        let served = self.desk.served.load(Ordering::SeqCst);
        if let Some(mut caller) = self.try_caller(config).await {
            assert!(caller.who().await.is_err());
        }
        until(|| self.census.ended(Ending::HandshakeFailed) == refused + 1).await;
        assert_eq!(self.desk.served.load(Ordering::SeqCst), served);
    }
}

/// A client's connection.
pub(crate) struct Caller {
    pub(crate) requests: SendRequest<Empty<Bytes>>,
    pub(crate) gateway_certificate: Vec<u8>,
    pub(crate) connection: JoinHandle<hyper::Result<()>>,
}

impl Caller {
    pub(crate) async fn who(&mut self) -> hyper::Result<String> {
        let (status, body) = soon(self.send(request("/who"))).await?;
        assert_eq!(status, StatusCode::OK);
        Ok(body)
    }

    /// Sends a request now; the answer may be awaited elsewhere.
    pub(crate) fn send(
        &mut self,
        request: Request<Empty<Bytes>>,
    ) -> impl Future<Output = hyper::Result<(StatusCode, String)>> + Send + 'static {
        let answer = self.requests.send_request(request);
        async move {
            let answer = answer.await?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            Ok((status, String::from_utf8(body.to_vec()).unwrap()))
        }
    }

    /// The gateway has asked the client to go (GOAWAY): it takes nothing new on this connection.
    pub(crate) async fn told_to_go(&mut self) {
        soon(async { while self.send(request("/who")).await.is_ok() {} }).await;
    }

    /// The connection ends, as the gateway wished.
    pub(crate) async fn gone(self) {
        soon(self.connection).await.unwrap().ok();
    }
}

pub(crate) fn request(path: &str) -> Request<Empty<Bytes>> {
    Request::post(format!("https://localhost{path}"))
        .body(Empty::new())
        .unwrap()
}
