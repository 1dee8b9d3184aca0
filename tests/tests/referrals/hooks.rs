//! The taskforce's webhook: it is told of each hold once, however often it is sent, and resolves from there.

use statuscheck::demo::shipped_register;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::Clock as _;
use statuscheck_mocks::taskforce::{Finding as Found, Hook as Taken};
use statuscheck_proto::ops::v1::ops_service_client::OpsServiceClient;
use statuscheck_proto::ops::v1::{GetSlaSummaryRequest, Hook, HookSummary, ListHooksRequest};
use statuscheck_tests::hooks::{Post, Receiver};
use statuscheck_tests::house::until_some;

use super::*;

/// The hook about `referral`, once it has taken effect.
async fn taken(house: &House, referral: &str) -> Taken {
    until_some(async || {
        let hooks = house.taskforce().received().hooks.into_iter();
        hooks
            .filter(|hook| hook.subject == referral)
            .find(|hook| hook.effects > 0)
    })
    .await
}

/// The notice that the taskforce has not taken, after so many attempts.
async fn failed(house: &House, attempts: u32) -> Hook {
    until_some(async || {
        let mut client = OpsServiceClient::new(house.channel("ops/duty-1"));
        let listed = client.list_hooks(ListHooksRequest::default()).await.unwrap();
        let mut hooks = listed.into_inner().hooks.into_iter();
        hooks.find(|hook| hook.receiver == "taskforce" && hook.attempts == attempts)
    })
    .await
}

#[tokio::test]
async fn of_a_hold_the_taskforce_is_told_once_however_often_it_turns_the_hook_away() {
    let house = House::start(Plan::default()).await;
    let order = "2xfail:503".parse().unwrap();
    house.taskforce().orders().give(order).unwrap();
    let held = right_to_work(&house, unknown()).await;
    let referral = referral_of(&held);
    for attempts in 1..=2 {
        let next = failed(&house, attempts).await.next_attempt.unwrap();
        let next = jiff::Timestamp::new(next.seconds, next.nanos).unwrap();
        let left = next.duration_since(house.clock.now());
        house.clock.advance(Duration::try_from(left).unwrap());
    }
    let hook = taken(&house, &referral).await;
    assert_eq!((hook.times, hook.effects), (3, 1));
    assert_eq!(hook.case_id, held.case_id);

    // Another check about the same person joins the referral, and nobody is told again. The hook of a third person is the last.
    right_to_work(&house, unknown()).await;
    let other = right_to_work(&house, by_name("Ann", "Noone", "1961-05-03")).await;
    taken(&house, &referral_of(&other)).await;
    let referrals = house.taskforce().received().referrals;
    assert_eq!(referrals.len(), 2);
    assert!(referrals.values().all(|effects| *effects == 1), "{referrals:?}");
}

#[tokio::test]
async fn a_hook_that_the_taskforce_will_not_have_is_counted_beside_all_that_are_parked() {
    let house = House::start(Plan::default()).await;
    let order = "1xfail:410".parse().unwrap();
    house.taskforce().orders().give(order).unwrap();
    right_to_work(&house, unknown()).await;
    assert!(failed(&house, 1).await.parked);
    // Longer than a count is shown.
    house.clock.advance(Duration::from_secs(61));
    let mut client = OpsServiceClient::new(house.channel("ops/duty-1"));
    let summary = client.get_sla_summary(GetSlaSummaryRequest {}).await.unwrap();
    let parked = HookSummary {
        parked: 1,
        taskforce_parked: 1,
        ..HookSummary::default()
    };
    assert!(summary.into_inner().hooks == Some(parked));
}

#[tokio::test]
async fn the_taskforce_resolves_what_it_was_told_of_and_the_caller_has_the_answer() {
    let house = House::start(Plan::default()).await;
    for (name, finding, state, answer) in [
        (
            "Confirmed",
            Found::Confirmed,
            "REFERRAL_STATE_CONFIRMED",
            "established",
        ),
        (
            "Unconfirmed",
            Found::NotConfirmed,
            "REFERRAL_STATE_NOT_CONFIRMED",
            "not_established NO_RECORD",
        ),
    ] {
        let held = right_to_work(&house, by_name("Sam", name, "1960-04-02")).await;
        let hook = taken(&house, &referral_of(&held)).await;
        let note = "Seen in the school records of 1966.";
        let resolved = house.taskforce().resolve(&hook.subject, finding, note).await;
        assert_eq!(resolved.unwrap().state, state);
        let case = house.case(EMPLOYER, &held.case_id).await.unwrap();
        assert_eq!(told(&case), answer);
    }
}

#[tokio::test]
async fn whoever_subscribed_in_the_register_is_told_beside_the_taskforce() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    let house = House::start(Plan {
        webhooks: post.settings(),
        ..Plan::default()
    })
    .await;
    let shipped = shipped_register().unwrap();
    let mut safeguard = shipped.safeguards().next().unwrap().clone();
    safeguard.subscribers = [("liaison".parse().unwrap(), receiver.webhook(&["old"]))].into();
    let register = Register::new(shipped.agreements().cloned(), shipped.orders().iter().cloned()).unwrap();
    let register = register.with_safeguards([safeguard]).unwrap();
    let changes = house.apply(&register).await;
    assert_eq!(changes, ["casework-guidance-2026-1: subscribers: liaison added"]);

    let held = right_to_work(&house, unknown()).await;
    let letters = receiver.letters_once(1).await;
    let event: serde_json::Value = serde_json::from_str(&letters[0].text()).unwrap();
    assert_eq!(event["type"], "uk.gov.statuscheck.referral.opened.v1");
    assert_eq!(event["subject"], referral_of(&held).as_str());
}

#[tokio::test]
async fn a_hook_that_was_not_taken_before_a_restart_is_taken_after_it_and_has_its_effect_once() {
    let house = House::start(Plan::default()).await;
    let order = "1000xfail:503".parse().unwrap();
    house.taskforce().orders().give(order).unwrap();
    let held = right_to_work(&house, unknown()).await;
    let next = failed(&house, 1).await.next_attempt.unwrap();
    let effects = house.taskforce().received().referrals;
    assert!(effects.values().all(|effects| *effects == 0), "{effects:?}");
    let house = house.stop().await.start().await;
    let next = jiff::Timestamp::new(next.seconds, next.nanos).unwrap();
    let left = next.duration_since(house.clock.now());
    house.clock.advance(Duration::try_from(left).unwrap());
    let hook = taken(&house, &referral_of(&held)).await;
    assert_eq!((hook.times, hook.effects), (1, 1));
    assert_eq!(hook.case_id, held.case_id);
}

#[tokio::test]
async fn whoever_asked_is_told_by_their_webhook_of_what_the_taskforce_found() {
    let (post, receiver) = (Post::default(), Receiver::start().await);
    let mut agreement = agreement_like("right-to-work", "told", "stranger");
    agreement.webhooks = [("stranger".parse().unwrap(), receiver.webhook(&["old"]))].into();
    let house = House::start(Plan {
        webhooks: post.settings(),
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let held = house.answered(STRANGER, request(unknown().work())).await;
    resolve(&house, &referral_of(&held), not_confirmed())
        .await
        .unwrap();
    let letters = receiver.letters_once(1).await;
    let event: serde_json::Value = serde_json::from_str(&letters[0].text()).unwrap();
    assert_eq!(event["type"], "uk.gov.statuscheck.case.changed.v1");
    assert_eq!(event["subject"], held.case_id.as_str());
}
