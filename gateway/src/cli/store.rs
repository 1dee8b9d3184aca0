//! `statuscheck store`

mod check;
mod copy;
mod migrate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::config::Config;
use crate::store::postgres::{Address, Settings as DatabaseSettings};
use crate::store::{Location, embedded};

/// Makes the tables of a store, looks it over, or copies it into another.
#[derive(Subcommand)]
pub(crate) enum Store {
    /// Brings the tables in a PostgreSQL database up to date, and gives the gateway's and the auditor's roles their rights.
    ///
    /// It is done as the owner of the schema (`statuscheck_owner`), and may be done again at any time. Gateways may be
    /// running: a release works on the tables of the one before it, and the other way round. A database file has nothing to
    /// be brought up to date.
    ///
    /// Ends with 0 where the tables are up to date now, 2 for a wrong command line, 1 for everything else.
    #[command(after_help = "Examples:\n  \
            statuscheck store migrate 'postgres://statuscheck_owner@db.example/statuscheck' \\\n    \
            --password-file owner.password --ca-file roots.pem\n  \
            statuscheck store migrate --config /etc/statuscheck/statuscheck.toml")]
    Migrate(migrate::Migrate),
    /// Tells how a store stands: the version of its tables, what the role may do, whether records are safe there, how far the
    /// clocks are apart, its chains and who holds them, its size. Changes nothing; gateways may be running.
    ///
    /// Ends with 0 where nothing is wrong, 10 where no gateway of this version could open the store, 11 where rights are
    /// lacking or too many, 12 where what is recorded is not safe, 13 where clocks are apart, 14 where there are other rows
    /// than the ledger says; the worst, which has the lowest number, decides. 2 for a wrong command line, 1 for everything
    /// else.
    #[command(after_help = "Examples:\n  \
            statuscheck store check --config /etc/statuscheck/statuscheck.toml\n  \
            statuscheck store check 'postgres://statuscheck_gateway@db.example/statuscheck' \\\n    \
            --password-file gateway.password --ca-file roots.pem --rows --json")]
    Check(check::Check),
    /// Copies a whole store into another: a file into a database, back, or into another of its sort.
    ///
    /// Ledger, chains and keys stay as they are, so the same key file and the same checkpoints go on; everything else is made
    /// anew from them. The copy is verified as `audit verify` does it before it may be used. No gateway may be running on
    /// either side, and the destination must be empty: a file that is not there, or a database without a store. Into a
    /// database it is done as the owner of its tables, out of one as the gateway's role or the owner.
    ///
    /// Where it is broken off, the destination is left marked as unfinished: no gateway opens it, and the same command begins
    /// there anew. The source is never changed.
    ///
    /// Ends with 0 where the copy is whole, 2 for a wrong command line, 1 for everything else.
    #[command(after_help = "Examples:\n  \
            statuscheck store copy --from statuscheck.db --key-file store.key \\\n    \
            --to 'postgres://statuscheck_owner@db.example/statuscheck' --password-file owner.password --ca-file roots.pem\n  \
            statuscheck store copy --from 'postgres://statuscheck_gateway@db.example/statuscheck' \\\n    \
            --password-file gateway.password --ca-file roots.pem --key-file store.key --to statuscheck.db")]
    Copy(Box<copy::Copy>),
}

/// The one store that a command is about.
#[derive(Args)]
pub(crate) struct Place {
    /// The database file, or the address of a PostgreSQL database, `postgres://…`, without a password.
    #[arg(value_name = "FILE|URL", required_unless_present = "config")]
    store: Option<PathBuf>,
    /// The gateway's configuration, which names the store.
    #[arg(long, value_name = "FILE", conflicts_with = "store")]
    config: Option<PathBuf>,
    /// A file with the password of the database's role, mode 0600.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    password_file: Option<PathBuf>,
    /// The authorities that signed the server's certificate: PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    ca_file: Option<PathBuf>,
}

impl Store {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Migrate(migrate) => migrate.run().await,
            Self::Check(check) => check.run().await,
            Self::Copy(copy) => copy.run().await,
        }
    }
}

impl Place {
    fn location(&self) -> anyhow::Result<Location> {
        match (&self.config, &self.store) {
            (Some(config), _) => Ok(Config::read(config)?.store.location()?),
            (None, Some(store)) => located(store, self.password_file.as_deref(), self.ca_file.as_deref()),
            (None, None) => anyhow::bail!("no store is given"),
        }
    }
}

/// The store that is meant by `text`, a path or a URL.
pub(super) fn located(
    text: &Path,
    password_file: Option<&Path>,
    ca_file: Option<&Path>,
) -> anyhow::Result<Location> {
    let Some(url) = text.to_str().filter(|text| Address::is_meant(text)) else {
        return Ok(Location::file(embedded::Settings::at(text)));
    };
    let address = url.parse().context("the address of the database")?;
    Ok(Location::database(DatabaseSettings {
        password_file: password_file.map(Path::to_owned),
        ca_file: ca_file.map(Path::to_owned),
        ..DatabaseSettings::at(address)
    }))
}
