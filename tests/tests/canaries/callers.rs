//! Callers who ask everything about everybody, well and badly.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use statuscheck_tests::asking::{COUNCIL, EMPLOYER, LANDLORD, TRUST};
use statuscheck_tests::prelude::*;
use statuscheck_tests::site::Site;
use tokio::task::JoinSet;
use tonic::metadata::{BinaryMetadataValue, MetadataValue};
use tonic::{Request, Status};
use v1::check_request::Check;

use crate::flock::{Canary, Flock};

/// What callers were told.
#[derive(Default)]
pub(crate) struct Said {
    /// Every refusal: of what, and all of its text and details.
    pub(crate) refusals: Vec<(String, Vec<u8>)>,
    /// Kinds of outcome.
    pub(crate) outcomes: BTreeSet<&'static str>,
    /// Kinds of outcome without which the test has not asked what it should.
    pub(crate) outcomes_wanted: Vec<&'static str>,
}

/// Asks every check about every canary: by each key, with all fields at once, and spoilt.
pub(crate) async fn ask_everything(flock: &Flock, site: &Site, address: SocketAddr) -> Said {
    let mut calls = JoinSet::new();
    for canary in &flock.canaries {
        for (who, check) in checks(canary).into_iter().chain(spoilt(canary)) {
            let mut client = site.client(address, who);
            let mut asked = request(check);
            canary.caller_reference.clone_into(&mut asked.caller_reference);
            let asked = with_metadata(asked, canary);
            calls.spawn(async move { (who, client.check(asked).await) });
        }
    }
    let mut said = Said::default();
    while let Some(call) = calls.join_next().await {
        let (who, answer) = call.unwrap();
        match answer {
            Ok(response) => {
                said.outcomes.insert(outcome(&response.into_inner()));
            }
            Err(status) => said.refusals.push((format!("a check by {who}"), whole(&status))),
        }
    }
    for canary in &flock.canaries {
        said.refusals.extend(badly(canary, site, address).await);
    }
    said.outcomes_wanted = if site.requests_to_all() > 0 {
        vec![
            "established",
            "pending",
            "more_information_needed",
            "not_established",
        ]
    } else {
        vec!["pending"]
    };
    assert!(said.refusals.len() > 10 * flock.canaries.len());
    said
}

/// Checks that are answered, by each way to name a person.
fn checks(canary: &Canary) -> Vec<(&'static str, Check)> {
    let named = || by_name(&canary.given, &canary.family, &canary.born);
    let rich = || {
        let mut subject = named().and_nino(&canary.nino).and_reference(&canary.reference);
        subject.person.also_known_as = vec![canary.alias.clone()];
        subject
    };
    let tenancy = "2031-01-05";
    vec![
        (EMPLOYER, by_code(&canary.work_code, &canary.born).work()),
        (EMPLOYER, named().work()),
        (EMPLOYER, rich().work()),
        (LANDLORD, by_code(&canary.rent_code, &canary.born).rent(tenancy)),
        (LANDLORD, named().rent(tenancy)),
        (
            COUNCIL,
            by_nass(&canary.nass, &canary.family, &canary.born).support(),
        ),
        (
            COUNCIL,
            by_nino(&canary.nino, &canary.family, &canary.born).support(),
        ),
        (TRUST, named().status()),
        (TRUST, rich().status()),
        // Two people in one: nothing fits.
        (TRUST, named().but_born("1970-01-02").status()),
        (EMPLOYER, by_code(&canary.work_code, "1970-01-02").work()),
    ]
}

/// Checks that are refused: with fields that no agreement covers, and with every field out of shape.
fn spoilt(canary: &Canary) -> Vec<(&'static str, Check)> {
    let all = |person: v1::Person, share_code: &str| {
        let subject = Subject {
            share_code: share_code.to_owned(),
            person,
        };
        vec![
            (EMPLOYER, subject.clone().work()),
            (LANDLORD, subject.clone().rent(&canary.born)),
            (COUNCIL, subject.clone().support()),
            (TRUST, subject.status()),
        ]
    };
    let bad = |text: &str| format!("{text}_{text}\u{7}<{text}>");
    let person = v1::Person {
        given_names: bad(&canary.given),
        family_name: bad(&canary.family),
        also_known_as: vec![bad(&canary.alias)],
        date_of_birth: bad(&canary.born),
        national_insurance_number: bad(&canary.nino),
        home_office_reference: bad(&canary.reference),
        asylum_support_reference: bad(&canary.nass),
        postcode: bad(&canary.postcode),
    };
    let mut checks = all(canary.whole(), &canary.work_code);
    checks.extend(all(person, &bad(&canary.work_code)));
    checks
}

/// Calls of other kinds that are refused, with data where none belongs.
async fn badly(canary: &Canary, site: &Site, address: SocketAddr) -> Vec<(String, Vec<u8>)> {
    let mut client = site.client(address, EMPLOYER);
    let mut refusals = Vec::new();
    let mut note = |what: &str, refused: Option<Status>| {
        let status = refused.unwrap_or_else(|| panic!("{what} was not refused"));
        refusals.push((what.to_owned(), whole(&status)));
    };
    let well = || request(by_code(&canary.work_code, &canary.born).work());
    let ids = v1::CheckRequest {
        request_id: canary.nino.clone(),
        agreement_id: format!("{} {}", canary.given, canary.family),
        caller_reference: format!("{}\n", canary.caller_reference),
        ..well()
    };
    note("ids that are none", client.check(ids).await.err());
    let elsewhere = v1::CheckRequest {
        agreement_id: canary.nino.to_lowercase(),
        ..well()
    };
    note("an agreement that is none", client.check(elsewhere).await.err());
    let large = v1::CheckRequest {
        caller_reference: canary.family.repeat(10_000),
        ..well()
    };
    note("a message that is too large", client.check(large).await.err());
    let first = well();
    client.check(first.clone()).await.unwrap();
    let other = v1::CheckRequest {
        caller_reference: canary.caller_reference.clone(),
        ..first
    };
    note("an id that is taken", client.check(other).await.err());
    let case_id = canary.given.clone();
    note(
        "a case id that is none",
        client.get_case(v1::GetCaseRequest { case_id }).await.err(),
    );
    let list = v1::ListCasesRequest {
        page_token: canary.family.clone(),
        ..v1::ListCasesRequest::default()
    };
    note("a page token that is none", client.list_cases(list).await.err());
    let added = v1::ProvideInformationRequest {
        case_id: canary.given.clone(),
        person: Some(canary.whole()),
        share_code: canary.work_code.clone(),
        tenancy_start: canary.born.clone(),
    };
    note("information", client.provide_information(added).await.err());
    let dispute = v1::DisputeAnswerRequest {
        case_id: canary.given.clone(),
        reason: format!("{} {}", canary.given, canary.family),
    };
    note("a dispute", client.dispute_answer(dispute).await.err());
    let mut stranger = site.client(address, "organisation/stranger");
    note(
        "a stranger",
        stranger.check(with_metadata(well(), canary)).await.err(),
    );
    let mut department = site.client(address, "department/dwp");
    note(
        "a department",
        department.check(with_metadata(well(), canary)).await.err(),
    );
    refusals
}

/// Data in headers, where none belongs either.
fn with_metadata(check: v1::CheckRequest, canary: &Canary) -> Request<v1::CheckRequest> {
    let mut request = Request::new(check);
    let metadata = request.metadata_mut();
    for (name, word) in [
        ("x-person", &canary.family),
        ("authorization", &canary.given),
        ("traceparent", &canary.nino),
        ("tracestate", &canary.work_code),
        ("baggage", &canary.postcode),
        ("cookie", &canary.nass),
    ] {
        let value: MetadataValue<_> = word.parse().unwrap();
        metadata.insert(name, value);
    }
    let binary = BinaryMetadataValue::from_bytes(canary.alias.as_bytes());
    metadata.insert_bin("x-person-bin", binary);
    request
}

/// All of a refusal that comes over the wire.
fn whole(status: &Status) -> Vec<u8> {
    let mut text = status.message().as_bytes().to_vec();
    text.extend_from_slice(status.details());
    text.extend_from_slice(format!("{:?}", status.metadata()).as_bytes());
    text
}
