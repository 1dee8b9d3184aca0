//! Kills the real program while it refers people to the taskforce, which takes hooks or not meanwhile, and says what it found: whoever
//! was told of a referral has it, each person has one at a time, the taskforce lets one hook about each have its effect, what it said
//! is there wholly or not at all, and nothing adverse was told before it was found that it may be.

mod law;
mod ledger;
mod office;
mod officers;
pub(super) mod people;
mod reckoned;
mod settling;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_mocks::population::Population;
use statuscheck_mocks::taskforce::Received;
use statuscheck_proto::referral::v1::{ListReferralsRequest, Referral};
use statuscheck_proto::v1::answer::Outcome;
use tokio::time::{interval, timeout};

use self::ledger::Ledger;
use self::office::Office;
use self::officers::{Client, Officers};
use self::people::People;
use super::journal::{Asked, Journal};
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
    /// Requests whose callers wait for a referral.
    pub referred: usize,
    /// Referrals that there are.
    pub referrals: usize,
    /// Hooks that came more than once.
    pub repeated: usize,
    /// Kills while the taskforce took no hook, or said so to nobody.
    pub killed_in_trouble: u32,
    /// Findings that were taken.
    pub found: usize,
    /// What the taskforce said and was not answered before the kill, and was there after the next start.
    pub cut_there: usize,
    /// The same, and was not there.
    pub cut_absent: usize,
    /// What was said again of that.
    pub said_again: usize,
    /// Requests that were answered with what was held back.
    pub released: usize,
    /// Requests that were answered with what was confirmed.
    pub established: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} rounds: {} sent, {} acknowledged, {} waiting; {} referrals, {} found; {} hooks came more than once; killed {} times \
             while the taskforce took none, and while it spoke {} times, of which {} were recorded; {} said again; {} told what was held \
             back, {} what was confirmed",
            self.rounds,
            self.sent,
            self.acknowledged,
            self.referred,
            self.referrals,
            self.found,
            self.repeated,
            self.killed_in_trouble,
            self.cut_there + self.cut_absent,
            self.cut_there,
            self.said_again,
            self.released,
            self.established,
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
    office: Arc<Office>,
    ledger: Ledger,
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
            office: Arc::default(),
            ledger: Ledger::default(),
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
        let client = officers::client(&self.site, address);
        let officers = Officers::at_work(&client, &self.office, &self.journal, &mut self.dice);
        let mut load = load::press_with(&self.site, address, &self.journal, &mut self.dice, Arc::new(draw));
        load.until(|| self.journal.acknowledged() >= wanted).await;
        let moment = Duration::from_millis(20).mul_f64(self.dice.random());
        timeout(moment, load.until(|| false)).await.ok();
        program.kill();
        self.report.killed_in_trouble += u32::from(self.trouble != Trouble::No);
        self.report.findings.extend(load.end().await);
        self.report.findings.extend(officers.end().await);
        self.report.acknowledged += self.journal.acknowledged() - acknowledged;
        before..self.journal.len()
    }

    /// Starts the program again and compares what it and the taskforce know with the journal, above all with those places of it.
    async fn compare(&mut self, round: Range<usize>, older: usize) {
        let (program, address) = self.start.serve(&self.site).await;
        let is_end = round.len() == self.journal.len();
        let depth = Depth {
            each: round.len(),
            round,
            older,
        };
        let reckoned = reckon(&self.site, &[address], &self.journal, depth, &mut self.dice).await;
        self.report.findings.extend(reckoned.findings);
        let client = officers::client(&self.site, address);
        self.settle(&client).await;
        self.once_released(is_end).await;
        self.ask_again(address).await;
        let others = if is_end { usize::MAX } else { older };
        self.read_referrals(&client, others).await;
        let asked: Vec<_> = (0..self.journal.len())
            .map(|place| self.journal.entry(place))
            .collect();
        let is_well = self.trouble == Trouble::No;
        let (received, referrals) = if is_well {
            self.once_told(&client).await
        } else {
            self.now(&client).await
        };
        self.ledger.read(&self.site);
        let found = reckoned::compare(&asked, &referrals, &received.referrals, is_well);
        self.report.findings.extend(found);
        {
            let files = self.office.files();
            self.report.findings.extend(law::listed(&referrals, &files));
            self.report
                .findings
                .extend(law::compare(&asked, &files, &self.ledger));
        }
        if !received.refused.is_empty() {
            let what = format!("the taskforce refused hooks: {:?}", received.refused);
            self.report.findings.push(Finding::new(Kind::Fault, "-", what));
        }
        self.count(&asked, &received);
        self.report.referrals = referrals.len();
        program.kill();
        self.report.findings.extend(audit(&self.start, &self.site));
    }

    fn count(&mut self, asked: &[Asked], received: &Received) {
        let outcomes = || {
            asked.iter().filter_map(|asked| {
                let answer = asked.told.as_ref()?.answer.as_ref()?;
                answer.outcome.as_ref()
            })
        };
        let count = |is: fn(&Outcome) -> bool| outcomes().filter(|outcome| is(outcome)).count();
        self.report.referred = count(|outcome| matches!(outcome, Outcome::Referred(_)));
        self.report.released = count(|outcome| matches!(outcome, Outcome::NotEstablished(_)));
        self.report.established = count(|outcome| matches!(outcome, Outcome::Established(_)));
        self.report.repeated = received.hooks.iter().filter(|hook| hook.times > 1).count();
        let files = self.office.files();
        self.report.found = files.values().filter(|file| file.is_taken()).count();
    }

    /// What the taskforce has received, and the referrals that there are after that: whatever it was told of is among them, also
    /// where more people are referred at this moment, as they are whose checks an earlier kill left undecided.
    async fn now(&self, client: &Client) -> (Received, Vec<Referral>) {
        let received = self.site.taskforce().received();
        (received, listed(client).await)
    }

    /// The same, once the taskforce has been told of each; or as it is when it should have been.
    async fn once_told(&self, client: &Client) -> (Received, Vec<Referral>) {
        let mut glances = interval(GLANCE * 10);
        let telling = async {
            loop {
                glances.tick().await;
                let (received, referrals) = self.now(client).await;
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
            Err(_elapsed) => self.now(client).await,
        }
    }
}

/// All referrals, as the taskforce lists them.
async fn listed(client: &Client) -> Vec<Referral> {
    let mut client = client.clone();
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
