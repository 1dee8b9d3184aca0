//! How departments fail, and that no failure ever reads as "no record".

use std::sync::Arc;
use std::time::Duration;

use crate::bench::{Bench, ana, ask, ask_within, facts, kind_of, person, question};
use crate::office::{Office, says};
use axum::http::header;
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use statuscheck_adapters::settings::DepartmentSettings;
use statuscheck_adapters::{Ask, AskError, BoxDepartment, connect};
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::question::Operation;
use tower::ServiceExt as _;

const RECORDS: &str = r#","leave":{"kind":"ILR","valid_from":"2001-01-01","may_work":true,"may_rent":true},
    "asylum_support_reference":"240112345","section_95":{"in_force":true},"education":{"eligible":true},
    "benefits":[{"kind":"child_benefit","from":"1985-03-01"}],"employments":[{"employer":"A","from":"2021-03-01"}]"#;

fn behaving(behaviour: &str) -> String {
    let all = ["home_office", "dwp", "hmrc", "dfe"].map(|id| format!(r#""{id}":"{behaviour}""#));
    person(&format!(r#"{RECORDS},"behaviour":{{{}}}"#, all.join(",")))
}

/// The adapter, with a clock that stands still.
fn adapter(id: DepartmentId, settings: &DepartmentSettings) -> BoxDepartment {
    connect(id, settings, Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))).unwrap()
}

fn status() -> statuscheck_domain::question::Question {
    question(Operation::ImmigrationStatus, &ana())
}

async fn each_kind(behaviour: &str, within: Duration) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for operation in Operation::ALL {
        let bench = Bench::of(&[behaving(behaviour)]).await;
        let department = bench.department(operation.department());
        let reply = ask_within(&department, &question(operation, &ana()), within).await;
        kinds.push(kind_of(&reply));
    }
    kinds
}

const PATIENT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn every_operation_finds_where_its_department_answers() {
    assert_eq!(each_kind("answer", PATIENT).await, ["found"; 7]);
}

#[tokio::test]
async fn a_department_that_fails_is_unavailable() {
    assert_eq!(each_kind("fail", PATIENT).await, ["unavailable"; 7]);
}

#[tokio::test]
async fn a_department_that_talks_garbage_is_not_understood() {
    assert_eq!(each_kind("garbage", PATIENT).await, ["garbage"; 7]);
}

#[tokio::test]
async fn a_slow_department_is_out_of_time_at_the_deadline() {
    assert_eq!(
        each_kind("slow:60s", Duration::from_millis(100)).await,
        ["out_of_time"; 7]
    );
}

#[tokio::test]
async fn a_department_without_a_record_says_so() {
    let kinds = each_kind("no_record", PATIENT).await;
    assert_eq!(kinds, ["no record"; 7]);
}

#[tokio::test]
async fn a_failed_question_is_put_exactly_once_more() {
    let bench = Bench::of(&[behaving("fail")]).await;
    let reply = bench.ask(Operation::ImmigrationStatus).await;
    assert_eq!(kind_of(&reply), "unavailable");
    assert_eq!(bench.mocks.requests(DepartmentId::HomeOffice), 2);
}

#[tokio::test]
async fn a_refused_connection_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for operation in Operation::ALL {
        let settings = DepartmentSettings::new(format!("http://{address}"), "us", "hush".to_owned());
        let department = adapter(operation.department(), &settings);
        let reply = ask(&department, &question(operation, &ana())).await;
        assert_eq!(kind_of(&reply), "unavailable", "{}", operation.as_str());
    }
}

#[tokio::test]
async fn a_404_of_some_proxy_is_never_no_record() {
    let office = Office::open(3600, |_, _| says(404, "<html>no such page")).await;
    for operation in Operation::ALL {
        let department = adapter(operation.department(), &office.settings());
        let reply = ask(&department, &question(operation, &ana())).await;
        assert_eq!(kind_of(&reply), "garbage", "{}", operation.as_str());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let office = Office::open(3600, |_, _| {
        (
            axum::http::StatusCode::TEMPORARY_REDIRECT,
            [(header::LOCATION, "/elsewhere")],
        )
            .into_response()
    })
    .await;
    let department = adapter(DepartmentId::HomeOffice, &office.settings());
    let reply = ask(&department, &status()).await;
    assert_eq!(kind_of(&reply), "garbage");
    assert_eq!(office.requests(), 1);
}

#[tokio::test]
async fn a_reply_without_end_is_garbage() {
    let office = Office::open(3600, |_, _| {
        let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1024)));
        axum::body::Body::from_stream(endless).into_response()
    })
    .await;
    let department = adapter(DepartmentId::HomeOffice, &office.settings());
    let reply = ask(&department, &status()).await;
    assert_eq!(kind_of(&reply), "garbage");
}

#[tokio::test]
async fn a_limit_of_the_department_is_throttled_with_its_time() {
    let office = Office::open(3600, |_, _| {
        (
            axum::http::StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "7")],
        )
            .into_response()
    })
    .await;
    let department = adapter(DepartmentId::Dfe, &office.settings());
    let question = question(Operation::EducationEligibility, &ana());
    let reply = ask(&department, &question).await;
    let throttled = AskError::Throttled {
        retry_after: Some(Duration::from_secs(7)),
    };
    assert_eq!(reply.err(), Some(throttled));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let office = Office::open(3600, |_, token| match token {
        "token-1" => says(401, "{}"),
        _ => says(404, r#"{"code":"NO_RECORD"}"#),
    })
    .await;
    let department = adapter(DepartmentId::HomeOffice, &office.settings());
    assert_eq!(kind_of(&ask(&department, &status()).await), "no record");
    assert_eq!((office.tokens(), office.requests()), (2, 2));
}

#[tokio::test]
async fn credentials_that_stay_refused_are_our_fault() {
    let office = Office::open(3600, |_, _| says(401, "{}")).await;
    let department = adapter(DepartmentId::HomeOffice, &office.settings());
    assert_eq!(ask(&department, &status()).await.err(), Some(AskError::Refused));
    assert_eq!((office.tokens(), office.requests()), (2, 2));
    let bench = Bench::of(&[]).await;
    let mut settings = bench.settings(DepartmentId::HomeOffice);
    settings.client_id = "somebody-else".to_owned();
    let department = bench.department_with(DepartmentId::HomeOffice, &settings);
    assert_eq!(ask(&department, &status()).await.err(), Some(AskError::Refused));
}

#[tokio::test]
async fn questions_at_once_share_one_token() {
    let office = Office::open(3600, |_, _| says(404, r#"{"code":"NO_RECORD"}"#)).await;
    let department = adapter(DepartmentId::HomeOffice, &office.settings());
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let (department, question) = (department.clone(), status());
            tokio::spawn(async move { kind_of(&ask(&department, &question).await) })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), "no record");
    }
    assert_eq!((office.tokens(), office.requests()), (1, 50));
}

#[tokio::test]
async fn a_token_is_used_until_forty_seconds_before_its_end() {
    let office = Office::open(100, |_, _| says(404, r#"{"code":"NO_RECORD"}"#)).await;
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let department = connect(
        DepartmentId::HomeOffice,
        &office.settings(),
        Arc::new(clock.clone()),
    )
    .unwrap();
    assert_eq!(kind_of(&ask(&department, &status()).await), "no record");
    clock.advance(Duration::from_millis(59_999));
    assert_eq!(kind_of(&ask(&department, &status()).await), "no record");
    assert_eq!(office.tokens(), 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(kind_of(&ask(&department, &status()).await), "no record");
    assert_eq!(office.tokens(), 2);
}

#[tokio::test]
async fn hmrc_throttles_us_without_harm_when_our_own_limit_is_too_high() {
    let bench = Bench::of(&[person(RECORDS)]).await;
    let mut settings = bench.settings(DepartmentId::Hmrc);
    settings.rate.per_second = std::num::NonZeroU32::new(1000);
    let hmrc = bench.department_with(DepartmentId::Hmrc, &settings);
    let question = question(Operation::EmploymentHistory, &ana());
    facts(ask(&hmrc, &question).await);
    assert_eq!(
        ask(&hmrc, &question).await.err(),
        Some(AskError::Throttled { retry_after: None })
    );
}

#[tokio::test]
async fn our_own_limit_keeps_hmrcs() {
    let bench = Bench::of(&[person(RECORDS)]).await;
    let hmrc = bench.department(DepartmentId::Hmrc);
    let question = question(Operation::EmploymentHistory, &ana());
    facts(ask(&hmrc, &question).await);
    let reply = ask_within(&hmrc, &question, Duration::from_millis(100)).await;
    assert!(matches!(
        reply.err(),
        Some(AskError::Throttled { retry_after: Some(_) })
    ));
    assert_eq!(bench.mocks.requests(DepartmentId::Hmrc), 2);
    bench.clock.advance(Duration::from_secs(1));
    facts(ask(&hmrc, &question).await);
}

/// Whether a question went out, and what came of it.
async fn sent(department: &BoxDepartment) -> (bool, &'static str) {
    let ask = Ask::new(Arc::new(status()), PATIENT);
    let sent = ask.sent.clone();
    let reply = department.clone().oneshot(ask).await;
    (sent.is_sent(), kind_of(&reply))
}

#[tokio::test]
async fn a_question_is_known_not_to_have_gone_out_where_a_limit_or_a_rest_or_nobody_there_kept_it_back() {
    let bench = Bench::of(&[behaving("fail")]).await;
    let mut settings = bench.settings(DepartmentId::HomeOffice);
    settings.retry.repeats_max = 0;
    settings.rate.per_hour = std::num::NonZeroU32::new(2);
    let limited = adapter(DepartmentId::HomeOffice, &settings);
    let told = [sent(&limited).await, sent(&limited).await, sent(&limited).await];
    assert_eq!(
        told,
        [(true, "unavailable"), (true, "unavailable"), (false, "throttled")]
    );

    settings.rate.per_hour = None;
    settings.breaker.asks_min = 2;
    let resting = adapter(DepartmentId::HomeOffice, &settings);
    let told = [sent(&resting).await, sent(&resting).await, sent(&resting).await];
    assert_eq!(
        told,
        [
            (true, "unavailable"),
            (true, "unavailable"),
            (false, "breaker_open")
        ]
    );

    // A token can be had, and nobody answers where questions go.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    settings.token_url = Some(format!("{}/oauth2/token", settings.url));
    settings.url = format!("http://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    let unreachable = adapter(DepartmentId::HomeOffice, &settings);
    assert_eq!(sent(&unreachable).await, (false, "unavailable"));
}
