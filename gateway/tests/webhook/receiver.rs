//! A receiver on this machine: it keeps what it is sent, and answers as it is told to.

use std::convert::Infallible;
use std::future;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use statuscheck::demo::authority::Identity;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_rustls::TlsAcceptor;

/// Any body.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// What was received.
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A receiver that listens until it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) received: UnboundedReceiver<Received>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Makes an answer, or none.
type Answer = Arc<dyn Fn() -> Option<Response<Body>> + Send + Sync>;

impl Receiver {
    /// One that answers every request as `answer` says; where that is nothing, it never answers.
    pub(crate) async fn start(answer: impl Fn() -> Option<Response<Body>> + Send + Sync + 'static) -> Self {
        Self::serve(None, Arc::new(answer)).await
    }

    /// One that accepts everything over TLS.
    pub(crate) async fn start_tls(identity: &Identity) -> Self {
        Self::serve(Some(acceptor(identity)), Arc::new(|| Some(status(204)))).await
    }

    async fn serve(tls: Option<TlsAcceptor>, answer: Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (tls, answer, sender) = (tls.clone(), answer.clone(), sender.clone());
                tokio::spawn(async move {
                    match tls {
                        None => connection(stream, answer, sender).await,
                        Some(tls) => {
                            // A client that does not believe us goes away in the handshake.
                            if let Ok(stream) = tls.accept(stream).await {
                                connection(stream, answer, sender).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            received,
            serving,
        }
    }

    /// What has come in so far.
    pub(crate) fn take(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

async fn connection<S>(stream: S, answer: Answer, sender: UnboundedSender<Received>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (answer, sender) = (answer.clone(), sender.clone());
        async move {
            let (head, body) = request.into_parts();
            let received = Received {
                method: head.method.to_string(),
                path: head.uri.to_string(),
                headers: head.headers,
                body: body.collect().await.unwrap().to_bytes(),
            };
            // A test that is over listens no more.
            let _gone = sender.send(received);
            match answer() {
                Some(response) => Ok::<_, Infallible>(response),
                None => future::pending().await,
            }
        }
    });
    // The courier breaks connections off, and that is no fault of theirs.
    let _broken_off = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn acceptor(identity: &Identity) -> TlsAcceptor {
    let certificates = CertificateDer::pem_file_iter(&identity.cert).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            certificates.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_file(&identity.key).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A status and nothing else.
pub(crate) fn status(status: u16) -> Response<Body> {
    Response::builder()
        .status(status)
        .body(Empty::new().boxed())
        .unwrap()
}

/// The status of success, and then pieces of a body.
pub(crate) fn streamed(pieces: impl Stream<Item = Bytes> + Send + Sync + 'static) -> Response<Body> {
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    Response::new(BodyExt::boxed(StreamBody::new(frames)))
}

/// Kibibytes for ever.
pub(crate) fn endless() -> impl Stream<Item = Bytes> + Send + Sync {
    stream::repeat(Bytes::from_static(&[b'x'; 1024]))
}

/// One byte, and then nothing for ever.
pub(crate) fn stalled() -> impl Stream<Item = Bytes> + Send + Sync {
    stream::once(future::ready(Bytes::from_static(b"x"))).chain(stream::pending())
}
