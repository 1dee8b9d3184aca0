//! Turns of both sides, and what they come to.

use std::sync::Arc;
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::status_check_service_client::StatusCheckServiceClient;
use statuscheck_tests::postgres::{LocalPostgres, MAIN};
use statuscheck_tests::processor::spent_by;
use statuscheck_tests::program::Program;
use tokio::task::{JoinSet, block_in_place};
use tonic::transport::Channel;

use crate::people::Holders;

/// Connections to each gateway that its callers share.
pub(crate) const CONNECTIONS: usize = 8;

/// How long a side is asked before the other one's turn.
const TURN: Duration = Duration::from_secs(3);

type Client = StatusCheckServiceClient<Channel>;

/// A gateway, and the ways into it.
pub(crate) struct Gateway {
    pub(crate) clients: Vec<Client>,
    pub(crate) program: Program,
}

/// Gateways on one database.
pub(crate) struct Side {
    what: &'static str,
    gateways: Vec<Gateway>,
    turns: Vec<Turn>,
}

/// What came of one turn.
struct Turn {
    checks: usize,
    took: Duration,
    /// From the call to the answer, of each.
    each: Vec<Duration>,
    spent: Spent,
}

/// Processor time of each part.
#[derive(Clone, Copy)]
struct Spent {
    gateways: Duration,
    database: Duration,
    /// Callers and departments.
    rest: Duration,
}

/// What every turn needs.
pub(crate) struct Bench<'a> {
    pub(crate) postgres: &'a LocalPostgres,
    pub(crate) clock: SharedClock,
    pub(crate) holders: Arc<Holders>,
    pub(crate) callers: usize,
}

impl Side {
    pub(crate) fn new(what: &'static str, gateways: Vec<Gateway>) -> Self {
        Self {
            what,
            gateways,
            turns: Vec::new(),
        }
    }

    /// The median over its turns.
    fn median(&self, figure: impl Fn(&Turn) -> f64) -> f64 {
        median(self.turns.iter().map(figure).collect())
    }

    fn print(&self) {
        let percentile = |percent: usize| {
            let mut each: Vec<_> = self.turns.iter().flat_map(|turn| &turn.each).collect();
            each.sort_unstable();
            each[(each.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1e3
        };
        println!(
            "  {:<14}{:>10.0}{:>12.1}{:>10.1}{:>12.0}{:>12.0}{:>12.0}{:>12.2}",
            self.what,
            self.median(Turn::rate),
            percentile(50),
            percentile(99),
            self.median(|turn| turn.each_costs(turn.spent.gateways)),
            self.median(|turn| turn.each_costs(turn.spent.database)),
            self.median(|turn| turn.each_costs(turn.spent.rest)),
            self.median(Turn::cores),
        );
    }
}

impl Turn {
    fn rate(&self) -> f64 {
        self.checks as f64 / self.took.as_secs_f64()
    }

    /// How many processors all of it kept busy.
    fn cores(&self) -> f64 {
        let Spent {
            gateways,
            database,
            rest,
        } = self.spent;
        (gateways + database + rest).as_secs_f64() / self.took.as_secs_f64()
    }

    /// Microseconds.
    fn each_costs(&self, spent: Duration) -> f64 {
        spent.as_secs_f64() * 1e6 / self.checks as f64
    }
}

impl Bench<'_> {
    /// Asks the sides in turns, each first in every other round, and prints what they come to. The first round is not counted.
    pub(crate) async fn measure(&self, mut sides: Vec<Side>, rounds: usize) {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let callers = self.callers;
        println!("{callers} callers, {cores} cores, {rounds} rounds; medians of checks a second:");
        for round in 0..=rounds {
            for _turn in 0..sides.len() {
                let turn = self.turn(&sides[0]).await;
                if round > 0 {
                    sides[0].turns.push(turn);
                }
                sides.rotate_left(1);
            }
            sides.reverse();
        }
        sides.sort_by_key(|side| side.gateways.len());
        println!(
            "  {:<14}{:>10}{:>12}{:>10}{:>12}{:>12}{:>12}{:>12}",
            "", "a second", "median ms", "p99 ms", "µs gateway", "µs database", "µs rest", "cores busy"
        );
        sides.iter().for_each(Side::print);
        let [one, two] = sides.as_slice() else {
            panic!("two sides")
        };
        let ratios = one.turns.iter().zip(&two.turns);
        let ratios: Vec<_> = ratios.map(|(one, two)| two.rate() / one.rate()).collect();
        let each: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        println!("two gateways to one, by rounds: {}", each.join(" "));
        println!(
            "two gateways to one: {:.2} (target: at least 0.9)",
            median(ratios)
        );
    }

    async fn turn(&self, side: &Side) -> Turn {
        let before = self.spent(side);
        let began = self.clock.elapsed();
        let mut asking = JoinSet::new();
        let ways = side.gateways.iter().map(|gateway| gateway.clients.iter().cycle());
        let mut ways: Vec<_> = ways.collect();
        for caller in 0..self.callers {
            let gateway = caller % ways.len();
            let client = ways[gateway].next().expect("a connection").clone();
            asking.spawn(ask(
                client,
                self.holders.clone(),
                self.clock.clone(),
                began + TURN,
            ));
        }
        let each = asking.join_all().await.concat();
        let took = self.clock.elapsed().saturating_sub(began);
        let after = self.spent(side);
        Turn {
            checks: each.len(),
            took,
            each,
            spent: Spent {
                gateways: after.gateways.saturating_sub(before.gateways),
                database: after.database.saturating_sub(before.database),
                rest: after.rest.saturating_sub(before.rest),
            },
        }
    }

    fn spent(&self, side: &Side) -> Spent {
        let gateways = side.gateways.iter();
        let gateways = gateways.map(|gateway| spent_by(gateway.program.id()).expect("it runs"));
        Spent {
            gateways: gateways.sum(),
            database: block_in_place(|| self.postgres.processor_time(MAIN)),
            rest: spent_by(std::process::id()).expect("we run"),
        }
    }
}

/// Asks until `end`, and sees that the status is established: a quick failure must not pass for a quick answer.
async fn ask(mut client: Client, holders: Arc<Holders>, clock: SharedClock, end: Duration) -> Vec<Duration> {
    let mut each = Vec::new();
    loop {
        let began = clock.elapsed();
        if began >= end {
            return each;
        }
        let answered = client.check(holders.next().request()).await.expect("an answer");
        let answer = answered.into_inner().answer.and_then(|answer| answer.outcome);
        assert!(
            matches!(answer, Some(Outcome::Established(_))),
            "the person may work"
        );
        each.push(clock.elapsed().saturating_sub(began));
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len().is_multiple_of(2) {
        f64::midpoint(figures[middle - 1], figures[middle])
    } else {
        figures[middle]
    }
}
