//! What the taskforce does once the program is there again: it looks for what it said and was not answered, says some of it again, and
//! waits until nobody is held behind a finding.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use statuscheck_proto::referral::v1::{GetReferralRequest, Referral, ResolveRequest};
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::{CheckRequest, CheckResponse};
use tokio::time::{interval, timeout};

use super::ledger::Ledger;
use super::officers::{self, Client, Gone, say};
use super::{Holds, law};
use crate::crash::journal::{Finding, Kind};
use crate::crash::reckoning::clients;
use crate::house::{GLANCE, PATIENCE};

/// How long after it joined a referral a case looks by itself whether that is still open.
const LOOK_AFTER: Duration = Duration::from_secs(60);

/// Calls at once.
const AT_ONCE: usize = 16;

impl Holds {
    /// Looks for everything whose answer was lost, says some of it again, and something else where that was taken.
    pub(super) async fn settle(&mut self, client: &Client) {
        let unanswered = self.office.unanswered();
        let ids: BTreeSet<_> = unanswered.iter().map(|request| &request.referral_id).collect();
        for id in ids {
            let Some(referral) = self.view(client, id).await else {
                continue;
            };
            let notes: Vec<_> = referral.notes.into_iter().map(|note| note.text).collect();
            let looked = self.office.files().get_mut(id).map(|file| file.look_for(&notes));
            let (there, absent) = looked.expect("it was written down");
            self.report.cut_there += there;
            self.report.cut_absent += absent;
            if self.dice.random_ratio(1, 3) {
                continue;
            }
            for request in unanswered.iter().filter(|request| request.referral_id == *id) {
                self.report.said_again += 1;
                self.say(client, request).await;
            }
            if let Some(other) = self.office.contradict(id) {
                self.say(client, &other).await;
            }
        }
    }

    async fn say(&mut self, client: &Client, request: &ResolveRequest) {
        let found = say(client, &self.office, request).await.unwrap_or_else(|Gone| {
            let what = "Resolve is not answered";
            vec![Finding::new(Kind::Fault, &request.referral_id, what)]
        });
        self.report.findings.extend(found);
    }

    /// Reads a referral that must be there.
    async fn view(&mut self, client: &Client, id: &str) -> Option<Referral> {
        match view(client, id).await {
            Ok(referral) => Some(referral),
            Err(finding) => {
                self.report.findings.push(finding);
                None
            }
        }
    }

    /// Waits until every case is released that joined a referral before that was closed, and at the end also those that joined at that
    /// moment and had to look by themselves; who is not is found.
    pub(super) async fn once_released(&mut self, is_end: bool) {
        let (site, ledger) = (&self.site, &mut self.ledger);
        let patience = if is_end { LOOK_AFTER + PATIENCE } else { PATIENCE };
        let mut glances = interval(GLANCE * 10);
        let releasing = async {
            loop {
                glances.tick().await;
                ledger.read(site);
                if held(ledger, is_end).is_empty() {
                    return;
                }
            }
        };
        if timeout(patience, releasing).await.is_err() {
            let what = "its referral is closed, and it is not released";
            let held = held(&self.ledger, is_end).into_iter();
            let found = held.map(|case| Finding::new(Kind::Held, &case, what));
            self.report.findings.extend(found);
        }
    }

    /// Whoever was told of a referral that is closed asks again, and is told of it no longer.
    pub(super) async fn ask_again(&mut self, address: SocketAddr) {
        let closed = self.ledger.rows().iter().filter(|row| row.state != "open");
        let closed: HashSet<_> = closed
            .map(|row| (row.case.as_str(), row.referral.as_str()))
            .collect();
        let clients = clients(&self.site, address);
        let mut places = Vec::new();
        for place in 0..self.journal.len() {
            let asked = self.journal.entry(place);
            let told = asked.told.as_ref().and_then(referral_of);
            if told.is_some_and(|told| closed.contains(&told)) {
                places.push((place, asked));
            }
        }
        for chunk in places.chunks(AT_ONCE) {
            let asking = chunk.iter().map(|(_, asked)| {
                let client = clients.iter().find(|(who, _)| *who == asked.who);
                check(
                    client.expect("every caller has a client").1.clone(),
                    &asked.request,
                )
            });
            for ((place, asked), answered) in chunk.iter().zip(join_all(asking).await) {
                let id = &asked.request.request_id;
                let found = match answered {
                    Ok(response) if referral_of(&response).is_some_and(|told| closed.contains(&told)) => {
                        let what = "its referral is closed, and its caller is told of it";
                        Some(Finding::new(Kind::Held, id, what))
                    }
                    Ok(response) => self.journal.tell(*place, asked.told.as_ref(), response),
                    Err(status) => {
                        let what = format!("asked again, and answered {:?}", status.code());
                        Some(Finding::new(Kind::Fault, id, what))
                    }
                };
                self.report.findings.extend(found);
            }
        }
    }

    /// Reads the referrals about which something was said since they were read, and so many others, or all.
    pub(super) async fn read_referrals(&mut self, client: &Client, others: usize) {
        let touched = self.office.touched();
        let mut ids: Vec<_> = self.office.files().keys().cloned().collect();
        ids.retain(|id| !touched.contains(id));
        ids.shuffle(&mut self.dice);
        ids.truncate(others);
        ids.extend(touched);
        for chunk in ids.chunks(AT_ONCE) {
            for read in join_all(chunk.iter().map(|id| view(client, id))).await {
                let found = match read {
                    Ok(referral) => {
                        let id = &referral.referral_id;
                        let found = referral.notes.last().map(|note| note.text.clone());
                        self.office.read(id, found);
                        law::read(&referral, &self.office.files()[id])
                    }
                    Err(finding) => vec![finding],
                };
                self.report.findings.extend(found);
            }
        }
    }
}

async fn view(client: &Client, id: &str) -> Result<Referral, Finding> {
    let referral_id = id.to_owned();
    let read = client
        .clone()
        .get_referral(GetReferralRequest { referral_id })
        .await;
    match read {
        Ok(read) => Ok(read.into_inner().referral.expect("a referral")),
        Err(status) => Err(officers::fault("GetReferral", id, &status)
            .unwrap_or_else(|Gone| Finding::new(Kind::Fault, id, "GetReferral is not answered"))),
    }
}

async fn check(
    mut client: crate::crash::reckoning::Client,
    request: &CheckRequest,
) -> Result<CheckResponse, tonic::Status> {
    Ok(client.check(request.clone()).await?.into_inner())
}

/// The case, and the referral that its caller is told of.
fn referral_of(told: &CheckResponse) -> Option<(&str, &str)> {
    match told.answer.as_ref()?.outcome.as_ref()? {
        Outcome::Referred(referred) => Some((&told.case_id, &referred.referral_id)),
        _ => None,
    }
}

/// Cases that are held and should not be.
fn held(ledger: &Ledger, is_end: bool) -> Vec<String> {
    let behind = ledger.held_behind();
    let behind = behind
        .iter()
        .filter(|(_, joined_before)| *joined_before || is_end);
    let behind = behind.map(|(row, _)| row.case.clone());
    let unreleased = ledger.unreleased().into_iter().map(|row| row.case.clone());
    behind.chain(unreleased).collect()
}
