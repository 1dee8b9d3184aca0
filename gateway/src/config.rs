//! The configuration file of `statuscheck serve`: TOML, unknown keys refused, paths relative to the file.

mod audited;
mod calendar;
mod error;
mod figures;
mod store;
mod webhooks;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use statuscheck_adapters::settings::DepartmentSettings;
use statuscheck_adapters::share::Share;
use statuscheck_adapters::vitals::Vitals;
use statuscheck_adapters::{BoxDepartment, connect_watched};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;

use crate::admission::AdmissionSettings;
use crate::batch::BatchSettings;
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
use crate::register::{self, ChangeSettings};
use crate::server::{CheckSettings, Setup};
use crate::store::notary::Notary;
use crate::telemetry::{Exports, Telemetry, TelemetrySettings};
use crate::timekeeper::TimekeeperSettings;
use crate::tls::{Tls, TlsFiles};
use crate::webhook::WebhookSettings;

pub(crate) use self::calendar::CalendarFile;
pub use self::calendar::{CalendarError, CalendarSection, ConfiguredCalendars, EarlierCalendar};
pub use self::error::ConfigError;
pub use self::store::StoreSection;

/// What `statuscheck serve` runs on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where gRPC is served, e.g. `0.0.0.0:8443`.
    pub listen: SocketAddr,
    /// The first part of every identity: `spiffe://<trust_domain>/organisation/<id>`.
    pub trust_domain: String,
    /// Certificates.
    pub tls: TlsSection,
    /// Folder of agreements, one TOML file each.
    pub register: PathBuf,
    /// How the register is changed while gateways run.
    #[serde(default)]
    pub register_changes: ChangeSettings,
    /// Where everything is recorded.
    pub store: StoreSection,
    /// Departments by id: `home-office`, `dwp`, `hmrc`, `dfe`. One that is missing counts as unavailable.
    pub departments: BTreeMap<String, DepartmentSettings>,
    /// What connections may cost.
    #[serde(default)]
    pub connections: ConnectionLimits,
    /// What organisations may ask.
    #[serde(default)]
    pub limits: LimitSettings,
    /// Who is let in when more is asked than can be answered at once.
    #[serde(default)]
    pub admission: AdmissionSettings,
    /// What a batch may take.
    #[serde(default)]
    pub batch: BatchSettings,
    /// How often one person may be checked.
    #[serde(default)]
    pub probing: ProbingSettings,
    /// How quotas are watched.
    #[serde(default)]
    pub quotas: QuotaSettings,
    /// What counting measures may cost.
    #[serde(default)]
    pub measures: MeasureSettings,
    /// What checks may take.
    #[serde(default)]
    pub checks: CheckSettings,
    /// What following cases may cost.
    #[serde(default)]
    pub watch: WatchSettings,
    /// How due work is done.
    #[serde(default)]
    pub timekeeper: TimekeeperSettings,
    /// How departments follow their worklists.
    #[serde(default)]
    pub desk: DeskSettings,
    /// Where the dashboard is served.
    #[serde(default)]
    pub dashboard: DashboardSettings,
    /// How people are referred to the Windrush taskforce.
    #[serde(default)]
    pub referrals: ReferralSettings,
    /// Which days and hours are working time.
    #[serde(default)]
    pub calendar: CalendarSection,
    /// Where notices may go.
    #[serde(default)]
    pub webhooks: WebhookSettings,
    /// What the gateway tells of itself.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}

/// Certificates and keys, PEM files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    /// The gateway's certificate with its chain.
    pub certificate: PathBuf,
    /// Its private key; readable by the gateway's user alone.
    pub key: PathBuf,
    /// Authorities that issue clients' certificates.
    pub client_ca: PathBuf,
    /// Revocation lists of those authorities; each needs one where any is given.
    #[serde(default)]
    pub revocation_lists: Vec<PathBuf>,
    /// How often the files are looked at for a change.
    #[serde(
        default = "reload_every",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub reload_every: Duration,
}

/// Thirty seconds: a revoked certificate is out half a minute after its list is in place.
const fn reload_every() -> Duration {
    Duration::from_secs(30)
}

impl Config {
    /// Reads a file; paths in it are taken from its folder.
    ///
    /// # Errors
    /// Unreadable, or not of this shape.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|source| ConfigError::Syntax {
            path: path.to_owned(),
            source,
        })?;
        config.rebase(path.parent().unwrap_or(Path::new(".")));
        Ok(config)
    }

    fn rebase(&mut self, folder: &Path) {
        let tls = &mut self.tls;
        let own = [
            &mut tls.certificate,
            &mut tls.key,
            &mut tls.client_ca,
            &mut self.register,
        ];
        for path in own.into_iter().chain(&mut tls.revocation_lists) {
            *path = folder.join(&*path);
        }
        self.store.rebase(folder);
        self.calendar.rebase(folder);
        self.webhooks.rebase(folder);
        for department in self.departments.values_mut() {
            department.rebase(folder);
        }
    }

    /// Everything that can be wrong without starting: every section at fault. The store is not opened, for the gateway
    /// that runs on it holds it.
    pub async fn faults(&self, clock: &SharedClock) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        match self.trust_domain() {
            Ok(trust_domain) => faults.extend(self.load_tls(trust_domain, clock).await.err()),
            Err(fault) => {
                faults.push(fault);
                // The files are to be looked over all the same, and any name will do for that.
                if let Ok(any) = "any".parse() {
                    faults.extend(self.load_tls(any, clock).await.err());
                }
            }
        }
        match register::load(&self.register) {
            Ok(register) => faults.extend(webhooks::faults(&self.webhooks, &register, clock)),
            Err(fault) => faults.push(ConfigError::Register(fault)),
        }
        faults.extend(self.calendar.load().err().map(ConfigError::Calendar));
        faults.extend(self.store.faults());
        faults.extend(self.connect(&Share::whole(clock.clone()), clock).1);
        faults.extend(self.figures());
        faults
    }

    fn figures(&self) -> impl Iterator<Item = ConfigError> + use<> {
        figures::faults(self)
            .into_iter()
            .map(|(key, fault)| ConfigError::Figure { key, fault })
    }

    fn trust_domain(&self) -> Result<TrustDomain, ConfigError> {
        self.trust_domain.parse().map_err(ConfigError::TrustDomain)
    }

    async fn load_tls(&self, trust_domain: TrustDomain, clock: &SharedClock) -> Result<Tls, ConfigError> {
        let files = TlsFiles {
            certificate: self.tls.certificate.clone(),
            key: self.tls.key.clone(),
            client_ca: self.tls.client_ca.clone(),
            crl: self.tls.revocation_lists.clone(),
        };
        Tls::load(files, trust_domain, clock.clone())
            .await
            .map_err(ConfigError::Tls)
    }

    /// The departments that can be connected, and a fault for each of the others.
    fn connect(
        &self,
        share: &Share,
        clock: &SharedClock,
    ) -> (BTreeMap<DepartmentId, (BoxDepartment, Vitals)>, Vec<ConfigError>) {
        let mut connected = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, settings) in &self.departments {
            let Ok(department) = name.parse::<DepartmentId>() else {
                faults.push(ConfigError::UnknownDepartment { name: name.clone() });
                continue;
            };
            match connect_watched(department, settings, share.clone(), clock.clone()) {
                Ok(service) => {
                    if connected.insert(department, service).is_some() {
                        faults.push(ConfigError::RepeatedDepartment {
                            name: name.clone(),
                            department,
                        });
                    }
                }
                Err(source) => faults.push(ConfigError::Department { department, source }),
            }
        }
        (connected, faults)
    }

    /// Opens and loads everything that a gateway is made of; figures and traces are sent as `exports` say.
    ///
    /// # Errors
    /// The first section at fault.
    pub async fn setup(self, exports: &Exports, clock: SharedClock) -> Result<Setup, ConfigError> {
        let trust_domain = self.trust_domain()?;
        let tls = self.load_tls(trust_domain.clone(), &clock).await?;
        let register = register::load(&self.register).map_err(ConfigError::Register)?;
        let calendars = self.calendar.load().map_err(ConfigError::Calendar)?;
        let (share, share_keeper) = Share::unset(clock.clone());
        let (departments, faults) = self.connect(&share, &clock);
        let webhooks = webhooks::faults(&self.webhooks, &register, &clock);
        if let Some(fault) = faults.into_iter().chain(webhooks).chain(self.figures()).next() {
            return Err(fault);
        }
        let telemetry =
            Telemetry::new(self.telemetry, exports, clock.clone()).map_err(ConfigError::Exports)?;
        let signing_key = self.store.load_signing_key()?;
        let notary = self.store.notary()?;
        let audited = self.store.audited_with(&signing_key);
        let opened = self.store.open(share_keeper).await?;
        let notary = Notary::new(opened.heads, signing_key, notary, clock.clone());
        Ok(Setup {
            listen: self.listen,
            tls,
            reload_every: self.tls.reload_every,
            connections: self.connections,
            limits: self.limits,
            admission: self.admission,
            batch: self.batch,
            probing: self.probing,
            quotas: self.quotas,
            measures: self.measures,
            checks: self.checks,
            watch: self.watch,
            timekeeper: self.timekeeper,
            desk: self.desk,
            dashboard: self.dashboard,
            webhooks: self.webhooks,
            trust_domain,
            referrals: self.referrals,
            register,
            register_changes: self.register_changes,
            calendars,
            departments: Departments::watched(departments),
            upkeep: opened.upkeep,
            store: opened.store,
            notary,
            audited,
            pulse: opened.pulse,
            telemetry,
            clock,
        })
    }
}
