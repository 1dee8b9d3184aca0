//! The program `statuscheck`.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use statuscheck::cli::Cli;

/// What is sealed on one thread is let go on another, which the system's own allocator pays dearly for.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
