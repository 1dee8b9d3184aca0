//! Every method against every kind of peer and every state that an agreement can be in. Methods that ask something need
//! an agreement in force; what a peer was told before, it may read again, whatever has become of the agreement since.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use prost::Message as _;
use prost_reflect::DescriptorPool;
use statuscheck_domain::agreement::{Agreement, Suspension};
use statuscheck_proto::DESCRIPTOR_SET;
use statuscheck_tests::house::agreement_like;
use statuscheck_tests::prelude::*;
use tonic::Code;

use crate::wire::{EMPTY, Refusal, framed, post, refusal};

/// What a method asks of its caller's agreements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Needs {
    /// One in force that covers what is asked.
    Agreement,
    /// One in force that covers what a row of the batch, or the case that is asked about anew, asks; the call itself says nothing
    /// of it. `cases/batches` and `cases/steps` hold these.
    ForWhatItNames,
    /// None.
    Nothing,
}

use Needs::{Agreement as AnAgreement, ForWhatItNames, Nothing};

/// Service, the kinds of peer that may call it, and its methods with what they need.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, Needs)],
);

const ORGANISATION: &[&str] = &["organisation"];
const OPS: &[&str] = &["ops"];
const EVERYONE: &[&str] = &["organisation", "department", "taskforce", "ops"];

const TABLE: &[Row] = &[
    (
        "statuscheck.v1.StatusCheckService",
        ORGANISATION,
        &[
            ("Check", AnAgreement),
            ("CheckBatch", ForWhatItNames),
            ("GetCase", Nothing),
            ("ListCases", Nothing),
            ("WatchCases", Nothing),
            ("ProvideInformation", ForWhatItNames),
            ("WithdrawCase", Nothing),
            ("DisputeAnswer", ForWhatItNames),
            ("GiveFeedback", Nothing),
        ],
    ),
    (
        "statuscheck.adapter.v1.AdapterService",
        &[],
        &[("Describe", Nothing), ("Ask", Nothing)],
    ),
    (
        "statuscheck.adapter.v1.DeskService",
        &["department"],
        &[
            ("ListWork", Nothing),
            ("WatchWork", Nothing),
            ("Reply", Nothing),
            ("RequestInformation", Nothing),
            ("UploadFeed", ForWhatItNames),
        ],
    ),
    (
        "statuscheck.referral.v1.ReferralService",
        &["taskforce"],
        &[
            ("ListReferrals", Nothing),
            ("GetReferral", Nothing),
            ("Resolve", Nothing),
            ("RequestInformation", Nothing),
        ],
    ),
    (
        "statuscheck.register.v1.RegisterService",
        EVERYONE,
        &[("ListAgreements", Nothing), ("GetAgreement", Nothing)],
    ),
    (
        "statuscheck.register.v1.RegisterService",
        OPS,
        &[
            ("PlanRegister", Nothing),
            ("ApplyRegister", Nothing),
            ("ListVersions", Nothing),
        ],
    ),
    (
        "statuscheck.register.v1.RegisterService",
        &["department", "ops"],
        &[("GetMeasures", Nothing)],
    ),
    (
        "statuscheck.ops.v1.OpsService",
        OPS,
        &[
            ("GetSlaSummary", Nothing),
            ("ListCases", Nothing),
            ("ExtendDue", Nothing),
            ("ListDepartments", Nothing),
            ("SetDepartment", Nothing),
            ("ListHooks", Nothing),
            ("RetryHook", Nothing),
            ("VerifyLedger", Nothing),
            ("RunRetention", Nothing),
            ("SetLegalHold", Nothing),
            ("ExportSubject", Nothing),
            ("RotateKeys", Nothing),
        ],
    ),
];

/// A state of the one agreement that an organisation has, and the reason for which it is refused under it; none where it
/// is not.
type State = (&'static str, fn(&mut Agreement), Option<&'static str>);

/// The day of the house.
const TODAY: Date = date(2026, 3, 11);

const STATES: [State; 9] = [
    ("in-force", |_| {}, None),
    (
        "on-its-last-day",
        |agreement| agreement.expires_on = Some(TODAY),
        None,
    ),
    (
        "suspended-from-tomorrow",
        |agreement| agreement.suspension = Some(suspension(TODAY.tomorrow().unwrap())),
        None,
    ),
    (
        "suspended",
        |agreement| agreement.suspension = Some(suspension(TODAY)),
        Some("AGREEMENT_SUSPENDED"),
    ),
    (
        "expired",
        |agreement| agreement.expires_on = Some(TODAY.yesterday().unwrap()),
        Some("AGREEMENT_EXPIRED"),
    ),
    (
        "signed-tomorrow",
        |agreement| agreement.signed_on = Some(TODAY.tomorrow().unwrap()),
        Some("AGREEMENT_NOT_SIGNED"),
    ),
    (
        "listed-only",
        |agreement| agreement.listed_only = true,
        Some("AGREEMENT_NOT_SERVED"),
    ),
    (
        "of-another-check",
        |agreement| agreement.checks = vec![statuscheck_domain::check::CheckKind::Iecas],
        Some("CHECK_NOT_COVERED"),
    ),
    (
        "without-the-field",
        |agreement| {
            agreement
                .request_fields
                .retain(|field| field.as_str() != "given_names")
        },
        Some("FIELD_NOT_COVERED"),
    ),
];

fn suspension(since: Date) -> Suspension {
    Suspension {
        since,
        owner: "Head of Policy".to_owned(),
        reason: "accuracy is looked into".to_owned(),
        review_on: date(2026, 6, 1),
    }
}

fn agreements() -> Vec<Agreement> {
    let agreement = |(name, change, _): State| {
        let mut agreement = agreement_like("right-to-work", name, name);
        change(&mut agreement);
        agreement
    };
    STATES.map(agreement).to_vec()
}

/// Peers by name, with the kind and the reason for which a check of theirs is refused.
fn peers() -> Vec<(String, &'static str, Option<&'static str>)> {
    let organisations =
        STATES.map(|(name, _, reason)| (format!("organisation/{name}"), "organisation", reason));
    let others = [
        (
            "organisation/stranger".to_owned(),
            "organisation",
            Some("NO_AGREEMENT"),
        ),
        ("department/dwp".to_owned(), "department", None),
        ("taskforce/windrush".to_owned(), "taskforce", None),
        ("ops/duty-1".to_owned(), "ops", None),
    ];
    organisations.into_iter().chain(others).collect()
}

#[test]
fn the_table_has_every_method_of_the_contract_once_and_no_other() {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    let contract: BTreeSet<_> = pool
        .services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| format!("{}/{}", method.parent_service().full_name(), method.name()))
        .collect();
    let rows = TABLE.iter();
    let table: Vec<_> = rows
        .flat_map(|(service, _, methods)| {
            methods
                .iter()
                .map(move |(method, _)| format!("{service}/{method}"))
        })
        .collect();
    assert_eq!(table.iter().cloned().collect::<BTreeSet<_>>(), contract);
    assert_eq!(table.len(), contract.len());
}

#[tokio::test]
async fn every_method_asks_of_every_peer_the_agreement_that_it_needs() {
    let house = House::start(Plan {
        agreements: agreements(),
        ..Plan::default()
    })
    .await;
    let check = framed(&request(by_name("Sam", "Example", "1990-05-01").work()).encode_to_vec());
    for (name, kind, reason) in peers() {
        let channel = house.channel(&name);
        for (service, kinds, methods) in TABLE {
            for (method, needs) in *methods {
                let asked = if *method == "Check" {
                    check.as_slice()
                } else {
                    EMPTY
                };
                let told = post(&channel, &format!("/{service}/{method}"), asked).await;
                let told = told.as_ref().map(refusal);
                let what = format!("{service}/{method} for {name}");
                let expected = match needs {
                    _ if !kinds.contains(&kind) => Some("WRONG_PEER"),
                    AnAgreement => reason,
                    Nothing | ForWhatItNames => {
                        let about = told.as_ref().map_or("", Refusal::reason);
                        let agreements = ["AGREEMENT", "COVERED", "NO_AGREEMENT", "WRONG_PEER", "NOT_SERVED"];
                        assert!(
                            !agreements.iter().any(|word| about.contains(word)),
                            "{what}: {about}"
                        );
                        continue;
                    }
                };
                assert_eq!(told.as_ref().map(Refusal::reason), expected, "{what}");
            }
        }
    }
    // Nine states, of which three permit, each asked once.
    assert_eq!(house.requests(DepartmentId::HomeOffice), 3);
}

#[tokio::test]
async fn a_refusal_names_the_agreement_since_when_and_whom_to_turn_to() {
    let house = House::start(Plan {
        agreements: agreements(),
        ..Plan::default()
    })
    .await;
    for (name, key, value) in [
        ("suspended", "since", "2026-03-11"),
        ("expired", "expired_on", "2026-03-10"),
        ("signed-tomorrow", "signed_on", "2026-03-12"),
        ("listed-only", "check", "right-to-work"),
    ] {
        let asked = request(by_name("Sam", "Example", "1990-05-01").work());
        let refused = house.check(&format!("organisation/{name}"), asked).await;
        let refused = refusal(&refused.err().unwrap());
        assert_eq!(refused.code, Code::PermissionDenied);
        assert_eq!(refused.metadata("agreement_id"), Some(name));
        assert_eq!(refused.metadata(key), Some(value));
        assert_eq!(refused.contacts(), ["mailto:right-to-work@home-office.example"]);
    }
}

#[tokio::test]
async fn an_agreement_ends_at_midnight_in_london_and_old_cases_stay_readable() {
    let mut agreement = agreement_like("right-to-work", "ending", "stranger");
    agreement.expires_on = Some(date(2026, 7, 1));
    let house = House::start(Plan {
        // One minute to midnight in London, where it is summer.
        now: "2026-07-01T22:59:00Z".parse().unwrap(),
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let ask = || house.check(STRANGER, request(by_name("Sam", "Example", "1990-05-01").work()));
    let told = ask().await.unwrap();
    house.clock.advance(Duration::from_secs(60));
    let refused = ask().await.err().unwrap();
    assert_eq!(refusal(&refused).reason(), "AGREEMENT_EXPIRED");
    assert_eq!(
        house.case(STRANGER, &told.case_id).await.unwrap().case_id,
        told.case_id
    );
}

#[tokio::test]
async fn support_for_a_purpose_that_the_agreement_does_not_name_is_refused() {
    let mut agreement = agreement_like("section-95", "premium-alone", "stranger");
    agreement
        .benefits
        .retain(|benefit| benefit.as_str() == "early-years-pupil-premium");
    let house = House::start(Plan {
        agreements: vec![agreement],
        ..Plan::default()
    })
    .await;
    let asked = request(by_nass("2401/012345", "Example", "1990-05-01").support());
    let refused = refusal(&house.check(STRANGER, asked).await.err().unwrap());
    assert_eq!(
        (refused.code, refused.reason()),
        (Code::PermissionDenied, "PURPOSE_NOT_COVERED")
    );
    assert_eq!(refused.metadata("purpose"), Some("free-school-meals"));
    assert_eq!(refused.contacts(), ["mailto:section-95@education.example"]);
}
