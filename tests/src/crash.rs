//! Kills the real program at random moments under load, starts it again on the same files, and compares what it knows
//! with what it told: nothing that was acknowledged may be lost, and nothing may be there twice.
//!
//! A killed process leaves to the system what it wrote; that its writes also survive a power cut rests on fsync before
//! every answer, which this cannot see.

pub mod holds;
mod journal;
mod load;
mod reckoning;
pub mod replicas;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::timeout;

use self::journal::Journal;
pub use self::journal::{Finding, Kind};
use self::reckoning::{Depth, reckon};
use crate::program::{Program, Start};
use crate::site::Site;

/// Findings that are told one by one; more of them would only say the same.
const FINDINGS_MAX: usize = 20;

/// What to do.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How many times the program is killed and started again.
    pub rounds: u32,
    /// Which requests and moments are drawn.
    pub seed: u64,
}

/// What came of it.
#[derive(Default)]
pub struct Report {
    /// Rounds done.
    pub rounds: u32,
    /// Requests that were sent, each under an id of its own.
    pub sent: usize,
    /// Requests that were answered before the kill.
    pub acknowledged: usize,
    /// Requests that were under way at the kill and were there after the next start.
    pub recorded: usize,
    /// Requests that were under way at the kill and were not there after the next start.
    pub unrecorded: usize,
    /// Kills while the program was starting.
    pub killed_starting: u32,
    /// Kills while the program was draining after SIGTERM.
    pub killed_draining: u32,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings of that kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.kind == kind)
            .count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} rounds: {} sent, {} acknowledged; of those under way at a kill {} recorded, {} not; killed {} times while \
             starting and {} times while draining",
            self.rounds,
            self.sent,
            self.acknowledged,
            self.recorded,
            self.unrecorded,
            self.killed_starting,
            self.killed_draining,
        )?;
        for finding in self.findings.iter().take(FINDINGS_MAX) {
            writeln!(formatter, "  {finding}")?;
        }
        write!(
            formatter,
            "{} lost, {} doubled, {} altered, {} broken chains, {} at fault",
            self.count(Kind::Lost),
            self.count(Kind::Doubled),
            self.count(Kind::Altered),
            self.count(Kind::Broken),
            self.count(Kind::Fault),
        )
    }
}

/// One run of the harness on one site.
pub struct Crashes {
    site: Site,
    start: Start,
    dice: ChaCha8Rng,
    journal: Arc<Journal>,
    report: Report,
}

impl Crashes {
    /// A fresh site.
    pub async fn new(start: Start, seed: u64) -> Self {
        Self {
            site: Site::with(load::people()).await,
            start,
            dice: ChaCha8Rng::seed_from_u64(seed),
            journal: Arc::default(),
            report: Report::default(),
        }
    }

    /// The site, for whoever wants to do harm between rounds.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Where the run stands.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Starts the program, presses it, kills it, starts it again, and compares.
    pub async fn round(&mut self) {
        let round = self.press_and_kill().await;
        self.compare(round).await;
    }

    /// Starts the program, presses it, and kills it. The places in the journal of what was asked meanwhile.
    pub async fn press_and_kill(&mut self) -> Range<usize> {
        let (program, address) = self.start.serve(&self.site).await;
        let before = self.journal.len();
        let acknowledged = self.journal.acknowledged();
        let wanted = acknowledged + self.dice.random_range(0..60);
        let mut load = load::press(&self.site, address, &self.journal, &mut self.dice);
        // Either enough are acknowledged, or nobody can ask any more.
        load.until(|| self.journal.acknowledged() >= wanted).await;
        self.let_go_on(&mut load, Duration::from_millis(3)).await;
        if self.dice.random_ratio(1, 6) {
            self.report.killed_draining += 1;
            program.terminate();
            self.let_go_on(&mut load, Duration::from_millis(60)).await;
        }
        program.kill();
        let faults = load.end().await;
        self.report.findings.extend(faults);
        self.report.acknowledged += self.journal.acknowledged() - acknowledged;
        before..self.journal.len()
    }

    fn audit(&mut self) {
        self.report.findings.extend(audit(&self.start, &self.site));
    }

    /// Starts the program again and compares what it knows with the journal, above all with those places of it.
    pub async fn compare(&mut self, round: Range<usize>) {
        if self.dice.random_ratio(1, 5) {
            self.kill_while_starting().await;
        }
        let (program, address) = self.start.serve(&self.site).await;
        let depth = Depth {
            each: round.len(),
            round,
            older: 20,
        };
        let reckoned = reckon(&self.site, &[address], &self.journal, depth, &mut self.dice).await;
        self.report.recorded += reckoned.recorded;
        self.report.unrecorded += reckoned.unrecorded;
        self.report.findings.extend(reckoned.findings);
        program.kill();
        self.audit();
        self.report.rounds += 1;
        self.report.sent = self.journal.len();
    }

    /// Compares everything with the whole journal.
    pub async fn finish(&mut self) {
        let round = 0..self.journal.len();
        self.audit();
        let (mut program, address) = self.start.serve(&self.site).await;
        let depth = Depth {
            each: round.len(),
            round,
            older: 0,
        };
        let reckoned = reckon(&self.site, &[address], &self.journal, depth, &mut self.dice).await;
        self.report.findings.extend(reckoned.findings);
        program.terminate();
        let status = program.ended().await;
        if !status.success() {
            let what = "the program did not end with 0 after the last round";
            self.report.findings.push(Finding::new(Kind::Fault, "-", what));
        }
        self.audit();
    }

    async fn kill_while_starting(&mut self) {
        self.report.killed_starting += 1;
        let mut program: Program = self.start.spawn(&self.site);
        let moment = Duration::from_micros(self.dice.random_range(0..80_000));
        if program.ends_within(moment).await.is_some() {
            let what = "the program ended by itself while starting";
            self.report.findings.push(Finding::new(Kind::Fault, "-", what));
        }
        program.kill();
    }

    /// Lets the load go on for a random time up to `most`.
    async fn let_go_on(&mut self, load: &mut load::Load, most: Duration) {
        let moment = most.mul_f64(self.dice.random());
        timeout(moment, load.until(|| false)).await.ok();
    }
}

/// Goes along the ledger's chain, as the last kill left it.
fn audit(start: &Start, site: &Site) -> Option<Finding> {
    let config = site.config();
    let config = config.to_str().expect("a path in UTF-8");
    let mut audit = start.command(&["audit", "verify", "--config", config]);
    let audited = audit.output().expect("the program");
    let what = || {
        format!(
            "audit verify ended with {:?}: {}{}",
            audited.status.code(),
            String::from_utf8_lossy(&audited.stdout),
            String::from_utf8_lossy(&audited.stderr),
        )
    };
    (!audited.status.success()).then(|| Finding::new(Kind::Broken, "-", what()))
}

/// Does the whole plan; `told` hears of every round.
pub async fn run(plan: Plan, start: Start, told: impl Fn(&Report)) -> Report {
    let mut crashes = Crashes::new(start, plan.seed).await;
    for _round in 0..plan.rounds {
        crashes.round().await;
        told(crashes.report());
    }
    crashes.finish().await;
    std::mem::take(&mut crashes.report)
}
