//! Every method against every kind of peer. The table is written out here and not taken from the gateway: whoever adds a
//! method to the contract says here who may call it.

use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;
use statuscheck_proto::DESCRIPTOR_SET;
use statuscheck_tests::house::{House, Plan};
use tonic::Code;
use tonic::transport::Channel;

use crate::wire::{EMPTY, assert_untouched, post, refusal};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Organisation,
    Department,
    Taskforce,
    Ops,
}

use Kind::{Department, Ops, Organisation, Taskforce};

const EVERYONE: &[Kind] = &[Organisation, Department, Taskforce, Ops];

/// Service, method, and who may call it.
const MAY_CALL: &[(&str, &str, &[Kind])] = &[
    ("statuscheck.v1.StatusCheckService", "Check", &[Organisation]),
    ("statuscheck.v1.StatusCheckService", "CheckBatch", &[Organisation]),
    ("statuscheck.v1.StatusCheckService", "GetCase", &[Organisation]),
    ("statuscheck.v1.StatusCheckService", "ListCases", &[Organisation]),
    ("statuscheck.v1.StatusCheckService", "WatchCases", &[Organisation]),
    (
        "statuscheck.v1.StatusCheckService",
        "ProvideInformation",
        &[Organisation],
    ),
    (
        "statuscheck.v1.StatusCheckService",
        "WithdrawCase",
        &[Organisation],
    ),
    (
        "statuscheck.v1.StatusCheckService",
        "DisputeAnswer",
        &[Organisation],
    ),
    (
        "statuscheck.v1.StatusCheckService",
        "GiveFeedback",
        &[Organisation],
    ),
    // The gateway calls this one; nobody calls it here.
    ("statuscheck.adapter.v1.AdapterService", "Describe", &[]),
    ("statuscheck.adapter.v1.AdapterService", "Ask", &[]),
    ("statuscheck.adapter.v1.DeskService", "ListWork", &[Department]),
    ("statuscheck.adapter.v1.DeskService", "WatchWork", &[Department]),
    ("statuscheck.adapter.v1.DeskService", "Reply", &[Department]),
    (
        "statuscheck.adapter.v1.DeskService",
        "RequestInformation",
        &[Department],
    ),
    ("statuscheck.adapter.v1.DeskService", "UploadFeed", &[Department]),
    (
        "statuscheck.referral.v1.ReferralService",
        "ListReferrals",
        &[Taskforce],
    ),
    (
        "statuscheck.referral.v1.ReferralService",
        "GetReferral",
        &[Taskforce],
    ),
    ("statuscheck.referral.v1.ReferralService", "Resolve", &[Taskforce]),
    (
        "statuscheck.referral.v1.ReferralService",
        "RequestInformation",
        &[Taskforce],
    ),
    (
        "statuscheck.register.v1.RegisterService",
        "ListAgreements",
        EVERYONE,
    ),
    (
        "statuscheck.register.v1.RegisterService",
        "GetAgreement",
        EVERYONE,
    ),
    ("statuscheck.register.v1.RegisterService", "PlanRegister", &[Ops]),
    ("statuscheck.register.v1.RegisterService", "ApplyRegister", &[Ops]),
    ("statuscheck.register.v1.RegisterService", "ListVersions", &[Ops]),
    (
        "statuscheck.register.v1.RegisterService",
        "GetMeasures",
        &[Department, Ops],
    ),
    ("statuscheck.ops.v1.OpsService", "GetSlaSummary", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "ListCases", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "ExtendDue", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "ListDepartments", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "SetDepartment", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "ListHooks", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "RetryHook", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "VerifyLedger", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "RunRetention", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "SetLegalHold", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "ExportSubject", &[Ops]),
    ("statuscheck.ops.v1.OpsService", "RotateKeys", &[Ops]),
];

/// Not in our contract, and served.
const BESIDE: &[(&str, &str, &[Kind])] = &[
    ("grpc.health.v1.Health", "Check", EVERYONE),
    ("grpc.health.v1.Health", "Watch", EVERYONE),
    (
        "grpc.reflection.v1.ServerReflection",
        "ServerReflectionInfo",
        EVERYONE,
    ),
    (
        "grpc.reflection.v1alpha.ServerReflection",
        "ServerReflectionInfo",
        EVERYONE,
    ),
];

/// One of each kind, and one more without an agreement.
const PEERS: [(&str, Kind); 5] = [
    ("organisation/employer", Organisation),
    ("organisation/stranger", Organisation),
    ("department/dwp", Department),
    ("taskforce/windrush", Taskforce),
    ("ops/duty-1", Ops),
];

#[test]
fn the_table_has_every_method_of_the_contract_once_and_no_other() {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    let methods = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>());
    let contract: BTreeSet<_> = methods
        .map(|method| format!("{}/{}", method.parent_service().full_name(), method.name()))
        .collect();
    let table: Vec<_> = MAY_CALL
        .iter()
        .map(|(service, method, _)| format!("{service}/{method}"))
        .collect();
    assert_eq!(table.iter().cloned().collect::<BTreeSet<_>>(), contract);
    assert_eq!(table.len(), contract.len());
}

#[tokio::test]
async fn every_method_lets_in_its_own_kinds_of_peer_and_tells_the_others_that_they_are_wrong() {
    let house = House::start(Plan::default()).await;
    for (service, method, kinds) in MAY_CALL.iter().chain(BESIDE) {
        for (name, kind) in PEERS {
            let status = post(&house.channel(name), &format!("/{service}/{method}"), EMPTY).await;
            if kinds.contains(&kind) {
                let code = status.map(|status| status.code());
                let refused = [Code::PermissionDenied, Code::Unauthenticated];
                assert!(
                    code.is_none_or(|code| !refused.contains(&code)),
                    "{service}/{method} refuses {name}"
                );
                continue;
            }
            let status = status.unwrap_or_else(|| panic!("{service}/{method} answers {name}"));
            let refused = refusal(&status);
            assert_eq!(
                (refused.code, refused.reason(), refused.metadata("service")),
                (Code::PermissionDenied, "WRONG_PEER", Some(*service)),
                "{service}/{method} for {name}"
            );
        }
    }
    assert_untouched(&house).await;
}

/// Trusted certificates that name nobody.
fn nobodies(house: &House) -> Vec<(&'static str, Channel)> {
    let one = "spiffe://demo.statuscheck.example/organisation/employer";
    let none: &[&str] = &[];
    [
        ("without-uri", none),
        (
            "with-two-uris",
            &[one, "spiffe://demo.statuscheck.example/ops/duty-1"],
        ),
        (
            "of-another-domain",
            &["spiffe://elsewhere.example/organisation/employer"],
        ),
        (
            "of-no-kind",
            &["spiffe://demo.statuscheck.example/person/employer"],
        ),
        (
            "with-a-web-address",
            &["https://demo.statuscheck.example/organisation/employer"],
        ),
    ]
    .into_iter()
    .map(|(name, uris)| {
        let identity = house.authority().client_with_uris(name, uris).unwrap();
        (name, house.endpoint(Some(&identity)).connect_lazy())
    })
    .collect()
}

#[tokio::test]
async fn a_certificate_that_names_nobody_is_unauthenticated_at_every_method() {
    let house = House::start(Plan::default()).await;
    for (name, channel) in nobodies(&house) {
        for (service, method, _) in
            MAY_CALL
                .iter()
                .chain(BESIDE)
                .chain(&[("no.such.Service", "Call", EVERYONE)])
        {
            let status = post(&channel, &format!("/{service}/{method}"), EMPTY).await;
            let status = status.unwrap_or_else(|| panic!("{service}/{method} answers {name}"));
            let refused = refusal(&status);
            assert_eq!(
                (refused.code, refused.reason()),
                (Code::Unauthenticated, "IDENTITY_UNUSABLE"),
                "{service}/{method} for {name}"
            );
        }
    }
    assert_untouched(&house).await;
}

#[tokio::test]
async fn what_is_not_there_is_unimplemented_for_everyone_who_may_knock() {
    let house = House::start(Plan::default()).await;
    for (name, kind) in PEERS {
        let channel = house.channel(name);
        let mut paths = vec![
            "/no.such.Service/Call",
            "/",
            "/statuscheck.v1.StatusCheckService",
            "/a/b/c",
            "//",
        ];
        // The kind is judged first, so that nobody learns which methods another kind's service has.
        if kind == Organisation {
            paths.extend([
                "/statuscheck.v1.StatusCheckService/NoSuchMethod",
                "/statuscheck.v1.StatusCheckService/check",
            ]);
        }
        paths.retain(|path| kind == Organisation || !path.contains("StatusCheckService"));
        for path in paths {
            let status = post(&channel, path, EMPTY)
                .await
                .unwrap_or_else(|| panic!("{path} answers"));
            let refused = refusal(&status);
            assert_eq!(
                (refused.code, refused.reason()),
                (Code::Unimplemented, "NOT_SERVED"),
                "{path} for {name}"
            );
        }
    }
    assert_untouched(&house).await;
}
