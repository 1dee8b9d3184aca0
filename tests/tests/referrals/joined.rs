//! A later check about the same person joins the referral that is open, and is resolved with it.

use statuscheck_tests::house::until_some;

use super::*;

#[tokio::test]
async fn a_later_check_from_any_organisation_joins_and_is_resolved_with_the_first() {
    let house = House::start(Plan::default()).await;
    let first = right_to_work(&house, unknown()).await;
    let second = right_to_rent(&house, unknown(), "2026-04-01").await;
    let third = iecas(&house, unknown()).await;
    let id = referral_of(&first);
    assert_eq!(
        [referral_of(&second), referral_of(&third)],
        [id.clone(), id.clone()]
    );
    assert_eq!(only(&house).await.case_id, first.case_id);

    resolve(&house, &id, confirmed()).await.unwrap();
    for (who, held) in [(EMPLOYER, &first), (LANDLORD, &second), (TRUST, &third)] {
        let case = house.case(who, &held.case_id).await.unwrap();
        assert_eq!(told(&case), "established", "{who}");
    }
}

#[tokio::test]
async fn what_was_held_of_each_is_released_where_nothing_was_confirmed() {
    let house = House::start(Plan::default()).await;
    let first = right_to_work(&house, unknown()).await;
    let second = right_to_rent(&house, unknown(), "2026-04-01").await;
    resolve(&house, &referral_of(&first), not_confirmed())
        .await
        .unwrap();
    for (who, held) in [(EMPLOYER, &first), (LANDLORD, &second)] {
        let case = house.case(who, &held.case_id).await.unwrap();
        assert_eq!(told(&case), "not_established NO_RECORD", "{who}");
    }
}

#[tokio::test]
async fn support_is_another_matter_and_has_a_referral_of_its_own() {
    let house = House::start(Plan::default()).await;
    right_to_work(&house, unknown().and_nino("AB123456C")).await;
    // A Section 95 check has one number.
    let family = by_nass("250700001", "Nobody", "1960-04-02");
    assert_eq!(reason(&section_95(&house, family).await), "referred");
    assert_eq!(listed(&house, &[]).await.len(), 2);
}

#[tokio::test]
async fn somebody_of_the_same_name_with_another_number_is_somebody_else() {
    let house = House::start(Plan::default()).await;
    let first = right_to_work(&house, unknown().and_nino("AB123456C")).await;
    let second = right_to_work(&house, unknown().and_nino("AB123456D")).await;
    let third = right_to_work(&house, unknown().and_nino("CE123456C")).await;
    assert_eq!(
        referral_of(&first),
        referral_of(&second),
        "a suffix tells no two people apart"
    );
    assert_ne!(referral_of(&first), referral_of(&third));
    resolve(&house, &referral_of(&first), confirmed()).await.unwrap();
    let case = house.case(EMPLOYER, &third.case_id).await.unwrap();
    assert_eq!(told(&case), "referred");
}

#[tokio::test]
async fn checks_that_come_at_once_share_one_referral() {
    let house = House::start(Plan::default()).await;
    let asked = || right_to_work(&house, unknown());
    let told: [_; 4] = tokio::join!(asked(), asked(), asked(), asked()).into();
    let ids: std::collections::BTreeSet<_> = told.iter().map(referral_of).collect();
    assert_eq!(ids.len(), 1);
    only(&house).await;
}

/// Leave with an end, which says nothing about work.
fn until_2027() -> Finding {
    Finding::Confirmed(v1::Established {
        facts: Some(v1::established::Facts::Iecas(v1::IecasFacts {
            immigration_status: "leave to remain".to_owned(),
            valid_until: Some("2027-01-01".to_owned()),
            ..v1::IecasFacts::default()
        })),
        withheld_fields: Vec::new(),
    })
}

#[tokio::test]
async fn a_finding_that_says_nothing_about_another_check_leaves_that_a_referral_of_its_own() {
    let house = House::start(Plan::default()).await;
    let patient = iecas(&house, unknown()).await;
    let worker = right_to_work(&house, unknown()).await;
    let id = referral_of(&patient);
    assert_eq!(referral_of(&worker), id);
    resolve(&house, &id, until_2027()).await.unwrap();
    let case = house.case(TRUST, &patient.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    let case = house.case(EMPLOYER, &worker.case_id).await.unwrap();
    assert_eq!(told(&case), "referred", "leave with an end may carry work or not");
    let open = listed(&house, &[wire::ReferralState::Open]).await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].case_id, worker.case_id);
}

#[tokio::test]
async fn who_joins_while_the_finding_is_on_its_way_to_the_disk_is_released_with_it() {
    let house = House::start(Plan::default()).await;
    let first = right_to_work(&house, unknown()).await;
    let id = referral_of(&first);
    house.faults.hold_back("referral_resolved");
    let joining = async {
        house.faults.one_held_back().await;
        let second = right_to_rent(&house, unknown(), "2026-04-01").await;
        assert_eq!(referral_of(&second), id);
        // It has looked after the referral, which is open as far as anybody can see.
        let looked = || {
            house
                .recorded(&second.case_id)
                .contains(&"referral_looked".to_owned())
        };
        until(looked).await;
        house.faults.let_through();
        second
    };
    let (resolved, second) = tokio::join!(resolve(&house, &id, not_confirmed()), joining);
    resolved.unwrap();
    let case = house.case(LANDLORD, &second.case_id).await.unwrap();
    assert_eq!(told(&case), "not_established NO_RECORD");
}

#[tokio::test]
async fn who_joins_what_says_nothing_about_them_by_the_time_they_have_joined_gets_a_referral_of_their_own() {
    let house = House::start(Plan::default()).await;
    let patient = iecas(&house, unknown()).await;
    let id = referral_of(&patient);
    house.faults.hold_back("referral_joined");
    let resolving = async {
        house.faults.one_held_back().await;
        resolve(&house, &id, until_2027()).await.unwrap();
        house.faults.let_through();
    };
    let (worker, ()) = tokio::join!(right_to_work(&house, unknown()), resolving);
    let open = until_some(async || {
        let open = listed(&house, &[wire::ReferralState::Open]).await;
        open.into_iter().next()
    })
    .await;
    assert_eq!(open.case_id, worker.case_id);
    // Nobody born on that day waits for anybody any more.
    assert_eq!(
        reason(&right_to_work(&house, by_name("Ann", "Noone", "1960-04-02")).await),
        "referred"
    );
}

/// Gives the caller's case the names of [`unknown`].
async fn name(house: &House, held: &CheckResponse) {
    let request = v1::ProvideInformationRequest {
        case_id: held.case_id.clone(),
        person: Some(v1::Person {
            given_names: "Sam".to_owned(),
            family_name: "Nobody".to_owned(),
            ..v1::Person::default()
        }),
        ..v1::ProvideInformationRequest::default()
    };
    house.client(EMPLOYER).provide_information(request).await.unwrap();
}

#[tokio::test]
async fn who_proves_to_be_somebody_whom_the_taskforce_looks_into_has_one_referral_from_there_on() {
    let house = House::start(Plan::default()).await;
    let nameless = right_to_work(&house, by_code("W12345678", "1960-04-02")).await;
    let companion = right_to_work(&house, by_code("W12345678", "1960-04-02")).await;
    let own = referral_of(&nameless);
    assert_eq!(referral_of(&companion), own);
    let named = right_to_work(&house, unknown()).await;
    assert_ne!(referral_of(&named), own);
    name(&house, &nameless).await;
    let case = house.case(EMPLOYER, &nameless.case_id).await.unwrap();
    assert_eq!(
        case_json(&case)["answer"]["referred"]["referral_id"],
        referral_of(&named).as_str()
    );
    let superseded = listed(&house, &[wire::ReferralState::Superseded]).await;
    assert_eq!(superseded.len(), 1);
    assert_eq!(superseded[0].referral_id, own);
    // Who had joined it is held all the same.
    let case = house.case(EMPLOYER, &companion.case_id).await.unwrap();
    assert_eq!(told(&case), "referred");
    resolve(&house, &referral_of(&named), confirmed()).await.unwrap();
    let case = house.case(EMPLOYER, &nameless.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
}

#[tokio::test]
async fn who_proves_to_be_somebody_to_whom_a_status_was_confirmed_is_answered_from_it() {
    let house = House::start(Plan::default()).await;
    let nameless = right_to_work(&house, by_code("W12345678", "1960-04-02")).await;
    let named = right_to_work(&house, unknown()).await;
    resolve(&house, &referral_of(&named), confirmed()).await.unwrap();
    let case = house.case(EMPLOYER, &nameless.case_id).await.unwrap();
    assert_eq!(told(&case), "referred");
    name(&house, &nameless).await;
    let case = house.case(EMPLOYER, &nameless.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert!(listed(&house, &[wire::ReferralState::Open]).await.is_empty());
}
