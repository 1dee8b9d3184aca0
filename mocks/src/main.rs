//! `statuscheck-mocks`: the departments' HTTP APIs over a synthetic population.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use statuscheck_domain::clock::SystemClock;
use statuscheck_mocks::cli::{Arguments, run};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    // Standard output is for what was asked for.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The cause after a colon, in one line that fits a log.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    // Listened for from the start, so that a signal during start-up is not lost.
    let mut interrupted = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminated = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let stop = async {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    };
    run(arguments, SystemClock::shared(), io::stdout(), stop).await?;
    Ok(())
}
