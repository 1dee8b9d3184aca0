//! What recording a check costs the processor, with 128 checks at work.
//!
//! It is the time of the whole process, so that hand-offs and wakes count, less what the same tasks cost without a
//! store, which makes changes and drops them, and less what an idle process costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use statuscheck::store::Store as _;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::{Clock as _, SystemClock};

use crate::changes::{Course, OneCheck};
use crate::{directory, median, microseconds};

const AT_WORK: u32 = 128;
const CHECKS: u32 = 20_000;
const ROUNDS: u32 = 5;
const IDLE: Duration = Duration::from_millis(500);

/// Measures and prints.
pub(crate) async fn measure(clock: SystemClock) -> anyhow::Result<()> {
    let directory = directory()?;
    let key = Kek::create(&directory.path().join("store.key"))?;
    let settings = Settings::at(directory.path().join("store.db"));
    let store = Arc::new(EmbeddedStore::open(settings, key).await?);
    let bench = Bench {
        store: Arc::clone(&store),
        numbers: Arc::default(),
        clock,
    };
    // The first checks meet cold caches and an empty file.
    bench.run(Course::Usual, true).await?;
    let before = at_work()?;
    tokio::time::sleep(IDLE).await;
    let idle = (at_work()? - before).as_secs_f64() / IDLE.as_secs_f64();
    println!("processor time of recording one check, {AT_WORK} at work, {ROUNDS} rounds of {CHECKS}");
    for (course, name, target) in [
        (
            Course::Bare,
            "received, answered",
            " (target: at most 30, aim 12)",
        ),
        (Course::Usual, "received + asked, replied + answered", ""),
    ] {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let with = bench.run(course, true).await?;
            let without = bench.run(course, false).await?;
            let idle_meanwhile = idle * (with.passed.as_secs_f64() - without.passed.as_secs_f64());
            let cost = with.worked.as_secs_f64() - without.worked.as_secs_f64() - idle_meanwhile;
            costs.push(cost * 1e6 / f64::from(CHECKS));
        }
        println!("  {name}: {:.1} µs{target}", median(costs));
    }
    println!(
        "  an idle second: {:.0} µs",
        idle * microseconds(Duration::from_secs(1))
    );
    store.close().await;
    Ok(())
}

struct Bench {
    store: Arc<EmbeddedStore>,
    numbers: Arc<AtomicU32>,
    clock: SystemClock,
}

struct Cost {
    passed: Duration,
    worked: Duration,
}

impl Bench {
    async fn run(&self, course: Course, recorded: bool) -> anyhow::Result<Cost> {
        let (start, before) = (self.clock.elapsed(), at_work()?);
        let first = self.numbers.load(Ordering::Relaxed);
        let callers = (0..AT_WORK).map(|_| {
            let (store, numbers, clock) = (Arc::clone(&self.store), Arc::clone(&self.numbers), self.clock);
            tokio::spawn(async move {
                loop {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    if number - first >= CHECKS {
                        return anyhow::Ok(());
                    }
                    let check = OneCheck::new(number, clock.now(), course)?;
                    if recorded {
                        store.receive(check.receipt, check.content).await?;
                        store.commit(check.answer).await?;
                    } else {
                        drop(std::hint::black_box(check));
                        tokio::task::yield_now().await;
                    }
                }
            })
        });
        try_join_all(callers)
            .await?
            .into_iter()
            .collect::<anyhow::Result<()>>()?;
        Ok(Cost {
            passed: self.clock.elapsed() - start,
            worked: at_work()? - before,
        })
    }
}

/// How long the process has been on a processor. The system tells it in hundredths of a second (`proc_pid_stat(5)`), a
/// hundredth part of a round.
fn at_work() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may hold spaces; 11 fields after it come the times as user and as system.
    let (_name, fields) = stat.rsplit_once(')').context("the system tells no times")?;
    let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let hundredths = times.sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(10 * hundredths))
}
