//! Webhooks end to end: what happens to a case after its call is told to whoever has a webhook, until it is taken or parked.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod retried;
mod told;
mod warned;

use statuscheck_domain::agreement::Agreement;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{GetSlaSummaryRequest, Hook, HookSummary, ListHooksRequest};
use statuscheck_proto::v1::CheckResponse;
use statuscheck_tests::hooks::{Answer, Letter, Post, Receiver};
use statuscheck_tests::house::until_some;
use statuscheck_tests::prelude::*;

const HOUR: Duration = Duration::from_hours(1);

/// Who asks in these tests, each under an agreement of the same id.
const ACME: &str = "organisation/acme";
const OTHER: &str = "organisation/other";

/// An agreement like that of employers, of one organisation alone, which is told at `receiver`.
fn agreement(id: &str, receiver: &Receiver, secrets: &[&str]) -> Agreement {
    let mut agreement = agreement_like("right-to-work", id, id);
    agreement.webhooks = [(id.parse().unwrap(), receiver.webhook(secrets))].into();
    agreement
}

/// Somebody about whom the Home Office replies after so many hours.
fn deferred(family: &str, hours: u32) -> Resident {
    person(family)
        .settled("2019-06-01")
        .behaves("home-office", &format!("defer:{hours}h"))
}

async fn check(house: &House, name: &str, about: &Resident) -> CheckResponse {
    let told = house.answered(name, request(about.by_name().work())).await;
    assert_eq!(outcome(&told), "pending");
    told
}

/// What operators see of notices that were not taken.
async fn hooks(house: &House, parked_only: bool) -> Vec<Hook> {
    let request = ListHooksRequest {
        parked_only,
        ..ListHooksRequest::default()
    };
    let mut client = OpsServiceClient::new(house.channel("ops/duty-1"));
    client.list_hooks(request).await.unwrap().into_inner().hooks
}

/// The notices that were not taken, counted a moment later: longer than a count is shown.
async fn counted(house: &House) -> HookSummary {
    house.clock.advance(Duration::from_secs(61));
    let mut client = OpsServiceClient::new(house.channel("ops/duty-1"));
    let summary = client.get_sla_summary(GetSlaSummaryRequest {}).await.unwrap();
    summary.into_inner().hooks.unwrap()
}

/// The one notice that was not taken, once `is_so`.
async fn hook_when(house: &House, is_so: impl Fn(&Hook) -> bool) -> Hook {
    until_some(async || {
        let hooks = hooks(house, false).await;
        assert!(hooks.len() <= 1, "there is no other");
        hooks.into_iter().next().filter(|hook| is_so(hook))
    })
    .await
}

/// Waits until every notice was taken.
async fn all_taken(house: &House) {
    until_some(async || hooks(house, false).await.is_empty().then_some(())).await;
}

fn happened(letters: &[Letter]) -> Vec<&str> {
    letters.iter().map(Letter::happened).collect()
}
