//! Departments: how they are doing, and closed by hand.

use statuscheck_domain::ids::DepartmentId;
use statuscheck_proto::v1::CaseState;
use statuscheck_tests::house::until_some;
use tonic::Code;

use super::*;

fn close(name: &str, until: Option<Timestamp>) -> SetDepartmentRequest {
    SetDepartmentRequest {
        department: name.to_owned(),
        closed: true,
        until: until.map(|until| prost_types::Timestamp {
            seconds: until.as_second(),
            nanos: 0,
        }),
        reason: "The Home Office is moving its machines".to_owned(),
    }
}

fn open(name: &str) -> SetDepartmentRequest {
    SetDepartmentRequest {
        closed: false,
        ..close(name, None)
    }
}

#[tokio::test]
async fn a_department_that_is_closed_by_hand_is_not_asked_until_it_opens() {
    let employee = person("Adeyemi").settled("2019-06-01");
    let house = House::with([employee.clone()]).await;
    let done = operator(&house)
        .set_department(close("home-office", None))
        .await
        .unwrap();
    let after = done.into_inner().department.unwrap();
    assert!(after.closed && after.closed_until.is_none());
    assert_eq!(after.closed_reason, "The Home Office is moving its machines");

    let told = right_to_work(&house, employee.by_name()).await;
    assert_eq!(outcome(&told), "pending");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
    assert_eq!(lines(&house).await[0].department, "home-office");
    assert_eq!(department(&house, "home-office").await.waiting, 1);

    // It outlives the gateway.
    let house = house.stop().await.start().await;
    assert!(department(&house, "home-office").await.closed);
    assert!(!department(&house, "dwp").await.closed);
    operator(&house)
        .set_department(open("home-office"))
        .await
        .unwrap();
    assert!(!department(&house, "home-office").await.closed);
    house.clock.advance(HOUR);
    until_some(async || {
        let case = house.case(EMPLOYER, &told.case_id).await.unwrap();
        (case.state() == CaseState::Answered).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_department_that_is_closed_until_a_time_opens_then_by_itself() {
    let employee = person("Adeyemi").settled("2019-06-01");
    let house = House::with([employee.clone()]).await;
    let until = house.clock.now() + jiff::SignedDuration::from_hours(2);
    operator(&house)
        .set_department(close("home-office", Some(until)))
        .await
        .unwrap();
    let closed = department(&house, "home-office").await;
    assert_eq!(closed.closed_until.unwrap().seconds, until.as_second());
    let told = right_to_work(&house, employee.by_name()).await;
    assert_eq!(outcome(&told), "pending");
    house.clock.advance(HOUR * 2);
    assert!(!department(&house, "home-office").await.closed);
    let told = right_to_work(&house, employee.by_name()).await;
    assert_eq!(outcome(&told), "established");
}

#[tokio::test]
async fn a_department_is_closed_with_a_reason_and_into_the_future_alone() {
    let house = House::with([]).await;
    let past = house.clock.now() - jiff::SignedDuration::from_secs(1);
    let named = |request: SetDepartmentRequest| request;
    for wrong in [
        named(close("moon", None)),
        named(close("dwp", Some(past))),
        named(SetDepartmentRequest {
            reason: "  ".to_owned(),
            ..close("dwp", None)
        }),
        named(SetDepartmentRequest {
            closed: false,
            ..close("dwp", Some(past))
        }),
    ] {
        let refused = operator(&house).set_department(wrong).await.err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    assert!(!department(&house, "dwp").await.closed);
}

#[tokio::test]
async fn what_a_department_s_questions_came_to_shows() {
    let well = person("Adeyemi").settled("2019-06-01");
    let failing = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "fail");
    let house = House::with([well.clone(), failing.clone()]).await;
    let before = department(&house, "home-office").await;
    assert!(before.reachable && before.latency_p95.is_none());
    assert_eq!((before.breaker.as_str(), before.error_ratio), ("closed", 0.0));
    right_to_work(&house, well.by_name()).await;
    let after = department(&house, "home-office").await;
    assert!(after.reachable && after.latency_p95.is_some());
    right_to_work(&house, failing.by_name()).await;
    let after = department(&house, "home-office").await;
    assert!(after.error_ratio > 0.0 && !after.reachable);
}
