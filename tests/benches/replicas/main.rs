//! What a second gateway on the same PostgreSQL brings: `cargo bench -p statuscheck-tests --bench replicas`, in about a
//! minute, with `-- --rounds N` for more or fewer rounds, and `-- --callers N` for more or fewer callers.
//!
//! Gateways are processes of their own, with mutual TLS, on one server with the settings that are shipped and its data beside
//! the build. Callers and mock departments are in this process. One gateway on a database of its own and two that share
//! another are asked in turns within one run, so that a busy machine slows both alike; what is told is the median of the
//! rounds' ratios. On a machine with few cores everything shares them, so the ratio says what sharing a database costs, and
//! not what a second machine brings; for that there is the processor time that each part takes for a check.

#[path = "../check/people.rs"]
mod people;
mod turns;

use std::path::Path;
use std::sync::Arc;

use statuscheck_domain::clock::{SystemClock, london_day};
use statuscheck_tests::asking::EMPLOYER;
use statuscheck_tests::database::{migrate, store_at};
use statuscheck_tests::postgres::{Database, LocalPostgres, Role};
use statuscheck_tests::program::Start;
use statuscheck_tests::site::Site;
use tokio::runtime::Runtime;

use self::people::people;
use self::turns::{Bench, Gateway, Side};

const ROUNDS: usize = 7;

/// Callers that each ask one check after the other, whichever side they ask: as many as the store is measured with.
const CALLERS: usize = 128;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks too, in a debug build: the figures would mean nothing.
    if !words.iter().any(|word| word == "--bench") {
        println!("nothing is measured without `cargo bench`");
        return;
    }
    let given = |name: &str, usual| {
        let given = words.iter().skip_while(|word| *word != name).nth(1);
        given.map_or(usual, |given| given.parse().expect("a number"))
    };
    let (rounds, callers) = (given("--rounds", ROUNDS), given("--callers", CALLERS));
    // Where the disk counts. It blocks: before there is a runtime.
    let postgres = LocalPostgres::up_in(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let (alone, shared) = (postgres.first_database(), postgres.database("shared"));
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(measure(&postgres, [&alone, &shared], rounds, callers));
}

async fn measure(
    postgres: &LocalPostgres,
    [alone, shared]: [&Database<'_>; 2],
    rounds: usize,
    callers: usize,
) {
    let clock = SystemClock::shared();
    let (population, holders, _slow) = people(london_day(clock.now()));
    let site = Site::of(population).await;
    let mut sides = Vec::new();
    for (what, database, count) in [("one gateway", alone, 1), ("two gateways", shared, 2)] {
        migrate(postgres, database).await;
        let mut gateways = Vec::new();
        for number in 0..count {
            gateways.push(start(&site, postgres, database, &format!("{count}-{number}")).await);
        }
        sides.push(Side::new(what, gateways));
    }
    let bench = Bench {
        postgres,
        clock,
        holders: Arc::new(holders),
        callers,
    };
    bench.measure(sides, rounds).await;
}

async fn start(site: &Site, postgres: &LocalPostgres, database: &Database<'_>, name: &str) -> Gateway {
    let checkpoints = site.folder().join(format!("checkpoints-{name}"));
    let store = store_at(&database.url(Role::Gateway), postgres, &checkpoints);
    let config = site.configure_another(&format!("gateway-{name}"), &store);
    let start = Start::by([env!("CARGO_BIN_EXE_statuscheck-under-test")]);
    let mut program = start.logging("warn,statuscheck::cli=info").spawn_on(&config);
    let address = program.address().await;
    Gateway {
        clients: (0..turns::CONNECTIONS)
            .map(|_connection| site.client(address, EMPLOYER))
            .collect(),
        program,
    }
}
