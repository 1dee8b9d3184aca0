//! Every record before a question, and before an answer: a store that cannot record makes the gateway say nothing.

use statuscheck_tests::prelude::*;

fn settled() -> Resident {
    person("Okafor").settled("2019-06-01")
}

fn asked_in_all(house: &House) -> u64 {
    DepartmentId::ALL
        .map(|department| house.requests(department))
        .iter()
        .sum()
}

#[tokio::test]
async fn nobody_is_asked_about_a_check_that_cannot_be_recorded() {
    let family = person("Barzani")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95");
    let house = House::with([settled(), family.clone()]).await;
    house.faults.refuse_receipts();
    let checks = [
        (EMPLOYER, settled().by_name().work()),
        (LANDLORD, settled().by_name().rent("2026-04-01")),
        (COUNCIL, family.by_nass().support()),
        (TRUST, settled().by_name().status()),
    ];
    for (who, check) in checks {
        let called = house.check(who, request(check)).await;
        assert_eq!(refusal(called), "Unavailable CANNOT_RECORD");
    }
    assert_eq!(asked_in_all(&house), 0);
    assert_eq!(house.faults.recorded(), 0);
}

#[tokio::test]
async fn what_could_not_be_recorded_may_be_asked_again_under_the_same_id() {
    let house = House::with([settled()]).await;
    let asked = request(settled().by_name().work());
    house.faults.refuse_receipts();
    assert_eq!(
        refusal(house.check(EMPLOYER, asked.clone()).await),
        "Unavailable CANNOT_RECORD"
    );
    house.faults.mend();
    assert_eq!(reason(&house.answered(EMPLOYER, asked).await), "established");
    assert_eq!(house.cases(EMPLOYER).await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_cannot_be_recorded_is_not_told() {
    let house = House::with([settled()]).await;
    house.faults.refuse_further_events();
    let asked = request(settled().by_name().work());
    let status = refused(house.check(EMPLOYER, asked.clone()).await);
    assert_eq!(status.code(), tonic::Code::Unavailable);
    assert_eq!(
        status.message(),
        "the gateway cannot record anything now, so it answers nothing; repeat with the same request_id"
    );
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);

    // The case is there, its question is out, and nothing more is known of it.
    house.faults.mend();
    let told = house.answered(EMPLOYER, asked).await;
    assert_eq!(reason(&told), "pending DEPARTMENT_WORKING home-office");
    assert_eq!(house.cases(EMPLOYER).await.len(), 1);
}

#[tokio::test]
async fn a_second_department_is_not_asked_where_its_question_cannot_be_recorded() {
    let family = person("Barzani")
        .nass("250700001")
        .supported(true, "2025-07-11", "Part VI, section 95")
        .behaves("dfe", "slow:200ms");
    let house = House::with([family.clone()]).await;
    let call = {
        let mut client = house.client(COUNCIL);
        let asked = request(family.by_nass().support());
        tokio::spawn(async move { client.check(asked).await.map(|_| ()) })
    };
    house.until_asked(DepartmentId::Dfe, 1).await;
    house.faults.refuse_further_events();
    assert_eq!(refusal(call.await.unwrap()), "Unavailable CANNOT_RECORD");
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_discloses_nothing_either() {
    let house = House::with([settled()]).await;
    let asked = request(settled().by_name().work());
    let told = house.answered(EMPLOYER, asked.clone()).await;
    house.faults.refuse_reads();
    let listed = house
        .client(EMPLOYER)
        .list_cases(v1::ListCasesRequest::default())
        .await;
    for refusal in [
        refusal(house.case(EMPLOYER, &told.case_id).await),
        refusal(listed),
        refusal(house.check(EMPLOYER, asked).await),
    ] {
        assert_eq!(refusal, "Unavailable CANNOT_RECORD");
    }
}

#[tokio::test]
async fn a_hundred_repeats_share_the_failure_of_the_first() {
    let slow = settled().behaves("home-office", "slow:300ms");
    let house = House::with([slow.clone()]).await;
    let asked = request(slow.by_name().work());
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (mut client, asked) = (house.client(EMPLOYER), asked.clone());
            tokio::spawn(async move { client.check(asked).await.map(|_| ()) })
        })
        .collect();
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    house.faults.refuse_further_events();
    for call in calls {
        assert_eq!(refusal(call.await.unwrap()), "Unavailable CANNOT_RECORD");
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
}
