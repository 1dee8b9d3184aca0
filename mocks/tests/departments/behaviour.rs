use std::time::Duration;

use serde_json::{Value, json};
use statuscheck_domain::ids::DepartmentId::{self, Dfe, Dwp, Hmrc, HomeOffice};

use crate::{CORRELATION_ID, Said, World, ada, said};

const DAY: u64 = 24 * 3600;

/// One question about Ada to the department: the path, the body, the scope.
fn question(department: DepartmentId) -> (&'static str, Value, &'static str) {
    match department {
        HomeOffice => (
            "/v1/status/match",
            json!({ "givenNames": "Ada May", "familyName": "O'Brien", "dateOfBirth": "1990-02-01" }),
            "status section-95",
        ),
        Dwp => (
            "/v2/nino-traces",
            json!({ "jsonapi": { "version": "1.0" }, "data": { "type": "NinoTrace", "attributes": {
                "nino": "AB123456C", "firstName": "Ada May", "lastName": "O'Brien", "dateOfBirth": "1990-02-01" } } }),
            "",
        ),
        Hmrc => (
            "/individuals/matching/",
            json!({ "firstName": "Ada", "lastName": "O'Brien", "nino": "AB123456C", "dateOfBirth": "1990-02-01" }),
            "read:individuals-matching-ho-v2",
        ),
        Dfe => (
            "/check/free-school-meals",
            json!({ "data": { "nationalAsylumSeekerServiceNumber": "240112345", "lastName": "O'Brien",
                "dateOfBirth": "1990-02-01" } }),
            "check local_authority:201",
        ),
    }
}

fn dressed(request: reqwest::RequestBuilder, token: &str) -> reqwest::RequestBuilder {
    [
        ("correlation-id", CORRELATION_ID),
        ("correlationid", CORRELATION_ID),
        ("accept", "application/vnd.hmrc.2.0+json"),
        ("context", "HO-RTW"),
        ("policy-id", "p"),
        ("instigating-user-id", "u"),
        ("access-level", "1"),
    ]
    .into_iter()
    .fold(request.bearer_auth(token), |request, (name, value)| {
        request.header(name, value)
    })
}

async fn ask(world: &World, department: DepartmentId) -> Said {
    let (path, body, scope) = question(department);
    let token = world.token(department, scope).await;
    said(dressed(world.post(department, path, &body), &token)).await
}

async fn look(world: &World, department: DepartmentId, path: &str) -> Said {
    let token = world.token(department, question(department).2).await;
    said(dressed(world.get(department, path), &token)).await
}

async fn behaving(department: DepartmentId, behaviour: &str) -> World {
    let mut told = serde_json::Map::new();
    told.insert(department.as_str().to_owned(), behaviour.into());
    World::of(&[ada(json!({
        "behaviour": told,
        "education": { "eligible": true, "source": "home_office" },
        "section_95": { "in_force": true },
        "share_codes": [{ "code": "W12345678", "issued_on": "2026-01-05" }],
    }))])
    .await
}

#[tokio::test]
async fn a_department_that_fails_says_so_in_its_own_shape() {
    for (department, status, pointer) in [
        (HomeOffice, 500, "/code"),
        (Dwp, 500, "/errors/0/code"),
        (Hmrc, 503, "/code"),
        (Dfe, 500, "/errors/0/title"),
    ] {
        let world = behaving(department, "fail").await;
        let failed = ask(&world, department).await;
        assert_eq!(failed.status, status, "{department}");
        assert!(failed.body.pointer(pointer).is_some(), "{department}");
    }
}

#[tokio::test]
async fn garbage_is_a_success_that_is_no_answer() {
    for department in DepartmentId::ALL {
        let world = behaving(department, "garbage").await;
        let garbage = ask(&world, department).await;
        assert_eq!((garbage.status, garbage.body), (200, Value::Null), "{department}");
    }
}

#[tokio::test]
async fn no_record_hides_the_record() {
    for (department, pointer, code) in [
        (HomeOffice, "/code", "NO_RECORD"),
        (Dwp, "/errors/0/code", "NOT_FOUND"),
        (Hmrc, "/code", "MATCHING_FAILED"),
    ] {
        let world = behaving(department, "no_record").await;
        let missed = ask(&world, department).await;
        assert_eq!(missed.status, 404, "{department}");
        assert_eq!(missed.body.pointer(pointer), Some(&json!(code)));
    }
    let world = behaving(Dfe, "no_record").await;
    let queued = ask(&world, Dfe).await;
    let path = queued.body["links"]["get_EligibilityCheckStatus"]
        .as_str()
        .unwrap();
    let status = look(&world, Dfe, path).await;
    assert_eq!(status.body["data"]["status"], "parentNotFound");
}

#[tokio::test]
async fn ambiguous_is_409_at_the_home_office_and_422_at_dwp() {
    let world = behaving(HomeOffice, "ambiguous").await;
    let unclear = ask(&world, HomeOffice).await;
    assert_eq!(
        (unclear.status, &unclear.body["code"]),
        (409, &json!("AMBIGUOUS"))
    );
    let world = behaving(Dwp, "ambiguous").await;
    assert_eq!(ask(&world, Dwp).await.status, 422);
}

#[tokio::test]
async fn a_slow_department_answers_as_usual_after_its_time() {
    for department in DepartmentId::ALL {
        let world = behaving(department, "slow:1ms").await;
        let expected = if department == Dfe { 202 } else { 200 };
        assert_eq!(ask(&world, department).await.status, expected, "{department}");
    }
}

#[tokio::test]
async fn a_slow_department_makes_the_caller_wait_up_to_the_cap() {
    let person = ada(json!({ "behaviour": { "home_office": "slow:1h" } }));
    let world = World::of(std::slice::from_ref(&person)).await;
    let (path, body, scope) = question(HomeOffice);
    let token = world.token(HomeOffice, scope).await;
    let request = dressed(world.post(HomeOffice, path, &body), &token).timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
    let capped = World::with(&[person], |settings| settings.slow_max = Duration::from_millis(1)).await;
    assert_eq!(ask(&capped, HomeOffice).await.status, 200);
}

#[tokio::test]
async fn a_deferred_home_office_question_is_answered_on_its_ticket_and_not_before() {
    let world = behaving(HomeOffice, "defer:48h").await;
    let taken = ask(&world, HomeOffice).await;
    assert_eq!(taken.status, 202);
    assert_eq!(taken.body["expectedBy"], "2026-01-07T10:00:00Z");
    let path = format!("/v1/requests/{}", taken.body["ticket"].as_str().unwrap());
    world.advance_secs(2 * DAY - 1);
    let waiting = look(&world, HomeOffice, &path).await;
    assert_eq!((waiting.status, waiting.body), (202, taken.body));
    world.advance_secs(1);
    let answered = look(&world, HomeOffice, &path).await;
    assert_eq!(
        (answered.status, &answered.body["statusRef"]),
        (200, &json!("status-ada"))
    );
    let unknown = look(&world, HomeOffice, &format!("/v1/requests/{CORRELATION_ID}")).await;
    assert_eq!(unknown.body["code"], "UNKNOWN_TICKET");
}

#[tokio::test]
async fn every_home_office_endpoint_defers_and_closes() {
    let questions = [
        (
            "/v1/status/share-code",
            json!({ "shareCode": "W12345678", "dateOfBirth": "1990-02-01", "purpose": "WORK" }),
        ),
        (
            "/v1/asylum-support/validations",
            json!({ "reference": "240112345", "familyName": "O'Brien", "dateOfBirth": "1990-02-01" }),
        ),
    ];
    for (behaviour, status) in [("defer:1h", 202), ("closed", 503), ("ambiguous", 409)] {
        let world = behaving(HomeOffice, behaviour).await;
        let token = world.token(HomeOffice, "status section-95").await;
        for (path, body) in &questions {
            let said = said(dressed(world.post(HomeOffice, path, body), &token)).await;
            assert_eq!(said.status, status, "{behaviour} {path}");
        }
    }
}

#[tokio::test]
async fn a_closed_desk_says_when_it_opens() {
    let world = behaving(HomeOffice, "closed").await;
    // Friday, an hour before midnight: it opens on Monday at nine.
    world.clock.set_wall("2026-01-09T23:00:00Z".parse().unwrap());
    let closed = ask(&world, HomeOffice).await;
    assert_eq!(closed.status, 503);
    assert_eq!(
        closed.body,
        json!({ "code": "DESK_CLOSED", "opensAt": "2026-01-12T09:00:00Z" })
    );
    assert_eq!(closed.header("retry-after"), Some("208800"));
}

#[tokio::test]
async fn a_deferred_trace_is_answered_on_its_ticket_and_not_before() {
    let world = behaving(Dwp, "defer:5d").await;
    let taken = ask(&world, Dwp).await;
    assert_eq!(taken.status, 202);
    let path = format!("/v2/nino-traces/{}", taken.body["data"]["id"].as_str().unwrap());
    world.advance_secs(5 * DAY - 1);
    assert_eq!(look(&world, Dwp, &path).await.status, 202);
    world.advance_secs(1);
    let answered = look(&world, Dwp, &path).await;
    assert_eq!(answered.body["data"]["attributes"]["outcome"], "MATCH");
    let unknown = look(&world, Dwp, &format!("/v2/nino-traces/{CORRELATION_ID}")).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_deferred_dfe_check_stays_queued_for_its_time() {
    let world = behaving(Dfe, "defer:2h").await;
    let queued = ask(&world, Dfe).await;
    let path = queued.body["links"]["get_EligibilityCheckStatus"]
        .as_str()
        .unwrap()
        .to_owned();
    world.advance_secs(7_199);
    let waiting = look(&world, Dfe, &path).await;
    assert_eq!(waiting.body["data"]["status"], "queuedForProcessing");
    assert_eq!(waiting.header("x-source"), None);
    world.advance_secs(1);
    let answered = look(&world, Dfe, &path).await;
    assert_eq!(answered.body["data"]["status"], "eligible");
}

#[tokio::test]
async fn one_persons_faults_are_nobody_elses() {
    let other = crate::person(
        "bo",
        "Bo",
        "Ek",
        "1980-01-01",
        json!({ "behaviour": { "home_office": "fail" } }),
    );
    let world = World::of(&[ada(json!({})), other]).await;
    assert_eq!(ask(&world, HomeOffice).await.status, 200);
}

#[tokio::test]
async fn claims_and_citizen_matches_behave_as_the_person_says() {
    let document = json!({ "jsonapi": { "version": "1.0" }, "data": { "type": "Match", "attributes": {
        "dateOfBirth": "1990-02-01", "ninoFragment": "3456", "lastName": "O'Brien" } } });
    let matched = async |world: &World| {
        let token = world.token(Dwp, "").await;
        said(dressed(world.post(Dwp, "/v2/citizens/match", &document), &token)).await
    };
    let usual = matched(&World::of(&[ada(json!({}))]).await).await;
    let citizen = usual.body["data"]["id"].as_str().unwrap();
    let claims =
        format!("/v2/citizens/{citizen}/claims?effectiveFromDate=2020-01-01&effectiveToDate=2026-01-01");
    for (behaviour, status) in [
        ("no_record", 404),
        ("ambiguous", 422),
        ("fail", 500),
        ("garbage", 200),
    ] {
        let world = behaving(Dwp, behaviour).await;
        assert_eq!(matched(&world).await.status, status, "{behaviour}");
        let told = look(&world, Dwp, &claims).await;
        assert_eq!(told.status, status, "{behaviour}");
    }
    // A trace alone can wait for a clerk; the others have no words for it and answer.
    let world = behaving(Dwp, "defer:1h").await;
    assert_eq!(matched(&world).await.status, 200);
}
