//! `statuscheck ledger`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use statuscheck_domain::clock::{Clock as _, SystemClock};

use super::operator::AT_THE_FILE;
use super::output::say;
use crate::store::embedded::{Difference, Rebuilt, Settings, rebuild};
use crate::store::seal::Kek;

/// Makes anew what is made from the ledger.
#[derive(Subcommand)]
pub(crate) enum Ledger {
    /// Makes every table that is made from the ledger anew and compares it row by row; what differs is put right in one
    /// transaction. No gateway may be running.
    ///
    /// Ends with 0 where nothing differed, or was put right; with 1 where something differs and `--check` was given.
    #[command(
        after_help = "Example:\n  statuscheck ledger rebuild --store statuscheck.db --key-file store.key --check"
    )]
    Rebuild {
        /// The database file.
        #[arg(long, value_name = "FILE")]
        store: PathBuf,
        /// The file of its key-encryption key.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// Only says what differs; changes nothing.
        #[arg(long)]
        check: bool,
        /// Prints what was found as JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Ledger {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Rebuild {
            store,
            key_file,
            check,
            json,
        } = self;
        let key = Kek::load(&key_file)?;
        let now = SystemClock::new().now();
        let rebuilding = move || rebuild(&Settings::at(store), key, check, AT_THE_FILE, now);
        let rebuilt = tokio::task::spawn_blocking(rebuilding)
            .await
            .context("the rebuild broke off")??;
        if json {
            say!("{:#}", as_json(&rebuilt))?;
        } else {
            print(&rebuilt, check)?;
        }
        Ok(if check && !rebuilt.differences.is_empty() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn as_json(rebuilt: &Rebuilt) -> serde_json::Value {
    let difference =
        |found: &Difference| json!({"table": found.table, "missing": found.missing, "extra": found.extra});
    json!({
        "cases": rebuilt.cases,
        "purged": rebuilt.purged,
        "differences": rebuilt.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}

fn print(rebuilt: &Rebuilt, check: bool) -> anyhow::Result<()> {
    say!("{} cases, {} purged", rebuilt.cases, rebuilt.purged)?;
    for found in &rebuilt.differences {
        say!(
            "{}: {} rows missing or otherwise, {} that should not be there or be otherwise",
            found.table,
            found.missing,
            found.extra
        )?;
    }
    say!(
        "{}",
        match (rebuilt.differences.is_empty(), check) {
            (true, _) => "nothing differs",
            (false, true) => "nothing was changed",
            (false, false) => "all of it was put right",
        }
    )
}
