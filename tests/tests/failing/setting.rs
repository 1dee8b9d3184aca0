//! What the tests of this folder share.

use std::net::SocketAddr;

use rustix::process::geteuid;
use statuscheck_proto::v1::CheckRequest;
use statuscheck_tests::asking::request;
use statuscheck_tests::prelude::*;
use statuscheck_tests::program::{Program, Start};
use statuscheck_tests::site::Site;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_types::StatusExt as _;

pub(crate) const EMPLOYER: &str = "organisation/employer";
pub(crate) const SERVICE: &str = "statuscheck.v1.StatusCheckService";

/// A user of no rights, whom every system has.
pub(crate) const NOBODY: u32 = 65_534;

pub(crate) fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
}

pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

/// Somebody with a right to work.
pub(crate) fn settled(id: &str) -> Resident {
    person(id).settled("2021-03-01").arrived("2021-02-01")
}

/// A site with somebody settled, and the program serving it.
pub(crate) async fn serving() -> (Site, Program, SocketAddr) {
    let site = Site::with([settled("quick")]).await;
    let (program, address) = program().serve(&site).await;
    (site, program, address)
}

/// A check about `id` that the employer may ask.
pub(crate) fn about(id: &str) -> CheckRequest {
    request(settled(id).by_name().work())
}

pub(crate) async fn ask(site: &Site, address: SocketAddr, request: &CheckRequest) -> Result<String, Status> {
    let mut client = site.client(address, EMPLOYER);
    let response = client.check(request.clone()).await?.into_inner();
    Ok(response.case_id)
}

/// Reads a case.
pub(crate) async fn read(site: &Site, address: SocketAddr, case_id: &str) -> Result<v1::Case, Status> {
    let case_id = case_id.to_owned();
    let mut client = site.client(address, EMPLOYER);
    let read = client.get_case(v1::GetCaseRequest { case_id }).await?;
    Ok(read.into_inner().case.unwrap())
}

/// The code and the reason that the program gives.
pub(crate) fn refusal<T>(result: Result<T, Status>) -> (Code, String) {
    let Err(status) = result else {
        panic!("the program answered what it should refuse");
    };
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

pub(crate) fn health(site: &Site, address: SocketAddr) -> HealthClient<Channel> {
    HealthClient::new(site.channel(address, "ops/duty-1"))
}

pub(crate) fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

/// The next status of a watch; none at its end.
pub(crate) async fn next(watch: &mut tonic::Streaming<HealthCheckResponse>) -> Option<ServingStatus> {
    let next = tokio::time::timeout(Duration::from_secs(30), watch.message()).await;
    next.expect("the watch goes on")
        .ok()?
        .map(|response| response.status())
}
