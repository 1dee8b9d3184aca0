use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::AUTHORIZATION;
use statuscheck_domain::ids::DepartmentId;

use crate::home_office::by_names;
use crate::{World, said};

const FORM: [(&str, &str); 3] = [
    ("client_id", "statuscheck"),
    ("client_secret", "mock-secret"),
    ("grant_type", "client_credentials"),
];

#[tokio::test]
async fn every_department_gives_tokens_in_its_own_shape() {
    let world = World::of(&[]).await;
    for (department, scope, keys) in [
        (
            DepartmentId::HomeOffice,
            "status section-95",
            &["access_token", "expires_in", "scope", "token_type"][..],
        ),
        (DepartmentId::Dwp, "", &["access_token", "expires_in"]),
        (
            DepartmentId::Hmrc,
            "read:individuals-matching-ho-v2 read:national-insurance-record-ho-v2",
            &["access_token", "expires_in", "scope", "token_type"],
        ),
        (
            DepartmentId::Dfe,
            "check local_authority:201",
            &["access_token", "expires_in", "token_type"],
        ),
    ] {
        let mut form = FORM.to_vec();
        form.push(("scope", scope));
        let given = world.ask_for_token(department, &form).await;
        assert_eq!(given.status, 200);
        let found: Vec<&str> = given
            .body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(found, keys, "{department}");
        assert_eq!(given.body["expires_in"], 14_400);
    }
}

#[tokio::test]
async fn a_wrong_secret_or_client_is_invalid_client() {
    let world = World::of(&[]).await;
    for department in DepartmentId::ALL {
        for (place, wrong) in [(0, "somebody"), (1, "guess")] {
            let mut form = FORM.to_vec();
            form[place].1 = wrong;
            let refused = world.ask_for_token(department, &form).await;
            assert_eq!(refused.status, 401);
            assert_eq!(refused.body["error"], "invalid_client");
        }
    }
}

#[tokio::test]
async fn other_grants_scopes_and_forms_are_refused() {
    let world = World::of(&[]).await;
    let refused = async |form: &[(&str, &str)]| {
        let refused = world.ask_for_token(DepartmentId::Dfe, form).await;
        (refused.status, refused.body["error"].clone())
    };
    let with = |more: (&'static str, &'static str)| {
        let mut form = FORM.to_vec();
        form.retain(|(key, _)| *key != more.0);
        form.push(more);
        form
    };
    assert_eq!(
        refused(&with(("grant_type", "password"))).await,
        (400, "unsupported_grant_type".into())
    );
    for scope in ["everything", "check local_authority:20", "local_authority:2o1"] {
        assert_eq!(
            refused(&with(("scope", scope))).await,
            (400, "invalid_scope".into())
        );
    }
    assert_eq!(refused(&[]).await, (400, "invalid_request".into()));
    assert_eq!(refused(&FORM[..1]).await, (400, "invalid_request".into()));
}

#[tokio::test]
async fn dfe_takes_basic_credentials_without_a_grant_type() {
    let world = World::of(&[]).await;
    let ask = async |secret: &str| {
        let basic = BASE64_STANDARD.encode(format!("statuscheck:{secret}"));
        let request = world
            .client
            .post(world.mocks.url(DepartmentId::Dfe) + "/oauth2/token")
            .header(AUTHORIZATION, format!("Basic {basic}"))
            .form(&[("scope", "check local_authority:201")]);
        said(request).await.status
    };
    assert_eq!(ask("mock-secret").await, 200);
    assert_eq!(ask("guess").await, 401);
}

#[tokio::test]
async fn a_token_lives_four_hours_by_the_clock() {
    let world = World::of(&[]).await;
    let token = world.token(DepartmentId::HomeOffice, "status").await;
    world.advance_secs(14_399);
    assert_eq!(by_names(&world, &token).await.status, 404);
    world.advance_secs(1);
    let refused = by_names(&world, &token).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn one_departments_token_is_nothing_to_another() {
    let world = World::of(&[]).await;
    let token = world.token(DepartmentId::Dwp, "").await;
    assert_eq!(by_names(&world, &token).await.status, 401);
}
