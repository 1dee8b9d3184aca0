//! The program `statuscheck`.

use std::process::ExitCode;

use clap::Parser as _;
use statuscheck::cli::Cli;

fn main() -> anyhow::Result<ExitCode> {
    Cli::parse().run()
}
