//! What the program knows, against what it told.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use statuscheck_proto::v1::{CheckRequest, CheckResponse, GetCaseRequest, ListCasesRequest};
use tokio::task::JoinSet;
use tonic::Code;

use super::journal::{Asked, Finding, Journal, Kind, disagreement};
use crate::asking::{COUNCIL, EMPLOYER, LANDLORD, TRUST};
use crate::site::Site;

/// Requests that are looked into at once.
const AT_ONCE: usize = 16;

/// How far the comparison goes.
pub(super) struct Depth {
    /// Places of the journal that are looked for in the lists.
    pub(super) round: Range<usize>,
    /// How many of them are looked into one by one.
    pub(super) each: usize,
    /// How many others, drawn from before.
    pub(super) older: usize,
}

/// What came of the comparison.
#[derive(Default)]
pub(super) struct Reckoned {
    pub(super) findings: Vec<Finding>,
    /// Requests without an answer that are there.
    pub(super) recorded: usize,
    /// Requests without an answer that are not there.
    pub(super) unrecorded: usize,
}

/// Case ids by request id.
type Listed = HashMap<String, Vec<String>>;

/// Compares what the programs at `addresses` know with the journal; each is to know the same.
pub(super) async fn reckon(
    site: &Site,
    addresses: &[SocketAddr],
    journal: &Arc<Journal>,
    depth: Depth,
    dice: &mut ChaCha8Rng,
) -> Reckoned {
    let mut reckoned = Reckoned::default();
    let round: HashMap<String, usize> = depth
        .round
        .clone()
        .map(|place| (journal.entry(place).request.request_id, place))
        .collect();
    let clients: Vec<_> = addresses.iter().map(|address| clients(site, *address)).collect();
    let before = list(&clients, &round, &mut reckoned).await;
    for (request_id, place) in &round {
        let told = journal.entry(*place).told;
        let cases = before.get(request_id).map_or(&[][..], Vec::as_slice);
        match (told, cases) {
            (Some(told), [case]) if told.case_id == *case => {}
            (Some(_), []) => reckoned.find(Kind::Lost, request_id, "acknowledged, and not listed"),
            (Some(_), [_]) => reckoned.find(Kind::Lost, request_id, "listed under another case than told"),
            (None, []) => reckoned.unrecorded += 1,
            (None, [_]) => reckoned.recorded += 1,
            (_, several) => reckoned.find(Kind::Doubled, request_id, format!("{} cases", several.len())),
        }
    }

    let older = 0..depth.round.start;
    let drawn = (0..depth.older).filter(|_| !older.is_empty());
    let drawn: Vec<usize> = drawn.map(|_| dice.random_range(older.clone())).collect();
    let mut places: Vec<usize> = depth.round.collect();
    places.shuffle(dice);
    places.truncate(depth.each);
    let looked_into: HashSet<usize> = places.iter().copied().collect();
    places.extend(drawn);
    let mut inquiries = JoinSet::new();
    for chunk in places.chunks(places.len().div_ceil(AT_ONCE).max(1)) {
        let (chunk, journal) = (chunk.to_vec(), Arc::clone(journal));
        let (clients, before) = (clients.clone(), before.clone());
        inquiries.spawn(async move {
            let mut findings = Vec::new();
            for place in chunk {
                let asked = journal.entry(place);
                let own = clients.iter().flatten().filter(|(who, _)| *who == asked.who);
                let own: Vec<_> = own.map(|(_, client)| client.clone()).collect();
                findings.extend(look_into(own, &journal, place, &asked, &before).await);
            }
            findings
        });
    }
    while let Some(ended) = inquiries.join_next().await {
        reckoned.findings.extend(ended.expect("no inquiry panics"));
    }

    // What was looked into was asked again by now, so it is there exactly once.
    let after = list(&clients, &round, &mut reckoned).await;
    for (request_id, place) in &round {
        let count = after.get(request_id).map_or(0, Vec::len);
        match count {
            0 if !looked_into.contains(place) => {}
            0 => reckoned.find(Kind::Lost, request_id, "answered again, and not listed"),
            1 => {}
            _ => reckoned.find(
                Kind::Doubled,
                request_id,
                format!("{count} cases after asking again"),
            ),
        }
    }
    reckoned
}

pub(super) type Client =
    statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient<tonic::transport::Channel>;

pub(super) fn clients(site: &Site, address: SocketAddr) -> [(&'static str, Client); 4] {
    [EMPLOYER, LANDLORD, COUNCIL, TRUST].map(|who| (who, site.client(address, who)))
}

/// Reads one case, and asks its request again, twice: of a program each, where there are several.
async fn look_into(
    clients: Vec<Client>,
    journal: &Journal,
    place: usize,
    asked: &Asked,
    listed: &Listed,
) -> Vec<Finding> {
    let id = &asked.request.request_id;
    let client = |turn: usize| clients[(place + turn) % clients.len()].clone();
    let mut findings = Vec::new();
    if let Some(told) = &asked.told {
        let case_id = told.case_id.clone();
        match client(0).get_case(GetCaseRequest { case_id }).await {
            Ok(response) => {
                let case = response.into_inner().case;
                let answer = case.as_ref().and_then(|case| case.answer.as_ref());
                findings.extend(disagreement(id, told.answer.as_ref(), answer));
            }
            Err(status) => {
                let what = format!("acknowledged, and GetCase says {:?}", status.code());
                findings.push(Finding::new(Kind::Lost, id, what));
            }
        }
    }
    for turn in 1..3 {
        let known = journal.entry(place).told;
        match again(client(turn), &asked.request, clients.len()).await {
            Ok(response) => {
                let there = listed.get(id).and_then(|cases| cases.first());
                if there.is_some_and(|case| *case != response.case_id) {
                    let what = "recorded, and asking again opened another case";
                    findings.push(Finding::new(Kind::Doubled, id, what));
                }
                findings.extend(journal.tell(place, known.as_ref(), response));
            }
            Err(status) => {
                let what = format!("asked again, and answered {:?}", status.code());
                findings.push(Finding::new(Kind::Fault, id, what));
            }
        }
    }
    findings
}

/// Asks again; of one gateway of several, which another's work may keep from recording for a moment, a few times.
async fn again(
    mut client: Client,
    request: &CheckRequest,
    gateways: usize,
) -> Result<CheckResponse, tonic::Status> {
    let mut attempts = if gateways > 1 { 5 } else { 1 };
    loop {
        attempts -= 1;
        match client.check(request.clone()).await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) if attempts > 0 && status.code() == Code::Unavailable => {}
            Err(status) => return Err(status),
        }
    }
}

/// The cases of the round's requests, from everybody's lists: newest first, until a page has none of the round.
async fn list(
    clients: &[[(&'static str, Client); 4]],
    round: &HashMap<String, usize>,
    reckoned: &mut Reckoned,
) -> Listed {
    let (first, others) = clients.split_first().expect("a program");
    let listed = list_by(first, round, reckoned).await;
    for other in others {
        if list_by(other, round, reckoned).await != listed {
            reckoned.find(Kind::Altered, "-", "two gateways list different cases");
        }
    }
    listed
}

async fn list_by(
    clients: &[(&'static str, Client)],
    round: &HashMap<String, usize>,
    reckoned: &mut Reckoned,
) -> Listed {
    let mut listed = Listed::new();
    for (_, client) in clients {
        let mut client = client.clone();
        let mut page_token = String::new();
        loop {
            let request = ListCasesRequest {
                page_size: 500,
                page_token,
                states: Vec::new(),
            };
            let page = match client.list_cases(request).await {
                Ok(page) => page.into_inner(),
                Err(status) => {
                    reckoned.find(Kind::Fault, "-", format!("ListCases says {:?}", status.code()));
                    break;
                }
            };
            let mut of_round = 0;
            for case in page.cases {
                if round.contains_key(&case.caller_reference) {
                    of_round += 1;
                    listed
                        .entry(case.caller_reference)
                        .or_default()
                        .push(case.case_id);
                }
            }
            if of_round == 0 || page.next_page_token.is_empty() {
                break;
            }
            page_token = page.next_page_token;
        }
    }
    listed
}

impl Reckoned {
    fn find(&mut self, kind: Kind, request_id: &str, what: impl Into<String>) {
        self.findings.push(Finding::new(kind, request_id, what));
    }
}
