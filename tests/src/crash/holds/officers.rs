//! People of the taskforce at work: they read referrals and say what they found, while the program is killed and after it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::referral::v1::resolve_request::Finding as Found;
use statuscheck_proto::referral::v1::{
    GetReferralRequest, ListReferralsRequest, Referral, ReferralState, ResolveRequest,
};
use statuscheck_proto::v1::answer::Outcome;
use tokio::task::JoinSet;
use tokio::time::interval;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use super::office::{End, Office};
use crate::crash::journal::{Finding, Journal, Kind};
use crate::house::GLANCE;
use crate::site::Site;

/// Who are at work at once.
const OFFICERS: usize = 2;

/// Requests that came last, of whose referrals one is taken up: cases join those at the same moment.
const LATELY: usize = 40;

pub(super) type Client = ReferralServiceClient<Channel>;

/// The program was killed.
pub(super) struct Gone;

/// Officers at work.
pub(super) struct Officers {
    working: JoinSet<()>,
    faults: Arc<Mutex<Vec<Finding>>>,
}

/// The taskforce's connection to the program at `address`.
pub(super) fn client(site: &Site, address: SocketAddr) -> Client {
    ReferralServiceClient::new(site.channel(address, "taskforce/windrush"))
}

impl Officers {
    /// Sets them to work. Each ends when it no longer gets through.
    pub(super) fn at_work(
        client: &Client,
        office: &Arc<Office>,
        journal: &Arc<Journal>,
        dice: &mut ChaCha8Rng,
    ) -> Self {
        let faults = Arc::<Mutex<Vec<Finding>>>::default();
        let mut working = JoinSet::new();
        for _officer in 0..OFFICERS {
            let mut officer = Officer {
                client: client.clone(),
                office: Arc::clone(office),
                journal: Arc::clone(journal),
                dice: ChaCha8Rng::seed_from_u64(dice.random()),
            };
            let faults = Arc::clone(&faults);
            working.spawn(async move {
                let mut glances = interval(GLANCE);
                loop {
                    glances.tick().await;
                    match officer.step().await {
                        Ok(found) => faults.lock().expect("nobody panics with it").extend(found),
                        Err(Gone) => return,
                    }
                }
            });
        }
        Self { working, faults }
    }

    /// Waits until every one has noticed the end; what they met meanwhile.
    pub(super) async fn end(mut self) -> Vec<Finding> {
        while let Some(ended) = self.working.join_next().await {
            ended.expect("no officer panics");
        }
        std::mem::take(&mut *self.faults.lock().expect("nobody panics with it"))
    }
}

struct Officer {
    client: Client,
    office: Arc<Office>,
    journal: Arc<Journal>,
    dice: ChaCha8Rng,
}

impl Officer {
    /// Says again what was not answered, or takes up a referral.
    async fn step(&mut self) -> Result<Vec<Finding>, Gone> {
        let unanswered = self.office.unanswered();
        if self.dice.random_ratio(1, 3)
            && let Some(request) = unanswered.choose(&mut self.dice)
        {
            return self.say(request).await;
        }
        let id = if self.dice.random_ratio(1, 4) {
            self.long_open().await?
        } else {
            self.told_lately()
        };
        let Some(referral_id) = id else {
            return Ok(Vec::new());
        };
        // Nobody decides about a person whose referral they have not read.
        let read = self.client.get_referral(GetReferralRequest { referral_id }).await;
        let referral = match read {
            Ok(read) => read.into_inner().referral.expect("a referral"),
            Err(status) => return fault("GetReferral", "-", &status).map(|fault| vec![fault]),
        };
        if referral.state() != ReferralState::Open {
            return Ok(Vec::new());
        }
        let requests = self.office.begin(&referral, &mut self.dice);
        let said = join_all(requests.iter().map(|request| self.say(request))).await;
        let said: Result<Vec<_>, _> = said.into_iter().collect();
        Ok(said?.concat())
    }

    async fn say(&self, request: &ResolveRequest) -> Result<Vec<Finding>, Gone> {
        say(&self.client, &self.office, request).await
    }

    fn told_lately(&mut self) -> Option<String> {
        let known = self.journal.len();
        let place = self.dice.random_range(known.saturating_sub(LATELY)..known.max(1));
        let told = (place < known).then(|| self.journal.entry(place).told).flatten();
        match told?.answer?.outcome? {
            Outcome::Referred(referred) => Some(referred.referral_id),
            _ => None,
        }
    }

    /// One of those that have been open for longest.
    async fn long_open(&mut self) -> Result<Option<String>, Gone> {
        let request = ListReferralsRequest {
            page_size: 20,
            page_token: String::new(),
            states: vec![ReferralState::Open.into()],
        };
        // What is wrong with lists is found where they are compared.
        let page = self
            .client
            .list_referrals(request)
            .await
            .map_err(|_status| Gone)?;
        let open = page.into_inner().referrals;
        let drawn = open.choose(&mut self.dice);
        Ok(drawn.map(|referral| referral.referral_id.clone()))
    }
}

/// Says it, and writes down what became of it; what is wrong with that.
pub(super) async fn say(
    client: &Client,
    office: &Office,
    request: &ResolveRequest,
) -> Result<Vec<Finding>, Gone> {
    let id = &request.referral_id;
    match client.clone().resolve(request.clone()).await {
        Ok(taken) => {
            office.end(request, End::Taken);
            let referral = taken.into_inner().referral.expect("a referral");
            let stands = stands_as(&referral, request);
            let finding = || Finding::new(Kind::Altered, id, "taken, and it does not stand as was said");
            Ok((!stands).then(finding).into_iter().collect())
        }
        Err(status) if reason(&status).as_deref() == Some("REFERRAL_RESOLVED") => {
            let mut files = office.files();
            let said = files.get_mut(id).into_iter().flat_map(|file| &file.said);
            let before = said.filter(|said| said.request.note == request.note);
            let was_taken = before.map(|said| said.end).any(|end| end == End::Taken);
            drop(files);
            if was_taken {
                let what = "taken before, and refused when it was said again";
                return Ok(vec![Finding::new(Kind::Altered, id, what)]);
            }
            office.end(request, End::Refused);
            Ok(Vec::new())
        }
        Err(status) => fault("Resolve", id, &status).map(|fault| vec![fault]),
    }
}

fn stands_as(referral: &Referral, request: &ResolveRequest) -> bool {
    match (&request.finding, referral.state()) {
        (Some(Found::Confirmed(_)), ReferralState::Confirmed)
        | (Some(Found::NotConfirmed(_)), ReferralState::NotConfirmed) => true,
        // Whoever else is at work may have found something since.
        (Some(Found::NeedsLonger(_)), _) => true,
        _ => false,
    }
}

/// What the program said; none where it is gone.
fn reason(status: &tonic::Status) -> Option<String> {
    let details = status.get_error_details();
    details.error_info().map(|said| said.reason.clone())
}

pub(super) fn fault(call: &str, id: &str, status: &tonic::Status) -> Result<Finding, Gone> {
    let said = reason(status).ok_or(Gone)?;
    let what = format!("{call} says {:?} {said}", status.code());
    Ok(Finding::new(Kind::Fault, id, what))
}
