//! Kills the gateway at random moments and looks whether anything it told is lost or there twice.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use statuscheck_tests::crash::{Plan, Report, holds, replicas, run};
use statuscheck_tests::program::Start;

/// Runs the real program under load, kills it with SIGKILL at random moments, starts it again on the same files, and
/// compares what it knows with what it told.
#[derive(Parser)]
#[command(after_help = "Examples:\n  \
    cargo run -p statuscheck-tests --bin crash -- --rounds 500 --seed 7\n  \
    cargo run -p statuscheck-tests --bin crash -- --replicas --rounds 200\n  \
    cargo run -p statuscheck-tests --bin crash -- --holds --rounds 200\n  \
    cargo run -p statuscheck-tests --bin crash -- --program target/release/statuscheck")]
struct Crash {
    /// How many times the program is killed.
    #[arg(long, default_value_t = 50)]
    rounds: u32,
    /// Which requests and moments are drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Three gateways on one PostgreSQL, of which one is killed, or stopped past its lease, in each round.
    #[arg(long)]
    replicas: bool,
    /// Checks about people who are held back and referred to the taskforce, which is in trouble now and then and says what it found.
    #[arg(long, conflicts_with = "replicas")]
    holds: bool,
    /// The program to kill; the one that this was built with unless given.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// The word before the arguments of the program itself: this binary is the program too, so that what is killed is never
/// older than what kills it.
const AS_PROGRAM: &str = "as-program";

fn main() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args_os();
    let own = words.next();
    if std::env::args_os().nth(1).is_some_and(|word| word == AS_PROGRAM) {
        return statuscheck::cli::Cli::parse_from(own.into_iter().chain(words.skip(1))).run();
    }
    let asked = Crash::parse();
    let start = match asked.program {
        Some(program) => Start::by([program]),
        None => Start::by([
            std::env::current_exe()?.into_os_string(),
            OsString::from(AS_PROGRAM),
        ]),
    };
    let plan = Plan {
        rounds: asked.rounds,
        seed: asked.seed,
    };
    println!("{} rounds, seed {}", plan.rounds, plan.seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let findings = if asked.replicas {
        runtime.block_on(press_replicas(plan, start))
    } else if asked.holds {
        runtime.block_on(press_holds(plan, start))
    } else {
        runtime.block_on(press(plan, start))
    };
    Ok(if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// How many findings there are.
async fn press(plan: Plan, start: Start) -> usize {
    let told = |report: &Report| {
        if report.rounds.is_multiple_of(10) {
            let (acknowledged, findings) = (report.acknowledged, report.findings.len());
            tell(plan, report.rounds, acknowledged, findings);
        }
    };
    let report = run(plan, start, told).await;
    println!("{report}");
    report.findings.len()
}

/// How many findings there are.
async fn press_replicas(plan: Plan, start: Start) -> usize {
    let told = |report: &replicas::Report| {
        tell(plan, report.rounds, report.acknowledged, report.findings.len());
    };
    let replicas = replicas::run(plan, start, told).await;
    println!("{}", replicas.report());
    replicas.report().findings.len()
}

/// How many findings there are.
async fn press_holds(plan: Plan, start: Start) -> usize {
    let told = |report: &holds::Report| {
        if report.rounds.is_multiple_of(10) {
            tell(plan, report.rounds, report.acknowledged, report.findings.len());
        }
    };
    let report = holds::run(plan, start, told).await;
    println!("{report}");
    report.findings.len()
}

fn tell(plan: Plan, round: u32, acknowledged: usize, findings: usize) {
    println!(
        "round {round}/{}: {acknowledged} acknowledged, {findings} findings",
        plan.rounds
    );
}
