//! Traces of the real program, as a receiver gets them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use statuscheck_tests::prelude::*;
use statuscheck_tests::program::{Program, Start};
use statuscheck_tests::receiver::Receiver;
use statuscheck_tests::site::Site;
use tonic::Request;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn program(receiver: &Receiver, sampler: &str) -> Start {
    Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")])
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint())
        .with("OTEL_TRACES_SAMPLER", sampler)
}

fn settled() -> Resident {
    person("traced").settled("2015-01-01")
}

fn asked() -> v1::CheckRequest {
    request(by_name("Sam", "traced", "1990-05-01").work())
}

/// A check whose caller follows it, or says that it does not.
fn followed(flags: &str) -> Request<v1::CheckRequest> {
    let mut request = Request::new(asked());
    let traceparent = format!("00-{TRACE}-{PARENT}-{flags}");
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", traceparent.parse().expect("a value"));
    metadata.insert("tracestate", "vendor=canaryvalue".parse().expect("a value"));
    request
}

async fn stopped(mut program: Program) -> String {
    program.terminate();
    assert!(program.ended().await.success());
    program.said()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(span: &Span, key: &str) -> Option<String> {
    let pair = span.attributes.iter().find(|pair| pair.key == key)?;
    match pair.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_its_caller_follows_is_told_stage_by_stage_in_the_callers_trace() {
    let (site, receiver) = (Site::with([settled()]).await, Receiver::start().await);
    let (program, address) = program(&receiver, "parentbased_always_off").serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    client.check(asked()).await.expect("an answer");
    client.check(followed("00")).await.expect("an answer");
    client.check(followed("01")).await.expect("an answer");
    stopped(program).await;

    let spans = receiver.spans();
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE));
    let of_caller = |span: &&Span| hex(&span.parent_span_id) == PARENT;
    let roots: Vec<_> = spans.iter().filter(of_caller).collect();
    let [root] = roots[..] else {
        panic!("{} spans of the caller's", roots.len())
    };
    let method = "statuscheck.v1.StatusCheckService/Check";
    assert_eq!((&*root.name, root.kind), (method, 2));
    assert_eq!(text(root, "rpc.system.name").as_deref(), Some("grpc"));
    assert_eq!(text(root, "rpc.method").as_deref(), Some(method));
    assert_eq!(text(root, "rpc.response.status_code").as_deref(), Some("OK"));
    let children = spans.iter().filter(|span| span.parent_span_id == root.span_id);
    let names: BTreeSet<_> = children.map(|span| &*span.name).collect();
    let stages = ["ask", "ask home-office", "authorise", "peer", "record", "reserve"];
    assert!(stages.iter().all(|stage| names.contains(stage)), "{names:?}");
    for span in &spans {
        assert!(
            span.start_time_unix_nano <= span.end_time_unix_nano,
            "{}",
            span.name
        );
        assert!(
            span.start_time_unix_nano >= root.start_time_unix_nano.saturating_sub(1_000_000),
            "{}",
            span.name
        );
        assert!(span.trace_state.is_empty(), "{}", span.name);
    }
    let home_office = spans
        .iter()
        .find(|span| span.name == "ask home-office")
        .expect("a span");
    assert_eq!(home_office.kind, 3);
    assert_eq!(text(home_office, "statuscheck.result").as_deref(), Some("found"));
    let bytes = receiver.bytes();
    assert!(!bytes.windows(11).any(|bytes| bytes == b"canaryvalue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_outside_can_have_every_call_of_theirs_followed() {
    let (site, receiver) = (Site::with([settled()]).await, Receiver::start().await);
    site.configure_more("[telemetry.traces]\ncallers_per_second_max = 1\n");
    let (program, address) = program(&receiver, "parentbased_always_off").serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    const CALLS: usize = 200;
    for _call in 0..CALLS {
        client.check(followed("01")).await.expect("an answer");
    }
    stopped(program).await;
    let spans = receiver.spans();
    let roots = spans
        .iter()
        .filter(|span| hex(&span.parent_span_id) == PARENT)
        .count();
    // One for each second that they took.
    assert!((1..CALLS / 2).contains(&roots), "{roots}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sampler_that_looks_at_no_caller_follows_none_for_them() {
    let (site, receiver) = (Site::with([settled()]).await, Receiver::start().await);
    let (program, address) = program(&receiver, "always_off").serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    client.check(followed("01")).await.expect("an answer");
    stopped(program).await;
    assert!(receiver.spans().is_empty());
    // Figures are sent all the same.
    let figures = receiver.figures();
    assert!(
        figures.iter().any(|name| name == "statuscheck.checks"),
        "{figures:?}"
    );
}

/// A department that fails, and keeps what it was sent as the trace; its URL.
async fn failing_department() -> (String, Arc<Mutex<Vec<String>>>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let keeps = Arc::clone(&seen);
    let answer = move |request: axum::extract::Request| async move {
        if request.uri().path().ends_with("/token") {
            let token = json!({ "access_token": "token", "token_type": "bearer", "expires_in": 600 });
            return (axum::http::StatusCode::OK, axum::Json(token));
        }
        let traceparent = request
            .headers()
            .get("traceparent")
            .and_then(|value| value.to_str().ok());
        let mut seen = keeps.lock().expect("no department panics");
        seen.extend(traceparent.map(str::to_owned));
        (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            axum::Json(json!({})),
        )
    };
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(socket, router).await.expect("a department") });
    (url, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_get_the_trace_and_lines_of_the_log_its_id() {
    let (site, receiver) = (Site::with([settled()]).await, Receiver::start().await);
    let (url, seen) = failing_department().await;
    site.configure(&[(DepartmentId::HomeOffice, url)].into(), "");
    let (program, address) = program(&receiver, "always_on").serve(&site).await;
    let mut client = site.client(address, EMPLOYER);
    client.check(asked()).await.expect("an answer");
    let log = stopped(program).await;
    let spans = receiver.spans();
    let asked = spans
        .iter()
        .find(|span| span.name == "ask home-office")
        .expect("a span");
    assert_eq!(text(asked, "error.type").as_deref(), Some("failed"));
    let (trace, span) = (hex(&asked.trace_id), hex(&asked.span_id));
    let seen = seen.lock().expect("no department panics");
    assert!(seen.contains(&format!("00-{trace}-{span}-01")), "{seen:?}");
    let line = log
        .lines()
        .find(|line| line.contains("no reply"))
        .expect("a line about the failure");
    assert!(line.contains(&trace), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_or_sampler_is_refused_at_the_start() {
    let (site, receiver) = (Site::with([]).await, Receiver::start().await);
    let http = program(&receiver, "always_on").with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    let (code, said) = http.refused(&site).await;
    assert!(
        code.is_some_and(|code| code != 0) && said.contains("must be grpc"),
        "{said}"
    );
    let (code, said) = program(&receiver, "sometimes").refused(&site).await;
    assert!(
        code.is_some_and(|code| code != 0) && said.contains("OTEL_TRACES_SAMPLER must be"),
        "{said}"
    );
}
