//! SIGTERM: health first, then the calls under way, then the end.

use std::collections::BTreeMap;

use statuscheck_tests::prelude::*;
use statuscheck_tests::program::Program;
use statuscheck_tests::site::Site;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::setting::{EMPLOYER, SERVICE, about, ask, health, next, of, program, serving, settled};

/// What a stop may take, from the first signal to the end.
const STOP: Duration = Duration::from_secs(10);

async fn stops_well(program: &mut Program) {
    let status = program.ends_within(STOP).await;
    assert_eq!(
        status.and_then(|status| status.code()),
        Some(0),
        "{}",
        program.log_so_far()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_health_is_told_and_let_go() {
    let (site, mut program, address) = serving().await;
    let mut watches = Vec::new();
    for service in ["", SERVICE] {
        let mut watch = health(&site, address)
            .watch(of(service))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(next(&mut watch).await, Some(ServingStatus::Serving));
        watches.push(watch);
    }
    program.terminate();
    for watch in &mut watches {
        assert_eq!(next(watch).await, Some(ServingStatus::NotServing));
        assert_eq!(next(watch).await, None);
    }
    stops_well(&mut program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_under_way_are_answered_before_the_end() {
    let site = Site::with([settled("slow").behaves("home-office", "slow:1s")]).await;
    let (mut program, address) = program().serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    let asked = about("slow");
    let call = tokio::spawn(async move { client.check(asked).await });
    until(|| site.requests(DepartmentId::HomeOffice) > 0).await;
    program.terminate();
    let answer = call.await.unwrap().expect("an answer").into_inner();
    assert_eq!(outcome(&answer), "established");
    stops_well(&mut program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_never_replies_holds_nobody_up() {
    let site = Site::with([settled("slow").behaves("home-office", "slow:60s")]).await;
    let (mut program, address) = program().serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    let asked = about("slow");
    let again = asked.clone();
    let call = tokio::spawn(async move { client.check(asked).await });
    until(|| site.requests(DepartmentId::HomeOffice) > 0).await;
    program.terminate();
    let answer = call.await.unwrap().expect("an answer").into_inner();
    assert_eq!(outcome(&answer), "pending");
    stops_well(&mut program).await;

    let (_program, address) = crate::setting::program().serve(&site).await;
    assert_eq!(ask(&site, address, &again).await.unwrap(), answer.case_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_takes_longer_than_the_drain_is_cut_off_and_found_pending() {
    let site = Site::with([settled("slow").behaves("home-office", "slow:60s")]).await;
    let urls = DepartmentId::ALL.map(|department| (department, site.department(department)));
    let longer = "\n[checks]\nbudget = \"60s\"\ndrain = \"1s\"\n[connections]\ndrain = \"1s\"\n";
    site.configure(&BTreeMap::from(urls), longer);
    let (mut program, address) = program().serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    let asked = about("slow");
    let again = asked.clone();
    let call = tokio::spawn(async move { client.check(asked).await });
    until(|| site.requests(DepartmentId::HomeOffice) > 0).await;
    program.terminate();
    assert!(call.await.unwrap().is_err());
    stops_well(&mut program).await;

    let (_program, address) = crate::setting::program().serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    let answer = client.check(again).await.unwrap().into_inner();
    assert_eq!(outcome(&answer), "pending");
}
