//! Health and reflection, which every peer may use.

use std::collections::BTreeSet;

use statuscheck_tests::house::{House, Plan};
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const PEERS: [&str; 5] = [
    "organisation/employer",
    "organisation/stranger",
    "department/dfe",
    "taskforce/windrush",
    "ops/duty-2",
];

#[tokio::test]
async fn health_is_told_per_service_to_everyone() {
    let house = House::start(Plan::default()).await;
    for name in PEERS {
        let mut client = HealthClient::new(house.channel(name));
        for service in ["", "statuscheck.v1.StatusCheckService"] {
            let service = service.to_owned();
            let told = client.check(HealthCheckRequest { service }).await.unwrap();
            assert_eq!(told.into_inner().status(), ServingStatus::Serving, "{name}");
        }
        let service = "no.such.Service".to_owned();
        let unknown = client.check(HealthCheckRequest { service }).await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        let service = "statuscheck.v1.StatusCheckService".to_owned();
        let mut watching = client
            .watch(HealthCheckRequest { service })
            .await
            .unwrap()
            .into_inner();
        assert_eq!(
            watching.message().await.unwrap().unwrap().status(),
            ServingStatus::Serving
        );
    }
}

/// Both versions have the same messages under other names.
macro_rules! reflected {
    ($version:ident, $channel:expr) => {{
        use tonic_reflection::pb::$version::ServerReflectionRequest;
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

        let ask = |message| ServerReflectionRequest {
            host: String::new(),
            message_request: Some(message),
        };
        let asked = [
            ask(MessageRequest::ListServices(String::new())),
            ask(MessageRequest::FileContainingSymbol(
                "statuscheck.v1.StatusCheckService.Check".to_owned(),
            )),
        ];
        let mut client = ServerReflectionClient::new($channel);
        let mut told = client
            .server_reflection_info(tokio_stream::iter(asked))
            .await
            .unwrap()
            .into_inner();
        let mut services = BTreeSet::new();
        let mut files = 0;
        while let Some(response) = told.next().await {
            match response.unwrap().message_response {
                Some(MessageResponse::ListServicesResponse(listed)) => {
                    services.extend(listed.service.into_iter().map(|service| service.name));
                }
                Some(MessageResponse::FileDescriptorResponse(found)) => {
                    files += found.file_descriptor_proto.len()
                }
                _ => panic!("another answer than was asked for"),
            }
        }
        (services, files)
    }};
}

#[tokio::test]
async fn reflection_in_both_versions_shows_everyone_what_is_served() {
    let house = House::start(Plan::default()).await;
    for name in PEERS {
        for (services, files) in [
            reflected!(v1, house.channel(name)),
            reflected!(v1alpha, house.channel(name)),
        ] {
            let served = [
                "statuscheck.v1.StatusCheckService",
                "statuscheck.adapter.v1.DeskService",
                "statuscheck.referral.v1.ReferralService",
                "grpc.health.v1.Health",
            ];
            for service in served {
                assert!(services.contains(service), "{services:?}");
            }
            assert!(files > 0, "{name} is not told the contract");
        }
    }
}
