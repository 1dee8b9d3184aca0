//! `grpc.health.v1.Health`: whether this gateway can do what it is there for.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use statuscheck_proto::ops::v1::ops_service_server::SERVICE_NAME as OPERATIONS;
use statuscheck_proto::register::v1::register_service_server::SERVICE_NAME as REGISTER;
use statuscheck_proto::v1::status_check_service_server::SERVICE_NAME as STATUS_CHECKS;
use tokio::time::interval;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::register::ServedRegister;
use crate::store::Store;
use crate::telemetry::{Parts, Readiness};

/// The services whose health is told; the empty name is the whole gateway.
const TOLD: [&str; 4] = ["", STATUS_CHECKS, OPERATIONS, REGISTER];

/// How often it is looked whether the store still records. 1 s: it only reads flags, and those who probe health do so
/// every few seconds.
const GLANCE: Duration = Duration::from_secs(1);

/// What is told about the gateway's health.
pub(crate) struct Health {
    reporter: HealthReporter,
    readiness: Arc<Readiness>,
}

impl Health {
    /// A gateway that serves, and the service that says so.
    pub(crate) async fn new(readiness: Arc<Readiness>) -> (Self, HealthServer<HealthService>) {
        let reporter = HealthReporter::new();
        let service = HealthService::from_health_reporter(reporter.clone());
        let health = Self { reporter, readiness };
        health.tell(ServingStatus::Serving).await;
        (health, HealthServer::new(service))
    }

    /// Tells whether `store` records and `register` is known to be the one that counts, whenever that changes. Some stores
    /// stop for good, until they are opened anew; others come back when their database does.
    pub(crate) async fn follow(&self, store: &dyn Store, register: &ServedRegister) -> Infallible {
        let mut glances = interval(GLANCE);
        let mut was_healthy = true;
        loop {
            let records = store.is_healthy();
            let is_current = register.is_current();
            let serves = true;
            self.readiness.tell(Parts {
                records,
                is_current,
                serves,
            });
            let is_healthy = records && is_current;
            match (was_healthy, is_healthy) {
                (true, false) => {
                    if records {
                        tracing::error!("the register cannot be followed: no check is taken until it can");
                    } else {
                        tracing::error!(
                            "the store has stopped recording: no check is taken until it records again"
                        );
                    }
                    self.tell(ServingStatus::NotServing).await;
                }
                (false, true) => {
                    tracing::info!("checks are taken again");
                    self.tell(ServingStatus::Serving).await;
                }
                (true, true) | (false, false) => {}
            }
            was_healthy = is_healthy;
            glances.tick().await;
        }
    }

    /// Tells everybody that the gateway stops, and ends every watch: one that never ends would hold its connection until
    /// the drain is over.
    pub(crate) async fn end(&self) {
        self.readiness.end();
        self.tell(ServingStatus::NotServing).await;
        let mut reporter = self.reporter.clone();
        for service in TOLD {
            // A watcher that has not seen the last status yet is still given it.
            reporter.clear_service_status(service).await;
        }
    }

    async fn tell(&self, status: ServingStatus) {
        for service in TOLD {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
