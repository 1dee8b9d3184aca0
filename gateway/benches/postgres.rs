//! What the store in PostgreSQL does in a second: `cargo bench -p statuscheck --bench postgres`, in about a minute and a half,
//! with `-- --rounds N` for more or fewer rounds, and `-- --bare` for checks of two entries instead of four.
//!
//! It starts a server of its own on the settings that are shipped, with its data beside the build, so on the same disk as
//! the embedded store that it is compared with. Stores and plain connections alike come over the server's socket, without
//! TLS. Whatever is compared is measured in turns within one run, and told as a median of the rounds. Nothing here fails on a
//! figure.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, Settings as FileSettings};
use statuscheck::store::postgres::{PostgresStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::SystemClock;
use statuscheck_rig::postgres::{Database, LocalPostgres, Role};

use self::changes::Course;
use self::pace::{Callers, syncs_a_second};
use self::single::Connections;

#[path = "store/changes.rs"]
mod changes;
#[path = "store/pace.rs"]
mod pace;
#[path = "postgres/single.rs"]
mod single;

const ROUNDS: u32 = 7;
/// Of each thing in each round.
const ROUND: Duration = Duration::from_secs(1);
/// As many as a gateway has readers, and more than a usual one would have writers.
const CONNECTIONS: usize = 16;

fn main() -> anyhow::Result<()> {
    let rounds = rounds()?;
    let beside = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir_in(beside)?;
    // It blocks: before there is a runtime.
    let postgres = LocalPostgres::up_in(beside);
    let ours = postgres.first_database();
    let plain = postgres.database("plain");
    tokio::runtime::Runtime::new()?.block_on(measure(folder.path(), &ours, &plain, rounds))
}

fn rounds() -> anyhow::Result<u32> {
    let given = std::env::args()
        .skip_while(|argument| argument != "--rounds")
        .nth(1);
    let Some(given) = given else { return Ok(ROUNDS) };
    let rounds = given.parse().context("--rounds takes a number")?;
    anyhow::ensure!((1..=1_000).contains(&rounds), "--rounds takes 1 to 1000");
    Ok(rounds)
}

fn settings(database: &Database<'_>) -> anyhow::Result<Settings> {
    Ok(Settings {
        migrate: true,
        ..Settings::at(database.url(Role::Admin).parse()?)
    })
}

/// The figures of all rounds, a second each.
#[derive(Default)]
struct Figures {
    sync: Vec<f64>,
    single: Vec<f64>,
    singles: Vec<f64>,
    /// 64 waiting, then 128.
    grouped: [Vec<f64>; 2],
    embedded: [Vec<f64>; 2],
    /// 128 waiting at one gateway, and 64 at each of two.
    one: Vec<f64>,
    two: Vec<f64>,
}

async fn measure(
    folder: &Path,
    ours: &Database<'_>,
    plain: &Database<'_>,
    rounds: u32,
) -> anyhow::Result<()> {
    let clock = SystemClock::new();
    let key_file = folder.join("store.key");
    Kek::create(&key_file)?;
    let open = async || -> anyhow::Result<Arc<dyn Store>> {
        let key = Kek::load(&key_file)?;
        let store: Arc<dyn Store> = Arc::new(PostgresStore::open(settings(ours)?, key).await?);
        Ok(store)
    };
    let (first, second) = (open().await?, open().await?);
    let file = FileSettings::at(folder.join("store.db"));
    let embedded: Arc<dyn Store> = Arc::new(EmbeddedStore::open(file, Kek::load(&key_file)?).await?);
    statuscheck::store::postgres::migrate(&settings(plain)?).await?;

    let course = if std::env::args().any(|argument| argument == "--bare") {
        Course::Bare
    } else {
        Course::Usual
    };
    let callers = Callers::new(clock, ROUND, course);
    // Warms everything up, and makes rows whose sizes the plain connections take.
    callers.changes_a_second(&[&first, &second], 64).await?;
    let connections = Connections::open(
        &ours.url(Role::Admin),
        &plain.url(Role::Admin),
        CONNECTIONS,
        course,
    )
    .await?;
    let mut figures = Figures::default();
    for _ in 0..rounds {
        figures
            .sync
            .push(syncs_a_second(&folder.join("raw"), clock, ROUND / 4)?);
        figures
            .single
            .push(connections.changes_a_second(1, clock, ROUND).await?);
        figures
            .singles
            .push(connections.changes_a_second(CONNECTIONS, clock, ROUND).await?);
        for (place, waiting) in [64, 128].into_iter().enumerate() {
            figures.grouped[place].push(callers.changes_a_second(&[&first], waiting).await?);
            figures.embedded[place].push(callers.changes_a_second(&[&embedded], waiting).await?);
        }
        figures.one.push(callers.changes_a_second(&[&first], 128).await?);
        figures
            .two
            .push(callers.changes_a_second(&[&first, &second], 128).await?);
    }
    for store in [first, second, embedded] {
        store.close().await;
    }
    figures.print(rounds);
    Ok(())
}

impl Figures {
    fn print(&self, rounds: u32) {
        let sync = 1e6 / median(&self.sync);
        println!(
            "durable changes a second, medians of {rounds} rounds in turns; one fdatasync of 4 KiB {sync:.0} µs"
        );
        println!(
            "(two gateways are two stores in one process: what their callers do elsewhere is left out)\n"
        );
        let rows = [
            ("single-row commits, one connection", &self.single),
            ("single-row commits, 16 connections and chains", &self.singles),
            ("PostgreSQL, 64 waiting", &self.grouped[0]),
            ("PostgreSQL, 128 waiting", &self.grouped[1]),
            ("embedded, 64 waiting", &self.embedded[0]),
            ("embedded, 128 waiting", &self.embedded[1]),
            ("one gateway, 128 waiting", &self.one),
            ("two gateways, 64 waiting at each", &self.two),
        ];
        for (what, figures) in rows {
            println!("  {what:<46} {:>8.0}", median(figures));
        }
        println!();
        let [few, many] = &self.grouped;
        let [embedded_few, embedded_many] = &self.embedded;
        let ratios = [
            (
                "64 waiting to single-row commits",
                few,
                &self.single,
                "at least 8",
            ),
            (
                "128 waiting to single-row commits",
                many,
                &self.single,
                "at least 8",
            ),
            (
                "128 waiting to 16 connections' single-row commits",
                many,
                &self.singles,
                "none",
            ),
            (
                "64 waiting to the embedded store",
                few,
                embedded_few,
                "at least 0.5",
            ),
            (
                "128 waiting to the embedded store",
                many,
                embedded_many,
                "at least 0.5",
            ),
            (
                "two gateways to one",
                &self.two,
                &self.one,
                "none; of whole gateways: replicas",
            ),
        ];
        for (what, these, those, target) in ratios {
            let each: Vec<_> = these.iter().zip(those).map(|(this, that)| this / that).collect();
            println!("  {what:<52} {:>6.2}  (target: {target})", median(&each));
        }
    }
}

/// The middle one; of an even number the upper of the two.
fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
