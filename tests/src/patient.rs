//! A client that tells the gateway its deadline and does not keep it itself: tonic's own ends a call at the deadline, so
//! that a test of the last 50 ms would measure how busy the machine is.

use std::sync::Arc;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::body::Body;
use tower::util::{BoxCloneService, ServiceExt as _};

use crate::house::House;

/// HTTP/2 without any timer.
type Plain = BoxCloneService<http::Request<Body>, http::Response<hyper::body::Incoming>, hyper::Error>;

/// The status check service as `name` calls it, on a connection of its own.
pub async fn client(house: &House, name: &str) -> StatusCheckServiceClient<Plain> {
    let stream = connected(house, name).await;
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = handshake.expect("HTTP/2");
    // Ends with the last sender, or with the test.
    tokio::spawn(connection);
    let calls = tower::service_fn(move |request| {
        let mut sender = sender.clone();
        async move { sender.send_request(request).await }
    });
    let origin = format!("https://{}", house.address).parse().expect("an address");
    StatusCheckServiceClient::with_origin(calls.boxed_clone(), origin)
}

async fn connected(house: &House, name: &str) -> TlsStream<TcpStream> {
    let identity = house.identity(name);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(house.ca()).expect("the authority"))
        .expect("the authority");
    let certificate = CertificateDer::from_pem_file(&identity.cert).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&identity.key).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)
        .expect("a certificate and its key");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let socket = TcpStream::connect(&house.address).await.expect("the gateway");
    let gateway = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(gateway, socket).await.expect("mutual TLS")
}
