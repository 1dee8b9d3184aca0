//! Kills the real program while it refers people to the taskforce, which is well, down, failing or silent meanwhile: whoever was
//! told of a referral has it, each person has one, the taskforce lets one hook about each have its effect, and nothing that is held
//! back was told.

pub(super) mod people;
mod reckoned;

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_mocks::population::Population;
use statuscheck_mocks::taskforce::Received;
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::referral::v1::{ListReferralsRequest, Referral};
use statuscheck_proto::v1::answer::Outcome;
use tokio::time::{interval, timeout};

use self::people::People;
use super::journal::Journal;
use super::reckoning::{Depth, reckon};
use super::{Finding, Kind, Plan, audit, load};
use crate::house::{GLANCE, PATIENCE};
use crate::program::Start;
use crate::proxy::FaultProxy;
use crate::site::Site;

/// Findings that are told one by one.
const FINDINGS_MAX: usize = 20;

/// What came of it.
#[derive(Default)]
pub struct Report {
    /// Rounds done.
    pub rounds: u32,
    /// Requests that were sent, each under an id of its own.
    pub sent: usize,
    /// Requests that were answered before the kill.
    pub acknowledged: usize,
    /// Requests whose callers know of a referral.
    pub referred: usize,
    /// Referrals that there are.
    pub referrals: usize,
    /// Hooks that came more than once.
    pub repeated: usize,
    /// Kills while the taskforce took no hook, or said so to nobody.
    pub killed_in_trouble: u32,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} rounds: {} sent, {} acknowledged, {} told of {} referrals; {} hooks came more than once; killed {} times while \
             the taskforce took none",
            self.rounds,
            self.sent,
            self.acknowledged,
            self.referred,
            self.referrals,
            self.repeated,
            self.killed_in_trouble,
        )?;
        for finding in self.findings.iter().take(FINDINGS_MAX) {
            writeln!(formatter, "  {finding}")?;
        }
        write!(formatter, "{} findings", self.findings.len())
    }
}

/// How the taskforce is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    No,
    /// Nobody gets through.
    Down,
    /// It takes nothing.
    Failing,
    /// It takes hooks, and does not say so.
    Silent,
}

/// One run on one site.
struct Holds {
    site: Site,
    start: Start,
    dice: ChaCha8Rng,
    journal: Arc<Journal>,
    people: Arc<People>,
    /// Between the program and the taskforce.
    proxy: FaultProxy,
    trouble: Trouble,
    report: Report,
}

impl Holds {
    async fn new(start: Start, seed: u64) -> Self {
        let lines: Vec<_> = people::slow().map(|person| person.line()).collect();
        let mut population = Population::default();
        let extended = population.extend_from_lines(lines.join("\n").as_bytes());
        extended.expect("people of the test");
        let site = Site::of_with_taskforce(population).await;
        let proxy = FaultProxy::to(site.hooks()).await.expect("a port");
        site.configure_more(&Site::hooks_at(proxy.address()));
        Self {
            site,
            start,
            dice: ChaCha8Rng::seed_from_u64(seed),
            journal: Arc::default(),
            people: Arc::default(),
            proxy,
            trouble: Trouble::No,
            report: Report::default(),
        }
    }

    /// Starts the program, presses it, kills it, starts it again, and compares. Whatever troubles the taskforce begins before the
    /// kill and is over after it, or lasts.
    async fn round(&mut self) {
        let trouble = match self.dice.random_range(0..4) {
            0 => Trouble::No,
            1 => Trouble::Down,
            2 => Trouble::Failing,
            _ => Trouble::Silent,
        };
        self.begin(trouble);
        let round = self.press_and_kill().await;
        if self.dice.random_ratio(2, 3) {
            self.begin(Trouble::No);
        }
        self.compare(round, 20).await;
        self.report.rounds += 1;
        self.report.sent = self.journal.len();
    }

    fn begin(&mut self, trouble: Trouble) {
        let orders = self.site.taskforce().orders();
        orders.take_back();
        self.proxy.heal();
        let order = match trouble {
            Trouble::No => None,
            Trouble::Down => {
                self.proxy.cut();
                None
            }
            Trouble::Failing => Some("1000000xfail:503"),
            Trouble::Silent => Some("1000000xhang"),
        };
        if let Some(order) = order {
            let order = order.parse().expect("an order");
            orders.give(order).expect("none waits");
        }
        self.trouble = trouble;
    }

    async fn press_and_kill(&mut self) -> Range<usize> {
        let (program, address) = self.start.serve(&self.site).await;
        let before = self.journal.len();
        let acknowledged = self.journal.acknowledged();
        let wanted = acknowledged + self.dice.random_range(0..50);
        let people = Arc::clone(&self.people);
        let draw = move |journal: &Journal, dice: &mut ChaCha8Rng| people.draw(journal, dice);
        let mut load = load::press_with(&self.site, address, &self.journal, &mut self.dice, Arc::new(draw));
        load.until(|| self.journal.acknowledged() >= wanted).await;
        let moment = Duration::from_millis(20).mul_f64(self.dice.random());
        timeout(moment, load.until(|| false)).await.ok();
        program.kill();
        self.report.killed_in_trouble += u32::from(self.trouble != Trouble::No);
        self.report.findings.extend(load.end().await);
        self.report.acknowledged += self.journal.acknowledged() - acknowledged;
        before..self.journal.len()
    }

    /// Starts the program again and compares what it and the taskforce know with the journal, above all with those places of it.
    async fn compare(&mut self, round: Range<usize>, older: usize) {
        let (program, address) = self.start.serve(&self.site).await;
        let depth = Depth {
            each: round.len(),
            round,
            older,
        };
        let reckoned = reckon(&self.site, &[address], &self.journal, depth, &mut self.dice).await;
        self.report.findings.extend(reckoned.findings);
        let is_well = self.trouble == Trouble::No;
        let (received, referrals) = if is_well {
            self.once_told(address).await
        } else {
            self.now(address).await
        };
        let asked: Vec<_> = (0..self.journal.len())
            .map(|place| self.journal.entry(place))
            .collect();
        let found = reckoned::compare(&asked, &referrals, &received.referrals, is_well);
        self.report.findings.extend(found);
        if !received.refused.is_empty() {
            let what = format!("the taskforce refused hooks: {:?}", received.refused);
            self.report.findings.push(Finding::new(Kind::Fault, "-", what));
        }
        let outcomes = asked.iter().filter_map(|asked| {
            let answer = asked.told.as_ref()?.answer.as_ref()?;
            answer.outcome.as_ref()
        });
        self.report.referred = outcomes
            .filter(|outcome| matches!(outcome, Outcome::Referred(_)))
            .count();
        self.report.referrals = referrals.len();
        self.report.repeated = received.hooks.iter().filter(|hook| hook.times > 1).count();
        program.kill();
        self.report.findings.extend(audit(&self.start, &self.site));
    }

    /// What the taskforce has received, and the referrals that there are after that: whatever it was told of is among them, also
    /// where more people are referred at this moment, as they are whose checks an earlier kill left undecided.
    async fn now(&self, address: SocketAddr) -> (Received, Vec<Referral>) {
        let received = self.site.taskforce().received();
        (received, listed(&self.site, address).await)
    }

    /// The same, once the taskforce has been told of each; or as it is when it should have been.
    async fn once_told(&self, address: SocketAddr) -> (Received, Vec<Referral>) {
        let mut glances = interval(GLANCE * 10);
        let telling = async {
            loop {
                glances.tick().await;
                let (received, referrals) = self.now(address).await;
                let effects = |referral: &Referral| received.referrals.get(&referral.referral_id);
                if referrals
                    .iter()
                    .all(|referral| effects(referral).is_some_and(|effects| *effects > 0))
                {
                    return (received, referrals);
                }
            }
        };
        match timeout(PATIENCE, telling).await {
            Ok(told) => told,
            Err(_elapsed) => self.now(address).await,
        }
    }
}

/// All referrals, as the taskforce lists them.
async fn listed(site: &Site, address: SocketAddr) -> Vec<Referral> {
    let mut client = ReferralServiceClient::new(site.channel(address, "taskforce/windrush"));
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListReferralsRequest {
            page_size: 100,
            page_token,
            states: Vec::new(),
        };
        let page = client.list_referrals(request).await.expect("a page").into_inner();
        all.extend(page.referrals);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let ids: HashSet<_> = all.iter().map(|referral| &referral.referral_id).collect();
    assert_eq!(ids.len(), all.len(), "each is listed once");
    all
}

/// Does the whole plan; `told` hears of every round.
pub async fn run(plan: Plan, start: Start, told: impl Fn(&Report)) -> Report {
    let mut holds = Holds::new(start, plan.seed).await;
    for _round in 0..plan.rounds {
        holds.round().await;
        told(&holds.report);
    }
    holds.begin(Trouble::No);
    holds.compare(0..holds.journal.len(), 0).await;
    holds.report
}
