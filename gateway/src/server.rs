//! A whole gateway: bound to its address, served until told to stop, drained.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::working_time::Calendars;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::service::Routes;

use crate::admission::{Admission, AdmissionSettings};
use crate::again::AgainSettings;
use crate::asking::Asking;
use crate::audit::Subject;
use crate::cases::Cases;
use crate::departments::Departments;
use crate::desk::{Desk, DeskSettings};
use crate::limits::{LimitSettings, Limits};
use crate::listener::{ConnectionLimits, Listener};
use crate::rpc;
use crate::rpc::access::Access;
use crate::rpc::desk::Desks;
use crate::rpc::health::Health;
use crate::rpc::ops::Operations;
use crate::rpc::register::Agreements;
use crate::rpc::status_check::StatusChecks;
use crate::store::Store;
use crate::store::notary::Notary;
use crate::store::upkeep::Upkeep;
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
    /// What checks may take.
    pub checks: CheckSettings,
    /// How due work is done.
    pub timekeeper: TimekeeperSettings,
    /// How departments follow their worklists.
    pub desk: DeskSettings,
    /// Who may ask what.
    pub register: Arc<Register>,
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
    desk: Arc<Desk>,
    timekeeper: Arc<Timekeeper>,
    store: Arc<dyn Store>,
    notary: Notary,
    tls: Tls,
    reload_every: Duration,
    health: Health,
    drain: Duration,
}

impl Gateway {
    /// Binds the address and puts the parts together.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn bind(setup: Setup) -> Result<Self, StartError> {
        let listen_error = |source| StartError::Listen {
            address: setup.listen,
            source,
        };
        let listener = Listener::bind(setup.listen, setup.tls.clone(), setup.connections)
            .await
            .map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let feed_interval =
            SignedDuration::try_from(setup.checks.feed_interval).unwrap_or(SignedDuration::MAX);
        let asking = Asking {
            store: Arc::clone(&setup.store),
            departments: setup.departments,
            clock: setup.clock.clone(),
            calendars: setup.calendars,
            feed_interval,
            trace_grace: setup.checks.trace_grace,
            again: setup.checks.again,
        };
        let cases = Cases::new(asking.clone());
        let desk = Desk::new(asking.clone(), Arc::clone(&setup.register), setup.desk);
        let timekeeper = Timekeeper::new(asking, Arc::clone(&setup.register), setup.timekeeper);
        let operations = Operations {
            housekeeping: Arc::new(Housekeeping::new(
                setup.upkeep,
                Arc::clone(&setup.register),
                setup.clock.clone(),
            )),
            audited: Arc::new(setup.audited),
            clock: setup.clock.clone(),
        };
        let agreements = Agreements::new(Arc::clone(&setup.register));
        let checks = StatusChecks {
            register: setup.register,
            admission: Admission::new(setup.admission),
            limits: Limits::new(&setup.limits, setup.clock.clone()),
            cases: Arc::clone(&cases),
            clock: setup.clock.clone(),
            budget: setup.checks.budget,
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
            desk,
            timekeeper: Arc::new(timekeeper),
            store: setup.store,
            notary: setup.notary,
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
                never = self.health.follow(self.store.as_ref()) => match never {},
                () = shutdown => {}
            }
            self.health.end().await;
            self.desk.stop();
        };
        let serving = self.listener.serve(self.routes, told_to_stop);
        let (stop, stopped) = watch::channel(false);
        let keeping_time = tokio::spawn(self.timekeeper.run(stopped));
        tokio::select! {
            never = reloading => match never {},
            never = self.notary.run() => match never {},
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
