//! `statuscheck audit`

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use statuscheck_domain::clock::{Clock as _, SystemClock};

use super::output::{complain, say};
use crate::audit::{self, Address, AuditError, ChainId, Finding, Report, StoreAt, Subject};
use crate::config::Config;

/// Finds out whether the ledger is what was recorded.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Goes along every chain of the ledger and compares them with the signed checkpoints. Changes nothing; gateways may
    /// be running.
    ///
    /// Ends with 0 where the ledger is intact, 10 where entries are missing between others, 11 where one was altered, 12
    /// where they were put in another order, 13 where the end is missing, 14 where a checkpoint's signature is bad, 15
    /// where a checkpoint says that history was another, 16 where a whole chain is missing; the first of what is found
    /// decides. 2 for a wrong command line, 1 for everything else.
    #[command(after_help = "Examples:\n  \
            statuscheck audit verify --config /etc/statuscheck/statuscheck.toml\n  \
            statuscheck audit verify --store statuscheck.db --public-key signing.key.pub --anchor /mnt/anchor\n  \
            statuscheck audit verify --store 'postgres://auditor@db.example/statuscheck?sslrootcert=roots.pem' \\\n    \
            --password-file password --public-key signing.key.pub --anchor /mnt/anchor")]
    Verify(Box<Verify>),
    /// Finds every check about one person, for that person: who asked, when, under which agreement and law, why, and what
    /// they were told. The ledger records that it was handed out, not about whom.
    #[command(after_help = "Examples:\n  \
            statuscheck audit subject --demo DIR --person -  < person.json\n  \
            statuscheck audit subject --store statuscheck.db --key-file store.key --register register --person FILE")]
    Subject(Box<super::subject::Subject>),
}

#[derive(Args)]
pub(crate) struct Verify {
    /// The database file; its checkpoints lie beside it. Or the address of a PostgreSQL database, `postgres://…`, without a
    /// password. It is connected to over TLS, and `sslrootcert=FILE` in it names the authorities of its certificate, unless
    /// it says `sslmode=disable` or names a socket.
    #[arg(long, value_name = "FILE|URL", required_unless_present = "config")]
    store: Option<PathBuf>,
    /// The gateway's configuration, which names the database, the signing key and the anchor.
    #[arg(long, value_name = "FILE", conflicts_with = "store")]
    config: Option<PathBuf>,
    /// A file with the password of the PostgreSQL database, mode 0600. Without it, PGPASSFILE is looked into.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file of passwords as PostgreSQL's own programs take it.
    #[arg(long, value_name = "FILE", env = "PGPASSFILE", hide = true)]
    pass_file: Option<PathBuf>,
    /// A file of checkpoints, as gateways on a PostgreSQL database keep it; may be given several times.
    #[arg(long, value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The public key of the checkpoints' signatures; may be given several times. Take it from a place that nobody who can
    /// write the database can write.
    #[arg(long, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// The folder that checkpoints are put in as well, or a copy of it.
    #[arg(long, value_name = "DIR")]
    anchor: Option<PathBuf>,
    /// The one chain to look at, by its 32 digits. To be given with --from and --to where the ledger has several.
    #[arg(long, value_name = "ID")]
    chain: Option<ChainId>,
    /// The first entry to look at; the one before it is taken to be right.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    from: Option<i64>,
    /// The last entry to look at.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    to: Option<i64>,
    /// Prints what was found as JSON.
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Verify(verify) => tokio::task::spawn_blocking(|| verify.run())
                .await
                .context("the audit broke off")?,
            Self::Subject(subject) => subject.run().await,
        }
    }
}

impl Verify {
    fn run(self) -> anyhow::Result<ExitCode> {
        let json = self.json;
        let subject = self.subject()?;
        let bar = progress_bar();
        let clock = SystemClock::new();
        let verified = audit::verify(&subject, |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        let report = match verified {
            Ok(report) => report,
            Err(
                error @ (AuditError::NoSuchEntries { .. }
                | AuditError::WhichChain(_)
                | AuditError::NoSuchChain(_)),
            ) => {
                complain!("error: {error}");
                return Ok(ExitCode::from(2));
            }
            Err(error) => return Err(error.into()),
        };
        let took = clock.elapsed();
        if json {
            say!("{:#}", as_json(&report, took))?;
        } else {
            print(&report, took)?;
        }
        Ok(ExitCode::from(report.exit_code()))
    }

    fn subject(self) -> anyhow::Result<Subject> {
        let mut subject = match self.config {
            Some(config) => Config::read(&config)?.store.audited(),
            None => Subject::default(),
        };
        if let Some(store) = self.store {
            subject.store = match store.to_str().filter(|text| Address::is_meant_by(text)) {
                Some(url) => StoreAt::Postgres(Address {
                    url: url.to_owned(),
                    ca_file: None,
                    password_file: self.password_file,
                    pass_file: self.pass_file,
                }),
                None => StoreAt::File(store),
            };
        }
        if !self.public_key.is_empty() {
            subject.public_keys = self.public_key;
        }
        subject.checkpoints.extend(self.checkpoints);
        subject.anchor = self.anchor.or(subject.anchor);
        subject.chain = self.chain;
        subject.from = self.from;
        subject.to = self.to;
        Ok(subject)
    }
}

/// Shown on a terminal alone, ten times a second at most.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    match ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} entries, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_template) => bar,
    }
}

fn per_second(report: &Report, took: Duration) -> u64 {
    let nanoseconds = took.as_nanos().max(1);
    u64::try_from(u128::from(report.entries) * 1_000_000_000 / nanoseconds).unwrap_or(u64::MAX)
}

fn as_json(report: &Report, took: Duration) -> Value {
    let finding = |finding: &Finding| {
        let mut value = json!(finding);
        value["exit_code"] = finding.exit_code().into();
        value["message"] = finding.to_string().into();
        value
    };
    json!({
        "intact": report.is_intact(),
        "exit_code": report.exit_code(),
        "ledger": report.ledger,
        "chains": report.chains,
        "entries": report.entries,
        "cases": report.cases,
        "house_entries": report.house_entries,
        "first_time": report.first_time,
        "last_time": report.last_time,
        "checkpoints": report.checkpoints,
        "signatures_checked": report.signatures_checked,
        "anchor_checked": report.anchor_checked,
        "entries_after_checkpoints": report.entries_after_checkpoints,
        "entries_per_second": per_second(report, took),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn print(report: &Report, took: Duration) -> anyhow::Result<()> {
    for finding in &report.findings {
        say!("{finding}")?;
    }
    let verdict = if report.is_intact() {
        "intact"
    } else {
        "NOT INTACT"
    };
    say!("ledger {}: {verdict}", report.ledger)?;
    say!(
        "  {} entries: {} cases begin, {} entries of the house",
        report.entries,
        report.cases,
        report.house_entries
    )?;
    for chain in &report.chains {
        say!(
            "  chain {}: {} entries, up to {}",
            chain.chain,
            chain.entries,
            chain.last
        )?;
    }
    if let (Some(first), Some(last)) = (report.first_time, report.last_time) {
        say!("  from {first:.0} to {last:.0}")?;
    }
    let signatures = if report.signatures_checked {
        "signatures checked"
    } else {
        "signatures NOT checked: give --public-key"
    };
    let anchor = if report.anchor_checked {
        "the anchor's among them"
    } else {
        "none from an anchor: give --anchor"
    };
    say!(
        "  compared with checkpoints {} times; {signatures}; {anchor}",
        report.checkpoints
    )?;
    if report.entries_after_checkpoints > 0 {
        say!(
            "  {} entries at the ends are under no checkpoint yet",
            report.entries_after_checkpoints
        )?;
    }
    say!("  {} entries a second", per_second(report, took))
}
