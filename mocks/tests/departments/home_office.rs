use serde_json::{Value, json};
use statuscheck_domain::ids::DepartmentId::HomeOffice;

use crate::{CORRELATION_ID, Said, World, ada, person, said};

async fn ask(world: &World, path: &str, body: &Value) -> Said {
    let token = world.token(HomeOffice, "status section-95").await;
    let request = world
        .post(HomeOffice, path, body)
        .bearer_auth(token)
        .header("Correlation-Id", CORRELATION_ID);
    said(request).await
}

async fn by_code(world: &World, code: &str, born: &str, purpose: &str) -> Said {
    let body = json!({ "shareCode": code, "dateOfBirth": born, "purpose": purpose });
    ask(world, "/v1/status/share-code", &body).await
}

pub(crate) fn names(given: &str, family: &str, born: &str) -> Value {
    json!({ "givenNames": given, "familyName": family, "alsoKnownAs": [], "dateOfBirth": born })
}

pub(crate) async fn matched(world: &World, body: &Value) -> Said {
    ask(world, "/v1/status/match", body).await
}

async fn supported(world: &World, reference: &str, family: &str, born: &str) -> Said {
    let body = json!({ "reference": reference, "familyName": family, "dateOfBirth": born });
    ask(world, "/v1/asylum-support/validations", &body).await
}

/// A lookup that is allowed to whoever has the scope `status`.
pub(crate) async fn by_names(world: &World, token: &str) -> Said {
    let request = world
        .post(
            HomeOffice,
            "/v1/status/match",
            &names("Ada May", "O'Brien", "1990-02-01"),
        )
        .bearer_auth(token)
        .header("Correlation-Id", CORRELATION_ID);
    said(request).await
}

fn with_codes() -> Value {
    ada(json!({ "share_codes": [
        { "code": "W12345678", "issued_on": "2025-10-07" },
        { "code": "R12345678", "issued_on": "2026-01-05" },
        { "code": "S12345678", "issued_on": "2026-01-05" },
    ] }))
}

#[tokio::test]
async fn a_share_code_gives_the_status_with_the_right_date_of_birth_only() {
    let world = World::of(&[with_codes()]).await;
    let found = by_code(&world, "R12345678", "1990-02-01", "RENT").await;
    assert_eq!(found.status, 200);
    assert_eq!(found.body["leave"], "Skilled Worker");
    assert_eq!(found.header("correlation-id"), Some(CORRELATION_ID));
    let wrong_birth = by_code(&world, "R12345678", "1990-01-02", "RENT").await;
    let unknown = by_code(&world, "R87654321", "1990-02-01", "RENT").await;
    assert_eq!((wrong_birth.status, unknown.status), (404, 404));
    assert_eq!(wrong_birth.body, unknown.body);
    assert_eq!(unknown.body["code"], "NO_RECORD");
}

#[tokio::test]
async fn a_share_code_lives_through_its_90th_day_in_london() {
    let world = World::of(&[with_codes()]).await;
    let asked_at = async |now: &str| {
        world.clock.set_wall(now.parse().unwrap());
        let right = by_code(&world, "W12345678", "1990-02-01", "WORK").await;
        let wrong = by_code(&world, "W12345678", "1990-02-02", "WORK").await;
        (right.status, right.body["code"].clone(), wrong.status)
    };
    // Issued on 7 October: the 90th day after it is 5 January.
    assert_eq!(asked_at("2026-01-05T23:59:59Z").await, (200, Value::Null, 404));
    assert_eq!(
        asked_at("2026-01-06T00:00:00Z").await,
        (410, "CODE_EXPIRED".into(), 404)
    );
}

#[tokio::test]
async fn the_90th_day_ends_at_midnight_in_london_also_in_summer() {
    let issued = json!({ "share_codes": [{ "code": "W12345678", "issued_on": "2026-04-01" }] });
    let world = World::of(&[ada(issued)]).await;
    let asked_at = async |now: &str| {
        world.clock.set_wall(now.parse().unwrap());
        by_code(&world, "W12345678", "1990-02-01", "WORK").await.status
    };
    assert_eq!(asked_at("2026-06-30T22:59:59Z").await, 200);
    assert_eq!(asked_at("2026-06-30T23:00:00Z").await, 410);
}

#[tokio::test]
async fn a_code_of_another_purpose_is_an_error_and_not_a_miss() {
    let world = World::of(&[with_codes()]).await;
    for (code, purpose) in [
        ("W12345678", "RENT"),
        ("R12345678", "WORK"),
        ("S12345678", "WORK"),
    ] {
        let refused = by_code(&world, code, "1990-02-01", purpose).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.body["code"], "WRONG_PURPOSE");
    }
}

#[tokio::test]
async fn the_status_has_what_the_records_have() {
    let leave = json!({
        "share_codes": [{ "code": "W12345678", "issued_on": "2026-01-05" }],
        "arrived_on": "2023-12-30",
        "leave": { "kind": "Student", "valid_from": "2024-01-01", "valid_until": "2027-01-01", "may_work": true,
            "may_rent": false, "conditions": ["20 hours a week"], "health_surcharge_paid": true },
    });
    let world = World::of(&[ada(leave)]).await;
    let found = by_code(&world, "W12345678", "1990-02-01", "WORK").await;
    assert_eq!(
        found.body,
        json!({
            "statusRef": "status-ada", "leave": "Student", "validFrom": "2024-01-01", "validUntil": "2027-01-01",
            "mayWork": true, "mayRent": false, "conditions": ["20 hours a week"], "healthSurchargePaid": true,
            "arrivedOn": "2023-12-30", "asOf": world.now(),
        })
    );
}

#[tokio::test]
async fn a_fact_that_the_records_lack_is_left_out_of_the_body() {
    let all = json!({ "kind": "Student", "valid_from": "2024-01-01", "may_work": true, "may_rent": false });
    for (fact, key) in [
        ("kind", "leave"),
        ("valid_from", "validFrom"),
        ("may_work", "mayWork"),
        ("may_rent", "mayRent"),
    ] {
        let mut leave = all.clone();
        leave.as_object_mut().unwrap().remove(fact);
        let world = World::of(&[ada(json!({ "leave": leave }))]).await;
        let found = matched(&world, &names("Ada May", "O'Brien", "1990-02-01")).await;
        assert_eq!(found.status, 200, "{fact}");
        for other in ["leave", "validFrom", "mayWork", "mayRent"] {
            assert_eq!(found.body.get(other).is_none(), other == key, "{fact} {other}");
        }
    }
}

#[tokio::test]
async fn support_that_is_not_said_to_be_in_force_is_found_without_it() {
    let world = World::of(&[ada(
        json!({ "section_95": { "legal_basis": "Part VI, section 95" } }),
    )])
    .await;
    let found = supported(&world, "240112345", "O'Brien", "1990-02-01").await;
    assert_eq!(found.status, 200);
    assert_eq!(
        found.body,
        json!({ "since": null, "part": "VI", "section": "95", "asOf": world.now() })
    );
}

#[tokio::test]
async fn names_are_compared_by_their_letters() {
    let world = World::of(&[ada(json!({}))]).await;
    for (given, family) in [("Ada May", "O'Brien"), ("ada-may", "OBRIEN"), ("Ada", "Bell")] {
        let found = matched(&world, &names(given, family, "1990-02-01")).await;
        assert_eq!(found.status, 200, "{given} {family}");
    }
    for (given, family) in [
        ("Ada May", "Brian"),
        ("Eda May", "O'Brien"),
        ("Ada May", "Bell-Smith"),
    ] {
        let missed = matched(&world, &names(given, family, "1990-02-01")).await;
        assert_eq!(missed.status, 404, "{given} {family}");
    }
}

#[tokio::test]
async fn an_alias_in_the_question_counts() {
    let world = World::of(&[ada(json!({}))]).await;
    let mut body = names("Adelaide", "Smith", "1990-02-01");
    assert_eq!(matched(&world, &body).await.status, 404);
    body["alsoKnownAs"] = json!(["Ada May O'Brien"]);
    assert_eq!(matched(&world, &body).await.status, 200);
}

#[tokio::test]
async fn a_day_and_month_swap_is_never_a_match() {
    let world = World::of(&[ada(json!({ "section_95": { "in_force": true } }))]).await;
    assert_eq!(
        matched(&world, &names("Ada May", "O'Brien", "1990-01-02"))
            .await
            .status,
        404
    );
    assert_eq!(
        supported(&world, "240112345", "O'Brien", "1990-01-02")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn with_a_reference_it_and_the_birth_are_exact_and_the_family_name_folded() {
    let world = World::of(&[ada(json!({}))]).await;
    let asked = async |given: &str, family: &str, born: &str, reference: &str| {
        let mut body = names(given, family, born);
        body["reference"] = json!(reference);
        matched(&world, &body).await.status
    };
    assert_eq!(asked("Anyone", "O Brien", "1990-02-01", "HO-123/456").await, 200);
    assert_eq!(asked("Ada May", "O'Brien", "1990-02-01", "HO123457").await, 404);
    assert_eq!(asked("Ada May", "O'Brien", "1990-02-02", "HO123456").await, 404);
    assert_eq!(asked("Ada May", "Brian", "1990-02-01", "HO123456").await, 404);
}

#[tokio::test]
async fn twins_are_ambiguous_and_a_reference_settles_it() {
    let twin = |id: &str, reference: &str| {
        person(
            id,
            "Kit",
            "Lee",
            "2000-06-05",
            json!({ "home_office_reference": reference,
                "leave": { "kind": "ILR", "valid_from": "2020-01-01", "may_work": true, "may_rent": true } }),
        )
    };
    let world = World::of(&[twin("kit-1", "HO111111"), twin("kit-2", "HO222222")]).await;
    let mut body = names("Kit", "Lee", "2000-06-05");
    let unclear = matched(&world, &body).await;
    assert_eq!(unclear.status, 409);
    assert_eq!(
        unclear.body,
        json!({ "code": "AMBIGUOUS", "wouldSettle": ["reference"] })
    );
    body["reference"] = json!("HO222222");
    let settled = matched(&world, &body).await;
    assert_eq!(settled.body["statusRef"], "status-kit-2");
}

#[tokio::test]
async fn a_person_without_leave_has_no_record() {
    let world = World::of(&[ada(json!({
        "leave": null, "share_codes": [{ "code": "W12345678", "issued_on": "2025-10-01" }],
    }))])
    .await;
    let by_name = matched(&world, &names("Ada May", "O'Brien", "1990-02-01")).await;
    let by_code = by_code(&world, "W12345678", "1990-02-01", "WORK").await;
    assert_eq!((by_name.status, by_code.status), (404, 404));
    assert_eq!(by_name.body, by_code.body);
}

#[tokio::test]
async fn support_is_found_by_reference_or_number_and_folded_family_name() {
    let support = json!({ "section_95": { "in_force": true, "since": "2024-03-01",
        "legal_basis": "Part VI, section 95" } });
    let world = World::of(&[ada(support)]).await;
    for reference in ["240112345", "AB123456C", "AB123456"] {
        let found = supported(&world, reference, "OBRIEN", "1990-02-01").await;
        assert_eq!(
            found.body,
            json!({ "inForce": true, "since": "2024-03-01", "part": "VI", "section": "95", "asOf": world.now() })
        );
    }
    for (reference, family) in [
        ("240112346", "O'Brien"),
        ("AB123456D", "O'Brien"),
        ("240112345", "Brian"),
    ] {
        let missed = supported(&world, reference, family, "1990-02-01").await;
        assert_eq!(missed.body["code"], "NO_RECORD", "{reference} {family}");
    }
    assert_eq!(
        supported(&world, "HO123456", "O'Brien", "1990-02-01")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_legal_basis_is_told_as_it_is_worded_and_never_filled_in() {
    let holder = |number: u32, basis: Value| {
        person(
            &format!("p{number}"),
            "Ada",
            "Bell",
            "1990-02-01",
            json!({ "asylum_support_reference": format!("24011234{number}"),
                "section_95": { "in_force": true, "legal_basis": basis } }),
        )
    };
    let world = World::of(&[
        holder(1, "section 4".into()),
        holder(2, "Part IV, section 95".into()),
        holder(3, Value::Null),
    ])
    .await;
    for (number, part, section) in [
        (1, Value::Null, json!("4")),
        (2, json!("IV"), json!("95")),
        (3, Value::Null, Value::Null),
    ] {
        let found = supported(&world, &format!("24011234{number}"), "Bell", "1990-02-01").await;
        assert_eq!(
            (found.body["part"].clone(), found.body["section"].clone()),
            (part, section)
        );
    }
}

#[tokio::test]
async fn the_correlation_id_must_be_a_uuid_of_version_4() {
    let world = World::of(&[ada(json!({}))]).await;
    let token = world.token(HomeOffice, "status").await;
    let request = || {
        world
            .post(
                HomeOffice,
                "/v1/status/match",
                &names("Ada May", "O'Brien", "1990-02-01"),
            )
            .bearer_auth(&token)
    };
    let missing = said(request()).await;
    assert_eq!(
        (missing.status, &missing.body["code"]),
        (400, &json!("INVALID_REQUEST"))
    );
    for id in [
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "5f0c1d4e8a6b4c3d9e2f1a2b3c4d5e6f",
    ] {
        assert_eq!(said(request().header("Correlation-Id", id)).await.status, 400);
    }
}

#[tokio::test]
async fn each_scope_opens_its_own_endpoints() {
    let world = World::of(&[ada(json!({ "section_95": { "in_force": true } }))]).await;
    let support = json!({ "reference": "240112345", "familyName": "O'Brien", "dateOfBirth": "1990-02-01" });
    let status = names("Ada May", "O'Brien", "1990-02-01");
    for (scope, statuses) in [("status", [200, 403]), ("section-95", [403, 200])] {
        let token = world.token(HomeOffice, scope).await;
        for (place, (path, body)) in [
            ("/v1/status/match", &status),
            ("/v1/asylum-support/validations", &support),
        ]
        .into_iter()
        .enumerate()
        {
            let request = world
                .post(HomeOffice, path, body)
                .bearer_auth(&token)
                .header("Correlation-Id", CORRELATION_ID);
            assert_eq!(said(request).await.status, statuses[place], "{scope} {path}");
        }
    }
}

#[tokio::test]
async fn malformed_questions_are_refused_without_repeating_them() {
    let world = World::of(&[]).await;
    for body in [
        json!({ "shareCode": "W1", "dateOfBirth": "1990-02-01", "purpose": "WORK" }),
        json!({ "shareCode": "W12345678", "dateOfBirth": "01/02/1990", "purpose": "WORK" }),
        json!({ "shareCode": "W12345678", "dateOfBirth": "1990-02-01", "purpose": "PLAY" }),
        json!({ "shareCode": "W12345678", "dateOfBirth": "1990-02-01" }),
        json!({ "shareCode": "W12345678", "dateOfBirth": "1990-02-01", "purpose": "WORK", "nino": "AB123456C" }),
    ] {
        let refused = ask(&world, "/v1/status/share-code", &body).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (400, &json!("INVALID_REQUEST"))
        );
        assert!(!refused.body.to_string().contains("W1234"));
    }
}
