use std::time::Duration;

use serde_json::{Value, json};
use statuscheck_domain::clock::Clock as _;

use crate::{CASE, HOOK, NEW, OLD, REFERRAL, World, event, said, status};

#[tokio::test]
async fn a_genuine_hook_is_taken_in_and_listed_with_its_referral() {
    let world = World::start().await;
    assert_eq!(world.tell().await, 204);
    let hook = world.only_hook();
    assert_eq!(
        (hook.id.as_str(), hook.subject.as_str(), hook.case_id.as_str()),
        (HOOK, REFERRAL, CASE)
    );
    assert_eq!((hook.times, hook.effects), (1, 1));
    assert_eq!(hook.first_at, world.clock.now());
    assert_eq!(world.taskforce().requests(), 1);
}

#[tokio::test]
async fn a_hook_that_comes_again_is_accepted_and_has_its_effect_once() {
    let world = World::start().await;
    for _ in 0..5 {
        assert_eq!(world.tell().await, 204);
        world.clock.advance(Duration::from_secs(60));
    }
    let hook = world.only_hook();
    assert_eq!((hook.times, hook.effects), (5, 1));
    assert!(hook.first_at < hook.last_at);
    assert_eq!(world.taskforce().received().referrals[REFERRAL], 1);

    // Another hook about the same referral is what must not happen, so it shows.
    let other = "019c0000-0000-7000-8000-000000000002";
    let body = event(other).to_string();
    assert_eq!(status(world.hook(other, &body, &OLD)).await, 204);
    assert_eq!(world.taskforce().received().referrals[REFERRAL], 2);
}

#[tokio::test]
async fn repeats_at_the_same_time_have_their_effect_once() {
    let world = World::start().await;
    let body = event(HOOK).to_string();
    let send = |_| tokio::spawn(status(world.hook(HOOK, &body, &OLD)));
    let sending: Vec<_> = (0..8).map(send).collect();
    for sent in sending {
        assert_eq!(sent.await.unwrap(), 204);
    }
    assert_eq!((world.only_hook().times, world.only_hook().effects), (8, 1));
}

#[tokio::test]
async fn while_one_secret_takes_the_place_of_another_either_will_do() {
    let world = World::with(|taskforce| {
        let old = &taskforce.secrets[0];
        taskforce.secrets = vec![old.with_file_name("new"), old.clone()];
    })
    .await;
    let body = event(HOOK).to_string();
    assert_eq!(status(world.hook(HOOK, &body, &OLD)).await, 204);
    assert_eq!(status(world.hook(HOOK, &body, &NEW)).await, 204);
    // A gateway that signs with both is believed by a receiver that knows one of them.
    let world = World::start().await;
    let now = world.clock.now().as_second();
    let both = world.signed(HOOK, now, &[&NEW, &OLD], &body);
    assert_eq!(status(both.body(body.clone())).await, 204);
    assert_eq!(status(world.hook(HOOK, &body, &NEW)).await, 401);
}

/// What is said, and under which code it is counted.
async fn refused(world: &World, request: reqwest::RequestBuilder) -> (u16, String) {
    let said = said(request).await;
    let code = said.body["code"].as_str().unwrap_or_default().to_owned();
    let counted = world.taskforce().received().refused;
    assert!(
        counted.contains_key(code.as_str()),
        "{code} is not in {counted:?}"
    );
    (said.status, code)
}

#[tokio::test]
async fn what_is_not_signed_lately_by_the_gateway_is_refused_and_has_no_effect() {
    let world = World::start().await;
    let body = event(HOOK).to_string();
    let now = world.clock.now().as_second();
    let wrong = |code: &str| (401, code.to_owned());

    let strange = world.hook(HOOK, &body, &NEW);
    assert_eq!(refused(&world, strange).await, wrong("WRONG_SIGNATURE"));
    let changed = world.signed(HOOK, now, &[&OLD], &body);
    let changed = changed.body(body.replace("right-to-work", "right-to-rent"));
    assert_eq!(refused(&world, changed).await, wrong("WRONG_SIGNATURE"));
    for seconds in [-301, 301] {
        let request = world
            .signed(HOOK, now + seconds, &[&OLD], &body)
            .body(body.clone());
        assert_eq!(refused(&world, request).await, wrong("OUTSIDE_WINDOW"));
    }
    let bare = world
        .client
        .post(world.mocks.hooks_url().unwrap())
        .body(body.clone());
    assert_eq!(refused(&world, bare).await, (400, "HEADERS".to_owned()));

    let received = world.taskforce().received();
    assert!(received.hooks.is_empty());
    assert_eq!(received.refused["WRONG_SIGNATURE"], 2);
    assert_eq!(received.refused["OUTSIDE_WINDOW"], 2);
    // Five minutes to the second are lately enough.
    for seconds in [-300, 300] {
        let request = world
            .signed(HOOK, now + seconds, &[&OLD], &body)
            .body(body.clone());
        assert_eq!(status(request).await, 204);
    }
}

/// The usual event with other values at these places.
fn changed(changes: &[(&str, Value)]) -> String {
    let mut event = event(HOOK);
    for (at, value) in changes {
        let (folder, name) = at.rsplit_once('/').unwrap();
        event.pointer_mut(folder).unwrap()[name] = value.clone();
    }
    event.to_string()
}

#[tokio::test]
async fn an_event_that_says_more_or_other_than_was_agreed_is_refused() {
    let world = World::start().await;
    let other = json!("019c0000-0000-7000-8000-0000000000aa");
    for (changes, code) in [
        // What could be about a person is refused by being unknown.
        (vec![("/data/family_name", json!("Example"))], "NOT_AN_EVENT"),
        (vec![("/data/caller_reference", json!("x"))], "NOT_AN_EVENT"),
        (vec![("/date_of_birth", json!("1950-01-01"))], "NOT_AN_EVENT"),
        (vec![("/specversion", json!("0.3"))], "NOT_AN_EVENT"),
        (vec![("/id", other.clone())], "NOT_AN_EVENT"),
        (vec![("/source", json!("https://example.org"))], "NOT_AN_EVENT"),
        (vec![("/time", json!("today"))], "NOT_AN_EVENT"),
        (vec![("/subject", other)], "NOT_AN_EVENT"),
        (vec![("/datacontenttype", json!("text/plain"))], "NOT_AN_EVENT"),
        (vec![("/data/state", json!("answered"))], "NOT_AN_EVENT"),
        (vec![("/data/case_id", json!("17"))], "NOT_AN_EVENT"),
        (vec![("/data/agreement_id", json!("Some One"))], "NOT_AN_EVENT"),
        (
            vec![("/subject", json!("x")), ("/data/referral_id", json!("x"))],
            "NOT_AN_EVENT",
        ),
        (
            vec![("/type", json!("uk.gov.statuscheck.case.changed.v1"))],
            "UNWANTED_TYPE",
        ),
    ] {
        let request = world.hook(HOOK, &changed(&changes), &OLD);
        let expected = (422, code.to_owned());
        assert_eq!(refused(&world, request).await, expected, "{changes:?}");
    }
    for body in ["", "[]", "{}", "no json"] {
        let request = world.hook(HOOK, body, &OLD);
        assert_eq!(refused(&world, request).await, (422, "NOT_AN_EVENT".to_owned()));
    }
    let body = event(HOOK).to_string();
    let mut typed = world.hook(HOOK, &body, &OLD).build().unwrap();
    let json = reqwest::header::HeaderValue::from_static("application/json");
    typed.headers_mut().insert("content-type", json);
    let typed = reqwest::RequestBuilder::from_parts(world.client.clone(), typed);
    assert_eq!(refused(&world, typed).await, (415, "MEDIA_TYPE".to_owned()));
    assert!(world.taskforce().received().hooks.is_empty());
}

#[tokio::test]
async fn a_body_that_is_longer_than_any_event_is_not_read_to_its_end() {
    let world = World::start().await;
    let long = " ".repeat(20_000);
    let request = world.hook(HOOK, &long, &OLD);
    assert_eq!(refused(&world, request).await, (413, "BODY".to_owned()));
}

#[tokio::test]
async fn hooks_that_are_too_old_or_too_many_are_known_no_longer() {
    let world = World::with(|taskforce| taskforce.hooks_max = 2).await;
    let tell = async |id: &str| status(world.hook(id, &event(id).to_string(), &OLD)).await;
    for id in ["a", "b", "c"] {
        assert_eq!(tell(id).await, 204);
    }
    let ids = || -> Vec<_> {
        let received = world.taskforce().received();
        received.hooks.into_iter().map(|hook| hook.id).collect()
    };
    assert_eq!(ids(), ["b", "c"]);
    world.clock.advance(Duration::from_secs(4 * 24 * 3600));
    assert_eq!(tell("d").await, 204);
    assert_eq!(ids(), ["d"]);
    assert_eq!(world.taskforce().received().forgotten, 3);
}
