use std::time::Duration;

use serde_json::{Value, json};
use statuscheck_domain::ids::DepartmentId::Dfe;

use crate::{Said, World, ada, person, said};

const MEALS: &str = "/check/free-school-meals";

fn by_reference(reference: &str, family: &str, born: &str) -> Value {
    json!({ "data": { "nationalAsylumSeekerServiceNumber": reference, "lastName": family, "dateOfBirth": born } })
}

fn by_number(number: &str, family: &str, born: &str) -> Value {
    json!({ "data": { "nationalInsuranceNumber": number, "lastName": family, "dateOfBirth": born } })
}

async fn ask(world: &World, path: &str, body: &Value) -> Said {
    let token = world.token(Dfe, "check local_authority:201").await;
    said(world.post(Dfe, path, body).bearer_auth(token)).await
}

async fn look(world: &World, path: &str) -> Said {
    let token = world.token(Dfe, "check local_authority:201").await;
    said(world.get(Dfe, path).bearer_auth(token)).await
}

fn link(queued: &Said, name: &str) -> String {
    queued.body["links"][name].as_str().unwrap().to_owned()
}

/// The status of a check and its headers.
async fn checked(world: &World, body: &Value) -> Said {
    let queued = ask(world, MEALS, body).await;
    assert_eq!(queued.status, 202);
    look(world, &link(&queued, "get_EligibilityCheckStatus")).await
}

fn supported() -> Value {
    ada(json!({ "education": { "eligible": true, "source": "home_office" } }))
}

fn ada_by_reference() -> Value {
    by_reference("240112345", "O'Brien", "1990-02-01")
}

#[tokio::test]
async fn each_check_is_queued_and_then_told_by_status_and_item() {
    let world = World::of(&[supported()]).await;
    for path in [MEALS, "/check/two-year-offer", "/check/early-year-pupil-premium"] {
        let queued = ask(&world, path, &ada_by_reference()).await;
        assert_eq!(queued.status, 202);
        assert_eq!(queued.body["data"], json!({ "status": "queuedForProcessing" }));
        let status = look(&world, &link(&queued, "get_EligibilityCheckStatus")).await;
        assert_eq!(status.body, json!({ "data": { "status": "eligible" } }));
        let item = look(&world, &link(&queued, "get_EligibilityCheck")).await;
        assert_eq!(item.body["data"]["status"], "eligible");
        assert_eq!(
            item.body["data"]["nationalAsylumSeekerServiceNumber"],
            "240112345"
        );
        for told in [&status, &item] {
            assert_eq!(told.header("x-source"), Some("home_office"));
            assert_eq!(told.header("x-source-loaded-at"), Some("2026-01-03T10:00:00Z"));
        }
    }
}

#[tokio::test]
async fn a_record_that_does_not_say_has_no_status_once_it_is_processed() {
    let world = World::of(&[ada(json!({ "education": { "source": "hmrc" } }))]).await;
    let queued = ask(&world, MEALS, &ada_by_reference()).await;
    assert_eq!(queued.body["data"], json!({ "status": "queuedForProcessing" }));
    let status = look(&world, &link(&queued, "get_EligibilityCheckStatus")).await;
    assert_eq!((status.status, &status.body), (200, &json!({ "data": {} })));
    assert_eq!(status.header("x-source"), Some("hmrc"));
    let item = look(&world, &link(&queued, "get_EligibilityCheck")).await;
    assert!(item.body["data"].get("status").is_none() && item.body["data"]["lastName"].is_string());
    let again = ask(&world, MEALS, &ada_by_reference()).await;
    assert_eq!((again.status, &again.body["data"]), (202, &json!({})));
}

#[tokio::test]
async fn a_record_may_be_eligible_or_not_or_missing() {
    let holder = |id: &str, reference: &str, education: Value| {
        person(
            id,
            "Ada",
            "Bell",
            "1990-02-01",
            json!({ "asylum_support_reference": reference, "education": education }),
        )
    };
    let world = World::of(&[
        holder("p1", "240100001", json!({ "eligible": true })),
        holder("p2", "240100002", json!({ "eligible": false, "source": "hmrc" })),
        holder("p3", "240100003", Value::Null),
    ])
    .await;
    for (reference, status, source) in [
        ("240100001", "eligible", None),
        ("240100002", "notEligible", Some("hmrc")),
        ("240100003", "parentNotFound", None),
        ("240100004", "parentNotFound", None),
    ] {
        let told = checked(&world, &by_reference(reference, "Bell", "1990-02-01")).await;
        assert_eq!(told.body["data"]["status"], status, "{reference}");
        assert_eq!(told.header("x-source"), source);
        assert_eq!(told.header("x-source-loaded-at").is_some(), source.is_some());
    }
}

#[tokio::test]
async fn number_and_birth_are_exact_and_three_letters_of_the_surname_count() {
    let world = World::of(&[supported()]).await;
    for (body, status) in [
        (by_reference("240112345", "obrady", "1990-02-01"), "eligible"),
        (by_number("AB123456C", "O'BRIEN", "1990-02-01"), "eligible"),
        (by_reference("240112345", "Brien", "1990-02-01"), "parentNotFound"),
        (by_reference("240112345", "Ob", "1990-02-01"), "parentNotFound"),
        (
            by_reference("240112346", "O'Brien", "1990-02-01"),
            "parentNotFound",
        ),
        (
            by_reference("240112345", "O'Brien", "1990-01-02"),
            "parentNotFound",
        ),
        (by_number("AB123456D", "O'Brien", "1990-02-01"), "parentNotFound"),
    ] {
        let told = checked(&world, &body).await;
        assert_eq!(told.body["data"]["status"], status, "{body}");
    }
}

#[tokio::test]
async fn surnames_of_one_and_two_letters_are_taken() {
    let holder = |id: &str, family: &str, reference: &str| {
        person(
            id,
            "Li",
            family,
            "1990-02-01",
            json!({ "asylum_support_reference": reference, "education": { "eligible": true } }),
        )
    };
    let world = World::of(&[holder("p1", "O", "240100001"), holder("p2", "Xu", "240100002")]).await;
    for (reference, family) in [("240100001", "o"), ("240100002", "XU")] {
        let told = checked(&world, &by_reference(reference, family, "1990-02-01")).await;
        assert_eq!(told.body["data"]["status"], "eligible", "{family}");
    }
}

#[tokio::test]
async fn exactly_one_number_in_its_own_format_is_asked_for() {
    let world = World::of(&[]).await;
    let mut both = by_number("AB123456C", "Bell", "1990-02-01");
    both["data"]["nationalAsylumSeekerServiceNumber"] = json!("240112345");
    for body in [
        both,
        json!({ "data": { "lastName": "Bell", "dateOfBirth": "1990-02-01" } }),
        by_number("AB123456", "Bell", "1990-02-01"),
        by_number("QQ123456C", "Bell", "1990-02-01"),
        by_number("AB 12 34 56 C", "Bell", "1990-02-01"),
        by_reference("241312345", "Bell", "1990-02-01"),
        by_reference("2401/12345", "Bell", "1990-02-01"),
        by_reference("24011234", "Bell", "1990-02-01"),
        by_reference("240112345", "", "1990-02-01"),
        by_reference("240112345", "B3ll", "1990-02-01"),
        by_reference("240112345", "Bell", "01/02/1990"),
        json!({ "nationalInsuranceNumber": "AB123456C" }),
    ] {
        let refused = ask(&world, MEALS, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        let error = &refused.body["errors"][0];
        assert_eq!(error["status"], "400");
        assert!(error["title"].is_string() && error["detail"].is_string());
    }
}

#[tokio::test]
async fn the_same_content_gives_the_stored_result_for_seven_days() {
    let world = World::of(&[supported()]).await;
    let first = ask(&world, MEALS, &ada_by_reference()).await;
    world.advance_days(6);
    let again = ask(&world, MEALS, &by_reference("240112345", "O'BRIEN", "1990-02-01")).await;
    assert_eq!(
        (again.status, &again.body["data"]["status"]),
        (202, &json!("eligible"))
    );
    assert_eq!(again.body["links"], first.body["links"]);
    let status = link(&first, "get_EligibilityCheckStatus");
    // The stored result rests on the feed as it was then.
    let told = look(&world, &status).await;
    assert_eq!(told.header("x-source-loaded-at"), Some("2026-01-03T10:00:00Z"));
    let other_kind = ask(&world, "/check/two-year-offer", &ada_by_reference()).await;
    assert_ne!(other_kind.body["links"], first.body["links"]);
    world.advance_days(1);
    assert_eq!(look(&world, &status).await.status, 404);
    let anew = ask(&world, MEALS, &ada_by_reference()).await;
    assert_eq!(anew.body["data"]["status"], "queuedForProcessing");
}

#[tokio::test]
async fn processing_takes_the_time_of_the_settings() {
    let world = World::with(&[supported()], |settings| {
        settings.processing = Duration::from_secs(3);
        settings.feeds.home_office = Duration::from_secs(20 * 24 * 3600);
    })
    .await;
    let queued = ask(&world, MEALS, &ada_by_reference()).await;
    let status = link(&queued, "get_EligibilityCheckStatus");
    world.advance_secs(2);
    let waiting = look(&world, &status).await;
    assert_eq!(waiting.body["data"]["status"], "queuedForProcessing");
    world.advance_secs(1);
    let told = look(&world, &status).await;
    assert_eq!(told.header("x-source-loaded-at"), Some("2025-12-16T10:00:03Z"));
}

#[tokio::test]
async fn an_unknown_check_or_another_authoritys_is_404() {
    let world = World::of(&[supported()]).await;
    let queued = ask(&world, MEALS, &ada_by_reference()).await;
    let token = world.token(Dfe, "check local_authority:202").await;
    let path = link(&queued, "get_EligibilityCheck");
    let other = said(world.get(Dfe, &path).bearer_auth(token)).await;
    let unknown = look(&world, &format!("/check/{}", crate::CORRELATION_ID)).await;
    assert_eq!((other.status, unknown.status), (404, 404));
    assert_eq!(other.body, unknown.body);
}

#[tokio::test]
async fn both_scopes_are_needed() {
    let world = World::of(&[]).await;
    for (scope, status) in [
        ("check", 403),
        ("local_authority:201", 403),
        ("check local_authority:201 local_authority:202", 403),
        ("check local_authority:201", 202),
    ] {
        let token = world.token(Dfe, scope).await;
        let asked = said(world.post(Dfe, MEALS, &ada_by_reference()).bearer_auth(token)).await;
        assert_eq!(asked.status, status, "{scope}");
    }
    let stranger = said(world.post(Dfe, MEALS, &ada_by_reference()).bearer_auth("stale")).await;
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn a_local_authority_may_ask_250_times_a_minute() {
    let world = World::of(&[]).await;
    let token = world.token(Dfe, "check local_authority:201").await;
    let ask = async |token: &str| said(world.post(Dfe, MEALS, &ada_by_reference()).bearer_auth(token)).await;
    for _ in 0..250 {
        assert_eq!(ask(&token).await.status, 202);
    }
    let throttled = ask(&token).await;
    assert_eq!(
        (throttled.status, throttled.header("retry-after")),
        (429, Some("60"))
    );
    assert_eq!(throttled.body["errors"][0]["status"], "429");
    let other = world.token(Dfe, "check local_authority:202").await;
    assert_eq!(ask(&other).await.status, 202);
    world.advance_secs(60);
    assert_eq!(ask(&token).await.status, 202);
}
