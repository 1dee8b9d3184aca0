use serde_json::{Value, json};
use statuscheck_domain::ids::DepartmentId::Dwp;

use crate::{CORRELATION_ID, Said, World, ada, person, said};

const HEADERS: [(&str, &str); 5] = [
    ("correlation-id", CORRELATION_ID),
    ("context", "HO-RTW"),
    ("policy-id", "rtw"),
    ("instigating-user-id", "gateway"),
    ("access-level", "1"),
];

fn document(kind: &str, attributes: &Value) -> Value {
    json!({ "jsonapi": { "version": "1.0" }, "data": { "type": kind, "attributes": attributes } })
}

fn dressed(request: reqwest::RequestBuilder, token: &str) -> reqwest::RequestBuilder {
    HEADERS
        .into_iter()
        .fold(request.bearer_auth(token), |request, (name, value)| {
            request.header(name, value)
        })
}

async fn ask(world: &World, path: &str, body: &Value) -> Said {
    let token = world.token(Dwp, "").await;
    said(dressed(world.post(Dwp, path, body), &token)).await
}

async fn traced(world: &World, nino: &str, given: &str, family: &str, born: &str) -> Said {
    let attributes = json!({ "nino": nino, "firstName": given, "lastName": family, "dateOfBirth": born });
    ask(world, "/v2/nino-traces", &document("NinoTrace", &attributes)).await
}

async fn matched(world: &World, family: &str, fragment: &str, born: &str) -> Said {
    let attributes = json!({ "dateOfBirth": born, "ninoFragment": fragment, "lastName": family });
    ask(world, "/v2/citizens/match", &document("Match", &attributes)).await
}

async fn claims(world: &World, citizen: &str, query: &str) -> Said {
    let token = world.token(Dwp, "").await;
    let path = format!("/v2/citizens/{citizen}/claims?{query}");
    said(dressed(world.get(Dwp, &path), &token)).await
}

fn bo() -> Value {
    person(
        "bo",
        "Bo",
        "Ek",
        "1980-03-04",
        json!({ "national_insurance_number": "CE654321A" }),
    )
}

#[tokio::test]
async fn a_trace_compares_number_name_and_birth() {
    let world = World::of(&[ada(json!({})), bo()]).await;
    for (nino, given, family, born, status, outcome) in [
        (
            "AB123456C",
            "Ada May",
            "OBRIEN",
            "1990-02-01",
            200,
            json!("MATCH"),
        ),
        ("AB123456", "Ada", "Bell", "1990-02-01", 200, json!("MATCH")),
        (
            "CE654321A",
            "Ada May",
            "O'Brien",
            "1990-02-01",
            200,
            json!("NO_MATCH"),
        ),
        (
            "AB123456C",
            "Ada May",
            "O'Brien",
            "1990-01-02",
            200,
            json!("NO_MATCH"),
        ),
        ("EE111111A", "Zoe", "Smith", "1990-02-01", 404, Value::Null),
        ("AB123456C", "Ada", "Smith", "1990-02-01", 422, Value::Null),
    ] {
        let said = traced(&world, nino, given, family, born).await;
        assert_eq!(said.status, status, "{nino} {given} {family} {born}");
        assert_eq!(said.body["data"]["attributes"]["outcome"], outcome);
    }
}

#[tokio::test]
async fn a_number_is_nobody_elses_whatever_the_date_of_birth() {
    let world = World::of(&[ada(json!({})), bo()]).await;
    for (given, family, born) in [
        ("Zoe", "Smith", "1990-02-01"),
        ("Zoe", "Smith", "1971-01-01"),
        ("Ada May", "O'Brien", "1971-01-01"),
        ("Ade", "Brian", "1990-02-01"),
    ] {
        let said = traced(&world, "AB123456C", given, family, born).await;
        assert_eq!(said.status, 200, "{given} {family} {born}");
        assert_eq!(said.body["data"]["attributes"]["outcome"], "NO_MATCH");
    }
}

#[tokio::test]
async fn a_name_that_agrees_in_part_is_a_question_back() {
    let world = World::of(&[ada(json!({})), bo()]).await;
    for (given, family) in [
        ("Ada", "O'Brien"),
        ("May", "Smith"),
        ("Zoe", "O Brien"),
        ("Zoe", "Obrien-Smith"),
        ("Zoe", "Bell"),
        ("ÀDA", "Smith"),
    ] {
        let said = traced(&world, "AB123456C", given, family, "1990-02-01").await;
        assert_eq!(said.status, 422, "{given} {family}");
    }
}

#[tokio::test]
async fn a_particle_alone_makes_no_name_agree_in_part() {
    let ana = person(
        "ana",
        "Ana",
        "de Souza",
        "1985-05-05",
        json!({ "national_insurance_number": "CE111111A" }),
    );
    let world = World::of(&[ana]).await;
    let particle = traced(&world, "CE111111A", "Luis", "de Silva", "1985-05-05").await;
    assert_eq!(particle.body["data"]["attributes"]["outcome"], "NO_MATCH");
    let surname = traced(&world, "CE111111A", "Luis", "Souza", "1985-05-05").await;
    assert_eq!(surname.status, 422);
}

#[tokio::test]
async fn a_number_that_nobody_holds_is_not_that_of_a_person_with_another() {
    let unnumbered = person("cy", "Cy", "Day", "1981-03-04", json!({}));
    let world = World::of(&[ada(json!({})), unnumbered]).await;
    for (given, family) in [("Ada May", "O'Brien"), ("Ada", "Bell")] {
        let said = traced(&world, "EE111111A", given, family, "1990-02-01").await;
        assert_eq!(said.status, 200, "{given} {family}");
        assert_eq!(said.body["data"]["attributes"]["outcome"], "NO_MATCH");
    }
    let other_suffix = traced(&world, "AB123456D", "Ada May", "O'Brien", "1990-02-01").await;
    assert_eq!(other_suffix.body["data"]["attributes"]["outcome"], "NO_MATCH");
    for (given, family, born) in [
        ("Cy", "Day", "1981-03-04"),
        ("Ada May", "O'Brien", "1990-01-02"),
        ("Zoe", "Smith", "1990-02-01"),
    ] {
        let said = traced(&world, "EE111111A", given, family, born).await;
        assert_eq!(said.status, 404, "{given} {family} {born}");
    }
}

#[tokio::test]
async fn a_traces_behaviour_is_that_of_the_person_named_before_the_numbers_holder() {
    let mut bo = bo();
    bo["behaviour"] = json!({ "dwp": "fail" });
    let world = World::of(&[ada(json!({})), bo]).await;
    let named = traced(&world, "CE654321A", "Ada May", "O'Brien", "1990-02-01").await;
    assert_eq!(named.body["data"]["attributes"]["outcome"], "NO_MATCH");
    let held = traced(&world, "CE654321A", "Zoe", "Smith", "1990-02-01").await;
    assert_eq!(held.status, 500);
}

#[tokio::test]
async fn a_citizen_is_matched_by_birth_last_name_and_four_digits() {
    let world = World::of(&[ada(json!({})), bo()]).await;
    let found = matched(&world, "O'Brien", "3456", "1990-02-01").await;
    assert_eq!(
        (found.status, &found.body["data"]["type"]),
        (200, &json!("MatchResult"))
    );
    assert!(found.body["data"]["attributes"]["matchingScenario"].is_string());
    for (family, fragment, born) in [
        ("O'Brien", "4321", "1990-02-01"),
        ("O'Brien", "3456", "1990-01-02"),
        ("Ek", "3456", "1990-02-01"),
    ] {
        let missed = matched(&world, family, fragment, born).await;
        assert_eq!(
            (missed.status, &missed.body["errors"][0]["status"]),
            (404, &json!("404"))
        );
    }
    assert_eq!(matched(&world, "O'Brien", "456C", "1990-02-01").await.status, 400);
}

#[tokio::test]
async fn several_citizens_that_fit_are_422() {
    let other = person(
        "other",
        "Rory",
        "O'Brien",
        "1990-02-01",
        json!({ "national_insurance_number": "CE993456A" }),
    );
    let world = World::of(&[ada(json!({})), other]).await;
    assert_eq!(matched(&world, "O'Brien", "3456", "1990-02-01").await.status, 422);
}

#[tokio::test]
async fn claims_are_told_by_kind_and_period() {
    let world = World::of(&[ada(json!({ "benefits": [
        { "kind": "universal_credit", "from": "2020-01-01", "to": "2021-06-30" },
        { "kind": "child_benefit", "from": "2024-01-01" },
    ] }))])
    .await;
    let found = matched(&world, "O'Brien", "3456", "1990-02-01").await;
    let citizen = found.body["data"]["id"].as_str().unwrap();
    let kinds = async |query: &str| {
        let told = claims(&world, citizen, query).await;
        let kinds: Vec<String> = told.body["data"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|claim| claim["attributes"]["benefitType"].to_string())
            .collect();
        (told.status, kinds.join(" "))
    };
    let always = "effectiveFromDate=1948-07-05&effectiveToDate=2026-01-05";
    assert_eq!(
        kinds(always).await,
        (200, r#""universal_credit" "child_benefit""#.to_owned())
    );
    assert_eq!(
        kinds(&format!("benefitType=child_benefit,esa&{always}")).await,
        (200, r#""child_benefit""#.to_owned())
    );
    assert_eq!(kinds(&format!("benefitType=esa&{always}")).await.0, 404);
    let day = |day: &str| format!("effectiveFromDate={day}&effectiveToDate={day}");
    assert_eq!(kinds(&day("2021-06-30")).await.0, 200);
    assert_eq!(kinds(&day("2021-07-01")).await.0, 404);
    assert_eq!(kinds("effectiveFromDate=2021-07-01").await.0, 400);
    assert_eq!(
        kinds("effectiveFromDate=2022-01-01&effectiveToDate=2021-01-01")
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_claim_has_its_dates_status_and_awards_in_pence() {
    let world = World::of(&[ada(json!({ "benefits": [
        { "kind": "universal_credit", "from": "2020-01-01", "to": "2021-06-30" },
    ] }))])
    .await;
    let found = matched(&world, "O'Brien", "3456", "1990-02-01").await;
    let citizen = found.body["data"]["id"].as_str().unwrap();
    let told = claims(
        &world,
        citizen,
        "effectiveFromDate=2020-01-01&effectiveToDate=2020-01-01",
    )
    .await;
    let attributes = &told.body["data"][0]["attributes"];
    assert_eq!(attributes["startDate"], "2020-01-01");
    assert_eq!(attributes["endDate"], "2021-06-30");
    assert_eq!(attributes["status"], "terminated");
    assert!(attributes["awards"][0]["amount"].is_u64());
    assert!(attributes["awards"][0]["assessmentAttributes"]["takeHomePay"].is_u64());
}

#[tokio::test]
async fn a_citizen_nobody_was_given_has_no_claims() {
    let world = World::of(&[ada(json!({}))]).await;
    let query = "effectiveFromDate=2020-01-01&effectiveToDate=2020-01-01";
    assert_eq!(claims(&world, CORRELATION_ID, query).await.status, 404);
    assert_eq!(claims(&world, "not-a-guid", query).await.status, 400);
}

#[tokio::test]
async fn every_header_must_be_there_and_the_context_known() {
    let world = World::of(&[ada(json!({}))]).await;
    let token = world.token(Dwp, "").await;
    let body = document("NinoTrace", &json!({}));
    let all = HEADERS.map(|(name, value)| (name, value.to_owned()));
    let mut all = all.to_vec();
    all.push(("authorization", format!("Bearer {token}")));
    for missing in 0..all.len() {
        let mut request = world.post(Dwp, "/v2/nino-traces", &body);
        for (place, (name, value)) in all.iter().enumerate() {
            if place != missing {
                request = request.header(*name, value);
            }
        }
        let refused = said(request).await;
        assert_eq!(refused.status, 400);
        let error = &refused.body["errors"][0];
        assert_eq!(error["code"], "MISSING_HEADER", "{}", all[missing].0);
        for key in ["id", "status", "title", "detail"] {
            assert!(error[key].is_string(), "{key}");
        }
        assert!(error["source"]["pointer"].is_string());
    }
    let mut request = world.post(Dwp, "/v2/nino-traces", &body).bearer_auth(&token);
    for (name, value) in HEADERS {
        request = request.header(name, if name == "context" { "HO-OTHER" } else { value });
    }
    assert_eq!(said(request).await.body["errors"][0]["code"], "UNKNOWN_CONTEXT");
}

#[tokio::test]
async fn a_token_that_does_not_live_is_401() {
    let world = World::of(&[]).await;
    let body = document("NinoTrace", &json!({}));
    let refused = said(dressed(world.post(Dwp, "/v2/nino-traces", &body), "stale")).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn documents_of_another_kind_version_or_shape_are_refused() {
    let world = World::of(&[ada(json!({}))]).await;
    let attributes = json!({ "dateOfBirth": "1990-02-01", "ninoFragment": "3456", "lastName": "O'Brien" });
    let good = document("Match", &attributes);
    let changed = |pointer: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    for (body, status) in [
        (good.clone(), 200),
        (changed("/data/type", "NinoTrace".into()), 400),
        (changed("/jsonapi/version", "1.1".into()), 400),
        (changed("/data/attributes/dateOfBirth", "1.2.1990".into()), 400),
        (changed("/data/attributes/lastName", "".into()), 400),
        (changed("/data/attributes", json!({ "lastName": "O'Brien" })), 400),
    ] {
        assert_eq!(
            ask(&world, "/v2/citizens/match", &body).await.status,
            status,
            "{body}"
        );
    }
}
