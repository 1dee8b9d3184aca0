//! A whole gateway: bound to its address, served until told to stop, drained.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::windrush::Rules;
use statuscheck_domain::working_time::Calendars;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::service::Routes;

use crate::admission::{Admission, AdmissionSettings};
use crate::again::AgainSettings;
use crate::asking::Asking;
use crate::audit::Subject;
use crate::batch::BatchSettings;
use crate::cases::Cases;
use crate::dashboard::{Dashboard, DashboardSettings, Sources, Usher};
use crate::departments::Departments;
use crate::desk::{Desk, DeskSettings};
use crate::following::{Following, WatchSettings};
use crate::limits::{LimitSettings, Limits};
use crate::listener::{ConnectionLimits, Listener};
use crate::measures::{MeasureSettings, Measures};
use crate::ops::{Closures, Live, Overview, Promises, Views};
use crate::probing::{Probing, ProbingSettings};
use crate::quota::{QuotaSettings, QuotaWatch, Quotas};
use crate::register::{ChangeSettings, RegisterChanges, ServedRegister, TakeUpError};
use crate::rpc;
use crate::rpc::access::Access;
use crate::rpc::desk::Desks;
use crate::rpc::health::Health;
use crate::rpc::ops::Operations;
use crate::rpc::register::Agreements;
use crate::rpc::status_check::StatusChecks;
use crate::rpc::way::Way;
use crate::store::notary::Notary;
use crate::store::upkeep::Upkeep;
use crate::store::{ReadError, Store};
use crate::timekeeper::{Timekeeper, TimekeeperSettings};
use crate::tls::Tls;
use crate::upkeep::Housekeeping;

/// Time that a check may take, and how it is spent.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct CheckSettings {
    /// How long a check may take where the caller gives more time; then it is pending. 2 s: a person at a desk waits that
    /// long without turning away.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub budget: Duration,
    /// How long an established answer waits for a trace that went out with it. 50 ms: supporting replies are not waited
    /// for, but which of two replies of the same moment comes first must not decide whether a wrong number is noticed.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub trace_grace: Duration,
    /// How often DfE's feeds are loaded; a record older than two intervals is not relied on. A week (report 6.132).
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub feed_interval: Duration,
    /// How long checks may still be asked once the gateway stops and every connection has gone. 3 s: more than the budget,
    /// so that a check whose caller hung up is recorded too. What is not recorded by then is pending after the next start.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub drain: Duration,
    /// How departments are asked again once the call has ended.
    pub again: AgainSettings,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(2),
            trace_grace: Duration::from_millis(50),
            feed_interval: Duration::from_hours(7 * 24),
            drain: Duration::from_secs(3),
            again: AgainSettings::default(),
        }
    }
}

/// What a gateway is made of.
pub struct Setup {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificates.
    pub tls: Tls,
    /// How often the certificates' files are looked at.
    pub reload_every: Duration,
    /// What connections may cost.
    pub connections: ConnectionLimits,
    /// What organisations may ask.
    pub limits: LimitSettings,
    /// Who is let in when more is asked than can be answered at once.
    pub admission: AdmissionSettings,
    /// How often one person may be checked.
    pub probing: ProbingSettings,
    /// How quotas are watched.
    pub quotas: QuotaSettings,
    /// What counting measures may cost.
    pub measures: MeasureSettings,
    /// What checks may take.
    pub checks: CheckSettings,
    /// What a batch may take.
    pub batch: BatchSettings,
    /// What following cases may cost.
    pub watch: WatchSettings,
    /// How due work is done.
    pub timekeeper: TimekeeperSettings,
    /// How departments follow their worklists.
    pub desk: DeskSettings,
    /// Where the dashboard is served.
    pub dashboard: DashboardSettings,
    /// Who may ask what, until another register is applied.
    pub register: Register,
    /// How the register is changed.
    pub register_changes: ChangeSettings,
    /// Which days and hours are working time.
    pub calendars: Arc<Calendars>,
    /// Who is asked.
    pub departments: Departments,
    /// Where everything is recorded.
    pub store: Arc<dyn Store>,
    /// The same store, as operators keep it in order.
    pub upkeep: Arc<dyn Upkeep>,
    /// Who signs where the store's ledger ends.
    pub notary: Notary,
    /// What is looked at when an operator has the ledger verified.
    pub audited: Subject,
    /// What the time is.
    pub clock: SharedClock,
}

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address of the dashboard is taken, or not ours.
    #[error("cannot listen on the address of the dashboard")]
    Dashboard(#[source] io::Error),
    /// The version of the register that was applied last cannot be served.
    #[error("the register that was applied last cannot be served")]
    Register(#[from] TakeUpError),
    /// Which departments are closed by hand cannot be read.
    #[error("it cannot be read which departments are closed by hand")]
    Closures(#[source] ReadError),
    /// The descriptor set of this build is broken.
    #[error("the contract's descriptor set cannot be served")]
    Reflection(#[source] tonic_reflection::server::Error),
}

/// A gateway that is bound and not served yet.
pub struct Gateway {
    listener: Listener,
    address: SocketAddr,
    routes: Access<Routes>,
    cases: Arc<Cases>,
    following: Arc<Following>,
    desk: Arc<Desk>,
    timekeeper: Arc<Timekeeper>,
    register: Arc<RegisterChanges>,
    housekeeping: Arc<Housekeeping>,
    closures: Arc<Closures>,
    quotas: QuotaWatch,
    store: Arc<dyn Store>,
    notary: Arc<Notary>,
    dashboard: Option<Dashboard>,
    tls: Tls,
    reload_every: Duration,
    health: Health,
    drain: Duration,
}

impl Gateway {
    /// Binds the address and puts the parts together.
    ///
    /// # Errors
    /// The address cannot be had, or the register that was applied last cannot be served.
    pub async fn bind(setup: Setup) -> Result<Self, StartError> {
        let listen_error = |source| StartError::Listen {
            address: setup.listen,
            source,
        };
        let live = live(&setup).await?;
        let listener = Listener::bind(setup.listen, setup.tls.clone(), setup.connections)
            .await
            .map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let feed_interval =
            SignedDuration::try_from(setup.checks.feed_interval).unwrap_or(SignedDuration::MAX);
        let quotas = Quotas::new(Arc::clone(&setup.store), setup.clock.clone());
        let calendars = setup.calendars;
        let asking = Asking {
            store: Arc::clone(&setup.store),
            quotas: quotas.clone(),
            departments: live.departments.clone(),
            clock: setup.clock.clone(),
            calendars: Arc::clone(&calendars),
            rules: Arc::new(Rules::default()),
            feed_interval,
            trace_grace: setup.checks.trace_grace,
            again: setup.checks.again,
        };
        let probing = Probing::new(setup.probing, setup.clock.clone());
        let cases = Cases::new(asking.clone(), probing);
        let served = Arc::new(ServedRegister::load(setup.store.as_ref(), setup.register).await?);
        let desk = Desk::new(asking.clone(), Arc::clone(&served), setup.desk);
        let timekeeper = Timekeeper::new(asking, Arc::clone(&served), setup.timekeeper);
        let housekeeping = Arc::new(Housekeeping::new(
            setup.upkeep,
            Arc::clone(&served),
            calendars,
            setup.clock.clone(),
        ));
        let operations = Operations {
            housekeeping: Arc::clone(&housekeeping),
            audited: Arc::new(setup.audited),
            clock: setup.clock.clone(),
            live: Some(live.clone()),
        };
        let register = Arc::new(RegisterChanges::new(
            Arc::clone(&setup.store),
            Arc::clone(&served),
            setup.register_changes,
            setup.clock.clone(),
        ));
        let watch = QuotaWatch::new(quotas.clone(), Arc::clone(&served), setup.quotas);
        let dashboard_quotas = quotas.clone();
        let measures = || {
            let (store, register) = (Arc::clone(&setup.store), Arc::clone(&register));
            Measures::new(store, register, setup.measures, setup.clock.clone())
        };
        let promises = Promises::new(measures(), Arc::clone(&served), setup.clock.clone());
        let agreements = Agreements {
            changes: Arc::clone(&register),
            quotas,
            measures: measures(),
        };
        let notary = Arc::new(setup.notary);
        let dashboard = Dashboard::bind(
            setup.dashboard.clone(),
            setup.tls.clone(),
            Sources {
                live: live.clone(),
                housekeeping: Arc::clone(&housekeeping),
                register: Arc::clone(&served),
                quotas: dashboard_quotas,
                notary: Arc::clone(&notary),
                promises: Arc::new(promises),
                clock: setup.clock.clone(),
            },
        )
        .await
        .map_err(StartError::Dashboard)?;
        let way = Way {
            register: served,
            admission: Admission::new(setup.admission),
            limits: Limits::new(&setup.limits, setup.clock.clone()),
            cases: Arc::clone(&cases),
            clock: setup.clock.clone(),
            budget: setup.checks.budget,
            batch: setup.batch,
        };
        let following = Arc::new(Following::new(Arc::clone(&setup.store), setup.watch));
        let checks = StatusChecks {
            way: Arc::new(way),
            following: Arc::clone(&following),
        };
        let desks = Desks {
            desk: Arc::clone(&desk),
            clock: setup.clock,
        };
        let (health, health_service) = Health::new().await;
        let routes = rpc::routes(checks, desks, operations, agreements, health_service)
            .map_err(StartError::Reflection)?;
        Ok(Self {
            listener,
            address,
            routes,
            cases,
            following,
            desk,
            timekeeper: Arc::new(timekeeper),
            register,
            housekeeping,
            closures: live.closures,
            quotas: watch,
            store: setup.store,
            notary,
            dashboard,
            tls: setup.tls,
            reload_every: setup.reload_every,
            health,
            drain: setup.checks.drain,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who signs operators in to the dashboard, and knows where it is; none where there is none.
    pub fn usher(&self) -> Option<Usher> {
        self.dashboard.as_ref().map(Dashboard::usher)
    }

    /// Its certificates, for a reload on a signal.
    pub fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Serves until `shutdown` ends. Then health says so, nobody is let in any more, calls under way end and are answered,
    /// what is still being asked is recorded, and the store is closed and the end of its ledger signed; each within
    /// its limit.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let reloading = self.tls.watch(self.reload_every);
        let told_to_stop = async {
            tokio::select! {
                never = self.health.follow(self.store.as_ref(), self.register.served()) => match never {},
                () = shutdown => {}
            }
            self.health.end().await;
            self.desk.stop();
        };
        let serving = self.listener.serve(self.routes, told_to_stop);
        let pages = async {
            match self.dashboard {
                Some(dashboard) => dashboard.serve().await,
                None => std::future::pending().await,
            }
        };
        let (stop, stopped) = watch::channel(false);
        let keeping_time = tokio::spawn(self.timekeeper.run(stopped));
        tokio::select! {
            never = reloading => match never {},
            never = self.notary.run() => match never {},
            never = self.register.follow() => match never {},
            never = self.quotas.run() => match never {},
            never = self.following.run() => match never {},
            never = self.housekeeping.keep_extending() => match never {},
            never = self.closures.follow() => match never {},
            never = pages => match never {},
            () = serving => {}
        }
        stop.send_replace(true);
        let draining = async { tokio::join!(self.cases.drain(), keeping_time).0 };
        if timeout(self.drain, draining).await.is_err() {
            tracing::warn!("checks were still being asked when the time to stop was over; they are pending");
        }
        self.store.close().await;
        // Nothing is added from here on: the last entry gets a signature too.
        self.notary.close().await;
    }
}

/// What operators look at, and what they close by hand.
async fn live(setup: &Setup) -> Result<Live, StartError> {
    let (store, clock) = (&setup.store, &setup.clock);
    let closures = Closures::load(Arc::clone(store), clock.clone()).await;
    let closures = Arc::new(closures.map_err(StartError::Closures)?);
    Ok(Live {
        store: Arc::clone(store),
        overview: Arc::new(Overview::new(Arc::clone(store), clock.clone())),
        departments: setup.departments.clone().respecting(Arc::clone(&closures)),
        closures,
        views: Arc::new(Views::new(Arc::clone(store), clock.clone())),
        clock: clock.clone(),
    })
}
