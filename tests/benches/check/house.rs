//! What is measured: gateways over various stores, a bare server behind the same door, and the departments.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use statuscheck::admission::AdmissionSettings;
use statuscheck::audit::Subject;
use statuscheck::demo::authority::{Authority, Identity, TRUST_DOMAIN};
use statuscheck::demo::shipped_register;
use statuscheck::departments::Departments;
use statuscheck::desk::DeskSettings;
use statuscheck::limits::LimitSettings;
use statuscheck::listener::{ConnectionLimits, Listener};
use statuscheck::probing::ProbingSettings;
use statuscheck::quota::QuotaSettings;
use statuscheck::referrals::ReferralSettings;
use statuscheck::register::ChangeSettings;
use statuscheck::server::{CheckSettings, Gateway, Setup};
use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, Settings as StoreSettings};
use statuscheck::store::notary::{Notary, NotarySettings};
use statuscheck::store::seal::Kek;
use statuscheck::store::signing::SigningKey;
use statuscheck::telemetry::Telemetry;
use statuscheck::timekeeper::TimekeeperSettings;
use statuscheck::tls::{Tls, TlsFiles};
use statuscheck_adapters::settings::DepartmentSettings;
use statuscheck_adapters::{BoxDepartment, connect};
use statuscheck_domain::clock::{SharedClock, SystemClock, london_day};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::Mocks;
use statuscheck_mocks::settings::Settings as MockSettings;
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_proto::v1::{CheckRequest, CheckResponse};
use tempfile::TempDir;
use tokio::runtime::{EnterGuard, Handle};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::meter::{AtHand, CountingStore, Meter, Metered, MeteredStore};
use crate::people::{Holder, Holders, people};

/// A connection to a gateway, as a caller holds it.
pub(crate) type Client = StatusCheckServiceClient<Channel>;

/// No limit of ours may be what is measured.
const PLENTY: NonZeroU32 = NonZeroU32::new(1_000_000).expect("above zero");

/// Everything but the gateways, which each part opens as it needs them.
pub(crate) struct House {
    pub(crate) clock: SharedClock,
    /// Whom the Home Office answers about at once.
    pub(crate) quick: Holders,
    /// Whom it answers about after 300 ms.
    pub(crate) slow: Holders,
    mocks: Mocks,
    gateway: Handle,
    folder: TempDir,
    server: Identity,
    employer: Identity,
    ca: PathBuf,
}

/// Who answers the gateway's questions.
pub(crate) enum Asked {
    /// The mock Home Office over HTTP, through the adapter's whole stack.
    HomeOffice(Meter),
    /// Nobody: a reply lies ready in memory.
    AtHand,
}

/// How changes are committed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commits {
    /// What waits goes into one commit, as shipped.
    Together,
    /// Each change has its own.
    OneByOne,
}

/// What a gateway does with its changes.
pub(crate) enum Kept {
    /// In a file of its own.
    InFile(Commits),
    /// The same, with the time that it takes.
    Metered(Meter),
    /// Not at all, to see what keeping costs.
    Nowhere,
}

impl House {
    /// Starts the departments and makes the certificates.
    pub(crate) async fn open(gateway: Handle, departments: Handle) -> Self {
        let clock = SystemClock::shared();
        let (population, quick, slow) = people(london_day(clock.now()));
        // Beside the build, which is on a disk; a temporary folder of the system's may be in memory.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let authority = Authority::open(folder.path()).expect("an authority");
        let starting = statuscheck_mocks::start(MockSettings::new(population, clock.clone()));
        let mocks = departments
            .spawn(starting)
            .await
            .expect("no panic")
            .expect("mocks");
        Self {
            quick,
            slow,
            mocks,
            gateway,
            server: authority.server("gateway").expect("a certificate"),
            employer: authority.client("organisation/employer").expect("a certificate"),
            ca: authority.certificate_path(),
            folder,
            clock,
        }
    }

    /// Where the mock Home Office is.
    pub(crate) fn home_office(&self) -> String {
        self.mocks.url(DepartmentId::HomeOffice)
    }

    /// A store in a file `name`.
    pub(crate) async fn store(&self, name: &str, commits: Commits) -> EmbeddedStore {
        let mut settings = StoreSettings::at(self.file(name, "db"));
        if commits == Commits::OneByOne {
            settings.batch_max = 1;
        }
        let key = Kek::create(&self.file(name, "key")).expect("a key");
        let opening = self.gateway.spawn(EmbeddedStore::open(settings, key));
        opening.await.expect("no panic").expect("a store")
    }

    fn file(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.path().join(name).with_extension(ending)
    }

    /// A gateway with a store of its own, called `name`, serving; its address.
    pub(crate) async fn gateway(&self, name: &str, kept: Kept, asked: Asked) -> SocketAddr {
        let telemetry = Telemetry::off(self.clock.clone());
        self.gateway_telling(name, kept, asked, telemetry).await
    }

    /// The runtime of the gateways, for what begins tasks in it.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.gateway.enter()
    }

    /// The same, which tells of itself through `telemetry`.
    pub(crate) async fn gateway_telling(
        &self,
        name: &str,
        kept: Kept,
        asked: Asked,
        telemetry: Telemetry,
    ) -> SocketAddr {
        let commits = match &kept {
            Kept::InFile(commits) => *commits,
            Kept::Metered(_) | Kept::Nowhere => Commits::Together,
        };
        // Without one no gateway starts, for its notary signs where the ledger ends.
        let file = Arc::new(self.store(name, commits).await);
        let notary = Notary::new(
            file.ledger_end(),
            SigningKey::create(&self.file(name, "signing")).expect("a key"),
            NotarySettings::beside(&self.file(name, "db")),
            self.clock.clone(),
        );
        let store: Arc<dyn Store> = match kept {
            Kept::InFile(_) => Arc::clone(&file) as Arc<dyn Store>,
            Kept::Metered(recording) => Arc::new(MeteredStore {
                inner: Arc::clone(&file),
                recording,
                clock: self.clock.clone(),
            }),
            Kept::Nowhere => Arc::new(CountingStore::default()),
        };
        let department = match asked {
            Asked::HomeOffice(busy) => BoxDepartment::new(Metered {
                inner: self.adapter(),
                busy,
                clock: self.clock.clone(),
            }),
            Asked::AtHand => BoxDepartment::new(AtHand),
        };
        let pulse = file.pulse();
        let setup = Setup {
            listen: anywhere(),
            tls: self.tls().await,
            reload_every: Duration::from_secs(3_600),
            connections: ConnectionLimits::default(),
            admission: AdmissionSettings::default(),
            batch: statuscheck::batch::BatchSettings::default(),
            watch: statuscheck::following::WatchSettings::default(),
            limits: LimitSettings {
                checks_per_second: PLENTY,
                burst: PLENTY,
            },
            probing: ProbingSettings::unlimited(),
            quotas: QuotaSettings::default(),
            measures: statuscheck::measures::MeasureSettings::default(),
            checks: CheckSettings::default(),
            timekeeper: TimekeeperSettings::default(),
            desk: DeskSettings::default(),
            dashboard: statuscheck::dashboard::DashboardSettings::default(),
            webhooks: statuscheck::webhook::WebhookSettings::default(),
            trust_domain: "statuscheck.test".parse().expect("a trust domain"),
            referrals: ReferralSettings::default(),
            register: shipped_register().expect("the register"),
            register_changes: ChangeSettings::default(),
            calendars: statuscheck::config::ConfiguredCalendars::default(),
            departments: Departments::new(BTreeMap::from([(DepartmentId::HomeOffice, department)])),
            store,
            upkeep: file,
            notary,
            audited: Subject {
                store: self.file(name, "db").into(),
                ..Subject::default()
            },
            pulse,
            telemetry,
            clock: self.clock.clone(),
        };
        let binding = self.gateway.spawn(Gateway::bind(setup));
        let gateway = binding.await.expect("no panic").expect("a gateway");
        let address = gateway.address();
        self.gateway.spawn(gateway.serve(std::future::pending()));
        address
    }

    /// The Home Office's adapter, in bounds so wide that the mock or the machine is what limits.
    fn adapter(&self) -> BoxDepartment {
        let credentials = statuscheck_mocks::settings::Credentials::default();
        let mut settings = DepartmentSettings::new(
            self.home_office(),
            credentials.client_id,
            credentials.client_secret,
        );
        settings.rate.per_second = Some(PLENTY);
        settings.concurrency.open_max = 512;
        connect(DepartmentId::HomeOffice, &settings, self.clock.clone()).expect("an adapter")
    }

    /// A tonic server behind the gateway's own door that answers every check with `answer`, whoever it is about.
    pub(crate) async fn bare(&self, answer: CheckResponse) -> SocketAddr {
        let tls = self.tls().await;
        let binding = self
            .gateway
            .spawn(Listener::bind(anywhere(), tls, ConnectionLimits::default()));
        let listener = binding.await.expect("no panic").expect("an address");
        let address = listener.local_addr().expect("an address");
        let answer = Arc::new(answer);
        let service = tower::service_fn(move |request: Request<Incoming>| {
            let answer = answer.clone();
            async move {
                let codec = tonic_prost::ProstCodec::<CheckResponse, CheckRequest>::default();
                let said = tower::service_fn(move |_: tonic::Request<CheckRequest>| {
                    std::future::ready(Ok(tonic::Response::new((*answer).clone())))
                });
                Ok::<_, Infallible>(tonic::server::Grpc::new(codec).unary(said, request).await)
            }
        });
        self.gateway
            .spawn(listener.serve(service, std::future::pending()));
        address
    }

    /// A new connection of the employer's, made.
    pub(crate) async fn client(&self, address: SocketAddr) -> Client {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(read(&self.ca)))
            .identity(tonic::transport::Identity::from_pem(
                read(&self.employer.cert),
                read(&self.employer.key),
            ));
        let endpoint = Endpoint::from_shared(format!("https://{address}"))
            .and_then(|endpoint| endpoint.tls_config(tls))
            .expect("an address and certificates");
        Client::new(endpoint.connect().await.expect("a connection"))
    }

    async fn tls(&self) -> Tls {
        let files = TlsFiles {
            certificate: self.server.cert.clone(),
            key: self.server.key.clone(),
            client_ca: self.ca.clone(),
            crl: Vec::new(),
        };
        let trust_domain = TRUST_DOMAIN.parse().expect("a trust domain");
        Tls::load(files, trust_domain, self.clock.clone())
            .await
            .expect("certificates")
    }

    /// Checks one person and sees that the status is established: a quick failure must not pass for a quick answer.
    pub(crate) async fn check(&self, client: &mut Client, holder: &Holder) -> (Duration, CheckResponse) {
        let request = holder.request();
        let began = self.clock.elapsed();
        let answered = client.check(request).await;
        let took = self.clock.elapsed().saturating_sub(began);
        let response = answered.expect("an answer").into_inner();
        let outcome = response
            .answer
            .as_ref()
            .and_then(|answer| answer.outcome.as_ref());
        assert!(
            matches!(outcome, Some(Outcome::Established(_))),
            "the person may work"
        );
        (took, response)
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file of the authority")
}
