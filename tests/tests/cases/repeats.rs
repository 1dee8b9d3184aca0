//! A request id stands for one case of one organisation.

use statuscheck::limits::LimitSettings;
use statuscheck_tests::prelude::*;

fn settled() -> Resident {
    person("Okafor").settled("2019-06-01").nino("GX100001A")
}

#[tokio::test]
async fn a_repeat_gets_the_same_case_and_nobody_is_asked_again() {
    let house = House::with([settled()]).await;
    let asked = request(settled().by_name().work());
    let first = house.answered(EMPLOYER, asked.clone()).await;
    house.clock.advance(Duration::from_secs(3600));
    let again = house.answered(EMPLOYER, asked).await;
    assert_eq!(again.case_id, first.case_id);
    assert_eq!(json(&again), json(&first));
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
    assert_eq!(house.cases(EMPLOYER).await.len(), 1);
}

#[tokio::test]
async fn a_hundred_repeats_at_once_are_one_case_one_question_and_one_answer() {
    let slow = settled().behaves("home-office", "slow:500ms");
    let house = House::with([slow.clone()]).await;
    let asked = request(slow.by_name().work());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (mut client, asked) = (house.client(EMPLOYER), asked.clone());
            tokio::spawn(async move { client.check(asked).await })
        })
        .collect();
    let mut told = Vec::new();
    for call in calls {
        told.push(call.await.unwrap().unwrap().into_inner());
    }
    for answer in &told {
        assert_eq!(reason(answer), "established");
        assert_eq!(answer.case_id, told[0].case_id);
        assert_eq!(json(answer), json(&told[0]));
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
    assert_eq!(house.cases(EMPLOYER).await.len(), 1);
}

#[tokio::test]
async fn a_repeat_after_a_restart_gets_the_same_case() {
    let house = House::with([settled()]).await;
    let asked = request(settled().by_name().work());
    let first = house.answered(EMPLOYER, asked.clone()).await;
    let house = house.stop().await.start().await;
    let again = house.answered(EMPLOYER, asked.clone()).await;
    assert_eq!(again.case_id, first.case_id);
    assert_eq!(json(&again), json(&first));
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
    let other = v1::CheckRequest {
        check: Some(settled().by_name().but_born("1990-05-02").work()),
        ..asked
    };
    assert_eq!(
        refusal(house.check(EMPLOYER, other).await),
        "AlreadyExists REQUEST_ID_TAKEN"
    );
}

#[tokio::test]
async fn the_same_content_may_be_written_differently() {
    let house = House::with([settled().code("W1A2B3C4D", "2026-03-01")]).await;
    let pairs = [
        (
            by_code("W1A2B3C4D", "1990-05-01").work(),
            by_code(" w1a 2b3 c4d", "1990-05-01").work(),
        ),
        (
            by_name("Sam", "Okafor", "1990-05-01")
                .and_nino("GX100001A")
                .work(),
            by_name(" Sam ", "Okafor", "1990-05-01")
                .and_nino("gx 10 00 01 a")
                .work(),
        ),
    ];
    for (plain, formatted) in pairs {
        let asked = request(plain);
        let first = house.answered(EMPLOYER, asked.clone()).await;
        let written_otherwise = v1::CheckRequest {
            request_id: asked.request_id.to_uppercase(),
            check: Some(formatted),
            ..asked
        };
        let again = house.answered(EMPLOYER, written_otherwise).await;
        assert_eq!(again.case_id, first.case_id);
    }
    let asked = request(by_nass("250700001", "Okafor", "1990-05-01").support());
    let first = house.answered(COUNCIL, asked.clone()).await;
    let slashed = v1::CheckRequest {
        check: Some(by_nass("2507/00001", "Okafor", "1990-05-01").support()),
        ..asked
    };
    assert_eq!(house.answered(COUNCIL, slashed).await.case_id, first.case_id);
}

#[tokio::test]
async fn another_content_under_the_same_id_is_refused_and_asks_nobody() {
    let house = House::with([settled()]).await;
    let asked = request(settled().by_name().work());
    let first = house.answered(EMPLOYER, asked.clone()).await;
    let with = |check| v1::CheckRequest {
        check: Some(check),
        ..asked.clone()
    };
    let others = [
        with(by_name("Sam", "Okafor", "1990-05-02").work()),
        with(by_name("Samuel", "Okafor", "1990-05-01").work()),
        with(
            by_name("Sam", "Okafor", "1990-05-01")
                .and_nino("GX100001A")
                .work(),
        ),
        with(by_code("W99999999", "1990-05-01").work()),
        v1::CheckRequest {
            caller_reference: "another row".to_owned(),
            ..asked.clone()
        },
    ];
    for other in others {
        assert_eq!(
            refusal(house.check(EMPLOYER, other).await),
            "AlreadyExists REQUEST_ID_TAKEN"
        );
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
    let again = house.answered(EMPLOYER, asked).await;
    assert_eq!(again.case_id, first.case_id);
}

#[tokio::test]
async fn a_refused_request_is_not_remembered() {
    let house = House::with([settled()]).await;
    let asked = request(settled().by_name().work());
    let with = |check| v1::CheckRequest {
        check: Some(check),
        ..asked.clone()
    };
    let malformed = with(by_name("Sam", "Okafor", "1 May 1990").work());
    assert_eq!(
        violations(house.check(EMPLOYER, malformed).await),
        ["right_to_work.person.date_of_birth"]
    );
    let mut uncovered = settled().by_name();
    uncovered.person.postcode = "SW1A 1AA".to_owned();
    assert_eq!(
        refusal(house.check(EMPLOYER, with(uncovered.work())).await),
        "PermissionDenied FIELD_NOT_COVERED"
    );
    let not_theirs = with(settled().by_name().status());
    assert_eq!(
        refusal(house.check(EMPLOYER, not_theirs).await),
        "PermissionDenied CHECK_NOT_COVERED"
    );
    assert!(house.cases(EMPLOYER).await.is_empty());
    assert_eq!(reason(&house.answered(EMPLOYER, asked).await), "established");
}

#[tokio::test]
async fn a_request_over_the_rate_is_not_remembered_and_works_when_there_is_room() {
    let one = std::num::NonZeroU32::MIN;
    let house = House::start(Plan {
        people: vec![settled()],
        limits: LimitSettings {
            checks_per_second: one,
            burst: one,
        },
        ..Plan::default()
    })
    .await;
    right_to_work(&house, by_name("Alex", "Nobody", "1991-06-02")).await;
    let asked = request(settled().by_name().work());
    assert_eq!(
        refusal(house.check(EMPLOYER, asked.clone()).await),
        "ResourceExhausted RATE_LIMITED"
    );
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&house.answered(EMPLOYER, asked).await), "established");
}

#[tokio::test]
async fn two_organisations_may_use_one_request_id() {
    let house = House::start(Plan {
        people: vec![settled()],
        agreements: vec![agreement_like("right-to-work", "second-employer", "stranger")],
        ..Plan::default()
    })
    .await;
    let asked = request(settled().by_name().work());
    let theirs = v1::CheckRequest {
        check: Some(by_name("Alex", "Nobody", "1991-06-02").work()),
        ..asked.clone()
    };
    let first = house.answered(EMPLOYER, asked).await;
    let second = house.answered(STRANGER, theirs).await;
    assert_eq!(reason(&first), "established");
    assert_eq!(reason(&second), "not_established NO_RECORD");
    assert_ne!(first.case_id, second.case_id);
}
