//! Departments' desks: what is left open is on their worklists, and what they say decides the case.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod feeds;
mod information;
mod replies;
mod watching;
mod worklist;
mod wrong_replies;

use statuscheck_proto::adapter::v1 as desk;
use statuscheck_proto::adapter::v1::ask_response::Reply as Said;
use statuscheck_proto::adapter::v1::desk_service_client::DeskServiceClient;
use statuscheck_proto::adapter::v1::found::Facts;
use statuscheck_proto::v1::{Case, CaseState};
use statuscheck_tests::house::until_some;
use statuscheck_tests::prelude::*;
use tonic::Status;
use tonic::transport::Channel;

const HOUR: Duration = Duration::from_hours(1);
const HOME_OFFICE: &str = "department/home-office";
const DWP: &str = "department/dwp";
const DFE: &str = "department/dfe";

/// Somebody about whom the Home Office must look for longer than any promise.
fn forgotten(id: &str) -> Resident {
    person(id)
        .settled("2019-06-01")
        .behaves("home-office", "defer:20d")
}

fn client(house: &House, who: &str) -> DeskServiceClient<Channel> {
    DeskServiceClient::new(house.channel(who))
}

/// The whole worklist of `who`.
async fn work(house: &House, who: &str) -> Vec<desk::WorkItem> {
    let page = desk::ListWorkRequest::default();
    let listed = client(house, who).list_work(page).await.unwrap().into_inner();
    assert_eq!(listed.next_page_token, "");
    listed.items
}

/// The one question of the Home Office.
async fn question(house: &House) -> String {
    let mut items = work(house, HOME_OFFICE).await;
    assert_eq!(items.len(), 1);
    items.remove(0).question_id
}

async fn reply_as(house: &House, who: &str, id: &str, reply: Option<Said>) -> Result<(), Status> {
    let request = desk::ReplyRequest {
        question_id: id.to_owned(),
        reply: Some(desk::AskResponse { reply, as_of: None }),
    };
    client(house, who).reply(request).await.map(drop)
}

async fn reply(house: &House, id: &str, said: Said) -> Result<(), Status> {
    reply_as(house, HOME_OFFICE, id, Some(said)).await
}

async fn ask_for(house: &House, id: &str, fields: &[&str]) -> Result<(), Status> {
    let request = desk::RequestInformationRequest {
        question_id: id.to_owned(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    };
    client(house, HOME_OFFICE)
        .request_information(request)
        .await
        .map(drop)
}

/// Leave without an end that lets its holder work.
fn settled() -> Said {
    found(Facts::ImmigrationStatus(leave()))
}

fn leave() -> desk::ImmigrationStatus {
    desk::ImmigrationStatus {
        leave: Some("indefinite leave to remain".to_owned()),
        valid_from: Some("2019-06-01".to_owned()),
        may_work: Some(true),
        may_rent: Some(true),
        ..desk::ImmigrationStatus::default()
    }
}

fn found(facts: Facts) -> Said {
    Said::Found(desk::Found {
        matched_on: Vec::new(),
        facts: Some(facts),
    })
}

fn steps(case: &Case) -> Vec<&str> {
    case.history.iter().map(|event| event.kind.as_str()).collect()
}

fn times(case: &Case, kind: &str) -> usize {
    steps(case).iter().filter(|step| **step == kind).count()
}

/// The outcome that the caller is told now.
fn told(case: &Case) -> String {
    reason(&v1::CheckResponse {
        answer: case.answer.clone(),
        ..v1::CheckResponse::default()
    })
}
