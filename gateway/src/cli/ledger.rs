//! `statuscheck ledger`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use statuscheck_domain::clock::{Clock as _, SystemClock};

use super::operator::AT_THE_FILE;
use super::output::{say, waiting};
use super::store::located;
use crate::store::Location;
use crate::store::embedded::{Difference, Rebuilt, rebuild};
use crate::store::postgres::{compare, mend};
use crate::store::seal::Kek;

/// Makes anew what is made from the ledger.
#[derive(Subcommand)]
pub(crate) enum Ledger {
    /// Makes every table that is made from the ledger anew and compares it row by row; what differs is put right in one
    /// transaction. No gateway may be running; only with `--check` on a PostgreSQL database they may.
    ///
    /// Ends with 0 where nothing differed, or was put right; with 1 where something differs and `--check` was given.
    #[command(after_help = "Examples:\n  \
            statuscheck ledger rebuild --store statuscheck.db --key-file store.key --check\n  \
            statuscheck ledger rebuild --store 'postgres://statuscheck_gateway@db.example/statuscheck' \\\n    \
            --password-file gateway.password --ca-file roots.pem --key-file store.key --check")]
    Rebuild {
        /// The database file, or the address of a PostgreSQL database, `postgres://…`, without a password.
        #[arg(long, value_name = "FILE|URL")]
        store: PathBuf,
        /// A file with the password of the database's role, mode 0600.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// The authorities that signed the server's certificate: PEM.
        #[arg(long, value_name = "FILE")]
        ca_file: Option<PathBuf>,
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
            password_file,
            ca_file,
            key_file,
            check,
            json,
        } = self;
        let location = located(&store, password_file.as_deref(), ca_file.as_deref())?;
        let rebuilt = run(location, &key_file, check).await?;
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

async fn run(location: Location, key_file: &Path, check: bool) -> anyhow::Result<Rebuilt> {
    let key = Kek::load(key_file)?;
    let now = SystemClock::new().now();
    match location {
        Location::Database(settings) if check => {
            Ok(waiting("comparing", Box::pin(compare(&settings, key))).await?)
        }
        Location::Database(settings) => {
            let mending = Box::pin(mend(&settings, key, AT_THE_FILE, now));
            Ok(waiting("rebuilding", mending).await?)
        }
        Location::File(settings) => {
            let rebuilding = move || rebuild(&settings, key, check, AT_THE_FILE, now);
            Ok(tokio::task::spawn_blocking(rebuilding)
                .await
                .context("the rebuild broke off")??)
        }
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
