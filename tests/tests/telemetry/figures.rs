//! What is on the page of figures, after checks of every kind.

use std::collections::{BTreeSet, HashMap};

use statuscheck::limits::LimitSettings;
use statuscheck::telemetry::catalogue::{ALL, Instrument, Kind, Values};
use statuscheck_tests::house::until_some;
use statuscheck_tests::prelude::*;
use tonic::{Code, Status};

use crate::exposition::{Sample, samples, value};

const FAMILY: &str = "Zanzibarova";
const NINO: &str = "ZW482917A";
const REFERENCE: &str = "caller-ref-quokka";

/// With which code a call ended.
fn code<T>(ended: &Result<T, Status>) -> Code {
    ended.as_ref().map_or_else(Status::code, |_answer| Code::Ok)
}

/// Somebody whom every word would give away.
fn canary() -> Resident {
    person("canary")
        .named("Quillfeather", FAMILY)
        .born("1973-11-29")
        .nino(NINO)
}

async fn house() -> House {
    House::with([
        canary().settled("2015-01-01"),
        person("Slow")
            .settled("2015-01-01")
            .behaves("home-office", "defer:1h"),
    ])
    .await
}

fn about_canary() -> Subject {
    by_name("Quillfeather", FAMILY, "1973-11-29").and_nino(NINO)
}

/// Asks something of every kind, well and ill; the ids that were given out.
async fn ask_everything(house: &House) -> Vec<String> {
    let mut said = vec![
        REFERENCE.to_owned(),
        FAMILY.to_owned(),
        NINO.to_owned(),
        "Quillfeather".to_owned(),
    ];
    let mut known = request(about_canary().work());
    REFERENCE.clone_into(&mut known.caller_reference);
    for _repeat in 0..2 {
        said.push(house.answered(EMPLOYER, known.clone()).await.case_id);
    }
    said.push(known.request_id);
    for check in [
        by_name("Nemo", "Nobody", "1990-05-01").work(),
        by_name("Sam", "Slow", "1990-05-01").work(),
    ] {
        said.push(house.answered(EMPLOYER, request(check)).await.case_id);
    }
    said.push(right_to_rent(house, about_canary(), "2026-03-20").await.case_id);
    said.push(
        section_95(house, by_nino(NINO, FAMILY, "1973-11-29"))
            .await
            .case_id,
    );
    said.push(iecas(house, about_canary()).await.case_id);
    let malformed = house
        .check(EMPLOYER, request(by_name("", FAMILY, "29/11/1973").work()))
        .await;
    assert_eq!(code(&malformed), Code::InvalidArgument);
    let stranger = house.check(STRANGER, request(about_canary().work())).await;
    assert_eq!(code(&stranger), Code::PermissionDenied);
    house.case(EMPLOYER, &said[4]).await.expect("the case");
    said
}

/// After it open cases are counted anew for whoever looks, also where they were being counted when the clock was set.
const A_MOMENT: std::time::Duration = std::time::Duration::from_secs(61);

/// The page, once that figure is on it.
async fn until_told(house: &House, name: &str) -> String {
    until_some(async || {
        let (status, text) = house.page("/metrics").await;
        assert_eq!(status, 200);
        samples(&text)
            .iter()
            .any(|sample| sample.name == name)
            .then_some(text)
    })
    .await
}

fn instruments() -> HashMap<String, &'static Instrument> {
    let series = |instrument: &'static Instrument| {
        instrument
            .series()
            .into_iter()
            .map(move |name| (name, instrument))
    };
    ALL.iter().flat_map(series).collect()
}

/// What the contract and the shipped register allow, where the list of instruments does not say.
fn allowed(values: Values) -> BTreeSet<String> {
    match values {
        Values::Of(values) => values.iter().map(|value| (*value).to_owned()).collect(),
        Values::Agreements => {
            let register = statuscheck::demo::shipped_register().expect("the shipped register");
            register
                .agreements()
                .map(|agreement| agreement.id.to_string())
                .collect()
        }
        Values::Methods => {
            let pool = prost_reflect::DescriptorPool::decode(statuscheck_proto::DESCRIPTOR_SET)
                .expect("the contract");
            let services = pool.services();
            let methods = services.flat_map(|service| {
                let methods: Vec<_> = service
                    .methods()
                    .map(|method| method.full_name().to_owned())
                    .collect();
                methods
            });
            methods
                .map(|method| match method.rsplit_once('.') {
                    Some((service, method)) => format!("{service}/{method}"),
                    None => method,
                })
                .chain(["_OTHER".to_owned()])
                .collect()
        }
    }
}

fn assert_is_bounded(sample: &Sample, instrument: &Instrument) {
    for (label, value) in &sample.labels {
        if label == "le" {
            assert!(matches!(instrument.kind, Kind::Histogram(_)), "{sample:?}");
            continue;
        }
        let known = instrument
            .labels
            .iter()
            .find(|known| known.prometheus_name() == *label);
        let known = known.unwrap_or_else(|| panic!("{label} is no label of {}", instrument.name));
        assert!(
            allowed(known.values).contains(value),
            "{value:?} of {label} in {sample:?}"
        );
    }
    let others = sample.labels.keys().filter(|label| *label != "le").count();
    assert_eq!(others, instrument.labels.len(), "{sample:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_series_is_of_the_list_with_bounded_labels_and_none_tells_of_a_person() {
    let house = house().await;
    let said = ask_everything(&house).await;
    // Open cases are counted now and then.
    house.clock.advance(A_MOMENT);
    let text = until_told(&house, "statuscheck_cases").await;
    let instruments = instruments();
    let mut told = BTreeSet::new();
    for sample in samples(&text) {
        if sample.name == "target_info" {
            continue;
        }
        let instrument = instruments.get(&sample.name);
        let instrument = instrument.unwrap_or_else(|| panic!("{} is not in the list", sample.name));
        assert_is_bounded(&sample, instrument);
        told.insert(instrument.name);
    }
    // No step was due, and no reply told of a feed.
    let untold: Vec<_> = ALL
        .iter()
        .map(|known| known.name)
        .filter(|name| !told.contains(name))
        .collect();
    assert_eq!(untold, ["statuscheck.feed.age", "statuscheck.clock.lateness"]);
    for word in said {
        assert!(!text.to_lowercase().contains(&word.to_lowercase()), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_count_by_what_the_caller_was_told() {
    let house = house().await;
    ask_everything(&house).await;
    let (_, text) = house.page("/metrics").await;
    let work = |outcome| {
        let labels = [("check", "right-to-work"), ("outcome", outcome)];
        value(&text, "statuscheck_checks_total", &labels)
    };
    // A repeat was told as well.
    assert_eq!(work("established"), 2.0);
    assert_eq!(work("not_established"), 1.0);
    assert_eq!(work("pending"), 1.0);
    let refused = |reason| value(&text, "statuscheck_checks_refused_total", &[("reason", reason)]);
    assert_eq!((refused("malformed"), refused("not_agreed")), (1.0, 1.0));
    let calls = |code| {
        let method = ("rpc_method", "statuscheck.v1.StatusCheckService/Check");
        let labels = [method, ("rpc_response_status_code", code)];
        value(&text, "rpc_server_call_duration_seconds_count", &labels)
    };
    assert_eq!(
        (calls("OK"), calls("INVALID_ARGUMENT"), calls("PERMISSION_DENIED")),
        (7.0, 1.0, 1.0)
    );
    let asked = |result| {
        let labels = [("department", "home-office"), ("result", result)];
        value(&text, "statuscheck_department_duration_seconds_count", &labels)
    };
    assert_eq!(asked("deferred"), 1.0);
    assert!(asked("found") >= 3.0);
    // The two that were answered at once were answered in time; the repeat is the same case.
    let kept = value(
        &text,
        "statuscheck_promises_total",
        &[("check", "right-to-work"), ("kept", "true")],
    );
    assert_eq!(kept, 2.0);
    assert!(value(&text, "statuscheck_ledger_batch_count", &[]) >= 8.0);
    assert_eq!(value(&text, "statuscheck_ready", &[("part", "store")]), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_is_broken_counts_once_and_so_does_its_step() {
    let house = house().await;
    let told = right_to_work(&house, by_name("Sam", "Slow", "1990-05-01")).await;
    assert_eq!(outcome(&told), "pending");
    house.clock.advance(Duration::from_secs(30 * 24 * 3_600));
    let text = until_some(async || {
        let (_, text) = house.page("/metrics").await;
        let broken = value(&text, "statuscheck_promises_total", &[("kept", "false")]);
        (broken > 0.0).then_some(text)
    })
    .await;
    assert_eq!(
        value(&text, "statuscheck_promises_total", &[("kept", "false")]),
        1.0
    );
    assert_eq!(
        value(&text, "statuscheck_promises_total", &[("kept", "true")]),
        0.0
    );
    assert!(value(&text, "statuscheck_clock_lateness_seconds_count", &[]) >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_hit_is_told_by_its_name() {
    let one = 1.try_into().expect("more than none");
    let house = House::start(Plan {
        limits: LimitSettings {
            checks_per_second: one,
            burst: one,
        },
        ..Plan::default()
    })
    .await;
    right_to_work(&house, by_name("Sam", "Nobody", "1990-05-01")).await;
    let over = house
        .check(EMPLOYER, request(by_name("Sam", "Nobody", "1990-05-01").work()))
        .await;
    assert_eq!(code(&over), Code::ResourceExhausted);
    let (_, text) = house.page("/metrics").await;
    assert_eq!(
        value(&text, "statuscheck_checks_refused_total", &[("reason", "rate")]),
        1.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_contract_is_told_under_one_name() {
    let house = house().await;
    let channel = house.channel(EMPLOYER);
    for path in [
        "/no.such.Service/Canary",
        "/statuscheck.v1.StatusCheckService/Canary",
    ] {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.expect("a connection");
        let codec = tonic_prost::ProstCodec::<v1::GetCaseRequest, v1::GetCaseResponse>::default();
        let refused = grpc
            .unary(
                tonic::Request::new(v1::GetCaseRequest::default()),
                path.parse().expect("a path"),
                codec,
            )
            .await;
        assert_eq!(code(&refused), Code::Unimplemented);
    }
    let (_, text) = house.page("/metrics").await;
    let labels = [
        ("rpc_method", "_OTHER"),
        ("rpc_response_status_code", "UNIMPLEMENTED"),
    ];
    assert_eq!(
        value(&text, "rpc_server_call_duration_seconds_count", &labels),
        2.0
    );
    assert!(!text.contains("Canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_cases_are_told_by_whose_turn_it_is() {
    let house = house().await;
    right_to_work(&house, by_name("Sam", "Slow", "1990-05-01")).await;
    house.clock.advance(A_MOMENT);
    let text = until_told(&house, "statuscheck_cases").await;
    let cases = |state| {
        let labels = [
            ("turn", "home-office"),
            ("state", state),
            ("check", "right-to-work"),
        ];
        value(&text, "statuscheck_cases", &labels)
    };
    assert_eq!(
        (cases("open"), cases("breached"), cases("paused")),
        (1.0, 0.0, 0.0)
    );
    let parked = [("receiver", "taskforce"), ("state", "parked")];
    assert_eq!(value(&text, "statuscheck_outbox", &parked), 0.0);
    let home_office = [("department", "home-office")];
    assert_eq!(value(&text, "statuscheck_department_breaker", &home_office), 0.0);
}
