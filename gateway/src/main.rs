//! The program `statuscheck`.

use std::process::ExitCode;

use clap::Parser as _;
use statuscheck::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
