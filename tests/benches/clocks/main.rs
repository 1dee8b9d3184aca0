//! What a million open cases cost: `cargo bench -p statuscheck-tests --bench clocks`. Words after `--` run the parts of those
//! names: `memory`, `due`, `dashboard`. `--cases N` takes another number of open cases, `--rounds N` more or fewer rounds.
//!
//! The cases are made once, through the store itself, and kept beside the build; every part works on a copy of them. Their times
//! and the gateway's clock begin at one instant, whenever they are made and measured. Each part is a process of its own, so that
//! none finds memory that another has left. Gateway, departments and callers speak over the loopback address, with mutual TLS.
//! Whatever is compared is measured in turns within one run. No figure fails a build.

mod cases;
mod checks;
mod dashboard;
mod due;
mod figures;
mod fixture;
mod memory;
#[path = "../check/people.rs"]
mod people;
mod served;
mod watched;

use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail, ensure};
use tokio::runtime::{Builder, Handle, Runtime};

use self::fixture::Fixture;

/// As many as are to be kept: some two gigabytes.
const CASES: u32 = 1_000_000;

/// More would fill the disk before they told anything new.
const CASES_MAX: u32 = 10_000_000;

/// What is measured, each in a process of its own.
const PARTS: [&str; 3] = ["memory", "due", "dashboard"];

/// What every part is given.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) fixture: Fixture,
    /// How often what is compared is measured; none for each part's own number.
    pub(crate) rounds: Option<usize>,
    /// Where the gateway and the departments run, as they would as programs of their own.
    pub(crate) gateway: Handle,
}

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks too, in a debug build: the figures would mean nothing.
    if !words.iter().any(|word| word == "--bench") {
        println!("nothing is measured without `cargo bench`");
        return Ok(ExitCode::SUCCESS);
    }
    let cases = number(&words, "--cases")?.unwrap_or(CASES);
    ensure!(
        (100..=CASES_MAX).contains(&cases),
        "--cases takes 100 to {CASES_MAX}"
    );
    let rounds = number(&words, "--rounds")?.map(|rounds| rounds as usize);
    if let Some(part) = after(&words, "--alone") {
        let (callers, gateway) = (runtime("callers")?, runtime("gateway")?);
        let plan = Plan {
            fixture: Fixture::of(cases),
            rounds,
            gateway: gateway.handle().clone(),
        };
        // On a worker, as a client's tasks are: the main thread would add a hand-off to every call.
        callers.block_on(callers.spawn(alone(part.to_owned(), plan)))??;
        return Ok(ExitCode::SUCCESS);
    }
    let named = |part: &&str| words.iter().any(|word| word == part);
    let all = !PARTS.iter().any(&named);
    println!(
        "{} {}, {} cores, {cases} open cases",
        std::env::consts::OS,
        std::env::consts::ARCH,
        std::thread::available_parallelism().map_or(0, usize::from),
    );
    for part in std::iter::once("make").chain(PARTS.into_iter().filter(|part| all || named(part))) {
        let status = Command::new(std::env::current_exe()?)
            .args(["--bench", "--alone", part])
            .args(&words)
            .status()?;
        ensure!(status.success(), "{part} ended with {status}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn alone(part: String, plan: Plan) -> anyhow::Result<()> {
    match part.as_str() {
        "make" => plan.fixture.make().await,
        "memory" => memory::measure(&plan).await,
        "due" => due::measure(&plan).await,
        "dashboard" => dashboard::measure(&plan).await,
        _ => bail!("there is no part {part}"),
    }
}

fn runtime(name: &str) -> anyhow::Result<Runtime> {
    Ok(Builder::new_multi_thread()
        .thread_name(name)
        .enable_all()
        .build()?)
}

fn number(words: &[String], name: &str) -> anyhow::Result<Option<u32>> {
    let given = after(words, name).map(str::parse).transpose();
    given.with_context(|| format!("{name} takes a number"))
}

/// The word after `name`.
fn after<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words
        .iter()
        .skip_while(|word| *word != name)
        .nth(1)
        .map(String::as_str)
}
