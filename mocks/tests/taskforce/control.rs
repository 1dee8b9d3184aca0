use serde_json::json;
use statuscheck_mocks::taskforce::{Finding, Gateway, ResolveError};

use crate::{CASE, HOOK, REFERRAL, World};

#[tokio::test]
async fn what_came_in_is_told_over_the_control_api() {
    let world = World::start().await;
    world.tell().await;
    world.tell().await;
    let told = world
        .control(|client, url| client.get(format!("{url}/hooks")))
        .await;
    assert_eq!(
        told.body,
        json!({
            "hooks": [{
                "id": HOOK, "subject": REFERRAL, "case_id": CASE, "times": 2, "effects": 1,
                "first_at": "2026-01-05T10:00:00Z", "last_at": "2026-01-05T10:00:00Z",
            }],
            "referrals": { REFERRAL: 1 },
            "refused": {},
            "forgotten": 0,
        })
    );
}

#[tokio::test]
async fn what_cannot_be_resolved_is_told_so() {
    let world = World::start().await;
    let resolve = async |body: serde_json::Value| {
        let told = world
            .control(|client, url| client.post(format!("{url}/resolve")).json(&body))
            .await;
        (
            told.status,
            told.body["message"].as_str().unwrap_or_default().to_owned(),
        )
    };
    for (body, fault) in [
        (json!({}), "must have referral_id"),
        (
            json!({ "referral_id": REFERRAL, "finding": "maybe" }),
            "finding: must be",
        ),
        (
            json!({ "referral_id": REFERRAL, "finding": "needs_longer" }),
            "finding: must be",
        ),
        (
            json!({ "referral_id": REFERRAL, "finding": "confirmed", "until": "2026-02-01T00:00:00Z" }),
            "finding: must be",
        ),
        (
            json!({ "referral_id": REFERRAL, "finding": "confirmed", "name": "x" }),
            "must have referral_id",
        ),
    ] {
        let (status, message) = resolve(body).await;
        assert!(status == 400 && message.contains(fault), "{status} {message}");
    }
    let sound = json!({ "referral_id": REFERRAL, "finding": "not_confirmed" });
    let (status, message) = resolve(sound.clone()).await;
    assert!(status == 409 && message.contains("does not know where the gateway is"));

    world.taskforce().resolves_at(Gateway {
        address: "127.0.0.1:1".to_owned(),
        ca: "nowhere.pem".into(),
        certificate: "nowhere.pem".into(),
        key: "nowhere.key".into(),
    });
    let (status, message) = resolve(sound).await;
    assert!(
        status == 502 && message == "nowhere.pem: cannot be read",
        "{message}"
    );
    let by_hand = world.taskforce().resolve(REFERRAL, Finding::Confirmed, "");
    assert!(matches!(by_hand.await, Err(ResolveError::File { .. })));
}
