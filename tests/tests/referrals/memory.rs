//! What the taskforce found is remembered: nobody is held twice for the same reason.

use super::*;

#[tokio::test]
async fn a_confirmed_person_is_answered_from_it_whoever_asks() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    resolve(&house, &referral_of(&held), confirmed()).await.unwrap();
    assert_eq!(reason(&right_to_work(&house, unknown()).await), "established");
    let landlord = right_to_rent(&house, unknown(), "2026-04-01").await;
    assert_eq!(reason(&landlord), "established");
    assert_eq!(reason(&iecas(&house, unknown()).await), "established");

    let house = house.stop().await.start().await;
    house.clock.advance(Duration::from_secs(5 * 365 * 24 * 3600));
    assert_eq!(reason(&right_to_work(&house, unknown()).await), "established");
    only(&house).await;
}

#[tokio::test]
async fn not_confirmed_is_remembered_for_a_year_for_the_same_facts() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    resolve(&house, &referral_of(&held), not_confirmed())
        .await
        .unwrap();
    let again = right_to_work(&house, unknown()).await;
    assert_eq!(reason(&again), "not_established NO_RECORD");
    // Another particular, and another check, are other facts.
    let reference = unknown().and_reference("A1234567");
    assert_eq!(reason(&right_to_work(&house, reference).await), "referred");
    let rent = right_to_rent(&house, unknown(), "2026-04-01").await;
    assert_eq!(reason(&rent), "referred");

    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    resolve(&house, &referral_of(&held), not_confirmed())
        .await
        .unwrap();
    house.clock.advance(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(
        reason(&right_to_work(&house, unknown()).await),
        "not_established NO_RECORD"
    );
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&right_to_work(&house, unknown()).await), "referred");
}

#[tokio::test]
async fn a_disputed_refusal_is_looked_at_by_the_taskforce_again() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let first = referral_of(&held);
    resolve(&house, &first, not_confirmed()).await.unwrap();
    let request = v1::DisputeAnswerRequest {
        case_id: held.case_id.clone(),
        reason: "He came on the Windrush as a child.".to_owned(),
    };
    let disputed = house.client(EMPLOYER).dispute_answer(request).await.unwrap();
    assert_eq!(told(&disputed.into_inner().case.unwrap()), "referred");
    let open = listed(&house, &[wire::ReferralState::Open]).await;
    assert_eq!(open.len(), 1);
    assert_ne!(open[0].referral_id, first);
    let seen = viewed(&house, &open[0].referral_id).await;
    assert_eq!(seen.dispute, "He came on the Windrush as a child.");
    resolve(&house, &open[0].referral_id, confirmed()).await.unwrap();
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert_eq!(reason(&right_to_work(&house, unknown()).await), "established");
}
