//! A department that is closed by hand through one gateway is closed in the other, too.

use statuscheck_domain::clock::SystemClock;
use statuscheck_tests::crash::replicas::{Gateway, Pair};
use statuscheck_tests::house::until_some;
use statuscheck_tests::program::Start;

use super::*;

const NAME: &str = "home-office";

/// How long the other gateway may take: a second between two looks, a second more where it was not told, and what a crowded
/// machine adds.
const OBEYS_MAX: Duration = Duration::from_secs(10);

fn program() -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
}

/// Waits until `gateway` says that the department is closed, or open.
async fn obeys(gateway: &Gateway, closed: bool) {
    let clock = SystemClock::new();
    until_some(async || {
        let department = gateway.department(NAME).await?;
        (department.closed == closed).then_some(())
    })
    .await;
    assert!(clock.elapsed() < OBEYS_MAX, "{:?}", clock.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_gateway_obeys_within_seconds_also_where_it_had_no_line_meanwhile() {
    let employee = person("Adeyemi").settled("2019-06-01");
    let pair = Pair::start(program(), [employee.clone()]).await;
    let asked = || pair.site.requests(DepartmentId::HomeOffice);
    let check = async |gateway: &Gateway| {
        let told = gateway.answered(&request(employee.by_name().work())).await;
        outcome(&told).to_owned()
    };
    assert_eq!(check(&pair.far).await, "established");

    let before = asked();
    pair.near.set(NAME, true).await.unwrap();
    obeys(&pair.far, true).await;
    assert_eq!(
        pair.far.department(NAME).await.unwrap().closed_reason,
        "The machines are moved"
    );
    assert_eq!(check(&pair.far).await, "pending");
    assert_eq!(check(&pair.near).await, "pending");
    assert_eq!(asked(), before, "neither asks it");

    pair.far.set(NAME, false).await.unwrap();
    obeys(&pair.near, false).await;
    assert_eq!(check(&pair.near).await, "established");

    // What it was not told of while its line was down it finds when that is up again.
    pair.proxy.cut();
    pair.near.set(NAME, true).await.unwrap();
    pair.proxy.heal();
    obeys(&pair.far, true).await;
    assert_eq!(check(&pair.far).await, "pending");
}
