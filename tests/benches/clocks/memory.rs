//! Many open cases of which none is due: what they take of a gateway's memory, and what a look for due work costs.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use statuscheck_tests::processor::spent_by;

use crate::Plan;
use crate::checks::Callers;
use crate::figures::{pass, percentile};
use crate::fixture::Fixture;
use crate::served::Served;

/// Open cases of the gateway with which it is compared.
const FEW: u32 = 1_000;

const LOOKS: u32 = 50_000;

/// How long each gateway is used: its caches are full of what it needs then.
const USED: Duration = Duration::from_secs(10);

/// Measures and prints.
pub(crate) async fn measure(plan: &Plan) -> anyhow::Result<()> {
    let few = Fixture::of(FEW);
    few.make().await?;
    let before = memory()?;
    let small = used(plan, &few).await?;
    let between = memory()?;
    let large = used(plan, &plan.fixture).await?;
    let after = memory()?;
    let (one, other) = (between.saturating_sub(before), after.saturating_sub(between));
    let cases = plan.fixture.cases;
    println!("\nMemory of the process, what is mapped from files aside");
    println!(
        "  a gateway with {FEW} open cases, its departments and callers: {} KiB",
        one >> 10
    );
    println!("  a second one with {cases}: {} KiB more", other >> 10);
    println!(
        "  a case: {:.1} bytes of all that the second one takes, {:.1} of what it takes more than the first (target: at most 64 \
         beyond the store's cache)",
        other as f64 / f64::from(cases),
        (other as f64 - one as f64) / f64::from(cases - FEW),
    );
    looks(&large).await?;
    for served in [small, large] {
        Arc::into_inner(served).context("nobody uses it")?.stop().await?;
    }
    Ok(())
}

/// A gateway that was used: checks, a count of open cases, a look for what is due, and a page of the dashboard.
async fn used(plan: &Plan, fixture: &Fixture) -> anyhow::Result<Arc<Served>> {
    let served = Arc::new(Served::start(&plan.gateway, fixture.copy()?).await?);
    let callers = Callers::of(&served).await?;
    callers.within(USED).await?;
    let page = served.browser()?.get(&served.dashboard).send().await?;
    ensure!(page.status() == 200, "the dashboard shows its first page");
    let shown = page.text().await?;
    ensure!(shown.contains("Open in all"), "it counts the open cases");
    let due = served.store.lease_due(served.clock.now(), 256).await?;
    ensure!(due.is_empty(), "nothing is due");
    pass(Duration::from_secs(2)).await;
    Ok(served)
}

/// The question that the timekeeper puts to the store whenever it looks, while nothing is due.
async fn looks(served: &Served) -> anyhow::Result<()> {
    let spent = || spent_by(std::process::id()).context("the system says what a process spends");
    let mut looks = Vec::new();
    let idle = spent()?;
    pass(Duration::from_secs(2)).await;
    let before = spent()?;
    let idle = (before - idle).as_secs_f64() / 2.0;
    let began = served.clock.elapsed();
    for _ in 0..LOOKS {
        let start = served.clock.elapsed();
        served.store.next_wake().await?.context("a case will be due")?;
        looks.push(served.clock.elapsed() - start);
    }
    let took = (served.clock.elapsed() - began).as_secs_f64();
    let spent = (spent()? - before).as_secs_f64() - idle * took;
    let micros = |percent| percentile(&looks, percent).as_secs_f64() * 1e6;
    println!(
        "\nA look with nothing due: {:.1} µs on average, {:.1} µs at the median, {:.1} µs at p99 of {LOOKS}; {:.1} µs of processor \
         time (target: at most 20 µs)",
        took * 1e6 / f64::from(LOOKS),
        micros(50),
        micros(99),
        spent * 1e6 / f64::from(LOOKS),
    );
    Ok(())
}

/// Bytes of this process that are in memory and in no file.
fn memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib
        .context("the system says how much memory is used")?
        .trim()
        .parse()?;
    Ok(kib << 10)
}
