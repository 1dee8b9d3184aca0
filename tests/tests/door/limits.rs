//! Over a limit: how much, how often, how large.

use prost::Message as _;
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

    house.clock.advance(Duration::from_millis(999));
    assert_eq!(ask(EMPLOYER).await.err().unwrap().code(), Code::ResourceExhausted);
    house.clock.advance(Duration::from_millis(1));
    ask(EMPLOYER).await.unwrap();
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
