//! Everything on one machine: development certificates, mock departments over a synthetic population, a mock Windrush taskforce, and
//! a gateway.
//!
//! For trying things out and for tests; a production build leaves it out (feature `demo`).

pub mod authority;
mod store;
mod taskforce;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use statuscheck_adapters::ConnectError;
use statuscheck_adapters::settings::DepartmentSettings;
use statuscheck_adapters::share::Share;
use statuscheck_domain::agreement::{Agreement, Register};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::population::Population;
use statuscheck_mocks::settings::{PerDepartment, Settings as MockSettings, TlsSettings as MockTls};
use statuscheck_mocks::{Mocks, StartError as MockError};

use self::authority::{Authority, AuthorityError, IDENTITIES, Identity, TRUST_DOMAIN};
pub use self::store::last_recorded;
use self::store::{audited, must_not_go_back, notary, open_store, signing_key};
use crate::admission::AdmissionSettings;
use crate::audit::Subject;
use crate::batch::BatchSettings;
use crate::config::ConfiguredCalendars;
use crate::dashboard::DashboardSettings;
use crate::departments::Departments;
use crate::desk::DeskSettings;
use crate::following::WatchSettings;
use crate::limits::LimitSettings;
use crate::listener::ConnectionLimits;
use crate::measures::MeasureSettings;
use crate::peer::TrustDomain;
use crate::probing::ProbingSettings;
use crate::quota::QuotaSettings;
use crate::referrals::ReferralSettings;
use crate::register::{self, ChangeSettings, RegisterError};
use crate::server::{CheckSettings, Gateway, Setup, StartError};
use crate::store::embedded::{EmbeddedStore, OpenError, Settings as StoreSettings};
use crate::store::key_file::KeyFileError;
use crate::store::notary::{Notary, NotarySettings};
use crate::store::seal::Kek;
use crate::store::signing::{SigningKey, SigningKeyError};
use crate::store::upkeep::Upkeep;
use crate::store::{ReadError, Store};
use crate::telemetry::{ExportError, Exports, Telemetry, TelemetrySettings};
use crate::timekeeper::TimekeeperSettings;
use crate::tls::{Tls, TlsError, TlsFiles};
use crate::webhook::WebhookSettings;

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../deploy/register/", $name)))),+]
    };
}

/// The register that ships with the program.
const REGISTER: [(&str, &str); 10] = shipped!(
    "accessed-public-funds.toml",
    "free-school-meals.toml",
    "hmrc-section-40.toml",
    "iecas.toml",
    "nino-alignment.toml",
    "right-to-rent.toml",
    "right-to-work.toml",
    "school-census.toml",
    "section-95.toml",
    "state-funded-education.toml",
);

/// Its suspension orders.
const ORDERS: [(&str, &str); 1] = shipped!("suspensions/proactive-sharing-2018.toml");

/// Its Windrush safeguard.
const SAFEGUARDS: [(&str, &str); 1] = shipped!("windrush/casework-guidance.toml");

/// Puts something before a store.
pub type BeforeStore = Box<dyn FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + Send>;

/// What a demo starts with.
pub struct DemoSettings {
    /// Folder of its certificates, keys and store; made where it is missing, gone on with where it is not.
    pub folder: PathBuf,
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where the dashboard is served.
    pub dashboard: DashboardSettings,
    /// Where the mock departments listen.
    pub departments: PerDepartment<SocketAddr>,
    /// Who lives in it.
    pub population: Population,
    /// The clock of checks and departments.
    pub clock: SharedClock,
    /// The machine's clock, by which certificates are judged.
    pub machine_clock: SharedClock,
    /// How often one person may be checked.
    pub probing: ProbingSettings,
    /// What checks may take.
    pub checks: CheckSettings,
    /// How due work is done.
    pub timekeeper: TimekeeperSettings,
    /// What organisations may ask.
    pub limits: LimitSettings,
    /// Who is let in when more is asked than can be answered at once.
    pub admission: AdmissionSettings,
    /// How the register is changed.
    pub register_changes: ChangeSettings,
    /// What a batch may take.
    pub batch: BatchSettings,
    /// What following cases may cost.
    pub watch: WatchSettings,
    /// Where notices may go.
    pub webhooks: WebhookSettings,
    /// What the gateway tells of itself.
    pub telemetry: TelemetrySettings,
    /// Agreements beside those that ship with the program.
    pub agreements: Vec<Agreement>,
    /// Ages of DfE's feeds and other ways of the mocks.
    pub mocks: fn(&mut MockSettings),
    /// What stands before the store, such as a disk that fails when a test wants it to; default nothing.
    pub before_store: BeforeStore,
}

impl DemoSettings {
    /// Free ports on the loopback address and every default.
    pub fn new(folder: PathBuf, population: Population, clock: SharedClock) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            folder,
            listen: anywhere,
            dashboard: DashboardSettings {
                listen: Some(anywhere),
                ..DashboardSettings::default()
            },
            departments: PerDepartment::all(anywhere),
            population,
            machine_clock: clock.clone(),
            clock,
            // The sixteen people of a demo are checked by everybody who tries it.
            probing: ProbingSettings::unlimited(),
            checks: CheckSettings::default(),
            timekeeper: TimekeeperSettings::default(),
            limits: LimitSettings::default(),
            admission: AdmissionSettings::default(),
            register_changes: ChangeSettings::default(),
            batch: BatchSettings::default(),
            watch: WatchSettings::default(),
            webhooks: WebhookSettings::default(),
            telemetry: TelemetrySettings {
                listen: Some(anywhere),
                ..TelemetrySettings::default()
            },
            agreements: Vec::new(),
            mocks: |_| {},
            before_store: Box::new(|store| store),
        }
    }
}

/// Why a demo cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder cannot be made or written.
    #[error("{path}: cannot be written")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Certificates.
    #[error("development certificates")]
    Authority(#[from] AuthorityError),
    /// The gateway's certificates do not load.
    #[error("certificates")]
    Tls(#[from] TlsError),
    /// The system gives no random numbers for a secret.
    #[error("cannot make the taskforce's secret")]
    NoRandomness,
    /// Mock departments.
    #[error("mock departments")]
    Mocks(#[from] MockError),
    /// A department's settings.
    #[error("adapters")]
    Connect(#[from] ConnectError),
    /// The shipped register.
    #[error("register")]
    Register(#[from] RegisterError),
    /// The store's key.
    #[error("the store's key")]
    Key(#[from] KeyFileError),
    /// The key that signs the ledger's checkpoints.
    #[error("the signing key")]
    SigningKey(#[from] SigningKeyError),
    /// The store.
    #[error("store")]
    Store(#[from] OpenError),
    /// What was recorded in the folder cannot be read.
    #[error("what was recorded cannot be read")]
    Unreadable(#[source] ReadError),
    /// Take the rate of that clock, wait, or take another folder.
    #[error(
        "{folder}: its cases were recorded up to {until} by a clock that is ahead of this one, and would go back in time"
    )]
    Past {
        /// Which.
        folder: PathBuf,
        /// When the last entry was recorded.
        until: Timestamp,
    },
    /// The figures.
    #[error("figures")]
    Telemetry(#[from] ExportError),
    /// The gateway.
    #[error("gateway")]
    Start(#[from] StartError),
}

/// A demo that is up, but for serving.
pub struct Demo {
    /// The mock departments, answering, and the taskforce.
    pub mocks: Mocks,
    /// The gateway, bound.
    pub gateway: Gateway,
    /// The authority of every certificate, a PEM file.
    pub ca: PathBuf,
    /// Client certificates by name.
    pub identities: BTreeMap<String, Identity>,
}

impl Demo {
    /// Makes what is missing in the folder and starts the mock departments.
    ///
    /// # Errors
    /// [`DemoError`], by which part failed.
    pub async fn start(settings: DemoSettings) -> Result<Self, DemoError> {
        let folder = &settings.folder;
        fs::create_dir_all(folder).map_err(|source| DemoError::Folder {
            path: folder.clone(),
            source,
        })?;
        let authority = Authority::open(folder)?;
        let server = authority.server("gateway")?;
        let dwp_server = authority.server("dwp-mock")?;
        let taskforce_server = authority.server("taskforce-mock")?;
        let identities = authority.identities(&IDENTITIES)?;
        let ca = authority.certificate_path();

        let mut mock_settings = MockSettings::new(settings.population, settings.clock.clone());
        mock_settings.listen = settings.departments;
        mock_settings.dwp_tls = Some(MockTls {
            certificate: dwp_server.cert,
            key: dwp_server.key,
            client_ca: ca.clone(),
        });
        mock_settings.taskforce = Some(taskforce::settings(folder, &taskforce_server)?);
        (settings.mocks)(&mut mock_settings);
        let credentials = mock_settings.credentials.clone();
        let mocks = statuscheck_mocks::start(mock_settings).await?;

        let webhooks = taskforce::webhooks(settings.webhooks, &mocks, folder, &ca);
        let connect = |department| {
            let known = credentials.of(department);
            let mut to = DepartmentSettings::new(
                mocks.url(department),
                &known.client_id,
                known.client_secret.clone(),
            );
            loosen(department, &mut to);
            if department == DepartmentId::Dwp {
                to.tls.ca_file = Some(ca.clone());
                to.tls.certificate_file = Some(server.cert.clone());
                to.tls.key_file = Some(server.key.clone());
            }
            Ok((
                department,
                statuscheck_adapters::connect_watched(
                    department,
                    &to,
                    Share::whole(settings.clock.clone()),
                    settings.clock.clone(),
                )?,
            ))
        };
        let departments = DepartmentId::ALL
            .into_iter()
            .map(connect)
            .collect::<Result<_, ConnectError>>()?;
        let tls_files = TlsFiles {
            certificate: server.cert.clone(),
            key: server.key.clone(),
            client_ca: ca.clone(),
            crl: Vec::new(),
        };
        let store = Arc::new(open_store(folder, settings.clock.rate()).await?);
        must_not_go_back(folder, &store, &settings.clock).await?;
        let telemetry = Telemetry::new(settings.telemetry, &Exports::none(), settings.clock.clone())?;
        let signing_key = signing_key(folder)?;
        let audited = audited(folder, &signing_key);
        let notary = notary(folder, &store, signing_key, settings.clock.clone());
        let gateway = Box::pin(Gateway::bind(Setup {
            listen: settings.listen,
            tls: Tls::load(tls_files, trust_domain(), settings.machine_clock).await?,
            reload_every: Duration::from_secs(30),
            connections: ConnectionLimits::default(),
            limits: settings.limits,
            admission: settings.admission,
            batch: settings.batch,
            watch: settings.watch,
            probing: settings.probing,
            quotas: QuotaSettings::default(),
            measures: MeasureSettings::default(),
            checks: settings.checks,
            timekeeper: settings.timekeeper,
            desk: DeskSettings::default(),
            dashboard: settings.dashboard,
            webhooks,
            trust_domain: trust_domain(),
            referrals: ReferralSettings::default(),
            register: register(settings.agreements)?,
            register_changes: settings.register_changes,
            calendars: ConfiguredCalendars::default(),
            departments: Departments::watched(departments),
            upkeep: Arc::clone(&store) as Arc<dyn Upkeep>,
            pulse: store.pulse(),
            store: (settings.before_store)(store),
            notary,
            audited,
            telemetry,
            clock: settings.clock,
        }))
        .await?;
        if let (Some(taskforce), Some(identity)) = (mocks.taskforce(), identities.get(taskforce::IDENTITY)) {
            taskforce.resolves_at(taskforce::gateway(gateway.address().to_string(), &ca, identity));
        }
        Ok(Self {
            mocks,
            gateway,
            ca,
            identities,
        })
    }
}

/// The mocks of the two departments that publish no limit take more than their defaults, so that a load test of the demo
/// measures the gateway. HMRC and DfE keep the limits that they publish.
fn loosen(department: DepartmentId, settings: &mut DepartmentSettings) {
    // A mock fails for the people whose behaviour says so, which tells nothing about anybody else.
    settings.breaker.asks_min = 1_000;
    if matches!(department, DepartmentId::HomeOffice | DepartmentId::Dwp) {
        settings.rate.per_second = NonZeroU32::new(10_000);
        settings.concurrency.open_max = 512;
        settings.concurrency.waiting_max = 1_024;
    }
}

fn trust_domain() -> TrustDomain {
    TRUST_DOMAIN
        .parse()
        .expect("the demo's trust domain is well formed")
}

/// The register of `deploy/register`, as it was when this program was built.
///
/// # Errors
/// A shipped agreement is at fault, which a test rules out.
pub fn shipped_register() -> Result<Register, RegisterError> {
    register(Vec::new())
}

fn register(beside: Vec<Agreement>) -> Result<Register, RegisterError> {
    let file = |(name, text): (&str, &str)| (name.to_owned(), Ok(text.to_owned()));
    let shipped = register::parse_files(REGISTER.map(file), ORDERS.map(file), SAFEGUARDS.map(file))?;
    let agreements = shipped.agreements().cloned().chain(beside);
    let register = Register::new(agreements, shipped.orders().iter().cloned());
    let register = register.and_then(|register| register.with_safeguards(shipped.safeguards().cloned()));
    register.map_err(RegisterError::Together)
}
