//! A desk that needs more asks the caller through the gateway.

use super::*;

#[tokio::test]
async fn the_caller_is_asked_and_the_clock_stands_still() {
    let forgotten = forgotten("Okafor");
    let house = House::with([forgotten.clone()]).await;
    let pending = right_to_work(&house, forgotten.by_name()).await;
    let id = question(&house).await;
    for _ in 0..2 {
        ask_for(&house, &id, &["home_office_reference"]).await.unwrap();
    }
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert!(case.state() == CaseState::AwaitingInformation);
    assert_eq!(told(&case), "more_information_needed home_office_reference");
    assert_eq!(
        steps(&case)[5..],
        ["information_requested", "more_information_needed", "clock_paused"]
    );
    assert_eq!(case.history[5].department, "home-office");
    assert!(case.sla.as_ref().unwrap().paused);
    assert_eq!(
        work(&house, HOME_OFFICE).await.len(),
        0,
        "it is the caller's turn"
    );

    // Nobody is asked meanwhile, and nothing comes to be late.
    house.clock.advance(HOUR * 24 * 10);
    let house = house.stop().await.start().await;
    let after = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(after.version, case.version);
    assert_eq!(house.requests(DepartmentId::HomeOffice), 0);

    // The desk may find out by itself.
    reply(&house, &id, settled()).await.unwrap();
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert!(!case.sla.as_ref().unwrap().breached);
    let again = ask_for(&house, &id, &["home_office_reference"]).await;
    assert_eq!(refusal(again), "AlreadyExists REPLIED_OTHERWISE");
}

#[tokio::test]
async fn what_the_caller_may_not_send_is_not_asked_for() {
    let forgotten = forgotten("Okafor");
    let mut agreement = agreement_like("right-to-work", "narrow", "narrow");
    agreement
        .request_fields
        .retain(|field| field.as_str() != "home_office_reference");
    let house = House::start(Plan {
        people: vec![forgotten.clone()],
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let asked = request(forgotten.by_name().work());
    let pending = house.answered("organisation/narrow", asked).await;
    assert_eq!(outcome(&pending), "pending");
    let id = question(&house).await;
    let refused = ask_for(&house, &id, &["family_name", "home_office_reference"]).await;
    assert_eq!(violations(refused.clone()), ["fields[1]"]);
    assert_eq!(refusal(refused), "PermissionDenied FIELD_NOT_COVERED");
    for (fields, at_fault) in [
        (&[][..], "fields"),
        (&["shoe_size"][..], "fields[0]"),
        (&["tenancy_start"][..], "fields[0]"),
        // The Home Office is told no National Insurance number for this.
        (&["national_insurance_number"][..], "fields[0]"),
    ] {
        let refused = ask_for(&house, &id, fields).await;
        assert_eq!(violations(refused), [at_fault], "{fields:?}");
    }
    assert_eq!(question(&house).await, id);
}

#[tokio::test]
async fn nobody_is_asked_because_of_a_question_that_only_supports() {
    let person = forgotten("Okafor").nino("AB123456C").behaves("dwp", "defer:20d");
    let house = House::with([person.clone()]).await;
    let pending = right_to_work(&house, person.by_name().and_nino("AB123456C")).await;
    let id = work(&house, DWP).await.remove(0).question_id;
    let request = desk::RequestInformationRequest {
        question_id: id.clone(),
        fields: vec!["given_names".to_owned()],
    };
    let refused = client(&house, DWP).request_information(request.clone()).await;
    assert_eq!(refusal(refused), "FailedPrecondition NOT_WAITED_FOR");
    reply(&house, &question(&house).await, settled()).await.unwrap();
    let refused = client(&house, DWP).request_information(request).await;
    assert_eq!(refusal(refused), "FailedPrecondition CASE_OVER");
    let case = house.case(EMPLOYER, &pending.case_id).await.unwrap();
    assert_eq!(times(&case, "information_requested"), 0);
}
