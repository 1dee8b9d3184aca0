//! What the embedded store costs: `cargo bench -p statuscheck --bench store`, with `-- --cases N` for another number of cases
//! in the file that is opened, and `-- --only durable|processor|opening|counting` for one of its parts.
//!
//! Each figure is a ratio to something that is measured in the same run, in turns with it, and a median over the rounds: so
//! a slow machine or a busy one moves both sides. Nothing here fails on a figure. How fast a ledger is verified is another
//! bench, `audit`.

use std::time::Duration;

use anyhow::Context as _;
use statuscheck_domain::clock::SystemClock;

#[path = "store/changes.rs"]
mod changes;
#[path = "store/counting.rs"]
mod counting;
#[path = "store/durable.rs"]
mod durable;
#[path = "store/opening.rs"]
mod opening;
#[path = "store/pace.rs"]
mod pace;
#[path = "store/processor.rs"]
mod processor;

/// Enough for a file several times the size of a processor's caches, filled in some ten seconds.
const CASES: u32 = 200_000;
/// More would fill the disk (some 3 KiB each) before they told anything new.
const CASES_MAX: u32 = 5_000_000;

fn main() -> anyhow::Result<()> {
    let cases = cases()?;
    let only = after("--only");
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let clock = SystemClock::new();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        if wanted("durable") {
            durable::measure(clock).await?;
        }
        if wanted("processor") {
            processor::measure(clock).await?;
        }
        if wanted("opening") {
            opening::measure(clock, cases).await?;
        }
        if wanted("counting") {
            counting::measure(clock).await?;
        }
        Ok(())
    })
}

/// Where the files are made: beside the build, because the system's own place for temporary files may be memory.
fn directory() -> std::io::Result<tempfile::TempDir> {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
}

/// The number after `--cases`.
fn cases() -> anyhow::Result<u32> {
    let Some(cases) = after("--cases") else {
        return Ok(CASES);
    };
    let cases = cases.parse().context("--cases takes a number")?;
    anyhow::ensure!((1..=CASES_MAX).contains(&cases), "--cases takes 1 to {CASES_MAX}");
    Ok(cases)
}

/// The argument after `name`; `cargo bench` gives arguments of its own, which are passed over.
fn after(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// The middle one; of an even number the upper of the two.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
