//! An order of an operator gives open cases more time.

use statuscheck_proto::ops::v1::ExtendDueRequest;
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::*;

const DAY: i64 = 24 * 3_600;

fn a_day(department: &str) -> ExtendDueRequest {
    ExtendDueRequest {
        department: department.to_owned(),
        by: Some(prost_types::Duration {
            seconds: DAY,
            nanos: 0,
        }),
        reason: "The desk was closed".to_owned(),
        ..ExtendDueRequest::default()
    }
}

/// How many cases of each agreement, and how many that keep their due times.
type Told = (Vec<(String, u64)>, u64);

async fn order(house: &House, request: ExtendDueRequest) -> Result<Told, Status> {
    let told = OpsServiceClient::new(house.channel("ops/duty-1"))
        .extend_due(request)
        .await?
        .into_inner();
    assert_eq!(told.cases, told.lines.iter().map(|line| line.cases).sum::<u64>());
    let lines = told.lines.into_iter();
    Ok((
        lines.map(|line| (line.agreement_id, line.cases)).collect(),
        told.refused,
    ))
}

fn due_at(case: &Case) -> i64 {
    case.sla.as_ref().unwrap().due_at.as_ref().unwrap().seconds
}

#[tokio::test]
async fn an_order_moves_the_due_times_of_cases_that_wait_and_their_callers_read_it() {
    let deferred = person("Okafor")
        .settled("2019-06-01")
        .behaves("home-office", "defer:20d");
    let answered = person("Adeyemi").settled("2019-06-01");
    let house = House::with([deferred.clone(), answered.clone()]).await;
    let told = right_to_work(&house, deferred.by_name()).await;
    let other = right_to_work(&house, answered.by_name()).await;
    let case = async |id: &str| house.case(EMPLOYER, id).await.unwrap();
    let before = case(&told.case_id).await;
    let answered = case(&other.case_id).await;

    let preview = ExtendDueRequest {
        preview: true,
        ..a_day("home-office")
    };
    let expected = order(&house, preview).await.unwrap();
    assert_eq!(expected, (vec![("right-to-work".to_owned(), 1)], 0));
    assert_eq!(times(&case(&told.case_id).await, "clock_extended"), 0);
    assert_eq!(order(&house, a_day("dwp")).await.unwrap(), (Vec::new(), 0));

    // The same again within a minute is the same order.
    for _ in 0..2 {
        assert_eq!(order(&house, a_day("home-office")).await.unwrap(), expected);
        let after = case(&told.case_id).await;
        assert_eq!(times(&after, "clock_extended"), 1);
        assert_eq!(due_at(&after), due_at(&before) + DAY);
        let explanation = after.sla.unwrap().explanation;
        assert!(explanation.contains("The desk was closed"), "{explanation}");
    }
    assert_eq!(case(&other.case_id).await.version, answered.version);

    // What was given counts: late after the new due time, and not before.
    house.clock.advance(HOUR * 24 * 6);
    let case = case_when(&house, &told.case_id, |case| times(case, "at_risk") == 2).await;
    assert_eq!(times(&case, "breached"), 0);
    house.clock.advance(Duration::from_nanos(1));
    case_when(&house, &told.case_id, |case| times(case, "breached") == 1).await;
}

#[tokio::test]
async fn an_order_that_says_nothing_clear_is_refused_with_every_field() {
    let house = House::start(Plan::default()).await;
    let wrong = ExtendDueRequest {
        department: "the mint".to_owned(),
        agreement_id: "No Such Thing".to_owned(),
        working_days: 2,
        reason: " ".to_owned(),
        ..a_day("dwp")
    };
    let refused = order(&house, wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let violations = refused.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["department", "agreement_id", "working_days", "reason"]);
    for (by, working_days) in [
        (None, 0),
        (Some(0), 0),
        (Some(-1), 0),
        (Some(DAY * 366), 0),
        (None, 261),
    ] {
        let request = ExtendDueRequest {
            by: by.map(|seconds| prost_types::Duration { seconds, nanos: 0 }),
            working_days,
            ..a_day("dwp")
        };
        let refused = order(&house, request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{by:?} {working_days}");
    }
}
