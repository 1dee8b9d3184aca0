//! The register changed while the gateway runs: planned by one operator, applied by another.

use statuscheck::register::ChangeSettings;
use statuscheck_domain::agreement::Agreement;
use statuscheck_proto::register::v1::plan_register_request::Source;
use statuscheck_proto::register::v1::{
    GetAgreementRequest, GetAgreementResponse, ListVersionsRequest, ListVersionsResponse,
    PlanRegisterResponse,
};
use statuscheck_tests::prelude::*;
pub(crate) use statuscheck_tests::registering::{FIRST, SECOND, applied_by, change, planned, planned_by};
use statuscheck_tests::registering::{client, register_with};
use tonic::Code;

use crate::wire::{Refusal, refusal};

const WORK: &str = "right-to-work";

/// The shipped register after `change` of its agreement about right to work.
pub(crate) fn register(change: impl FnOnce(&mut Agreement)) -> String {
    register_with(WORK, change)
}

/// Nobody may ask for right to work checks.
fn without_employers() -> String {
    register(|agreement| agreement.listed_only = true)
}

async fn refused(house: &House, name: &str, plan_id: &str) -> Refusal {
    refusal(&applied_by(house, name, plan_id).await.unwrap_err())
}

async fn roll_back(house: &House, version: u64) -> u64 {
    let planned = planned_by(house, SECOND, Source::Version(version)).await.unwrap();
    applied_by(house, FIRST, &planned.plan_id).await.unwrap()
}

async fn agreement(house: &House) -> GetAgreementResponse {
    let agreement_id = WORK.to_owned();
    let got = client(house, STRANGER)
        .get_agreement(GetAgreementRequest { agreement_id })
        .await;
    got.unwrap().into_inner()
}

async fn versions(house: &House, page_size: i32, page_token: String) -> ListVersionsResponse {
    let request = ListVersionsRequest {
        page_size,
        page_token,
    };
    client(house, FIRST)
        .list_versions(request)
        .await
        .unwrap()
        .into_inner()
}

/// The reason for which an employer's check is refused; none where it is answered.
pub(crate) async fn asked(house: &House) -> Option<String> {
    let asked = request(by_name("Sam", "Example", "1990-05-01").work());
    let told = house.check(EMPLOYER, asked).await;
    told.err().map(|status| refusal(&status).reason().to_owned())
}

#[tokio::test]
async fn what_one_operator_planned_another_applies_and_the_next_check_is_under_it() {
    let house = House::start(Plan::default()).await;
    assert_eq!(asked(&house).await, None);
    let plan = planned(&house, without_employers()).await;
    assert_eq!(plan.changes, ["right-to-work: is listed only from now on"]);
    assert_eq!(plan.expire_time.unwrap().seconds, 1_773_309_600);
    // Planning changed nothing, and the same plan is the same one for as long as it waits.
    assert_eq!(asked(&house).await, None);
    let again = planned(&house, without_employers()).await;
    assert!(again == plan);
    let own = refused(&house, FIRST, &plan.plan_id).await;
    assert_eq!(
        (own.code, own.reason()),
        (Code::PermissionDenied, "SECOND_OPERATOR_NEEDED")
    );
    assert_eq!(
        refused(&house, EMPLOYER, &plan.plan_id).await.reason(),
        "WRONG_PEER"
    );
    assert_eq!(asked(&house).await, None);

    assert_eq!(applied_by(&house, SECOND, &plan.plan_id).await.unwrap(), 1);
    assert_eq!(asked(&house).await.as_deref(), Some("AGREEMENT_NOT_SERVED"));
    let shown = agreement(&house).await;
    assert!(shown.agreement.unwrap().listed_only);
    assert_eq!((shown.register_version, shown.files_differ), (1, true));
    // Whoever lost the answer may ask again; nobody else applies it a second time.
    assert_eq!(applied_by(&house, SECOND, &plan.plan_id).await.unwrap(), 1);
    let third = refused(&house, "ops/duty-3", &plan.plan_id).await;
    assert_eq!(third.reason(), "PLAN_STALE");
    assert!(planned(&house, without_employers()).await == PlanRegisterResponse::default());
}

#[tokio::test]
async fn an_earlier_version_is_returned_to_in_the_same_way_and_the_history_tells_it() {
    let house = House::start(Plan::default()).await;
    assert!(versions(&house, 0, String::new()).await == ListVersionsResponse::default());
    assert_eq!(change(&house, without_employers()).await, 1);
    house.clock.advance(Duration::from_secs(60));
    let rate = register(|agreement| agreement.rate = None);
    assert_eq!(change(&house, rate).await, 2);
    assert_eq!(asked(&house).await, None);
    assert_eq!(roll_back(&house, 1).await, 3);
    assert_eq!(asked(&house).await.as_deref(), Some("AGREEMENT_NOT_SERVED"));
    // The files are version 0.
    assert_eq!(roll_back(&house, 0).await, 4);
    assert_eq!(asked(&house).await, None);
    let shown = agreement(&house).await;
    assert_eq!((shown.register_version, shown.files_differ), (4, false));

    let first = versions(&house, 3, String::new()).await;
    let rest = versions(&house, 3, first.next_page_token.clone()).await;
    assert_eq!((first.versions.len(), rest.versions.len()), (3, 1));
    assert_eq!(rest.next_page_token, "");
    let all: Vec<_> = first.versions.iter().chain(&rest.versions).collect();
    let numbers: Vec<_> = all.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    let who: Vec<_> = all
        .iter()
        .map(|version| (version.planned_by.as_str(), version.applied_by.as_str()))
        .collect();
    let (there, back) = ((FIRST, SECOND), (SECOND, FIRST));
    assert_eq!(who, [back, back, there, there]);
    assert_eq!(all[3].changes, ["right-to-work: is listed only from now on"]);
    assert_eq!(all[0].changes, ["right-to-work: is served from now on"]);
    let times: Vec<_> = all.iter().map(|version| version.apply_time.unwrap()).collect();
    assert!(times.is_sorted_by(|one, other| (one.seconds, one.nanos) > (other.seconds, other.nanos)));

    let unknown = planned_by(&house, FIRST, Source::Version(9)).await.err().unwrap();
    let unknown = refusal(&unknown);
    assert_eq!(
        (unknown.code, unknown.reason(), unknown.metadata("version")),
        (Code::NotFound, "NO_SUCH_VERSION", Some("9"))
    );
    let bad = ListVersionsRequest {
        page_size: -1,
        page_token: "!".to_owned(),
    };
    let bad = client(&house, FIRST).list_versions(bad).await.err().unwrap();
    assert_eq!(refusal(&bad).fields(), ["page_size", "page_token"]);
}

#[tokio::test]
async fn a_restart_goes_on_with_what_was_applied_and_not_with_the_files() {
    let house = House::start(Plan::default()).await;
    let left = planned(&house, register(|agreement| agreement.title.push('!'))).await;
    assert_eq!(change(&house, without_employers()).await, 1);
    let waiting = planned(&house, register(|agreement| agreement.title.push('?'))).await;
    let house = house.stop().await.start().await;
    assert_eq!(asked(&house).await.as_deref(), Some("AGREEMENT_NOT_SERVED"));
    let shown = agreement(&house).await;
    assert_eq!((shown.register_version, shown.files_differ), (1, true));
    // Plans outlive the program as well, and what was out of date still is.
    assert_eq!(
        refused(&house, SECOND, &left.plan_id).await.reason(),
        "PLAN_STALE"
    );
    assert_eq!(applied_by(&house, SECOND, &waiting.plan_id).await.unwrap(), 2);
    assert_eq!(asked(&house).await, None);
}

#[tokio::test]
async fn a_plan_is_out_of_date_once_another_was_applied_and_too_old_after_a_day() {
    let house = House::start(Plan::default()).await;
    let one = planned(&house, without_employers()).await;
    let other = planned(&house, register(|agreement| agreement.title.push('!'))).await;
    assert_eq!(applied_by(&house, SECOND, &other.plan_id).await.unwrap(), 1);
    let stale = refused(&house, SECOND, &one.plan_id).await;
    assert_eq!(
        (stale.code, stale.reason()),
        (Code::FailedPrecondition, "PLAN_STALE")
    );
    assert_eq!(
        (stale.metadata("planned_on"), stale.metadata("version")),
        (Some("0"), Some("1"))
    );
    assert_eq!(asked(&house).await, None);

    let forgotten = planned(&house, without_employers()).await;
    house.clock.advance(Duration::from_hours(24));
    let forgotten = refused(&house, SECOND, &forgotten.plan_id).await;
    assert_eq!(
        (forgotten.code, forgotten.reason()),
        (Code::NotFound, "NO_SUCH_PLAN")
    );
    let never = refused(&house, SECOND, "6f1c1d0e-6f0a-4f4e-9f57-0d5c3f1f2a10").await;
    assert_eq!((never.code, never.reason()), (Code::NotFound, "NO_SUCH_PLAN"));
    assert_eq!(refused(&house, SECOND, "the plan").await.fields(), ["plan_id"]);
}

#[tokio::test]
async fn no_more_plans_wait_than_the_settings_say() {
    let house = House::start(Plan {
        register_changes: ChangeSettings {
            plans_max: 2,
            ..ChangeSettings::default()
        },
        ..Plan::default()
    })
    .await;
    let titled = |title: &'static str| register(move |agreement| title.clone_into(&mut agreement.title));
    let first = planned(&house, titled("One")).await;
    house.clock.advance(Duration::from_secs(3600));
    let second = planned(&house, titled("Two")).await;
    let third = planned_by(&house, SECOND, Source::Toml(titled("Three"))).await;
    let third = refusal(&third.err().unwrap());
    assert_eq!(
        (third.code, third.reason()),
        (Code::ResourceExhausted, "TOO_MANY_PLANS")
    );
    let retry = third.details.retry_info().unwrap().retry_delay.unwrap();
    assert_eq!(retry, Duration::from_hours(23));
    // One that waits already takes no place of its own.
    assert!(planned(&house, titled("One")).await == first);
    assert_eq!(applied_by(&house, SECOND, &second.plan_id).await.unwrap(), 1);
    assert_eq!(change(&house, titled("Three")).await, 2);
}
