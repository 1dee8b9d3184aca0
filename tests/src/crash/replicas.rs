//! Several gateways as processes on one PostgreSQL, under load through all of them, while one of them is killed, or stopped
//! past its lease and woken up again: nothing that was acknowledged may be lost, nothing may be there twice, and whichever
//! gateway is asked says the same.

mod behind;
mod counted;
mod heirs;
mod members;
mod pair;
mod past;
mod traffic;

use std::fmt;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_domain::ids::DepartmentId;
use tokio::task::block_in_place;
use tokio::time::timeout;

use self::behind::{TAKEN_OVER, sql, wait_while};
pub use self::heirs::{CLOCKS, Heirs, QUESTIONS};
use self::members::{LEASE, Members};
pub use self::pair::{Gateway, Pair};
use self::past::{Past, Waits, waited_for};
use super::journal::Journal;
use super::reckoning::{Depth, reckon};
use super::{Finding, Kind, Plan, load};
use crate::database::migrate;
use crate::postgres::{LocalPostgres, MAIN, SECOND};
use crate::program::Start;
use crate::site::Site;

/// How many gateways there are.
pub const GATEWAYS: usize = 3;

/// Rounds from one audit to the next.
const ROUNDS_PER_AUDIT: u32 = 5;

/// Requests of a round that are looked into one by one, beside those that went astray. All are looked for in the lists.
const EACH: usize = 50;

/// Questions to HMRC that all gateways together may put: so few that they are spent early, and never given back.
pub const HMRC_MONTHLY: u64 = 100;
/// Cases whose clocks step in a round, and cases whose question is due in it.
const WAITING: [(Waits, usize); 2] = [(Waits::ForItsClock, 40), (Waits::ToAsk, 10)];

/// The time over which they are due: about that in which something is done to gateways.
const WAITING_OVER: SignedDuration = SignedDuration::from_secs(2);

/// Connections of a gateway to the database: to write, to listen, eight to read, and one for checkpoints now and then.
const CONNECTIONS_MAX: usize = 11;

/// Findings that are told one by one.
const FINDINGS_MAX: usize = 20;

/// What came of it.
#[derive(Default)]
pub struct Report {
    /// Rounds done.
    pub rounds: u32,
    /// Requests that were sent, each under an id of its own.
    pub sent: usize,
    /// Requests that were answered under load, by whichever gateway.
    pub acknowledged: usize,
    /// Gateways that were killed.
    pub killed: u32,
    /// Gateways that were stopped for a moment, and went on.
    pub stopped: u32,
    /// Gateways that found, when they went on, that another has their chain.
    pub fenced: usize,
    /// Questions to HMRC that are charged to its quota.
    pub charged: u64,
    /// Cases that were left to whichever gateway there is, for their clocks to step or their question to be asked again.
    pub left: usize,
    /// People who are referred.
    pub referred: usize,
    /// Audits of the ledger while the gateways ran and after.
    pub audits: u32,
    /// Chains of the ledger.
    pub chains: usize,
    /// Chains that had more than one writer, one after the other.
    pub taken_over: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} rounds: {} sent, {} acknowledged, {} left to wait, {} referred; gateways killed {} times, stopped {} times and then fenced \
             {}; {} chains, {} of them taken over; {} audits; {} of {HMRC_MONTHLY} questions charged",
            self.rounds,
            self.sent,
            self.acknowledged,
            self.left,
            self.referred,
            self.killed,
            self.stopped,
            self.fenced,
            self.chains,
            self.taken_over,
            self.audits,
            self.charged,
        )?;
        for finding in self.findings.iter().take(FINDINGS_MAX) {
            writeln!(formatter, "  {finding}")?;
        }
        write!(formatter, "{} findings", self.findings.len())
    }
}

/// One run of the harness on one site and one database.
pub struct Replicas {
    members: Members,
    site: Site,
    postgres: LocalPostgres,
    /// For what is done to gateways: the same for the same seed, however the load goes.
    dice: ChaCha8Rng,
    /// For what is asked.
    load_dice: ChaCha8Rng,
    journal: Arc<Journal>,
    past: Past,
    report: Report,
}

impl Replicas {
    /// A fresh site, database and gateways.
    pub async fn new(start: Start, seed: u64) -> Self {
        Self::on(block_in_place(LocalPostgres::up), start, seed).await
    }

    /// As [`Replicas::new`], with a synchronous standby of the database.
    pub async fn with_standby(start: Start, seed: u64) -> Self {
        Self::on(block_in_place(LocalPostgres::up_with_standby), start, seed).await
    }

    async fn on(postgres: LocalPostgres, start: Start, seed: u64) -> Self {
        let site = Site::with(load::people().into_iter().chain([waited_for()])).await;
        site.set_quota("right-to-work", HMRC_MONTHLY);
        migrate(&postgres, &postgres.first_database()).await;
        let members = Members::start(start, &site, &postgres).await;
        Self {
            members,
            dice: ChaCha8Rng::seed_from_u64(seed),
            load_dice: ChaCha8Rng::seed_from_u64(!seed),
            journal: Arc::default(),
            past: Past::open(&site, &postgres).await,
            site,
            postgres,
            report: Report::default(),
        }
    }

    /// Where the run stands.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Presses all gateways, does something to one or two, and compares when all are well again.
    pub async fn round(&mut self) {
        let before = self.journal.len();
        let acknowledged = self.journal.acknowledged();
        self.past.leave(WAITING, SignedDuration::ZERO, WAITING_OVER).await;
        self.report.left += WAITING.iter().map(|(_, count)| count).sum::<usize>();
        let doors = self.members.doors();
        let mut load = traffic::press(doors, &self.journal, &mut self.load_dice);
        let wanted = acknowledged + self.dice.random_range(10..60);
        load.until(|| self.journal.acknowledged() >= wanted).await;
        self.disturb(&mut load).await;
        let wanted = self.journal.acknowledged() + 20;
        load.until(|| self.journal.acknowledged() >= wanted).await;
        self.report.findings.extend(load.end().await);
        self.report.acknowledged += self.journal.acknowledged() - acknowledged;
        self.members.all_well(&self.site, &self.journal).await;
        self.until_stepped();
        let round = before..self.journal.len();
        let depth = Depth {
            each: EACH,
            round,
            older: 10,
        };
        self.compare(depth).await;
        self.report.rounds += 1;
        self.report.sent = self.journal.len();
        if self.report.rounds.is_multiple_of(ROUNDS_PER_AUDIT) {
            self.audit().await;
        }
    }

    /// Kills the primary under load and makes the standby the primary; the gateways have to find that out by themselves.
    pub async fn fail_over(&mut self) {
        let before = self.journal.len();
        let acknowledged = self.journal.acknowledged();
        let mut load = traffic::press(self.members.doors(), &self.journal, &mut self.load_dice);
        let wanted = acknowledged + 100;
        load.until(|| self.journal.acknowledged() >= wanted).await;
        block_in_place(|| {
            self.postgres.kill(MAIN);
            self.postgres.promote(SECOND);
        });
        let wanted = self.journal.acknowledged() + 100;
        load.until(|| self.journal.acknowledged() >= wanted).await;
        self.report.findings.extend(load.end().await);
        self.report.acknowledged += self.journal.acknowledged() - acknowledged;
        self.members.all_well(&self.site, &self.journal).await;
        let round = before..self.journal.len();
        let depth = Depth {
            each: round.len(),
            round,
            older: 0,
        };
        self.compare(depth).await;
        self.report.rounds += 1;
        self.report.sent = self.journal.len();
    }

    /// Compares everything with the whole journal, ends the gateways in good order, and audits what they left.
    pub async fn finish(&mut self) {
        let round = 0..self.journal.len();
        let depth = Depth {
            each: 4 * EACH,
            round,
            older: 0,
        };
        self.compare(depth).await;
        let gateways = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'statuscheck_gateway'";
        let [connections] = self.numbers(gateways);
        // One of them is the store that writes cases of the past.
        if connections > (GATEWAYS + 1) * CONNECTIONS_MAX {
            self.find(Kind::Fault, format!("{connections} connections"));
        }
        self.past.close().await;
        for what in self.members.end().await {
            self.find(Kind::Fault, what);
        }
        let held = "SELECT count(*) FROM statuscheck.chains WHERE lease_until >= clock_timestamp()";
        let [held] = self.numbers(held);
        if held > 0 {
            self.find(Kind::Fault, "a gateway that ended did not give its chain back");
        }
        self.audit().await;
        self.count_quota();
        self.count_referrals();
        let numbers = "SELECT count(*), count(*) FILTER (WHERE fence > 1) FROM statuscheck.chains";
        [self.report.chains, self.report.taken_over] = self.numbers(numbers);
    }

    /// Removes the last entries of the longest chain, so that the chain still fits together.
    pub fn remove_tail(&self) {
        sql(
            &self.postgres,
            "WITH longest AS (SELECT number, sequence - 3 AS last FROM statuscheck.chains ORDER BY sequence DESC LIMIT 1),
             gone AS (DELETE FROM statuscheck.entries USING longest WHERE chain = number AND sequence > last)
             UPDATE statuscheck.chains SET sequence = last, hash = entries.hash
             FROM longest JOIN statuscheck.entries ON chain = number AND entries.sequence = last
             WHERE chains.number = longest.number",
        );
    }

    /// `audit verify` on the database, with the checkpoints of all gateways.
    pub async fn verify(&self) -> Output {
        let mut audit = self.members.audit();
        let output = tokio::task::spawn_blocking(move || audit.output());
        output.await.expect("no panic").expect("the program")
    }

    async fn disturb(&mut self, load: &mut traffic::Load) {
        let one = self.dice.random_range(0..GATEWAYS);
        let other = (one + self.dice.random_range(1..GATEWAYS)) % GATEWAYS;
        let moment = LEASE.mul_f64(2.0 * self.dice.random::<f64>());
        match self.dice.random_range(0..4) {
            0 => self.kill(one, load, Duration::ZERO).await,
            1 => self.kill(one, load, moment).await,
            2 => {
                self.members.stop(one);
                go_on(load, moment).await;
                self.members.go_on(one);
                self.report.stopped += 1;
            }
            _ => {
                // Past its lease, and somebody takes its chain over meanwhile.
                let fenced = self.members.times_fenced(one);
                self.members.stop(one);
                go_on(load, LEASE + LEASE / 2).await;
                self.kill(other, load, Duration::ZERO).await;
                self.members.go_on(one);
                self.report.stopped += 1;
                self.members.all_well(&self.site, &self.journal).await;
                self.report.fenced += self.members.times_fenced(one) - fenced;
            }
        }
    }

    /// Kills a gateway, and starts it again after that time.
    async fn kill(&mut self, member: usize, load: &mut traffic::Load, after: Duration) {
        self.members.kill(member);
        go_on(load, after).await;
        self.members.restart(member, &self.site).await;
        self.report.killed += 1;
    }

    async fn compare(&mut self, depth: Depth) {
        let addresses = self.members.addresses();
        let reckoned = reckon(&self.site, &addresses, &self.journal, depth, &mut self.load_dice).await;
        self.report.findings.extend(reckoned.findings);
        self.count();
    }

    /// What the database has, against what the departments were asked.
    fn count(&mut self) {
        let [asked, twice] = self.numbers(
            "SELECT (SELECT count(*) FROM statuscheck.entries WHERE kind = 'asked'),
                    (SELECT count(*) FROM (
                        SELECT FROM statuscheck.entries
                        WHERE kind IN ('received', 'answered', 'clock_started', 'at_risk', 'breached', 'clock_stopped')
                        GROUP BY case_id, kind HAVING count(*) > 1
                     ) AS twice)",
        );
        // It is asked in one request. Cases of the past say that they were asked about once. A gateway that is killed between
        // the two has recorded a question that it did not ask, and other departments have their questions among the entries.
        let requests = usize::try_from(self.site.requests(DepartmentId::HomeOffice)).expect("a count");
        if requests + self.report.left > asked {
            let what = format!("the Home Office was asked {requests} times, with {asked} entries");
            self.find(Kind::Doubled, what);
        }
        if twice > 0 {
            let what = format!("{twice} times the same happened to a case again");
            self.find(Kind::Doubled, what);
        }
        let [cases, requests] = self
            .numbers("SELECT count(*), count(DISTINCT (organisation, request_id)) FROM statuscheck.cases");
        if cases != requests || cases > self.journal.len() + self.report.left {
            let what = format!(
                "{cases} cases of {requests} requests, {} were sent",
                self.journal.len()
            );
            self.find(Kind::Doubled, what);
        }
    }

    async fn audit(&mut self) {
        let audited = self.verify().await;
        self.report.audits += 1;
        if !audited.status.success() {
            let what = format!(
                "audit verify ended with {:?}: {}{}",
                audited.status.code(),
                String::from_utf8_lossy(&audited.stdout),
                String::from_utf8_lossy(&audited.stderr),
            );
            self.find(Kind::Broken, what);
        }
    }

    fn find(&mut self, kind: Kind, what: impl Into<String>) {
        self.report.findings.push(Finding::new(kind, "-", what));
    }

    fn numbers<const N: usize>(&self, statement: &str) -> [usize; N] {
        let told = sql(&self.postgres, statement);
        let numbers: Vec<_> = told
            .split('|')
            .map(|number| number.parse().expect("a number"))
            .collect();
        numbers.try_into().expect("as many numbers")
    }
}

/// Lets the load go on for that time.
async fn go_on(load: &mut traffic::Load, time: Duration) {
    timeout(time, load.until(|| false)).await.ok();
}

/// Does the whole plan; `told` hears of every round.
pub async fn run(plan: Plan, start: Start, told: impl Fn(&Report)) -> Replicas {
    let mut replicas = Replicas::new(start, plan.seed).await;
    for _round in 0..plan.rounds {
        replicas.round().await;
        told(replicas.report());
    }
    replicas.finish().await;
    replicas
}
