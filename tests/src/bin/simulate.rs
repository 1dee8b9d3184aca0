//! Takes gateways through a year of cases, kills them between any two steps, and reads in the ledger whether every clock did what
//! it had to.

use std::process::ExitCode;

use clap::Parser;
use statuscheck_tests::year::{Plan, run};

/// Runs the gateway's service, asking and timekeeper on its own store through a year of cases, on a clock that is moved by hand,
/// with departments and callers that are drawn. Gateways die before or after operations of the store. At the end the ledger is
/// read and compared with a reckoning of its own: every step of every clock once, in order, never early, at the first look
/// after it; every broken promise escalated to its owner once; every case answered, withdrawn, lapsed, or late and known to be.
#[derive(Parser)]
#[command(after_help = "Examples:\n  \
    cargo run -p statuscheck-tests --bin simulate\n  \
    cargo run --release -p statuscheck-tests --bin simulate -- --cases 100000 --crashes 5000 --seed 7")]
struct Simulate {
    /// Cases that are asked within the year.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    cases: u32,
    /// What is drawn; the same seed draws the same year.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Gateways that die within the year.
    #[arg(long, default_value_t = 400)]
    crashes: u32,
}

fn main() -> anyhow::Result<ExitCode> {
    let Simulate { cases, seed, crashes } = Simulate::parse();
    let plan = Plan { cases, seed, crashes };
    println!("{cases} cases, seed {seed}, {crashes} gateways to die");
    let report = run(plan, |crashes, now| {
        if crashes.is_multiple_of(50) {
            println!("{now}: {crashes} gateways have died");
        }
    })?;
    print!("{report}");
    Ok(if report.findings().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
