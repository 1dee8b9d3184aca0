//! Referrals to the Windrush taskforce, from the hold to its end.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod evidence;
mod gateways;
mod held;
mod hooks;
mod joined;
mod memory;
mod resolved;
mod withheld;

use statuscheck_proto::referral::v1 as wire;
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::referral::v1::resolve_request::Finding;
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::{Case, CheckResponse};
use statuscheck_tests::prelude::*;
use tonic::Status;
use tonic::transport::Channel;

const TASKFORCE: &str = "taskforce/windrush";

/// Born in time, and unknown to every department.
fn unknown() -> Subject {
    by_name("Sam", "Nobody", "1960-04-02")
}

fn client(house: &House) -> ReferralServiceClient<Channel> {
    ReferralServiceClient::new(house.channel(TASKFORCE))
}

/// The first page of the referrals in `states`.
async fn listed(house: &House, states: &[wire::ReferralState]) -> Vec<wire::Referral> {
    let request = wire::ListReferralsRequest {
        states: states.iter().map(|state| (*state).into()).collect(),
        ..wire::ListReferralsRequest::default()
    };
    let page = client(house).list_referrals(request).await.unwrap().into_inner();
    page.referrals
}

/// The only referral that there is.
async fn only(house: &House) -> wire::Referral {
    let mut all = listed(house, &[]).await;
    assert_eq!(all.len(), 1, "one referral");
    all.remove(0)
}

async fn viewed(house: &House, id: &str) -> wire::Referral {
    let referral_id = id.to_owned();
    let read = client(house)
        .get_referral(wire::GetReferralRequest { referral_id })
        .await;
    read.unwrap().into_inner().referral.unwrap()
}

async fn resolve(house: &House, id: &str, finding: Finding) -> Result<wire::Referral, Status> {
    resolve_noting(house, id, finding, "Seen in the school records of 1966.").await
}

async fn resolve_noting(
    house: &House,
    id: &str,
    finding: Finding,
    note: &str,
) -> Result<wire::Referral, Status> {
    let request = wire::ResolveRequest {
        referral_id: id.to_owned(),
        finding: Some(finding),
        note: note.to_owned(),
    };
    let resolved = client(house).resolve(request).await?;
    Ok(resolved.into_inner().referral.unwrap())
}

async fn ask_for(house: &House, id: &str, fields: &[&str]) -> Result<(), Status> {
    let request = wire::RequestInformationRequest {
        referral_id: id.to_owned(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    };
    client(house).request_information(request).await.map(drop)
}

fn not_confirmed() -> Finding {
    Finding::NotConfirmed(wire::NotConfirmed {})
}

/// A right to work without end.
fn confirmed() -> Finding {
    Finding::Confirmed(v1::Established {
        facts: Some(v1::established::Facts::RightToWork(v1::RightToWorkFacts {
            entitlement: v1::Entitlement::Unlimited.into(),
            ..v1::RightToWorkFacts::default()
        })),
        withheld_fields: Vec::new(),
    })
}

/// The outcome and why, as the case tells its caller now.
fn told(case: &Case) -> String {
    reason(&CheckResponse {
        answer: case.answer.clone(),
        ..CheckResponse::default()
    })
}

fn referral_of(response: &CheckResponse) -> String {
    match response
        .answer
        .as_ref()
        .and_then(|answer| answer.outcome.as_ref())
    {
        Some(Outcome::Referred(referred)) => referred.referral_id.clone(),
        _ => panic!("it is referred"),
    }
}
