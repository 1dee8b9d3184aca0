//! What callers do with cases: withdraw, dispute, tell what came of them.

use statuscheck_domain::agreement::Agreement;
use statuscheck_tests::batching::happened;
use statuscheck_tests::prelude::*;

fn open() -> Resident {
    person("open")
        .settled("2019-06-01")
        .behaves("home-office", "defer:48h")
}

fn slow(how: &str) -> Resident {
    person("Okafor").settled("2019-06-01").behaves("home-office", how)
}

fn nobody() -> Subject {
    by_name("Alex", "Nobody", "1991-06-02")
}

fn state(case: &v1::Case) -> &'static str {
    case.state().as_str_name()
}

#[tokio::test]
async fn an_open_case_is_withdrawn_once_by_its_owner_alone() {
    let house = House::with([open()]).await;
    let id = right_to_work(&house, open().by_name()).await.case_id;
    let strangers = house.withdraw(STRANGER, &id).await;
    assert_eq!(refusal(strangers), "NotFound NO_SUCH_CASE");
    let withdrawn = house.withdraw(EMPLOYER, &id).await.unwrap();
    assert_eq!(state(&withdrawn), "CASE_STATE_WITHDRAWN");
    assert_eq!(happened(&withdrawn).last(), Some(&"withdrawn"));
    let again = house.withdraw(EMPLOYER, &id).await.unwrap();
    assert_eq!(case_json(&again), case_json(&withdrawn));
    assert_eq!(
        case_json(&house.case(EMPLOYER, &id).await.unwrap()),
        case_json(&withdrawn)
    );
    assert_eq!(
        refusal(house.dispute(EMPLOYER, &id, "wrong").await),
        "FailedPrecondition CASE_WITHDRAWN"
    );

    let answered = right_to_work(&house, nobody()).await.case_id;
    let refused = house.withdraw(EMPLOYER, &answered).await;
    assert_eq!(refusal(refused), "FailedPrecondition CASE_ANSWERED");
    assert_eq!(violations(house.withdraw(EMPLOYER, "none").await), ["case_id"]);
}

#[tokio::test]
async fn a_case_that_is_withdrawn_while_it_is_asked_about_stays_withdrawn() {
    let person = slow("slow:300ms");
    let house = House::with([person.clone()]).await;
    let call = {
        let mut client = house.client(EMPLOYER);
        let asked = request(person.by_name().work());
        tokio::spawn(async move { client.check(asked).await })
    };
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    let id = house.cases(EMPLOYER).await[0].case_id.clone();
    house.withdraw(EMPLOYER, &id).await.unwrap();
    let told = call.await.unwrap().unwrap().into_inner();
    assert_eq!(outcome(&told), "pending");
    let case = house.case(EMPLOYER, &id).await.unwrap();
    assert_eq!(state(&case), "CASE_STATE_WITHDRAWN");
    // The reply came, and is history.
    assert_eq!(happened(&case), ["received", "asked", "withdrawn", "replied"]);
}

#[tokio::test]
async fn of_many_withdrawals_at_once_one_is_recorded_and_all_are_told_so() {
    let house = House::with([open()]).await;
    let id = right_to_work(&house, open().by_name()).await.case_id;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let mut client = house.client(EMPLOYER);
            let request = v1::WithdrawCaseRequest { case_id: id.clone() };
            tokio::spawn(async move { client.withdraw_case(request).await })
        })
        .collect();
    for call in calls {
        let told = call.await.unwrap().unwrap().into_inner().case.unwrap();
        assert_eq!(state(&told), "CASE_STATE_WITHDRAWN");
    }
    let case = house.case(EMPLOYER, &id).await.unwrap();
    let withdrawals = happened(&case).into_iter().filter(|kind| *kind == "withdrawn");
    assert_eq!(withdrawals.count(), 1);
}

#[tokio::test]
async fn a_disputed_answer_is_asked_for_anew_and_the_history_shows_both() {
    let house = House::start(Plan::default()).await;
    let told = right_to_work(&house, nobody()).await;
    assert_eq!(reason(&told), "not_established NO_RECORD");
    let case = house
        .dispute(EMPLOYER, &told.case_id, "the name is spelt otherwise")
        .await
        .unwrap();
    assert_eq!(state(&case), "CASE_STATE_ANSWERED");
    assert_eq!(
        happened(&case),
        [
            "received", "asked", "replied", "answered", "disputed", "asked", "replied", "answered"
        ]
    );
    assert_eq!(house.requests(DepartmentId::HomeOffice), 2);
    let house = house.stop().await.start().await;
    let read = house.case(EMPLOYER, &told.case_id).await.unwrap();
    assert_eq!(case_json(&read), case_json(&case));
}

#[tokio::test]
async fn the_same_dispute_at_once_is_one_and_both_callers_get_its_answer() {
    let person = slow("slow:300ms");
    let house = House::with([person.clone()]).await;
    let id = right_to_work(&house, person.by_name()).await.case_id;
    let dispute = |reason: &str| {
        let mut client = house.client(EMPLOYER);
        let request = v1::DisputeAnswerRequest {
            case_id: id.clone(),
            reason: reason.to_owned(),
        };
        tokio::spawn(async move { client.dispute_answer(request).await })
    };
    let calls = [dispute("wrong"), dispute("wrong")];
    house.until_asked(DepartmentId::HomeOffice, 2).await;
    let open = house.case(EMPLOYER, &id).await.unwrap();
    let answer = json_of("Answer", open.answer.as_ref().unwrap());
    assert_eq!(answer["pending"]["reason"], "PENDING_REASON_DISPUTED");
    let other = dispute("wrong for another reason").await.unwrap();
    assert_eq!(refusal(other), "FailedPrecondition ALREADY_DISPUTED");
    for call in calls {
        let case = call.await.unwrap().unwrap().into_inner().case.unwrap();
        assert_eq!(state(&case), "CASE_STATE_ANSWERED");
        let disputes = happened(&case).into_iter().filter(|kind| *kind == "disputed");
        assert_eq!(disputes.count(), 1);
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 2);
}

#[tokio::test]
async fn a_dispute_needs_an_answer_and_a_reason() {
    let house = House::with([open()]).await;
    let id = right_to_work(&house, open().by_name()).await.case_id;
    let refused = house.dispute(EMPLOYER, &id, "wrong").await;
    assert_eq!(refusal(refused), "FailedPrecondition CASE_NOT_ANSWERED");
    for reason in ["", " \n", &"x".repeat(1_001), "bell\u{7}"] {
        let refused = house.dispute(EMPLOYER, "none", reason).await;
        assert_eq!(violations(refused), ["case_id", "reason"]);
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
}

#[tokio::test]
async fn feedback_is_history_once_and_a_refusal_needs_an_answer_that_allows_it() {
    let house = House::with([slow("slow:1ms")]).await;
    let yes = right_to_work(&house, slow("slow:1ms").by_name()).await.case_id;
    let no = right_to_work(&house, nobody()).await.case_id;
    let refused = house.feedback(EMPLOYER, &yes, v1::Use::Refused).await;
    assert_eq!(refusal(refused), "FailedPrecondition MAY_NOT_REFUSE");
    for _ in 0..2 {
        house.feedback(EMPLOYER, &no, v1::Use::Refused).await.unwrap();
    }
    house.feedback(EMPLOYER, &yes, v1::Use::Accepted).await.unwrap();
    let kinds = |case: v1::Case| happened(&case).join(" ");
    let case = house.case(EMPLOYER, &no).await.unwrap();
    assert_eq!(state(&case), "CASE_STATE_ANSWERED");
    assert_eq!(kinds(case), "received asked replied answered feedback_given");
    let strangers = house.feedback(STRANGER, &no, v1::Use::Accepted).await;
    assert_eq!(refusal(strangers), "NotFound NO_SUCH_CASE");
    let nothing = house.feedback(EMPLOYER, "none", v1::Use::Unspecified).await;
    assert_eq!(violations(nothing), ["case_id", "use"]);
}

#[tokio::test]
async fn what_asks_the_departments_needs_an_agreement_in_force_and_what_does_not_needs_none() {
    let mut agreement: Agreement = agreement_like("right-to-work", "ending", "stranger");
    agreement.expires_on = Some(jiff::civil::date(2026, 3, 11));
    let people = [open(), slow("ambiguous")];
    let house = House::start(Plan {
        people: people.to_vec(),
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let mut ids = Vec::new();
    for subject in [nobody(), people[0].by_name(), people[1].by_name()] {
        ids.push(house.answered(STRANGER, request(subject.work())).await.case_id);
    }
    house.clock.advance(Duration::from_secs(24 * 3600));
    let asked = house.requests(DepartmentId::HomeOffice);
    let refused = house.dispute(STRANGER, &ids[0], "wrong").await;
    assert_eq!(refusal(refused), "PermissionDenied AGREEMENT_EXPIRED");
    let provided = v1::ProvideInformationRequest {
        case_id: ids[2].clone(),
        person: Some(v1::Person {
            home_office_reference: "HO/1234-5678".to_owned(),
            ..v1::Person::default()
        }),
        ..v1::ProvideInformationRequest::default()
    };
    let refused = house.provide(STRANGER, provided).await;
    assert_eq!(refusal(refused), "PermissionDenied AGREEMENT_EXPIRED");
    house
        .feedback(STRANGER, &ids[0], v1::Use::Accepted)
        .await
        .unwrap();
    house.withdraw(STRANGER, &ids[1]).await.unwrap();
    assert_eq!(house.requests(DepartmentId::HomeOffice), asked);
    let kept = house.case(STRANGER, &ids[0]).await.unwrap();
    assert!(!happened(&kept).contains(&"disputed"));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let house = House::with([open()]).await;
    let id = right_to_work(&house, open().by_name()).await.case_id;
    let answered = right_to_work(&house, nobody()).await.case_id;
    house.faults.refuse_further_events();
    let asked = house.requests(DepartmentId::HomeOffice);
    assert_eq!(
        refusal(house.withdraw(EMPLOYER, &id).await),
        "Unavailable CANNOT_RECORD"
    );
    let disputed = house.dispute(EMPLOYER, &answered, "wrong").await;
    assert_eq!(refusal(disputed), "Unavailable CANNOT_RECORD");
    assert_eq!(house.requests(DepartmentId::HomeOffice), asked);
    house.faults.mend();
    assert_eq!(
        state(&house.withdraw(EMPLOYER, &id).await.unwrap()),
        "CASE_STATE_WITHDRAWN"
    );
}
