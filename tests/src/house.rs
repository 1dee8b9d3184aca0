//! A whole gateway with its departments, for one test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use statuscheck::admission::AdmissionSettings;
use statuscheck::batch::BatchSettings;
use statuscheck::demo::authority::{Authority, Identity};
use statuscheck::demo::{Demo, DemoSettings};
use statuscheck::following::WatchSettings;
use statuscheck::limits::LimitSettings;
use statuscheck::probing::ProbingSettings;
use statuscheck::register::ChangeSettings;
use statuscheck::server::CheckSettings;
use statuscheck::timekeeper::TimekeeperSettings;
use statuscheck::webhook::WebhookSettings;
use statuscheck_domain::agreement::Agreement;
use statuscheck_domain::clock::{ManualClock, SystemClock, london_day};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_mocks::Mocks;
use statuscheck_mocks::population::Population;
use statuscheck_mocks::settings::Settings as MockSettings;
use statuscheck_mocks::taskforce::Taskforce;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::faults::Faults;
use crate::person::Resident;

mod recorded;
mod registered;

/// The time at which every house starts: a Wednesday, 10:00 in London.
pub const NOW: &str = "2026-03-11T10:00:00Z";

/// How often a condition is looked at that a test waits for.
pub(crate) const GLANCE: Duration = Duration::from_millis(2);

/// When a test gives up waiting: many times what the slowest machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a house is built with.
#[derive(Clone)]
pub struct Plan {
    /// People beside the sixteen samples.
    pub people: Vec<Resident>,
    /// When it is.
    pub now: Timestamp,
    /// How often one person may be checked.
    pub probing: ProbingSettings,
    /// What checks may take.
    pub checks: CheckSettings,
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
    /// Agreements beside the shipped ones; see [`agreement_like`].
    pub agreements: Vec<Agreement>,
    /// Ways of the mock departments.
    pub mocks: fn(&mut MockSettings),
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            now: NOW.parse().expect("a timestamp"),
            probing: ProbingSettings::unlimited(),
            checks: CheckSettings::default(),
            limits: LimitSettings::default(),
            admission: AdmissionSettings::default(),
            register_changes: ChangeSettings::default(),
            batch: BatchSettings::default(),
            watch: WatchSettings::default(),
            webhooks: WebhookSettings::default(),
            agreements: Vec::new(),
            mocks: |_| {},
        }
    }
}

/// An agreement like the shipped one, under an id and for an organisation of its own; for a [`Plan`].
pub fn agreement_like(shipped: &str, id: &str, organisation: &str) -> Agreement {
    let register = statuscheck::demo::shipped_register().expect("the shipped register");
    let mut agreements = register.agreements();
    let found = agreements.find(|agreement| agreement.id.as_str() == shipped);
    let mut agreement = found.expect("a shipped agreement").clone();
    agreement.id = id.parse().expect("an id");
    let (_, kind) = agreement.organisations.pop_first().expect("an organisation");
    agreement.organisations = [(organisation.parse().expect("an organisation"), kind)].into();
    agreement
}

/// A gateway that serves, and its departments. Dropping it stops both at once; [`House::stop`] lets calls end.
pub struct House {
    /// The clock of checks and departments; it stands still until it is told to move.
    pub clock: ManualClock,
    /// What the store does badly.
    pub faults: Faults,
    /// Where the gateway listens, as `127.0.0.1:PORT`.
    pub address: String,
    /// Where it tells its figures and its health.
    pub telemetry: SocketAddr,
    mocks: Option<Mocks>,
    plan: Plan,
    folder: TempDir,
    ca: PathBuf,
    identities: BTreeMap<String, Identity>,
    channels: Mutex<BTreeMap<String, Channel>>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// A house whose gateway and departments are down; its folder and clock are as they were.
pub struct Stopped {
    plan: Plan,
    folder: TempDir,
    clock: ManualClock,
}

impl House {
    /// Builds a house and waits until it serves.
    pub async fn start(plan: Plan) -> Self {
        let clock = ManualClock::at(plan.now);
        let folder = TempDir::new().expect("a folder");
        // A plan is large, and every test would carry it along.
        Box::pin(Stopped { plan, folder, clock }.start()).await
    }

    /// A house in which these people live, beside the samples.
    pub async fn with(people: impl IntoIterator<Item = Resident>) -> Self {
        Self::start(Plan {
            people: people.into_iter().collect(),
            ..Plan::default()
        })
        .await
    }

    /// The status check service, as `name` calls it, e.g. `organisation/employer`.
    pub fn client(&self, name: &str) -> StatusCheckServiceClient<Channel> {
        StatusCheckServiceClient::new(self.channel(name))
    }

    /// One connection for each name, made when it is first used. A name that the demo does not have gets a certificate.
    pub fn channel(&self, name: &str) -> Channel {
        let mut channels = self.channels.lock().expect("no test panicked with it");
        channels
            .entry(name.to_owned())
            .or_insert_with(|| self.endpoint(Some(&self.identity(name))).connect_lazy())
            .clone()
    }

    /// The gateway's address, to be spoken to with `identity` or with no certificate at all.
    pub fn endpoint(&self, identity: Option<&Identity>) -> Endpoint {
        let read = |path: &PathBuf| std::fs::read(path).expect("a file of the authority");
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&self.ca)));
        if let Some(identity) = identity {
            let (cert, key) = (read(&identity.cert), read(&identity.key));
            tls = tls.identity(tonic::transport::Identity::from_pem(cert, key));
        }
        Endpoint::from_shared(format!("https://{}", self.address))
            .and_then(|endpoint| endpoint.tls_config(tls))
            .expect("an address and certificates")
            // The client's own patience; the gateway is not told of it.
            .timeout(PATIENCE)
    }

    /// The certificate of `name`, issued now where the demo has none.
    pub fn identity(&self, name: &str) -> Identity {
        let known = self.identities.get(name).cloned();
        known.unwrap_or_else(|| self.authority().client(name).expect("a certificate"))
    }

    /// The authority that the gateway trusts.
    pub fn authority(&self) -> Authority {
        Authority::open(self.folder.path()).expect("an authority")
    }

    /// The authority's certificate, a PEM file.
    pub fn ca(&self) -> &PathBuf {
        &self.ca
    }

    /// Requests to the department's API since the house started; tokens are not counted.
    pub fn requests(&self, department: DepartmentId) -> u64 {
        let mocks = self.mocks.as_ref().expect("the departments are up");
        mocks.requests(department)
    }

    /// Waits until the department was asked `count` times since the house started.
    pub async fn until_asked(&self, department: DepartmentId, count: u64) {
        until(|| self.requests(department) >= count).await;
    }

    /// The mock taskforce.
    pub fn taskforce(&self) -> &Taskforce {
        let mocks = self.mocks.as_ref().expect("the taskforce is up");
        mocks.taskforce().expect("a demo has a taskforce")
    }

    /// Takes all departments, and the taskforce, down while the gateway stays up.
    pub async fn close_departments(&mut self) {
        if let Some(mocks) = self.mocks.take() {
            mocks.shutdown().await;
        }
    }

    /// Tells the gateway to stop, and does not wait for it. From here on the house can only be dropped.
    pub fn tell_to_stop(&mut self) {
        let (gone, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.stop, gone));
    }

    /// A page beside the figures, such as `/readyz`: its status and text.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let read = reqwest::get(format!("http://{}{path}", self.telemetry)).await;
        let page = read.expect("the gateway tells of itself");
        (page.status().as_u16(), page.text().await.expect("a text"))
    }

    /// Lets calls end, records their answers, and closes the store.
    pub async fn stop(self) -> Stopped {
        // Idle connections are the clients' to close.
        drop(self.channels);
        drop(self.stop);
        self.serving.await.expect("the gateway serves to its end");
        if let Some(mocks) = self.mocks {
            mocks.shutdown().await;
        }
        Stopped {
            plan: self.plan,
            folder: self.folder,
            clock: self.clock,
        }
    }
}

impl Stopped {
    /// Starts gateway and departments on the same folder and clock; the ports are new.
    pub async fn start(self) -> House {
        let Self { plan, folder, clock } = self;
        let faults = Faults::default();
        let shared = Arc::new(clock.clone());
        let mut settings = DemoSettings::new(folder.path().to_owned(), population(&plan), shared);
        settings.machine_clock = SystemClock::shared();
        settings.probing = plan.probing.clone();
        settings.checks = plan.checks.clone();
        settings.telemetry.look_every = GLANCE * 10;
        settings.timekeeper = TimekeeperSettings {
            look_every: GLANCE * 5,
            rest: GLANCE,
            ..TimekeeperSettings::default()
        };
        settings.limits = plan.limits.clone();
        settings.admission = plan.admission.clone();
        settings.register_changes = plan.register_changes.clone();
        settings.batch = plan.batch.clone();
        settings.watch = plan.watch.clone();
        settings.webhooks = plan.webhooks.clone();
        settings.agreements = plan.agreements.clone();
        settings.mocks = plan.mocks;
        let before = faults.clone();
        settings.before_store = Box::new(|store| before.before(store));
        let demo = Demo::start(settings).await.expect("the house starts");
        let (stop, stopped) = oneshot::channel();
        let address = demo.gateway.address().to_string();
        let telemetry = demo.gateway.telemetry_address().expect("a page of figures");
        let serving = tokio::spawn(demo.gateway.serve(async {
            // Told so, or the house is gone.
            stopped.await.unwrap_or_default();
        }));
        House {
            clock,
            faults,
            address,
            telemetry,
            mocks: Some(demo.mocks),
            plan,
            folder,
            ca: demo.ca,
            identities: demo.identities,
            channels: Mutex::default(),
            stop,
            serving,
        }
    }
}

/// Waits until `condition` holds.
pub async fn until(condition: impl Fn() -> bool) {
    until_some(async || condition().then_some(())).await;
}

/// Waits until `look` finds something.
pub async fn until_some<T>(look: impl AsyncFn() -> Option<T>) -> T {
    let glancing = async {
        let mut glances = tokio::time::interval(GLANCE);
        loop {
            if let Some(found) = look().await {
                return found;
            }
            glances.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, glancing)
        .await
        .expect("what the test waits for comes")
}

fn population(plan: &Plan) -> Population {
    let mut population = Population::default();
    let samples = statuscheck_mocks::samples::samples(london_day(plan.now));
    population.extend(samples).expect("samples");
    let lines: Vec<_> = plan.people.iter().map(Resident::line).collect();
    population
        .extend_from_lines(lines.join("\n").as_bytes())
        .expect("people of the test");
    population
}
