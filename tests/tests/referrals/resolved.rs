//! What the taskforce finds, and what that releases.

use statuscheck_domain::clock::Clock as _;

use super::*;

#[tokio::test]
async fn a_confirmed_status_is_told_to_the_caller_by_the_agreement() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    let resolved = resolve(&house, &id, confirmed()).await.unwrap();
    assert!(resolved.state() == wire::ReferralState::Confirmed);
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert!(case.state() == v1::CaseState::Answered);
    let answer = case.answer.unwrap();
    assert!(!answer.may_refuse);
    let Some(Outcome::Established(v1::Established {
        facts: Some(v1::established::Facts::RightToWork(facts)),
        ..
    })) = answer.outcome
    else {
        panic!("a right to work")
    };
    assert!(facts.entitlement() == v1::Entitlement::Unlimited);
    assert!(facts.statutory_excuse_reference.starts_with("RTW-"));
}

#[tokio::test]
async fn what_was_held_is_released_once_the_taskforce_did_not_confirm_a_status() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    resolve(&house, &referral_of(&held), not_confirmed())
        .await
        .unwrap();
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "not_established NO_RECORD");
    assert!(case.answer.unwrap().may_refuse, "it is final");
}

#[tokio::test]
async fn ended_leave_is_released_to_a_trust_with_its_dates() {
    let ended = person("ended")
        .born("1970-01-01")
        .leave("Student", "2022-09-01", "2025-10-31");
    let house = House::with([ended.clone()]).await;
    let held = iecas(&house, ended.by_name()).await;
    assert_eq!(only(&house).await.held, "ENDED_LEAVE");
    resolve(&house, &referral_of(&held), not_confirmed())
        .await
        .unwrap();
    let case = house.case(TRUST, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
    assert_eq!(
        case_json(&case)["answer"]["established"]["iecas"]["valid_until"],
        "2025-10-31"
    );
    assert!(!case.answer.unwrap().may_refuse);
}

#[tokio::test]
async fn who_needs_longer_says_until_when_and_the_caller_is_told() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    let in_days = |days: i64| {
        let until = house.clock.now() + jiff::SignedDuration::from_hours(days * 24);
        Finding::NeedsLonger(wire::NeedsLonger {
            until: Some(prost_types::Timestamp {
                seconds: until.as_second(),
                nanos: 0,
            }),
        })
    };
    let sooner = resolve(&house, &id, in_days(1)).await;
    assert_eq!(violations(sooner), ["needs_longer.until"]);
    let longer = resolve(&house, &id, in_days(20)).await.unwrap();
    assert!(longer.state() == wire::ReferralState::Open);
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "referred");
    assert_eq!(
        case_json(&case)["answer"]["referred"]["sla"]["due_at"],
        "2026-03-31T10:00:00Z"
    );
    let version = case.version;
    resolve(&house, &id, in_days(20)).await.unwrap();
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(case.version, version, "the same again changes nothing");
    resolve(&house, &id, not_confirmed()).await.unwrap();
    let notes = viewed(&house, &id).await.notes;
    let findings: Vec<_> = notes.iter().map(|note| note.finding.as_str()).collect();
    assert_eq!(findings, ["NEEDS_LONGER", "NOT_CONFIRMED"]);
}

#[tokio::test]
async fn the_same_resolution_again_is_the_same_answer_and_another_is_refused() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    let once = resolve(&house, &id, confirmed()).await.unwrap();
    let twice = resolve(&house, &id, confirmed()).await.unwrap();
    assert!(once == twice);
    let other = resolve(&house, &id, not_confirmed()).await;
    assert_eq!(refusal(other), "FailedPrecondition REFERRAL_RESOLVED");
    let other = resolve_noting(&house, &id, confirmed(), "Another note.").await;
    assert_eq!(refusal(other), "FailedPrecondition REFERRAL_RESOLVED");
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "established");
}

#[tokio::test]
async fn a_resolution_that_cannot_be_is_refused_field_by_field() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    let long = "x".repeat(2_001);
    let refused = resolve_noting(&house, &id, not_confirmed(), &long).await;
    assert_eq!(violations(refused), ["note"]);
    assert_eq!(
        violations(resolve_noting(&house, "7", confirmed(), "").await),
        ["referral_id", "note"]
    );
    let rent = Finding::Confirmed(v1::Established {
        facts: Some(v1::established::Facts::RightToRent(v1::RightToRentFacts {
            entitlement: v1::Entitlement::Unlimited.into(),
            ..v1::RightToRentFacts::default()
        })),
        withheld_fields: Vec::new(),
    });
    assert_eq!(violations(resolve(&house, &id, rent).await), ["confirmed"]);
    let unsaid = Finding::Confirmed(v1::Established {
        facts: Some(v1::established::Facts::RightToWork(
            v1::RightToWorkFacts::default(),
        )),
        withheld_fields: Vec::new(),
    });
    let unsaid = resolve(&house, &id, unsaid).await;
    assert_eq!(violations(unsaid), ["confirmed.right_to_work.entitlement"]);
    let nobody = resolve(&house, &uuid::Uuid::new_v4().to_string(), not_confirmed()).await;
    assert_eq!(refusal(nobody), "NotFound NO_SUCH_REFERRAL");
    assert!(only(&house).await.state() == wire::ReferralState::Open);
    resolve_noting(&house, &id, not_confirmed(), &"é".repeat(2_000))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_view_is_recorded_with_who_looked() {
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    let before = house.case(EMPLOYER, &held.case_id).await.unwrap();
    let seen = viewed(&house, &id).await;
    assert_eq!(seen.subject.unwrap().family_name, "Nobody");
    let views = || {
        let kinds = house.recorded(&held.case_id);
        kinds.iter().filter(|kind| *kind == "referral_viewed").count()
    };
    assert_eq!(views(), 1);
    viewed(&house, &id).await;
    assert_eq!(views(), 2);
    let after = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert!(case_json(&after)["answer"] == case_json(&before)["answer"]);
}

/// As while evidence comes in.
#[tokio::test]
async fn nobody_of_the_taskforce_is_told_to_try_again_because_others_were_quicker() {
    const TIMES: u64 = 20;
    let house = House::start(Plan::default()).await;
    let held = right_to_work(&house, unknown()).await;
    let id = referral_of(&held);
    let is_over = || house.faults.quicker_left() == 0;
    house.faults.let_others_be_quicker(TIMES);
    viewed(&house, &id).await;
    assert!(is_over());
    house.faults.let_others_be_quicker(TIMES);
    ask_for(&house, &id, &["home_office_reference"]).await.unwrap();
    assert!(is_over());
    house.faults.let_others_be_quicker(TIMES);
    resolve(&house, &id, not_confirmed()).await.unwrap();
    assert!(is_over());
    let recorded = house.recorded(&held.case_id);
    let times = |name: &str| recorded.iter().filter(|kind| *kind == name).count();
    assert_eq!(
        [times("referral_information_asked"), times("referral_resolved")],
        [1, 1]
    );
    let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
    assert_eq!(told(&case), "not_established NO_RECORD");
}

#[tokio::test]
async fn referrals_are_listed_by_state_in_pages_oldest_first() {
    let house = House::start(Plan::default()).await;
    let mut ids = Vec::new();
    for family in ["Abel", "Beech", "Cole"] {
        let held = right_to_work(&house, by_name("Sam", family, "1960-04-02")).await;
        ids.push(referral_of(&held));
        house.clock.advance(Duration::from_secs(1));
    }
    resolve(&house, &ids[1], not_confirmed()).await.unwrap();
    let of = async |states: &[wire::ReferralState]| {
        let all = listed(&house, states).await;
        all.into_iter()
            .map(|referral| referral.referral_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&[]).await, ids);
    assert_eq!(
        of(&[wire::ReferralState::Open]).await,
        [ids[0].clone(), ids[2].clone()]
    );
    assert_eq!(of(&[wire::ReferralState::NotConfirmed]).await, [ids[1].clone()]);
    let mut token = String::new();
    let mut paged = Vec::new();
    loop {
        let request = wire::ListReferralsRequest {
            page_size: 1,
            page_token: token,
            states: Vec::new(),
        };
        let page = client(&house).list_referrals(request).await.unwrap().into_inner();
        paged.extend(page.referrals.into_iter().map(|referral| referral.referral_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, ids);
}
