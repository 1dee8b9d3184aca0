//! A month's quota of questions: charged before, given back where nothing went out, refused where nothing else is left.

use jiff::civil::date;
use statuscheck_domain::agreement::{Agreement, Quota, Uplift};
use statuscheck_domain::clock::Clock as _;
use statuscheck_domain::quota::Month;
use statuscheck_proto::register::v1::GetAgreementRequest;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_tests::prelude::*;
use tonic::Code;
use tonic_types::StatusExt as _;

fn metered(department: DepartmentId, monthly: u64) -> Agreement {
    let mut agreement = agreement_like("right-to-work", "metered", "stranger");
    agreement.quotas = vec![Quota {
        department,
        monthly,
        uplifts: Vec::new(),
    }];
    agreement
}

async fn house(agreement: Agreement, people: Vec<Resident>) -> House {
    House::start(Plan {
        people,
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await
}

fn anybody() -> v1::CheckRequest {
    request(by_name("Sam", "Nobody", "1990-05-01").work())
}

async fn used(house: &House) -> u64 {
    let mut client = RegisterServiceClient::new(house.channel(STRANGER));
    let agreement_id = "metered".to_owned();
    let told = client
        .get_agreement(GetAgreementRequest { agreement_id })
        .await
        .unwrap();
    let usage = told.into_inner().quotas;
    assert_eq!(usage.len(), 1);
    usage[0].used
}

#[tokio::test]
async fn a_check_whose_required_question_has_no_quota_left_is_refused_before_it_is_received() {
    let house = house(metered(DepartmentId::HomeOffice, 3), Vec::new()).await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        let request = anybody();
        let told = house.answered(STRANGER, request.clone()).await;
        asked.push((request, told));
    }
    let recorded = house.faults.recorded();
    for _ in 0..2 {
        let status = house.check(STRANGER, anybody()).await.err().unwrap();
        assert_eq!(status.code(), Code::ResourceExhausted);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, "QUOTA_SPENT");
        let metadata = ["agreement_id", "department", "month"].map(|key| info.metadata[key].as_str());
        assert_eq!(metadata, ["metered", "home-office", "2026-03"]);
        // London has summer time by then.
        let until_april = "2026-03-31T23:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let now: jiff::Timestamp = NOW.parse().unwrap();
        let left = Duration::try_from(until_april.duration_since(now)).unwrap();
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(left));
        let violations = &details.quota_failure().unwrap().violations;
        assert_eq!(violations.len(), 1);
        assert_eq!(
            violations[0].subject,
            "agreement:metered department:home-office month:2026-03"
        );
        assert!(details.help().unwrap().links[0].url.starts_with("mailto:"));
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 3);
    assert_eq!(house.faults.recorded(), recorded);
    assert_eq!(house.cases(STRANGER).await.len(), 3);
    assert_eq!(used(&house).await, 3);
    // Others have a quota of their own, or none.
    house.answered(EMPLOYER, anybody()).await;

    // What was answered before is answered again, and under its id nothing else.
    for (request, told) in asked {
        let again = house.answered(STRANGER, request.clone()).await;
        assert_eq!(again.case_id, told.case_id);
        let other = v1::CheckRequest {
            check: Some(by_name("Ann", "Nobody", "1990-05-01").work()),
            ..request
        };
        assert_eq!(
            refusal(house.check(STRANGER, other).await),
            "AlreadyExists REQUEST_ID_TAKEN"
        );
    }

    let month: Month = "2026-03".parse().unwrap();
    let left = month.end().duration_since(house.clock.now());
    house.clock.advance(Duration::try_from(left).unwrap());
    assert_eq!(used(&house).await, 0);
    house.answered(STRANGER, anybody()).await;
    assert_eq!(used(&house).await, 1);
}

#[tokio::test]
async fn a_supporting_question_whose_quota_is_spent_is_left_out() {
    let known = person("Okafor").settled("2019-06-01").nino("GX100001A");
    let house = house(metered(DepartmentId::Hmrc, 2), vec![known.clone()]).await;
    for _ in 0..6 {
        let told = house
            .answered(STRANGER, request(known.by_name().and_nino("GX100001A").work()))
            .await;
        assert_eq!(reason(&told), "established");
    }
    assert_eq!(used(&house).await, 2);
    let asked = |case: &v1::Case| {
        let kinds = case.history.iter().filter(|step| step.kind == "asked");
        kinds.map(|step| step.department.clone()).collect::<Vec<_>>()
    };
    let mut cases = Vec::new();
    for case in house.cases(STRANGER).await {
        cases.push(asked(&house.case(STRANGER, &case.case_id).await.unwrap()));
    }
    let of_hmrc = cases
        .iter()
        .filter(|asked| asked.iter().any(|department| department == "hmrc"));
    assert_eq!(of_hmrc.count(), 2);
    assert!(
        cases
            .iter()
            .all(|asked| asked.iter().any(|department| department == "dwp"))
    );
}

#[tokio::test]
async fn a_question_that_never_went_out_is_given_back() {
    let mut house = house(metered(DepartmentId::HomeOffice, 3), Vec::new()).await;
    house.close_departments().await;
    for _ in 0..10 {
        let told = house.answered(STRANGER, anybody()).await;
        assert_eq!(reason(&told), "pending DEPARTMENT_UNAVAILABLE home-office");
    }
    assert_eq!(used(&house).await, 0);
    // The ledger says so too: a store that is opened anew counts the same.
    let house = house.stop().await.start().await;
    assert_eq!(used(&house).await, 0);
    house.answered(STRANGER, anybody()).await;
    assert_eq!(used(&house).await, 1);
}

#[tokio::test]
async fn a_question_that_went_out_and_failed_stays_charged() {
    let failing = person("Failing").behaves("home-office", "fail");
    let house = house(metered(DepartmentId::HomeOffice, 3), vec![failing.clone()]).await;
    for _ in 0..3 {
        house.answered(STRANGER, request(failing.by_name().work())).await;
    }
    assert_eq!(used(&house).await, 3);
    assert!(house.check(STRANGER, anybody()).await.is_err());
}

#[tokio::test]
async fn an_uplift_gives_more_from_its_first_day_to_its_last() {
    let mut agreement = metered(DepartmentId::HomeOffice, 1);
    agreement.quotas[0].uplifts = vec![Uplift {
        monthly: 3,
        starts_on: date(2026, 3, 12),
        ends_on: date(2026, 3, 13),
        approved_by: "Head of Checking".to_owned(),
        reason: "a large intake".to_owned(),
    }];
    let house = house(agreement, Vec::new()).await;
    let day = Duration::from_hours(24);
    let mut answered = Vec::new();
    for _ in 11..=14 {
        let mut count = 0;
        while house.check(STRANGER, anybody()).await.is_ok() {
            count += 1;
        }
        answered.push(count);
        house.clock.advance(day);
    }
    assert_eq!(answered, [1, 2, 0, 0]);
    assert_eq!(used(&house).await, 3);
}

#[tokio::test]
async fn a_thousand_callers_at_once_are_answered_to_the_last_unit_and_no_further() {
    let house = House::start(Plan {
        agreements: vec![metered(DepartmentId::HomeOffice, 137)],
        admission: statuscheck::admission::AdmissionSettings {
            wait_max: Duration::from_secs(30),
            ..Default::default()
        },
        checks: statuscheck::server::CheckSettings {
            budget: Duration::from_secs(60),
            ..Default::default()
        },
        ..Plan::default()
    })
    .await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let mut client = house.client(STRANGER);
        calls.spawn(async move {
            client
                .check(anybody())
                .await
                .map_err(|status| refusal::<()>(Err(status)))
        });
    }
    let told = calls.join_all().await;
    let answered = told.iter().filter(|told| told.is_ok()).count();
    let spent = told
        .iter()
        .filter(|told| told.as_ref().is_err_and(|said| said.contains("QUOTA_SPENT")));
    assert_eq!((answered, spent.count()), (137, 863));
    assert_eq!(house.requests(DepartmentId::HomeOffice), 137);
    assert_eq!(used(&house).await, 137);
}
