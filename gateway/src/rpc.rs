//! The gRPC surface: one thin file per service; `convert` alone names both wire and domain types.

pub(crate) mod access;
mod batch;
pub(crate) mod convert;
pub(crate) mod deadline;
pub(crate) mod desk;
mod feeds;
pub(crate) mod health;
mod measures;
pub(crate) mod methods;
pub(crate) mod operator;
pub(crate) mod ops;
pub(crate) mod referral;
pub(crate) mod register;
pub(crate) mod status_check;
pub(crate) mod watching;
pub(crate) mod way;
#[cfg(feature = "demo")]
pub mod works;

use std::sync::Arc;

use statuscheck_proto::DESCRIPTOR_SET;
use statuscheck_proto::adapter::v1::desk_service_server::DeskServiceServer;
use statuscheck_proto::ops::v1::ops_service_server::OpsServiceServer;
use statuscheck_proto::referral::v1::referral_service_server::ReferralServiceServer;
use statuscheck_proto::register::v1::register_service_server::RegisterServiceServer;
use statuscheck_proto::v1::status_check_service_server::StatusCheckServiceServer;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;

use self::access::Access;
use self::desk::Desks;
use self::ops::Operations;
use self::referral::Referrals;
use self::register::Agreements;
use self::status_check::StatusChecks;
use crate::telemetry::{Figures, Tracer};

/// Largest request of a check, a desk, the taskforce or an operator, in bytes: ten times what the longest names and all numbers of one person need.
pub const CHECK_MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Largest request about the register, in bytes: a whole register of a thousand agreements.
pub const REGISTER_MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The services, for the reflection that lists them.
const SERVED: [&str; 6] = [
    "statuscheck.v1.StatusCheckService",
    "statuscheck.adapter.v1.DeskService",
    "statuscheck.referral.v1.ReferralService",
    "statuscheck.register.v1.RegisterService",
    "statuscheck.ops.v1.OpsService",
    "grpc.health.v1.Health",
];

/// What is served.
pub(crate) struct Services {
    pub(crate) checks: StatusChecks,
    pub(crate) desk: Desks,
    pub(crate) referrals: Referrals,
    pub(crate) operations: Operations,
    pub(crate) agreements: Agreements,
    pub(crate) health: HealthServer<HealthService>,
}

/// Everything that is served, behind the guard of who may call what.
///
/// # Errors
/// The descriptor set cannot be read, which a build of this program rules out.
pub(crate) fn routes(
    services: Services,
    figures: Arc<Figures>,
    tracer: Arc<Tracer>,
) -> Result<Access<Routes>, tonic_reflection::server::Error> {
    let Services {
        checks,
        desk,
        referrals,
        operations,
        agreements,
        health,
    } = services;
    let routes =
        Routes::new(StatusCheckServiceServer::new(checks).max_decoding_message_size(CHECK_MESSAGE_BYTES_MAX))
            .add_service(DeskServiceServer::new(desk).max_decoding_message_size(CHECK_MESSAGE_BYTES_MAX))
            .add_service(
                ReferralServiceServer::new(referrals).max_decoding_message_size(CHECK_MESSAGE_BYTES_MAX),
            )
            .add_service(OpsServiceServer::new(operations).max_decoding_message_size(CHECK_MESSAGE_BYTES_MAX))
            .add_service(
                RegisterServiceServer::new(agreements).max_decoding_message_size(REGISTER_MESSAGE_BYTES_MAX),
            )
            .add_service(health)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
    Ok(Access::new(routes.prepare(), figures, tracer))
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    SERVED
        .into_iter()
        .fold(
            tonic_reflection::server::Builder::configure(),
            tonic_reflection::server::Builder::with_service_name,
        )
        .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
