//! `statuscheck config`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use statuscheck_domain::clock::SystemClock;

use super::output::{complain, say};
use crate::config;

/// Looks a configuration over without starting anything.
#[derive(Subcommand)]
pub(crate) enum Config {
    /// Reads a configuration with everything that it names: register, certificates, keys, credentials.
    ///
    /// Ends with 0 where `serve` would start, else with 1, naming every section at fault.
    #[command(after_help = "Example:\n  statuscheck config check deploy/statuscheck.toml")]
    Check {
        /// The file.
        file: PathBuf,
    },
}

impl Config {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Check { file } = self;
        let clock = SystemClock::shared();
        let faults = match config::Config::read(&file) {
            Ok(config) => config.faults(&clock).await,
            Err(fault) => vec![fault],
        };
        if faults.is_empty() {
            say!("{}: nothing at fault", file.display())?;
            return Ok(ExitCode::SUCCESS);
        }
        for fault in faults {
            complain!("{:#}", anyhow::Error::new(fault));
        }
        Ok(ExitCode::FAILURE)
    }
}
