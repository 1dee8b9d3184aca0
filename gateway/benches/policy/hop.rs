//! The bare hop: a call with mutual TLS through the gateway's own listener, to a service that looks nothing up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use statuscheck::demo::authority::{Authority, TRUST_DOMAIN};
use statuscheck::listener::{ConnectionLimits, Listener};
use statuscheck::tls::{Tls, TlsFiles};
use statuscheck_domain::clock::SystemClock;
use tonic::service::Routes;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::process_cpu;

const CALLS: usize = 40_000;
/// Calls at once on the one connection.
const AT_ONCE: usize = 16;

/// CPU time of one call, that of the caller included: both are this process.
pub(crate) async fn cpu() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::open(folder.path()).unwrap();
    let server = authority.server("gateway").unwrap();
    let caller = authority.client("organisation/employer").unwrap();
    let files = TlsFiles {
        certificate: server.cert,
        key: server.key,
        client_ca: authority.certificate_path(),
        crl: Vec::new(),
    };
    let tls = Tls::load(files, TRUST_DOMAIN.parse().unwrap(), SystemClock::shared())
        .await
        .unwrap();
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = Listener::bind(anywhere, tls, ConnectionLimits::default())
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let (_health, service) = tonic_health::server::health_reporter();
    let routes = Routes::new(service).prepare();
    let serving = tokio::spawn(listener.serve(routes, std::future::pending()));

    let read = |path: &Path| std::fs::read(path).unwrap();
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read(&authority.certificate_path())))
        .identity(Identity::from_pem(read(&caller.cert), read(&caller.key)));
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect().await.unwrap();
    let client = HealthClient::new(channel);
    let call = || {
        let mut client = client.clone();
        async move { client.check(HealthCheckRequest::default()).await.unwrap() }
    };
    let run = async |calls: usize| {
        let mut under_way: FuturesUnordered<_> = (0..AT_ONCE).map(|_| call()).collect();
        for _ in AT_ONCE..calls {
            under_way.next().await.unwrap();
            under_way.push(call());
        }
        while under_way.next().await.is_some() {}
    };
    run(CALLS / 10).await;
    let began = process_cpu();
    run(CALLS).await;
    let spent = process_cpu() - began;
    serving.abort();
    spent / u32::try_from(CALLS).unwrap()
}
