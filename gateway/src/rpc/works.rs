//! A gateway from inside: its service and its timekeeper on a store, called directly, without a door and without tasks that run
//! by themselves. For simulations, which take it through a year within a minute, and through thousands of ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::OrganisationId;
use statuscheck_proto::v1::status_check_service_server::StatusCheckService;
use tokio::sync::watch;
use tonic::Request;

use crate::admission::{Admission, AdmissionSettings};
use crate::asking::Asking;
use crate::batch::BatchSettings;
use crate::cases::Cases;
use crate::departments::Departments;
use crate::following::{Following, WatchSettings};
use crate::limits::{LimitSettings, Limits};
use crate::outbox::{Delivering, Outbox};
use crate::peer::{Connected, Peer, TrustDomain};
use crate::probing::{Probing, ProbingSettings};
use crate::quota::Quotas;
use crate::referrals::ReferralSettings;
use crate::register::{ServedRegister, TakeUpError};
use crate::rpc::status_check::StatusChecks;
use crate::rpc::way::Way;
use crate::server::CheckSettings;
use crate::store::{ReadError, Store};
use crate::telemetry::Telemetry;
use crate::timekeeper::{Speed, Timekeeper, TimekeeperSettings};
use crate::webhook::WebhookSettings;

mod through;

pub use self::through::{Around, Operation, Through};

/// What it is made of; the rest is as usual.
pub struct WorksSetup {
    /// Where everything is recorded.
    pub store: Arc<dyn Store>,
    /// Who is asked.
    pub departments: Departments,
    /// Who may ask what.
    pub register: Register,
    /// The first part of its name in notices.
    pub trust_domain: TrustDomain,
    /// What checks may take.
    pub checks: CheckSettings,
    /// How due work is done.
    pub timekeeper: TimekeeperSettings,
    /// Where notices may go, and how they get there.
    pub webhooks: WebhookSettings,
    /// What the time is.
    pub clock: SharedClock,
}

/// The parts of a gateway.
pub struct Works {
    checks: StatusChecks,
    cases: Arc<Cases>,
    timekeeper: Arc<Timekeeper>,
    clock: SharedClock,
}

impl Works {
    /// Puts the parts together. Organisations may ask as often as they like, and about whom they like.
    ///
    /// # Errors
    /// The register that was applied last cannot be served.
    pub async fn new(setup: WorksSetup) -> Result<Self, TakeUpError> {
        let WorksSetup { store, clock, .. } = setup;
        let quotas = Quotas::new(Arc::clone(&store), clock.clone());
        let feed_interval =
            SignedDuration::try_from(setup.checks.feed_interval).unwrap_or(SignedDuration::MAX);
        let register = Arc::new(ServedRegister::load(store.as_ref(), setup.register).await?);
        let webhooks = &setup.webhooks;
        let outbox = Outbox::new(Arc::clone(&register), webhooks);
        let delivering = Delivering::new(
            Arc::clone(&store),
            outbox.clone(),
            webhooks,
            setup.trust_domain,
            clock.clone(),
        );
        let figures = Telemetry::off(clock.clone()).figures();
        let asking = Asking {
            store: Arc::clone(&store),
            quotas,
            departments: setup.departments,
            clock: clock.clone(),
            calendars: Arc::default(),
            feed_interval,
            trace_grace: setup.checks.trace_grace,
            again: setup.checks.again,
            outbox,
            register: Arc::clone(&register),
            referrals: ReferralSettings::default(),
            persons: Arc::default(),
            figures: Arc::clone(&figures),
        };
        let probing = Probing::new(ProbingSettings::unlimited(), clock.clone());
        let cases = Cases::new(asking.clone(), probing);
        let way = Way {
            register: Arc::clone(&register),
            limits: Limits::new(&LimitSettings::unlimited(), clock.clone()),
            admission: Admission::new(AdmissionSettings::default()),
            cases: Arc::clone(&cases),
            clock: clock.clone(),
            budget: setup.checks.budget,
            batch: BatchSettings::default(),
            figures,
        };
        let checks = StatusChecks {
            way: Arc::new(way),
            following: Arc::new(Following::new(store, WatchSettings::default())),
        };
        let timekeeper = Arc::new(Timekeeper::new(asking, delivering, register, setup.timekeeper));
        Ok(Self {
            checks,
            cases,
            timekeeper,
            clock,
        })
    }

    /// The service, as callers have it behind the door.
    pub fn checks(&self) -> &impl StatusCheckService {
        &self.checks
    }

    /// A call of `organisation`, as the door hands it in.
    pub fn call<T>(organisation: OrganisationId, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(Arc::new(Connected {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            peer: Ok(Peer::Organisation(organisation)),
        }));
        request
    }

    /// Takes a batch of cases that are due one step on each, waits for whatever that has asked and whoever that has told, and says
    /// how many went on.
    ///
    /// # Errors
    /// What is due cannot be read.
    pub async fn turn(&self) -> Result<usize, ReadError> {
        let now: Timestamp = self.clock.now();
        let on = self.timekeeper.turn(now, Speed::Full).await?;
        self.timekeeper.settled().await;
        Ok(on)
    }

    /// Does what is due by itself, as a gateway does, until `stopped` says so.
    pub async fn keep_time(&self, stopped: watch::Receiver<bool>) {
        Arc::clone(&self.timekeeper).run(stopped).await;
    }

    /// Waits until everything that calls have begun is recorded.
    pub async fn settled(&self) {
        self.cases.settled().await;
    }
}
