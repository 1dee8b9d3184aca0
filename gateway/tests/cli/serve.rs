//! `statuscheck serve` on a configuration, files and mock departments of its own.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use statuscheck::demo::authority::{Identity, TRUST_DOMAIN};
use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::Mocks;
use statuscheck_mocks::population::Population;
use statuscheck_mocks::samples::samples;
use statuscheck_mocks::settings::{Settings, TlsSettings};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::program::{Ran, Running, program, run, soon};
use crate::sample::Host;

/// A host with mock departments, and the employer who asks.
pub(crate) struct Site {
    pub(crate) host: Host,
    mocks: Mocks,
    employer: Identity,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let host = Host::new();
        let clock = SystemClock::shared();
        let mut population = Population::default();
        population.extend(samples(london_day(clock.now()))).unwrap();
        let mut settings = Settings::new(population, clock);
        settings.dwp_tls = Some(TlsSettings {
            certificate: host.path("tls/gateway.pem"),
            key: host.path("tls/gateway.key"),
            client_ca: host.authority.certificate_path(),
        });
        let mocks = statuscheck_mocks::start(settings).await.unwrap();
        let employer = host.authority.client("organisation/employer").unwrap();
        Self {
            host,
            mocks,
            employer,
        }
    }

    /// The sample configuration, over the mocks and on a free port.
    fn config(&self) -> PathBuf {
        self.config_with("")
    }

    /// The same, with these lines about the calendar.
    pub(crate) fn config_with(&self, calendar: &str) -> PathBuf {
        let url = |department| format!("url = \"{}\"", self.mocks.url(department));
        self.host.configure(|text| {
            text.replace("0.0.0.0:8443", "127.0.0.1:0")
                .replace("status.example.gov.uk", TRUST_DOMAIN)
                .replace(
                    "client_id = \"status-checking-gateway\"",
                    "client_id = \"statuscheck\"",
                )
                .replace(
                    "url = \"https://status.home-office.example/v1\"",
                    &url(DepartmentId::HomeOffice),
                )
                .replace("url = \"https://citizen.dwp.example\"", &url(DepartmentId::Dwp))
                .replace(
                    "url = \"https://api.service.hmrc.gov.uk\"",
                    &url(DepartmentId::Hmrc),
                )
                .replace(
                    "url = \"https://eligibility.education.example\"",
                    &url(DepartmentId::Dfe),
                )
                .replace(
                    "[departments.dwp.tls]",
                    "[departments.dwp.tls]\nca_file = \"authority/ca.pem\"",
                )
                .replace("[calendar]", &format!("[calendar]\n{calendar}"))
        })
    }

    /// Starts the gateway, and says where it listens.
    async fn serve(&self) -> (Running, String) {
        Self::serve_on(self.config()).await
    }

    pub(crate) async fn serve_on(config: PathBuf) -> (Running, String) {
        let mut gateway = Running::start(program([
            "serve".as_ref(),
            "--config".as_ref(),
            config.as_os_str(),
        ]));
        let serving = gateway.logs("serving").await;
        (gateway, serving["address"].as_str().unwrap().to_owned())
    }

    /// Runs a command as the employer.
    async fn ask(&self, address: &str, args: &[&str]) -> Ran {
        self.ask_as(&self.employer, address, args).await
    }

    pub(crate) async fn ask_as(&self, who: &Identity, address: &str, args: &[&str]) -> Ran {
        let file = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let (cert, key) = (file(&who.cert), file(&who.key));
        let ca = file(&self.host.authority.certificate_path());
        let connection = ["--server", address, "--ca", &ca, "--cert", &cert, "--key", &key];
        run(args.iter().chain(&connection)).await
    }

    async fn check(&self, address: &str) -> Value {
        let person = [
            "--given-names",
            "Zofia",
            "--family-name",
            "Wiśniewska",
            "--date-of-birth",
            "1991-03-14",
        ];
        let number = ["--national-insurance-number", "GX000001A", "--json"];
        let args = [&["check", "right-to-work"][..], &person, &number].concat();
        self.ask(address, &args).await.ends(0).json()
    }

    /// The certificate that a new connection is shown.
    async fn shown(&self, address: &str) -> Vec<u8> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.host.authority.certificate_path()).unwrap();
        roots.add(authority).unwrap();
        let own = CertificateDer::from_pem_file(&self.employer.cert).unwrap();
        let key = PrivateKeyDer::from_pem_file(&self.employer.key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![own], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let socket = soon(TcpStream::connect(address)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = soon(TlsConnector::from(Arc::new(config)).connect(name, socket))
            .await
            .unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }
}

#[tokio::test]
async fn it_serves_reloads_its_certificate_on_sighup_and_ends_with_0_on_sigterm() {
    let site = Site::new().await;
    let (mut gateway, address) = site.serve().await;
    let response = site.check(&address).await;
    assert_eq!(
        response["answer"]["established"]["right_to_work"]["entitlement"],
        "ENTITLEMENT_UNLIMITED"
    );
    for department in [DepartmentId::HomeOffice, DepartmentId::Dwp] {
        assert!(site.mocks.requests(department) > 0, "{department} was not asked");
    }

    let before = site.shown(&address).await;
    site.host.install("gateway");
    gateway.signal("HUP").await;
    gateway.logs("certificates reloaded").await;
    let after = site.shown(&address).await;
    assert_ne!(after, before);
    let installed = CertificateDer::from_pem_file(site.host.path("tls/gateway.pem")).unwrap();
    assert_eq!(after, installed.to_vec());

    // A bad file changes nothing.
    fs::write(site.host.path("tls/gateway.pem"), "no certificate").unwrap();
    gateway.signal("HUP").await;
    gateway
        .logs("new certificates are bad; the old ones stay in use")
        .await;
    assert_eq!(site.shown(&address).await, after);
    site.check(&address).await;

    gateway.signal("TERM").await;
    gateway.logs("stopped").await;
    assert_eq!(gateway.ended().await, Some(0));
}

#[tokio::test]
async fn what_was_answered_is_still_there_after_a_kill() {
    let site = Site::new().await;
    let (gateway, address) = site.serve().await;
    let response = site.check(&address).await;
    let id = response["case_id"].as_str().unwrap();
    gateway.signal("KILL").await;
    assert_eq!(gateway.ended().await, None);
    site.ask(&address, &["case", "get", id]).await.ends(4);

    let (gateway, address) = site.serve().await;
    let case = site
        .ask(&address, &["case", "get", id, "--json"])
        .await
        .ends(0)
        .json()["case"]
        .clone();
    assert_eq!(case["state"], "CASE_STATE_ANSWERED");
    assert_eq!(case["answer"]["established"], response["answer"]["established"]);
    gateway.signal("INT").await;
    assert_eq!(gateway.ended().await, Some(0));
}

#[tokio::test]
async fn a_second_gateway_on_the_same_store_is_refused() {
    let site = Site::new().await;
    let (gateway, address) = site.serve().await;
    let config = site.config();
    let second = run(["serve".as_ref(), "--config".as_ref(), config.as_os_str()])
        .await
        .ends(1);
    assert!(
        second.stderr.contains("another process holds the store"),
        "{}",
        second.stderr
    );
    // A running gateway's configuration can be looked over.
    run(["config".as_ref(), "check".as_ref(), config.as_os_str()])
        .await
        .ends(0);
    site.check(&address).await;
    gateway.signal("TERM").await;
    assert_eq!(gateway.ended().await, Some(0));
}
