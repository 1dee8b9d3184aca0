//! A whole gateway: bound to its address, served until told to stop, drained.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tonic::service::Routes;

use crate::admission::Admission;
use crate::asking::Asking;
use crate::calendars::ServedCalendars;
use crate::cases::Cases;
use crate::dashboard::{Dashboard, Sources, Usher};
use crate::desk::Desk;
use crate::following::Following;
use crate::limits::Limits;
use crate::listener::Listener;
use crate::measures::Measures;
use crate::ops::{Closures, Feeds, Live, Notices, OpenReferrals, Overview, Promises, Views};
use crate::outbox::{Delivering, Outbox};
use crate::probing::Probing;
use crate::quota::{QuotaWatch, Quotas};
use crate::referrals::Taskforce;
use crate::register::{RegisterChanges, ServedRegister};
use crate::rpc::access::Access;
use crate::rpc::desk::Desks;
use crate::rpc::health::Health;
use crate::rpc::ops::Operations;
use crate::rpc::referral::Referrals;
use crate::rpc::register::Agreements;
use crate::rpc::status_check::StatusChecks;
use crate::rpc::way::Way;
use crate::rpc::{self, Services};
use crate::store::Store;
use crate::store::notary::Notary;
use crate::telemetry::{Page, Readiness, Rounds, Telemetry, Watched};
use crate::timekeeper::Timekeeper;
use crate::tls::Tls;
use crate::upkeep::Housekeeping;

mod setup;

pub use self::setup::{CheckSettings, Setup, StartError};

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
    calendars: Arc<ServedCalendars>,
    housekeeping: Arc<Housekeeping>,
    closures: Arc<Closures>,
    feeds: Arc<Feeds>,
    quotas: QuotaWatch,
    store: Arc<dyn Store>,
    notary: Arc<Notary>,
    dashboard: Option<Dashboard>,
    telemetry: Telemetry,
    rounds: Rounds,
    page: Option<Page>,
    tls: Tls,
    reload_every: Duration,
    health: Health,
    notice: Duration,
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
        let served = ServedRegister::load(setup.store.as_ref(), setup.register.clone()).await?;
        let served = Arc::new(served);
        let (store, clock) = (Arc::clone(&setup.store), setup.clock.clone());
        let calendars = ServedCalendars::load(setup.calendars.clone(), store, clock).await?;
        let calendars = Arc::new(calendars);
        let live = live(&setup, &served, &calendars).await?;
        let listener = Listener::bind(setup.listen, setup.tls.clone(), setup.connections)
            .await
            .map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let feed_interval =
            SignedDuration::try_from(setup.checks.feed_interval).unwrap_or(SignedDuration::MAX);
        let quotas = Quotas::new(Arc::clone(&setup.store), setup.clock.clone());
        let outbox = Outbox::new(Arc::clone(&served), &setup.webhooks);
        let delivering = Delivering::new(
            Arc::clone(&setup.store),
            outbox.clone(),
            &setup.webhooks,
            setup.trust_domain,
            setup.clock.clone(),
        );
        let figures = setup.telemetry.figures();
        let readiness = Readiness::new();
        let admission = Admission::new(setup.admission);
        let notary = Arc::new(setup.notary);
        let asking = Asking {
            store: Arc::clone(&setup.store),
            quotas: quotas.clone(),
            departments: live.departments.clone(),
            outbox: outbox.clone(),
            clock: setup.clock.clone(),
            calendars: Arc::clone(&calendars),
            register: Arc::clone(&served),
            referrals: setup.referrals,
            persons: Arc::default(),
            feed_interval,
            trace_grace: setup.checks.trace_grace,
            again: setup.checks.again,
            figures: Arc::clone(&figures),
        };
        let probing = Probing::new(setup.probing, setup.clock.clone());
        let cases = Cases::new(asking.clone(), probing);
        let desk = Desk::new(asking.clone(), Arc::clone(&served), setup.desk);
        let taskforce = Arc::new(Taskforce::new(asking.clone()));
        let timekeeper = Timekeeper::new(
            asking,
            Arc::clone(&delivering),
            Arc::clone(&served),
            setup.timekeeper,
        );
        let housekeeping = Housekeeping::new(
            setup.upkeep,
            Arc::clone(&served),
            Arc::clone(&calendars),
            setup.clock.clone(),
        );
        let housekeeping = Arc::new(housekeeping.telling(outbox));
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
        let watch = QuotaWatch::new(
            quotas.clone(),
            Arc::clone(&served),
            Arc::clone(&delivering),
            setup.quotas,
            Arc::clone(&figures),
        );
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
                taskforce: Arc::clone(&taskforce),
                figures: Arc::clone(&figures),
                clock: setup.clock.clone(),
            },
        )
        .await
        .map_err(StartError::Dashboard)?;
        let way = Way {
            register: served,
            admission: admission.clone(),
            limits: Limits::new(&setup.limits, setup.clock.clone()),
            cases: Arc::clone(&cases),
            clock: setup.clock.clone(),
            budget: setup.checks.budget,
            batch: setup.batch,
            figures: Arc::clone(&figures),
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
        let page = setup
            .telemetry
            .page(&readiness, &setup.tls)
            .await
            .map_err(|(address, source)| StartError::Listen { address, source })?;
        setup.telemetry.watch(Watched {
            figures: Arc::clone(&figures),
            readiness: Arc::clone(&readiness),
            census: listener.census(),
            admission,
            notary: Arc::clone(&notary),
            pulse: setup.pulse,
            tls: setup.tls.clone(),
        });
        let (health, health_service) = Health::new(readiness).await;
        let services = Services {
            checks,
            desk: desks,
            referrals: Referrals { taskforce },
            operations,
            agreements,
            health: health_service,
        };
        let routes =
            rpc::routes(services, figures, setup.telemetry.tracer()).map_err(StartError::Reflection)?;
        let rounds = setup.telemetry.rounds(&live);
        Ok(Self {
            listener,
            address,
            routes,
            cases,
            following,
            desk,
            timekeeper: Arc::new(timekeeper),
            register,
            calendars,
            housekeeping,
            closures: live.closures,
            feeds: live.feeds,
            quotas: watch,
            store: setup.store,
            notary,
            dashboard,
            rounds,
            telemetry: setup.telemetry,
            page,
            tls: setup.tls,
            reload_every: setup.reload_every,
            health,
            notice: setup.checks.notice,
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

    /// Where its figures and its health are told, where that is anywhere.
    pub fn telemetry_address(&self) -> Option<SocketAddr> {
        self.page.as_ref().map(Page::address)
    }

    /// Its certificates, for a reload on a signal.
    pub fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Its calendars, for a look at the file of bank holidays on a signal.
    pub fn calendars(&self) -> Arc<ServedCalendars> {
        Arc::clone(&self.calendars)
    }

    /// Serves until `shutdown` ends. Then health says so, and after the notice given nobody is let in any more, calls under way end and are answered,
    /// what is still being asked is recorded, and the store is closed and the end of its ledger signed; each within
    /// its limit.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        // To the very end, so that what becomes of the last calls is told as well.
        let _page = self
            .page
            .map(|page| AbortOnDropHandle::new(tokio::spawn(page.serve())));
        let reloading = self.tls.watch(self.reload_every);
        let told_to_stop = async {
            tokio::select! {
                never = self.health.follow(self.store.as_ref(), self.register.served()) => match never {},
                () = shutdown => {}
            }
            self.health.end().await;
            // Calls are taken as before meanwhile: who asks whether to send them looks only now and then.
            sleep(self.notice).await;
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
        let keeping_time = self.timekeeper.run_apart(stopped);
        tokio::select! {
            never = reloading => match never {},
            never = self.notary.run() => match never {},
            never = self.register.follow() => match never {},
            never = self.quotas.run() => match never {},
            never = self.rounds.run() => match never {},
            never = self.feeds.watch() => match never {},
            never = self.following.run() => match never {},
            never = self.housekeeping.keep_extending() => match never {},
            never = self.closures.follow() => match never {},
            never = self.calendars.follow(self.reload_every) => match never {},
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
        self.telemetry.close().await;
    }
}

/// What operators look at, and what they close by hand.
async fn live(
    setup: &Setup,
    register: &Arc<ServedRegister>,
    calendars: &Arc<ServedCalendars>,
) -> Result<Live, StartError> {
    let (store, clock) = (&setup.store, &setup.clock);
    let closures = Closures::load(Arc::clone(store), clock.clone()).await;
    let closures = Arc::new(closures.map_err(StartError::Closures)?);
    let feeds = Feeds::new(
        Arc::clone(store),
        Arc::clone(register),
        setup.telemetry.figures(),
        setup.checks.feed_interval,
        clock.clone(),
    );
    let overview = Arc::new(Overview::new(Arc::clone(store), clock.clone()));
    overview.begin().await;
    Ok(Live {
        store: Arc::clone(store),
        overview,
        departments: setup.departments.clone().respecting(Arc::clone(&closures)),
        closures,
        feeds: Arc::new(feeds),
        notices: Arc::new(Notices::new(Arc::clone(store), clock.clone())),
        referrals: Arc::new(OpenReferrals::new(Arc::clone(store), clock.clone())),
        calendars: Arc::clone(calendars),
        views: Arc::new(Views::new(Arc::clone(store), clock.clone())),
        clock: clock.clone(),
    })
}
