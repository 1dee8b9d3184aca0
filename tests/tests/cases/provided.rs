//! What a case asked for, and is given.

use statuscheck_tests::batching::happened;
use statuscheck_tests::prelude::*;

fn provided(case_id: &str) -> v1::ProvideInformationRequest {
    v1::ProvideInformationRequest {
        case_id: case_id.to_owned(),
        ..v1::ProvideInformationRequest::default()
    }
}

fn with_person(case_id: &str, person: v1::Person) -> v1::ProvideInformationRequest {
    v1::ProvideInformationRequest {
        person: Some(person),
        ..provided(case_id)
    }
}

fn reason_of(case: &v1::Case) -> String {
    reason(&v1::CheckResponse {
        case_id: case.case_id.clone(),
        answer: case.answer.clone(),
    })
}

#[tokio::test]
async fn a_new_share_code_settles_a_case_whose_code_had_passed() {
    let holder = person("Nair")
        .settled("2019-06-01")
        .codes(&["W11111111"], "2025-12-10");
    let renewed = person("Nair-again")
        .settled("2019-06-01")
        .code("W22222222", "2026-03-01");
    let house = House::with([holder, renewed]).await;
    let told = right_to_work(&house, by_code("W11111111", "1990-05-01")).await;
    assert_eq!(reason(&told), "more_information_needed share_code");
    let given = v1::ProvideInformationRequest {
        share_code: "W22 222 222".to_owned(),
        ..provided(&told.case_id)
    };
    let case = house.provide(EMPLOYER, given.clone()).await.unwrap();
    assert_eq!(reason_of(&case), "established");
    assert_eq!(
        happened(&case),
        [
            "received",
            "asked",
            "replied",
            "more_information_needed",
            "information_provided",
            "asked",
            "replied",
            "answered"
        ]
    );
    // Repeated, it is the same; and so is the first request.
    let again = house.provide(EMPLOYER, given).await.unwrap();
    assert_eq!(case_json(&again), case_json(&case));
    let other = v1::ProvideInformationRequest {
        share_code: "W33333333".to_owned(),
        ..provided(&told.case_id)
    };
    let refused = house.provide(EMPLOYER, other).await;
    assert_eq!(refusal(refused), "FailedPrecondition NOTHING_ASKED");
}

#[tokio::test]
async fn a_case_keeps_its_request_when_its_check_was_added_to() {
    let house = House::with([person("Nair")
        .settled("2019-06-01")
        .code("W11111111", "2025-12-10")])
    .await;
    let asked = request(by_code("W11111111", "1990-05-01").work());
    let told = house.answered(EMPLOYER, asked.clone()).await;
    let given = v1::ProvideInformationRequest {
        share_code: "W99999999".to_owned(),
        ..provided(&told.case_id)
    };
    let case = house.provide(EMPLOYER, given).await.unwrap();
    assert_eq!(reason_of(&case), "not_established NO_RECORD");
    let again = house.answered(EMPLOYER, asked).await;
    assert_eq!(again.case_id, told.case_id);
    assert_eq!(reason(&again), "not_established NO_RECORD");
    let house = house.stop().await.start().await;
    let read = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(case_json(&read), case_json(&case));
}

#[tokio::test]
async fn only_what_was_asked_for_is_taken_and_every_fault_is_told_at_once() {
    let several = person("several")
        .settled("2019-06-01")
        .behaves("home-office", "ambiguous");
    let house = House::with([several.clone()]).await;
    let told = right_to_work(&house, several.by_name()).await;
    assert_eq!(reason(&told), "more_information_needed home_office_reference");
    let asked = house.requests(DepartmentId::HomeOffice);
    let id = told.case_id;
    for (given, at_fault) in [
        (provided(&id), &["person.home_office_reference"][..]),
        (
            v1::ProvideInformationRequest {
                share_code: "R22222222".to_owned(),
                ..with_person(
                    &id,
                    v1::Person {
                        postcode: "nowhere".to_owned(),
                        home_office_reference: "?".to_owned(),
                        ..v1::Person::default()
                    },
                )
            },
            &["person.postcode", "share_code", "person.home_office_reference"][..],
        ),
        (provided("none"), &["case_id"][..]),
    ] {
        assert_eq!(violations(house.provide(EMPLOYER, given).await), at_fault);
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), asked);
    let strangers = house.provide(STRANGER, provided(&id)).await;
    assert_eq!(refusal(strangers), "NotFound NO_SUCH_CASE");
}

#[tokio::test]
async fn a_case_may_ask_again_and_again_be_given() {
    let several = person("several")
        .settled("2019-06-01")
        .reference("HO12345678")
        .behaves("home-office", "ambiguous");
    let house = House::with([several.clone()]).await;
    let told = right_to_work(&house, several.by_name()).await;
    let given = with_person(
        &told.case_id,
        v1::Person {
            home_office_reference: "HO/1234-5678".to_owned(),
            ..v1::Person::default()
        },
    );
    for count in [2, 3] {
        let case = house.provide(EMPLOYER, given.clone()).await.unwrap();
        assert!(case.state() == v1::CaseState::AwaitingInformation);
        assert_eq!(house.requests(DepartmentId::HomeOffice), count);
    }
}

#[tokio::test]
async fn the_same_details_at_once_are_asked_about_once() {
    let holder = person("Nair")
        .settled("2019-06-01")
        .code("W11111111", "2025-12-10");
    let renewed = person("Nair-again")
        .settled("2019-06-01")
        .code("W22222222", "2026-03-01")
        .behaves("home-office", "slow:300ms");
    let house = House::with([holder, renewed]).await;
    let told = right_to_work(&house, by_code("W11111111", "1990-05-01")).await;
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let mut client = house.client(EMPLOYER);
            let given = v1::ProvideInformationRequest {
                share_code: "W22222222".to_owned(),
                ..provided(&told.case_id)
            };
            tokio::spawn(async move { client.provide_information(given).await })
        })
        .collect();
    for call in calls {
        let case = call.await.unwrap().unwrap().into_inner().case.unwrap();
        assert_eq!(reason_of(&case), "established");
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 2);
}
