//! The hold: what is recorded with it, and what it waits for.

use super::*;

#[tokio::test]
async fn a_hold_has_one_referral_which_says_why_and_until_when() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let referral = only(&house).await;
    assert_eq!(referral.referral_id, referral_of(&held));
    assert_eq!(referral.case_id, held.case_id);
    assert!(referral.check() == v1::CheckKind::RightToWork);
    assert!(referral.state() == wire::ReferralState::Open);
    assert_eq!(referral.grounds, ["COULD_HAVE_ARRIVED"]);
    assert_eq!(referral.held, "NO_RECORD");
    assert!(referral.subject.is_none() && referral.evidence.is_empty() && referral.notes.is_empty());

    let house = house.stop().await.start().await;
    assert!(only(&house).await == referral, "it is there after a restart");
}

#[tokio::test]
async fn a_repeat_of_the_request_opens_no_second_referral() {
    let house = House::start(Plan::default()).await;
    let asked = request(unknown().work());
    let first = house.answered(EMPLOYER, asked.clone()).await;
    let again = house.answered(EMPLOYER, asked).await;
    assert_eq!(referral_of(&first), referral_of(&again));
    only(&house).await;
}

#[tokio::test]
async fn whoever_named_nobody_is_asked_for_the_names_and_the_referral_goes_on_with_them() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, by_code("W99999999", "1960-04-02")).await;
    let answer = json(&held);
    assert_eq!(
        answer["referred"]["fields"],
        json!(["given_names", "family_name"])
    );

    let request = v1::ProvideInformationRequest {
        case_id: held.case_id.clone(),
        person: Some(v1::Person {
            given_names: "Sam".to_owned(),
            family_name: "Nobody".to_owned(),
            ..v1::Person::default()
        }),
        ..v1::ProvideInformationRequest::default()
    };
    let provided = house.client(EMPLOYER).provide_information(request).await.unwrap();
    let case = provided.into_inner().case.unwrap();
    assert_eq!(told(&case), "referred");
    let referral = only(&house).await;
    assert_eq!(referral.referral_id, referral_of(&held));
    assert!(referral.fields_asked.is_empty());
    let person = viewed(&house, &referral.referral_id).await.subject.unwrap();
    assert_eq!(
        (person.given_names.as_str(), person.family_name.as_str()),
        ("Sam", "Nobody")
    );
}

#[tokio::test]
async fn a_positive_answer_during_a_hold_is_released_at_once_and_the_referral_is_superseded() {
    let known = person("known")
        .named("Samuel", "Nobody")
        .born("1960-04-02")
        .reference("A1234567")
        .settled("2019-06-01");
    let house = House::with([known]).await;
    let held = right_to_work(&house, unknown()).await;
    let later = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    ask_for(&house, &id, &["home_office_reference"]).await.unwrap();
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "referred");
    assert_eq!(
        case_json(&case)["answer"]["referred"]["fields"],
        json!(["home_office_reference"])
    );
    let version = case.version;
    ask_for(&house, &id, &["home_office_reference"]).await.unwrap();
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(case.version, version, "the same again changes nothing");
    let stray = ask_for(&house, &id, &["postcode"]).await;
    assert_eq!(violations(stray), ["fields[0]"]);

    let request = v1::ProvideInformationRequest {
        case_id: held.case_id.clone(),
        person: Some(v1::Person {
            home_office_reference: "A1234567".to_owned(),
            ..v1::Person::default()
        }),
        ..v1::ProvideInformationRequest::default()
    };
    let provided = house.client(EMPLOYER).provide_information(request).await.unwrap();
    assert_eq!(told(&provided.into_inner().case.unwrap()), "established");
    let refused = resolve(&house, &id, not_confirmed()).await;
    assert_eq!(refusal(refused), "FailedPrecondition REFERRAL_SUPERSEDED");

    // The one that joined is held for itself from here on.
    let open = listed(&house, &[wire::ReferralState::Open]).await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].case_id, later.case_id);
    let case = house.case(EMPLOYER, &later.case_id).await.unwrap();
    assert_eq!(told(&case), "referred");
}

#[tokio::test]
async fn a_case_that_is_withdrawn_leaves_its_referral_open() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let request = v1::WithdrawCaseRequest {
        case_id: held.case_id.clone(),
    };
    house.client(EMPLOYER).withdraw_case(request).await.unwrap();
    let referral = only(&house).await;
    assert!(referral.state() == wire::ReferralState::Open);
    resolve(&house, &referral.referral_id, confirmed()).await.unwrap();
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert!(case.state() == v1::CaseState::Withdrawn);
    assert_eq!(told(&case), "referred", "nothing is told any more");
    assert!(only(&house).await.state() == wire::ReferralState::Confirmed);
}
