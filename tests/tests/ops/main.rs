//! What operators see: what is late, what will be, whose turn it is, and departments that they close by hand.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod departments;
mod summary;
mod together;

use jiff::Timestamp;
use statuscheck_domain::clock::Clock as _;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{
    DepartmentStatus, GetSlaSummaryRequest, ListCasesRequest, ListDepartmentsRequest, SetDepartmentRequest,
    SlaLine,
};
use statuscheck_tests::prelude::*;
use tonic::transport::Channel;

const HOUR: Duration = Duration::from_hours(1);

/// Longer than a count of open cases is shown at all, also one during which the clock was set.
const A_MOMENT: Duration = Duration::from_secs(61);

/// Somebody about whom the Home Office must look for longer than any promise.
fn forgotten(id: &str) -> Resident {
    person(id)
        .settled("2019-06-01")
        .behaves("home-office", "defer:20d")
}

fn operator(house: &House) -> OpsServiceClient<Channel> {
    OpsServiceClient::new(house.channel("ops/duty-1"))
}

/// The lines of the summary as they are a moment later.
async fn lines(house: &House) -> Vec<SlaLine> {
    house.clock.advance(A_MOMENT);
    let summary = operator(house).get_sla_summary(GetSlaSummaryRequest {}).await;
    summary.unwrap().into_inner().lines
}

async fn department(house: &House, name: &str) -> DepartmentStatus {
    let listed = operator(house).list_departments(ListDepartmentsRequest {}).await;
    let mut all = listed.unwrap().into_inner().departments.into_iter();
    all.find(|department| department.department == name).unwrap()
}
