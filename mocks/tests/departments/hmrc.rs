use reqwest::RequestBuilder;
use serde_json::{Value, json};
use statuscheck_domain::ids::DepartmentId::Hmrc;

use crate::{CORRELATION_ID, Said, World, ada, person, said};

const ACCEPT: &str = "application/vnd.hmrc.2.0+json";
const ALL_SCOPES: &str = "read:individuals-matching-ho-v2 read:individuals-employments-ho-v2 \
                          read:national-insurance-record-ho-v2";

/// Sends the request a second after the last one, so that no limit is met.
async fn ask(world: &World, request: RequestBuilder) -> Said {
    world.advance_secs(1);
    let token = world.token(Hmrc, ALL_SCOPES).await;
    said(
        request
            .bearer_auth(token)
            .header("accept", ACCEPT)
            .header("CorrelationId", CORRELATION_ID),
    )
    .await
}

fn who(first: &str, last: &str, nino: &str, born: &str) -> Value {
    json!({ "firstName": first, "lastName": last, "nino": nino, "dateOfBirth": born })
}

async fn matched(world: &World, body: &Value) -> Said {
    ask(world, world.post(Hmrc, "/individuals/matching/", body)).await
}

async fn look(world: &World, path: &str) -> Said {
    ask(world, world.get(Hmrc, path)).await
}

/// Ada's match id.
async fn match_ada(world: &World) -> String {
    let found = matched(world, &who("Ada", "O'Brien", "AB123456C", "1990-02-01")).await;
    assert_eq!(found.status, 200);
    let href = found.body["_links"]["individual"]["href"].as_str().unwrap();
    href.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_match_takes_one_letter_of_the_first_name_three_of_the_last_and_the_rest_exact() {
    let world = World::of(&[ada(json!({}))]).await;
    for (body, fits) in [
        (who("A", "O'B", "AB123456C", "1990-02-01"), true),
        (who("adam", "o'bama", "AB123456C", "1990-02-01"), true),
        (who("Ada", "O'Brien", "AB123456", "1990-02-01"), true),
        (who("Bda", "O'Brien", "AB123456C", "1990-02-01"), false),
        (who("Ada", "OBrien", "AB123456C", "1990-02-01"), false),
        (who("Ada", "O'", "AB123456C", "1990-02-01"), false),
        (who("Ada", "O'Brien", "AB123456D", "1990-02-01"), false),
        (who("Ada", "O'Brien", "AB123456C", "1990-01-02"), false),
    ] {
        let said = matched(&world, &body).await;
        if fits {
            assert_eq!(said.status, 200, "{body}");
            assert!(said.body["_links"]["self"]["href"].is_string());
        } else {
            assert_eq!(
                (said.status, &said.body["code"]),
                (404, &json!("MATCHING_FAILED")),
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn accents_are_folded_and_short_and_single_names_match() {
    let holder = |id: &str, given: &str, family: &str, nino: &str| {
        person(
            id,
            given,
            family,
            "1990-02-01",
            json!({ "national_insurance_number": nino }),
        )
    };
    let world = World::of(&[
        holder("p1", "Łukasz", "Ørsted", "AB111111A"),
        holder("p2", "Li", "O", "AB222222A"),
        holder("p3", "", "Suryani", "AB333333A"),
    ])
    .await;
    for (first, last, nino) in [
        ("LUKASZ", "ORSTED", "AB111111A"),
        ("LI", "O", "AB222222A"),
        ("SURYANI", "SURYANI", "AB333333A"),
    ] {
        let found = matched(&world, &who(first, last, nino, "1990-02-01")).await;
        assert_eq!(found.status, 200, "{first} {last}");
    }
}

#[tokio::test]
async fn malformed_fields_are_invalid_requests() {
    let world = World::of(&[ada(json!({}))]).await;
    let long = "A".repeat(36);
    for body in [
        who("", "O'Brien", "AB123456C", "1990-02-01"),
        who(&long, "O'Brien", "AB123456C", "1990-02-01"),
        who("Ada", "O’Brien", "AB123456C", "1990-02-01"),
        who("Łukasz", "O'Brien", "AB123456C", "1990-02-01"),
        who("Ada", "O'Brien", "AB 12 34 56 C", "1990-02-01"),
        who("Ada", "O'Brien", "QQ123456C", "1990-02-01"),
        who("Ada", "O'Brien", "AB123456C", "01/02/1990"),
        json!({ "firstName": "Ada", "lastName": "O'Brien", "nino": "AB123456C" }),
    ] {
        let refused = matched(&world, &body).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (400, &json!("INVALID_REQUEST")),
            "{body}"
        );
        assert!(refused.body["message"].is_string());
    }
}

#[tokio::test]
async fn media_type_then_correlation_id_then_token_are_asked_for() {
    let world = World::of(&[]).await;
    let request = || world.get(Hmrc, &format!("/individuals/matching/{CORRELATION_ID}"));
    let any = said(request().header("CorrelationId", CORRELATION_ID)).await;
    assert_eq!(
        (any.status, &any.body["code"]),
        (406, &json!("ACCEPT_HEADER_INVALID"))
    );
    let other = said(request().header("accept", "application/vnd.hmrc.1.0+json")).await;
    assert_eq!(other.status, 406);
    let missing = said(request().header("accept", ACCEPT)).await;
    assert_eq!(
        (missing.status, &missing.body["code"]),
        (400, &json!("INVALID_REQUEST"))
    );
    let anonymous = said(
        request()
            .header("accept", ACCEPT)
            .header("CorrelationId", CORRELATION_ID),
    )
    .await;
    assert_eq!(
        (anonymous.status, &anonymous.body["code"]),
        (401, &json!("UNAUTHORIZED"))
    );
    assert_eq!(anonymous.header("CorrelationId"), Some(CORRELATION_ID));
}

#[tokio::test]
async fn a_correlation_id_of_version_7_is_refused() {
    let world = World::of(&[]).await;
    let token = world.token(Hmrc, ALL_SCOPES).await;
    for (id, status) in [
        ("01890a5d-ac96-774b-bcce-b302099a8057", 400),
        ("01890a5d-ac96-474b-7cce-b302099a8057", 400),
        ("not-a-uuid", 400),
        ("01890a5d-ac96-474b-bcce-b302099a8057", 404),
        ("01890A5D-AC96-174B-BCCE-B302099A8057", 404),
    ] {
        world.advance_secs(1);
        let request = world
            .get(Hmrc, &format!("/individuals/matching/{CORRELATION_ID}"))
            .bearer_auth(&token)
            .header("accept", ACCEPT)
            .header("CorrelationId", id);
        assert_eq!(said(request).await.status, status, "{id}");
    }
}

#[tokio::test]
async fn a_call_without_its_scope_is_403() {
    let world = World::of(&[ada(json!({}))]).await;
    let token = world.token(Hmrc, "read:individuals-matching-ho-v2").await;
    let id = match_ada(&world).await;
    for (path, status) in [
        (format!("/individuals/matching/{id}"), 200),
        (
            format!("/individuals/employments/paye?matchId={id}&fromDate=2025-01-01"),
            403,
        ),
        ("/national-insurance-record/ni/AB123456C".to_owned(), 403),
    ] {
        world.advance_secs(1);
        let request = world
            .get(Hmrc, &path)
            .bearer_auth(&token)
            .header("accept", ACCEPT)
            .header("CorrelationId", CORRELATION_ID);
        assert_eq!(said(request).await.status, status, "{path}");
    }
    let none = world.token(Hmrc, "").await;
    world.advance_secs(1);
    let request = world
        .post(
            Hmrc,
            "/individuals/matching/",
            &who("A", "O'B", "AB123456C", "1990-02-01"),
        )
        .bearer_auth(none)
        .header("accept", ACCEPT)
        .header("CorrelationId", CORRELATION_ID);
    assert_eq!(said(request).await.body["code"], "INVALID_SCOPE");
}

#[tokio::test]
async fn a_match_lives_18000_seconds() {
    let world = World::of(&[ada(json!({}))]).await;
    let id = match_ada(&world).await;
    let path = format!("/individuals/matching/{id}");
    world.advance_secs(17_998);
    let living = look(&world, &path).await;
    assert_eq!(
        living.body["individual"],
        json!({ "firstName": "Ada May", "lastName": "O’Brien", "nino": "AB123456C", "dateOfBirth": "1990-02-01" })
    );
    for link in ["income", "employments", "benefits-and-credits", "details"] {
        assert!(living.body["_links"][link]["href"].is_string(), "{link}");
    }
    let gone = look(&world, &path).await;
    assert_eq!((gone.status, &gone.body["code"]), (404, &json!("NOT_FOUND")));
}

#[tokio::test]
async fn employments_touch_the_period_with_both_days_included() {
    let world = World::of(&[ada(json!({ "employments": [
        { "employer": "Old Mill Ltd", "from": "2020-05-01", "to": "2021-03-31" },
        { "employer": "New Mill Ltd", "from": "2024-02-01" },
    ] }))])
    .await;
    let id = match_ada(&world).await;
    let employers = async |period: &str| {
        let told = look(
            &world,
            &format!("/individuals/employments/paye?matchId={id}&{period}"),
        )
        .await;
        let names: Vec<String> = told.body["employments"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|work| work["employer"]["name"].as_str().unwrap().to_owned())
            .collect();
        (told.status, names.join(", "))
    };
    let both = "Old Mill Ltd, New Mill Ltd".to_owned();
    assert_eq!(employers("fromDate=2019-04-06").await, (200, both));
    assert_eq!(
        employers("fromDate=2021-03-31&toDate=2024-01-31").await,
        (200, "Old Mill Ltd".to_owned())
    );
    assert_eq!(
        employers("fromDate=2021-04-01&toDate=2024-02-01").await,
        (200, "New Mill Ltd".to_owned())
    );
    assert_eq!(
        employers("fromDate=2021-04-01&toDate=2024-01-31").await,
        (200, String::new())
    );
    for refused in [
        "fromDate=2019-04-05",
        "fromDate=2025-01-02&toDate=2025-01-01",
        "toDate=2025-01-01",
        "fromDate=1.1.2025",
    ] {
        assert_eq!(employers(refused).await.0, 400, "{refused}");
    }
}

#[tokio::test]
async fn an_employment_has_hmrcs_shape() {
    let work =
        json!({ "employments": [{ "employer": "Old Mill Ltd", "from": "2020-05-01", "to": "2021-03-31" }] });
    let world = World::of(&[ada(work)]).await;
    let id = match_ada(&world).await;
    let told = look(
        &world,
        &format!("/individuals/employments/paye?matchId={id}&fromDate=2020-05-01"),
    )
    .await;
    let work = &told.body["employments"][0];
    assert_eq!(
        (&work["startDate"], &work["endDate"]),
        (&json!("2020-05-01"), &json!("2021-03-31"))
    );
    assert!(work["payFrequency"].is_string() && work["payment"].is_array());
    assert!(
        work["employer"]["payeReference"].is_string() && work["employer"]["address"]["postcode"].is_string()
    );
}

#[tokio::test]
async fn the_insurance_record_reaches_back_to_1975_and_no_further() {
    let world = World::of(&[ada(json!({
        "employments": [{ "employer": "Mill", "from": "1970-01-01", "to": "1976-04-05" }],
        "benefits": [{ "kind": "state_pension", "from": "1979-04-05", "to": "1979-04-06" }],
    }))])
    .await;
    match_ada(&world).await;
    let told = look(&world, "/national-insurance-record/ni/AB123456C").await;
    let years: Vec<(String, bool)> = told.body["taxYears"]
        .as_array()
        .unwrap()
        .iter()
        .map(|year| {
            (
                year["taxYear"].as_str().unwrap().to_owned(),
                year["qualifying"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("1979-80", true),
        ("1978-79", true),
        ("1977-78", false),
        ("1976-77", false),
        ("1975-76", true),
    ]
    .map(|(year, qualifying)| (year.to_owned(), qualifying));
    assert_eq!(years, expected);
    assert_eq!(told.body["taxYears"][0]["underInvestigation"], false);
}

#[tokio::test]
async fn the_insurance_record_is_told_after_a_match_only() {
    let world = World::of(&[ada(json!({}))]).await;
    let path = "/national-insurance-record/ni/AB123456C";
    assert_eq!(look(&world, path).await.body["code"], "NOT_FOUND");
    match_ada(&world).await;
    let told = look(&world, path).await;
    assert_eq!((told.status, told.body), (200, json!({ "taxYears": [] })));
    world.advance_secs(18_000);
    assert_eq!(look(&world, path).await.status, 404);
}

#[tokio::test]
async fn the_fourth_request_of_a_second_is_throttled() {
    let world = World::of(&[]).await;
    let token = world.token(Hmrc, ALL_SCOPES).await;
    let ask = async || {
        let request = world
            .get(Hmrc, &format!("/individuals/matching/{CORRELATION_ID}"))
            .bearer_auth(&token)
            .header("accept", ACCEPT)
            .header("CorrelationId", CORRELATION_ID);
        said(request).await
    };
    for _ in 0..3 {
        assert_eq!(ask().await.status, 404);
    }
    let throttled = ask().await;
    assert_eq!(
        (throttled.status, &throttled.body["code"]),
        (429, &json!("MESSAGE_THROTTLED_OUT"))
    );
    world.advance_secs(1);
    assert_eq!(ask().await.status, 404);
}
