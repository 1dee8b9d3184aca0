//! Many thousands of clocks due within two seconds, and checks meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::Plan;
use crate::cases::Maker;
use crate::checks::{A_SECOND, Callers};
use crate::figures::{compare, head, line, milliseconds, pass, percentile};
use crate::fixture::AT_ONCE;
use crate::served::Served;

/// Within which they are all due.
const WITHIN: Duration = Duration::from_secs(2);

/// How long checks alone are measured each time.
const ALONE: Duration = Duration::from_secs(6);

/// Before and after checks alone the store comes to rest.
const REST: Duration = Duration::from_secs(1);

/// What recording one of them takes at the slowest.
const SLOWEST: Duration = Duration::from_micros(400);

/// When a round is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// What one round came to.
#[derive(Default)]
struct Rounds {
    alone: Vec<Vec<Duration>>,
    beside: Vec<Vec<Duration>>,
    late: Vec<Vec<Duration>>,
}

/// Measures and prints.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<()> {
    let cases = plan.fixture.cases;
    let served = Arc::new(Served::start(&plan.gateway, plan.fixture.copy()?).await?);
    let callers = Callers::of(&served).await?;
    let maker = Arc::new(Maker::new()?);
    let mut first = cases;
    for (part, usual_rounds, target) in [(100, 5, "1 s"), (10, 3, "5 s, aim at 1 s")] {
        let clocks = cases / part;
        let mut rounds = Rounds::default();
        for _ in 0..plan.rounds.unwrap_or(usual_rounds) {
            round(&served, &callers, &maker, first..first + clocks, &mut rounds).await?;
            first += clocks;
        }
        print(&rounds, clocks, cases, target);
    }
    drop(callers);
    Arc::into_inner(served).context("nobody uses it")?.stop().await
}

async fn round(
    served: &Arc<Served>,
    callers: &Callers,
    maker: &Arc<Maker>,
    numbers: std::ops::Range<u32>,
    rounds: &mut Rounds,
) -> anyhow::Result<()> {
    let count = numbers.end - numbers.start;
    let now = served.clock.now();
    let ahead = REST * 3 + ALONE + SLOWEST * count;
    let start = now + SignedDuration::try_from(ahead)?;
    let apart = SignedDuration::try_from(WITHIN / count)?;
    let first = numbers.start;
    let due_at = move |number: u32| -> anyhow::Result<Timestamp> {
        Ok(start + apart * i32::try_from(number - first)?)
    };
    let one = |number| {
        let (store, maker) = (Arc::clone(&served.store), Arc::clone(maker));
        tokio::spawn(async move {
            let due = due_at(number)?;
            let id = maker.due_at(number, due, now)?.record(store).await?;
            anyhow::Ok((id, due))
        })
    };
    let mut receiving = stream::iter(numbers).map(one).buffer_unordered(AT_ONCE);
    let mut due = HashMap::new();
    while let Some(received) = receiving.next().await {
        due.extend([received??]);
    }
    served.watch.expect(due);
    pass(REST).await;
    rounds.alone.push(callers.within(ALONE).await?);
    let left = start.duration_since(served.clock.now());
    ensure!(left.is_positive(), "the cases were not received in time");
    pass(left.unsigned_abs()).await;
    let (stop, stopped) = watch::channel(false);
    let asking = tokio::spawn(callers.clone().until(stopped));
    let late = timeout(PATIENCE, served.watch.all_fired()).await;
    let late = late.with_context(|| format!("{} clocks were never fired", served.watch.left()))?;
    stop.send_replace(true);
    rounds.late.push(late);
    rounds.beside.push(asking.await??);
    Ok(())
}

fn print(rounds: &Rounds, clocks: u32, cases: u32, target: &str) {
    head(&format!(
        "{clocks} clocks due within {WITHIN:?} among {cases} open cases, and {A_SECOND} checks a second"
    ));
    for (number, late) in rounds.late.iter().enumerate() {
        line(
            &format!("how late each step was on disk, round {}", number + 1),
            late,
        );
    }
    let late = rounds.late.concat();
    line("the same, all rounds", &late);
    line("checks without due clocks", &rounds.alone.concat());
    line("checks while they are fired", &rounds.beside.concat());
    println!(
        "  lateness p99 {:.0} ms (target: at most {target})",
        milliseconds(percentile(&late, 99))
    );
    compare(
        "p99 of checks beside due clocks to that without",
        &rounds.beside,
        &rounds.alone,
        "at most 1.5",
    );
}
