use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::{Certificate, Client};
use statuscheck_mocks::StartError;
use statuscheck_mocks::settings::ServerTls;
use statuscheck_mocks::taskforce::TaskforceError;

use crate::{World, clock, try_start};

/// An authority's certificate in PEM, and a server's of it in files.
fn certified(folder: &std::path::Path) -> (String, ServerTls) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let tls = ServerTls {
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
    };
    let certificate = params.signed_by(&key, &issuer).unwrap();
    std::fs::write(&tls.certificate, certificate.pem()).unwrap();
    std::fs::write(&tls.key, key.serialize_pem()).unwrap();
    (authority, tls)
}

#[tokio::test]
async fn over_tls_it_is_reached_by_whoever_believes_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, tls) = certified(folder.path());
    let mut world = World::with(|taskforce| taskforce.tls = Some(tls)).await;
    assert!(world.mocks.hooks_url().unwrap().starts_with("https://127.0.0.1:"));
    assert!(
        world
            .mocks
            .control_url()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    let url = world.mocks.hooks_url().unwrap();
    assert!(world.client.get(url).send().await.unwrap_err().is_connect());
    let trusted = Certificate::from_pem(authority.as_bytes()).unwrap();
    world.client = Client::builder().tls_certs_only([trusted]).build().unwrap();
    assert_eq!(world.tell().await, 204);
}

#[tokio::test]
async fn what_it_cannot_be_started_with_stops_the_start_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let (_, tls) = certified(folder.path());
    let clock = clock();
    let started = async |change: fn(&mut statuscheck_mocks::settings::TaskforceSettings)| {
        try_start(&clock, folder.path(), change).await.err()
    };
    assert!(started(|_| {}).await.is_none());
    let secrets = [
        started(|taskforce| taskforce.secrets.clear()).await,
        started(|taskforce| taskforce.secrets = vec![taskforce.secrets[0].clone(); 3]).await,
    ];
    for error in secrets {
        assert!(matches!(
            error,
            Some(StartError::Taskforce(TaskforceError::Secrets))
        ));
    }
    let missing = started(|taskforce| taskforce.secrets = vec!["nowhere".into()]).await;
    assert!(matches!(
        missing,
        Some(StartError::Taskforce(TaskforceError::Secret(_)))
    ));
    let order = started(|taskforce| taskforce.orders = vec!["delay:1h".parse().unwrap()]).await;
    assert!(matches!(
        order,
        Some(StartError::Taskforce(TaskforceError::Order(_)))
    ));
    std::fs::write(&tls.key, "no key").unwrap();
    let unreadable = try_start(&clock, folder.path(), |taskforce| taskforce.tls = Some(tls)).await;
    assert!(matches!(unreadable, Err(StartError::TaskforceTls(_))));
}

#[tokio::test]
async fn an_address_in_use_is_told_as_the_taskforces() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = try_start(&clock(), folder.path(), |taskforce| taskforce.control = address).await;
    assert!(matches!(
        refused,
        Err(StartError::ListenTaskforce { address: named, .. }) if named == address
    ));
}

#[tokio::test]
async fn a_taskforce_that_was_shut_down_listens_no_more() {
    let world = World::start().await;
    let url = world.mocks.hooks_url().unwrap().to_owned();
    world.mocks.shutdown().await;
    assert!(world.client.get(url).send().await.unwrap_err().is_connect());
}
