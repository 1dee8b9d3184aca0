use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::{Certificate, Client, Identity};
use statuscheck_domain::ids::DepartmentId::{Dwp, Hmrc};
use statuscheck_mocks::StartError;
use statuscheck_mocks::settings::TlsSettings;

use crate::World;

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// Certificate and key in PEM.
    fn issue(&self) -> (String, String) {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

fn settings(directory: &Path, authority: &Authority) -> TlsSettings {
    let (certificate, key) = authority.issue();
    let written = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    TlsSettings {
        certificate: written("server.pem", &certificate),
        key: written("server.key", &key),
        client_ca: written("ca.pem", &authority.pem),
    }
}

fn client(authority: &Authority, identity: Option<(String, String)>) -> Client {
    let trusted = Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let builder = Client::builder().tls_certs_only([trusted]);
    let builder = match identity {
        Some((certificate, key)) => {
            builder.identity(Identity::from_pem((certificate + &key).as_bytes()).unwrap())
        }
        None => builder,
    };
    builder.build().unwrap()
}

#[tokio::test]
async fn dwp_wants_a_client_certificate_of_its_authority() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let tls = settings(directory.path(), &authority);
    let world = World::with(&[], |settings| settings.dwp_tls = Some(tls)).await;
    let url = world.mocks.url(Dwp);
    assert!(url.starts_with("https://127.0.0.1:"));
    assert!(world.mocks.url(Hmrc).starts_with("http://"));

    let ours = client(&authority, Some(authority.issue()));
    let refused = ours
        .post(format!("{url}/oauth2/token"))
        .form(&[("client_id", "x")])
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    let nobody = client(&authority, None);
    assert!(nobody.get(&url).send().await.is_err());
    let stranger = client(&authority, Some(Authority::new().issue()));
    assert!(stranger.get(&url).send().await.is_err());
}

#[tokio::test]
async fn tls_files_that_cannot_be_used_stop_the_start() {
    let population = statuscheck_mocks::population::Population::default();
    let clock = statuscheck_domain::clock::SystemClock::shared();
    let mut settings = statuscheck_mocks::Settings::new(population, clock);
    settings.dwp_tls = Some(TlsSettings {
        certificate: "nowhere.pem".into(),
        key: "nowhere.key".into(),
        client_ca: "nowhere.pem".into(),
    });
    assert!(matches!(
        statuscheck_mocks::start(settings).await,
        Err(StartError::Tls(_))
    ));
}
