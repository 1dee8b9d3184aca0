//! The register changed while the gateway runs: planned by one operator, applied by another.

use statuscheck::demo::shipped_register;
use statuscheck::register::write_whole;
use statuscheck_domain::agreement::{Agreement, Register};
use statuscheck_proto::register::v1::plan_register_request::Source;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_proto::register::v1::{ApplyRegisterRequest, PlanRegisterRequest, PlanRegisterResponse};
use tonic::Status;
use tonic::transport::Channel;

use crate::house::House;

/// Plans.
pub const FIRST: &str = "ops/duty-1";
/// Applies.
pub const SECOND: &str = "ops/duty-2";

/// The register service, as `name` calls it.
pub fn client(house: &House, name: &str) -> RegisterServiceClient<Channel> {
    RegisterServiceClient::new(house.channel(name))
}

/// The shipped register after `change` of one agreement, as TOML.
pub fn register_with(agreement: &str, change: impl FnOnce(&mut Agreement)) -> String {
    let shipped = shipped_register().expect("the shipped register");
    let mut agreements: Vec<_> = shipped.agreements().cloned().collect();
    let found = agreements.iter_mut().find(|one| one.id.as_str() == agreement);
    change(found.expect("a shipped agreement"));
    let register = Register::new(agreements, shipped.orders().iter().cloned());
    let register = register.and_then(|register| register.with_safeguards(shipped.safeguards().cloned()));
    write_whole(&register.expect("a register")).expect("a register that can be written")
}

/// Plans as `name`.
///
/// # Errors
/// What the gateway says.
pub async fn planned_by(house: &House, name: &str, source: Source) -> Result<PlanRegisterResponse, Status> {
    let source = Some(source);
    let planned = client(house, name)
        .plan_register(PlanRegisterRequest { source })
        .await?;
    Ok(planned.into_inner())
}

/// Plans as the first operator.
pub async fn planned(house: &House, toml: String) -> PlanRegisterResponse {
    let planned = planned_by(house, FIRST, Source::Toml(toml)).await;
    planned.expect("a plan")
}

/// Applies as `name`; the version that is served then.
///
/// # Errors
/// What the gateway says.
pub async fn applied_by(house: &House, name: &str, plan_id: &str) -> Result<u64, Status> {
    let plan_id = plan_id.to_owned();
    let applied = client(house, name)
        .apply_register(ApplyRegisterRequest { plan_id })
        .await?;
    Ok(applied.into_inner().version)
}

/// Planned by the one and applied by the other.
pub async fn change(house: &House, toml: String) -> u64 {
    let planned = planned(house, toml).await;
    let applied = applied_by(house, SECOND, &planned.plan_id).await;
    applied.expect("a version")
}
