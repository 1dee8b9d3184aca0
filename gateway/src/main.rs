//! The program `statuscheck`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use statuscheck::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        // Where nobody reads it, the exit code still tells.
        writeln!(std::io::stderr(), "error: {error:#}").ok();
        ExitCode::FAILURE
    })
}
