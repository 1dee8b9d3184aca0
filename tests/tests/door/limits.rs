//! Over a limit: how much, how often, how large.

use prost::Message as _;
use statuscheck::admission::AdmissionSettings;
use statuscheck::limits::LimitSettings;
use statuscheck_proto::v1::{CheckRequest, ListCasesRequest};
use statuscheck_tests::asking::{EMPLOYER, LANDLORD};
use statuscheck_tests::prelude::*;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};

use crate::wire::{assert_untouched, framed, post, post_with, refusal};

const CHECK: &str = "/statuscheck.v1.StatusCheckService/Check";

/// A request of exactly `length` bytes that is sound but for the length of its reference.
fn of_length(length: usize) -> CheckRequest {
    let mut asked = request(by_name("Sam", "Example", "1990-05-01").work());
    asked.caller_reference = "x".repeat(length - asked.encoded_len() - 4);
    assert_eq!(asked.encoded_len(), length);
    asked
}

#[tokio::test]
async fn a_message_of_one_byte_too_many_is_refused_for_good() {
    let house = House::start(Plan::default()).await;
    let fits = house.check(EMPLOYER, of_length(64 * 1024)).await.err().unwrap();
    assert_eq!(refusal(&fits).fields(), ["caller_reference"]);
    let over = house
        .check(EMPLOYER, of_length(64 * 1024 + 1))
        .await
        .err()
        .unwrap();
    let refused = refusal(&over);
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::ResourceExhausted, "MESSAGE_TOO_LARGE")
    );
    assert!(refused.details.retry_info().is_none(), "repeating does not help");
    assert_untouched(&house).await;
}

#[tokio::test]
async fn a_length_of_four_gigabytes_is_refused_before_anything_is_kept_for_it() {
    let house = House::start(Plan::default()).await;
    let announced = [0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3];
    let status = post(&house.channel(EMPLOYER), CHECK, announced).await.unwrap();
    let refused = refusal(&status);
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::ResourceExhausted, "MESSAGE_TOO_LARGE")
    );
    assert!(refused.details.retry_info().is_none());
    assert_untouched(&house).await;
}

#[tokio::test]
async fn bytes_that_are_no_message_are_a_malformed_request() {
    let house = House::start(Plan::default()).await;
    let channel = house.channel(EMPLOYER);
    // A string longer than what follows; a string that is not UTF-8; a field of another type; half a frame.
    let bodies = [
        framed(&[0x0a, 0x20, 1, 2]),
        framed(&[0x0a, 0x02, 0xff, 0xfe]),
        framed(&[0x08, 0x01]),
        vec![0, 0, 0, 0, 9, 1],
        vec![0, 0],
        Vec::new(),
        // A compressed message where no compression was agreed.
        vec![1, 0, 0, 0, 1, 0],
    ];
    for body in bodies {
        let status = post(&channel, CHECK, body.clone()).await;
        let refused = refusal(&status.unwrap_or_else(|| panic!("{body:?} is answered")));
        assert_eq!(
            (refused.code, refused.reason()),
            (Code::InvalidArgument, "NOT_A_MESSAGE"),
            "{body:?}"
        );
    }
    assert_untouched(&house).await;
}

#[tokio::test]
async fn checks_over_the_rate_are_told_when_to_repeat_and_whose_rate_it_is() {
    let two = 2.try_into().unwrap();
    let limits = LimitSettings {
        checks_per_second: 1.try_into().unwrap(),
        burst: two,
    };
    let house = House::start(Plan {
        limits,
        ..Plan::default()
    })
    .await;
    let ask = |who| house.check(who, request(by_name("Sam", "Example", "1990-05-01").work()));
    for _ in 0..2 {
        house
            .answered(EMPLOYER, request(by_name("Sam", "Example", "1990-05-01").work()))
            .await;
    }
    let (asked, recorded) = (house.requests(DepartmentId::HomeOffice), house.faults.recorded());

    let refused = refusal(&ask(EMPLOYER).await.err().unwrap());
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::ResourceExhausted, "RATE_LIMITED")
    );
    assert_eq!(
        refused.details.retry_info().unwrap().retry_delay,
        Some(Duration::from_secs(1))
    );
    let quota = &refused.details.quota_failure().unwrap().violations;
    assert_eq!(quota.len(), 1);
    assert_eq!(quota[0].subject, "organisation:employer");
    assert_eq!(
        (house.requests(DepartmentId::HomeOffice), house.faults.recorded()),
        (asked, recorded)
    );
    let listed = house
        .client(EMPLOYER)
        .list_cases(ListCasesRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().cases.len(), 2);

    // Another organisation has a rate of its own; malformed requests and refused ones take nothing from it.
    for _ in 0..5 {
        let malformed = house
            .check(LANDLORD, CheckRequest::default())
            .await
            .err()
            .unwrap();
        assert_eq!(malformed.code(), Code::InvalidArgument);
        assert_eq!(ask(LANDLORD).await.err().unwrap().code(), Code::PermissionDenied);
    }
    house
        .answered(
            LANDLORD,
            request(by_name("Sam", "Example", "1990-05-01").rent("2026-03-20")),
        )
        .await;

    // What is left is told with every answer and every refusal.
    let header = |metadata: &tonic::metadata::MetadataMap, name: &str| -> u64 {
        metadata.get(name).unwrap().to_str().unwrap().parse().unwrap()
    };
    let told = |metadata: &tonic::metadata::MetadataMap| {
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| header(metadata, name))
    };
    assert_eq!(told(ask(EMPLOYER).await.err().unwrap().metadata()), [2, 0, 2]);

    house.clock.advance(Duration::from_millis(999));
    assert_eq!(ask(EMPLOYER).await.err().unwrap().code(), Code::ResourceExhausted);
    house.clock.advance(Duration::from_millis(1));
    let asked = request(by_name("Sam", "Example", "1990-05-01").work());
    let answered = house.client(EMPLOYER).check(asked).await.unwrap();
    assert_eq!(told(answered.metadata()), [2, 0, 2]);
}

#[tokio::test]
async fn the_rate_of_an_agreement_is_its_own_and_a_check_over_it_spends_nothing_else() {
    let mut agreement = agreement_like("right-to-work", "slow", "stranger");
    agreement.rate = Some(statuscheck_domain::agreement::Rate {
        per_minute: 1.try_into().unwrap(),
        burst: 1.try_into().unwrap(),
    });
    let limits = LimitSettings {
        checks_per_second: 1.try_into().unwrap(),
        burst: 2.try_into().unwrap(),
    };
    let house = House::start(Plan {
        limits,
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let ask = || house.check(STRANGER, request(by_name("Sam", "Example", "1990-05-01").work()));
    ask().await.unwrap();
    for _ in 0..3 {
        let refused = refusal(&ask().await.err().unwrap());
        assert_eq!(refused.reason(), "RATE_LIMITED");
        let retry_delay = refused.details.retry_info().unwrap().retry_delay;
        assert_eq!(retry_delay, Some(Duration::from_secs(60)));
        let quota = &refused.details.quota_failure().unwrap().violations;
        assert_eq!(quota.len(), 1, "the organisation's own rate has one left");
        assert_eq!(
            quota[0].subject,
            "organisation:stranger agreement:slow check:right-to-work"
        );
    }
    assert_eq!(house.requests(DepartmentId::HomeOffice), 1);
}

#[tokio::test]
async fn more_than_can_be_answered_at_once_is_turned_away_unspent_and_others_get_their_turn() {
    let slow = person("Slow")
        .settled("2019-06-01")
        .behaves("home-office", "slow:60s");
    let house = House::start(Plan {
        people: vec![slow.clone()],
        admission: AdmissionSettings {
            in_flight_max: 2,
            in_flight_per_organisation_max: 1,
            waiting_max: 1,
            wait_max: Duration::from_millis(50),
        },
        limits: LimitSettings {
            checks_per_second: 1.try_into().unwrap(),
            burst: 3.try_into().unwrap(),
        },
        ..Plan::default()
    })
    .await;
    let mut client = house.client(EMPLOYER);
    let held = request(slow.by_name().work());
    let holding = tokio::spawn(async move { client.check(held).await });
    house.until_asked(DepartmentId::HomeOffice, 1).await;
    let recorded = house.faults.recorded();
    for _ in 0..5 {
        let asked = request(by_name("Sam", "Example", "1990-05-01").work());
        let refused = refusal(&house.check(EMPLOYER, asked).await.err().unwrap());
        assert_eq!(
            (refused.code, refused.reason()),
            (Code::ResourceExhausted, "OVERLOADED")
        );
        let retry_delay = refused.details.retry_info().unwrap().retry_delay;
        assert_eq!(retry_delay, Some(Duration::from_millis(50)));
    }
    assert_eq!(house.faults.recorded(), recorded);
    // The other seat is kept for others.
    house
        .answered(
            LANDLORD,
            request(by_name("Sam", "Example", "1990-05-01").rent("2026-03-20")),
        )
        .await;
    // The held one is pending when its two seconds are over, and two of three are left of the rate.
    holding.await.unwrap().unwrap();
    for _ in 0..2 {
        house
            .answered(EMPLOYER, request(by_name("Sam", "Example", "1990-05-01").work()))
            .await;
    }
    let asked = request(by_name("Sam", "Example", "1990-05-01").work());
    assert_eq!(
        refusal(&house.check(EMPLOYER, asked).await.err().unwrap()).reason(),
        "RATE_LIMITED"
    );
}

#[tokio::test]
async fn metadata_over_the_limit_does_not_reach_the_service() {
    let house = House::start(Plan::default()).await;
    let mut large = Request::new(request(by_name("Sam", "Example", "1990-05-01").work()));
    large
        .metadata_mut()
        .insert("x-large", MetadataValue::try_from("x".repeat(30_000)).unwrap());
    let refused = house.client(EMPLOYER).check(large).await.err().unwrap();
    // Refused by HTTP/2 itself, with "431 Request Header Fields Too Large".
    assert_eq!(refused.code(), Code::Unknown);
    assert!(refused.message().contains("431"), "{}", refused.message());
    assert_untouched(&house).await;
    // The connection goes on.
    house
        .answered(EMPLOYER, request(by_name("Sam", "Example", "1990-05-01").work()))
        .await;
}

#[tokio::test]
async fn a_compressed_request_is_refused_as_such() {
    let house = House::start(Plan::default()).await;
    let compressed = [&[1][..], &framed(b"anything")[1..]].concat();
    let channel = house.channel(EMPLOYER);
    let refused = post_with(&channel, CHECK, &[("grpc-encoding", "gzip")], compressed)
        .await
        .unwrap();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert!(refused.message().contains("gzip"), "{}", refused.message());
    assert_untouched(&house).await;
}
