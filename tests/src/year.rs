//! A year of cases within a minute: the gateway's own service, asking and timekeeper on its own embedded store, a clock that is
//! moved by hand, departments and callers drawn from a seed, and gateways that die between any two operations of the store.
//!
//! The agreements' owners are told of what is late by webhooks, and are away at times. At the end the ledger is read, and every case
//! is compared with what its clock had to do by a reckoning of its own, and with what the owners have got.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use statuscheck_domain::clock::ManualClock;
use tempfile::TempDir;

mod calls;
mod laws;
mod life;
mod model;
mod mortal;
mod notices;
mod people;
mod reckoned;
mod world;

use self::calls::{Call, Told};
use self::mortal::{Death, Deaths, Fate};
use self::notices::Owner;
use self::people::Person;
use self::reckoned::Reckoned;
use self::world::World;

/// How large the simulation is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Cases that are asked within the year.
    pub cases: u32,
    /// What is drawn.
    pub seed: u64,
    /// How many gateways die.
    pub crashes: u32,
}

/// A year in which cases are received, with both changes of the clocks and every bank holiday.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// Time after it in which everything ends that can: nothing that departments and callers do takes longer in all.
const REST: Duration = Duration::from_hours(110 * 24);

/// When it begins: once the shipped agreements are signed.
fn start() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().expect("a timestamp")
}

/// What happens in the year beside what the gateway does by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Op {
    /// A caller calls about a person.
    Call(u32, Call),
    /// A gateway is about to die.
    Crash(Death),
}

/// What came of it.
pub struct Report {
    /// As it was asked for.
    pub plan: Plan,
    /// Gateways that died.
    pub crashes: u32,
    /// Operations of the store.
    pub operations: u64,
    /// Moments at which the gateway looked for due work and did all of it.
    pub looks: usize,
    deaths: Deaths,
    reckoned: Reckoned,
}

impl Report {
    /// What is against a law, in words; nothing where all holds.
    pub fn findings(&self) -> &[String] {
        &self.reckoned.findings
    }

    /// How many steps of clocks were fired.
    pub fn fired(&self) -> u64 {
        self.reckoned.fired.iter().sum()
    }

    /// How many cases lapsed.
    pub fn lapsed(&self) -> u64 {
        self.reckoned.lapsed
    }

    /// How many notices of broken promises the owners took, and how many were given up.
    pub fn notices(&self) -> (u64, u64) {
        (self.reckoned.taken, self.reckoned.parked)
    }

    /// How many kinds of operation gateways died at: before one, and after one.
    pub fn places(&self) -> (usize, usize) {
        let before = self.deaths.values().filter(|(before, _)| *before > 0).count();
        (
            before,
            self.deaths.values().filter(|(_, after)| *after > 0).count(),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { cases, seed, .. } = self.plan;
        writeln!(
            formatter,
            "seed {seed}: {cases} cases, {} operations, {} looks",
            self.operations, self.looks
        )?;
        writeln!(formatter, "{}", self.reckoned)?;
        writeln!(formatter, "{} gateways died, before and after:", self.crashes)?;
        for (operation, (before, after)) in &self.deaths {
            writeln!(formatter, "  {before:>4} {after:>4}  {operation}")?;
        }
        for finding in self.findings() {
            writeln!(formatter, "FINDING {finding}")?;
        }
        Ok(())
    }
}

/// What outlives every gateway.
struct Year {
    folder: TempDir,
    clock: ManualClock,
    people: Arc<Vec<Person>>,
    world: Arc<World>,
    owner: Owner,
    /// What is still to happen, by its time.
    ahead: VecDeque<(Timestamp, Op)>,
    /// Calls that nobody was answered yet; they are repeated.
    open: Vec<(u32, Call)>,
    told: Vec<Told>,
    asked_on: Vec<jiff::civil::Date>,
    fate: Fate,
    /// When everything was done that was due.
    looks: Vec<Timestamp>,
    dice: ChaCha8Rng,
    findings: Vec<String>,
}

/// Takes gateways through the year; `told` hears of every one that died, and of the time.
///
/// # Errors
/// The store cannot be opened, or the ledger cannot be read.
pub fn run(plan: Plan, mut told: impl FnMut(u32, Timestamp)) -> anyhow::Result<Report> {
    let mut year = Year::draw(plan)?;
    let mut crashes = 0;
    loop {
        // What a gateway has begun goes with its runtime.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        match runtime.block_on(life::life(&mut year))? {
            life::End::OfTheYear => break,
            life::End::Died => {
                crashes += 1;
                told(crashes, year.now());
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let reckoned = runtime.block_on(laws::reckon(&mut year))?;
    Ok(Report {
        plan,
        crashes,
        operations: year.fate.operations(),
        looks: year.looks.len(),
        deaths: year.fate.deaths(),
        reckoned,
    })
}

impl Year {
    fn draw(plan: Plan) -> anyhow::Result<Self> {
        let mut dice = ChaCha8Rng::seed_from_u64(plan.seed);
        let people: Vec<_> = (0..plan.cases)
            .map(|number| Person::draw(number, &mut dice))
            .collect();
        let mut ahead = Vec::new();
        let mut asked_on = Vec::new();
        for person in &people {
            let asked_at = start() + within(YEAR, &mut dice);
            ahead.push((asked_at, Op::Call(person.number, Call::Ask)));
            asked_on.push(statuscheck_domain::clock::london_day(asked_at));
            for (after, act) in person.acts(&mut dice) {
                let at = asked_at + SignedDuration::try_from(after)?;
                ahead.push((at, Op::Call(person.number, Call::Then(act))));
            }
        }
        for _ in 0..plan.crashes {
            ahead.push((start() + within(YEAR, &mut dice), crash(&mut dice)));
        }
        ahead.sort_by_key(|(at, _)| *at);
        let people = Arc::new(people);
        let world = World::draw(Arc::clone(&people), start(), YEAR, &mut dice);
        Ok(Self {
            folder: TempDir::new()?,
            clock: ManualClock::at(start()),
            told: vec![Told::default(); people.len()],
            people,
            world: Arc::new(world),
            owner: Owner::draw(start(), YEAR, &mut dice)?,
            ahead: ahead.into(),
            open: Vec::new(),
            asked_on,
            fate: Fate::default(),
            looks: Vec::new(),
            dice,
            findings: Vec::new(),
        })
    }

    fn now(&self) -> Timestamp {
        use statuscheck_domain::clock::Clock as _;
        self.clock.now()
    }

    fn end() -> Timestamp {
        start() + SignedDuration::try_from(YEAR + REST).unwrap_or(SignedDuration::MAX)
    }
}

/// A gateway dies at one of the next operations. It is there again at once, or hours or days later.
fn crash(dice: &mut ChaCha8Rng) -> Op {
    let down = match dice.random_range(0..10) {
        0 => dice.random_range(1..60 * 72),
        1 => dice.random_range(1..60),
        _ => 0,
    };
    Op::Crash(Death {
        operation: dice.random_range(1..60),
        is_after: dice.random(),
        down: Duration::from_mins(down),
    })
}

fn within(length: Duration, dice: &mut ChaCha8Rng) -> SignedDuration {
    let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    SignedDuration::from_secs(dice.random_range(0..seconds))
}
