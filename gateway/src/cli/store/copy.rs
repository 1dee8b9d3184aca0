//! `statuscheck store copy`

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::located;
use crate::cli::output::say;
use crate::store::Location;
use crate::store::copy::{Copied, Stage};
use crate::store::seal::Kek;
use crate::upkeep::{Step, copy_store};

#[derive(Args)]
pub(crate) struct Copy {
    /// The store to be copied: a database file, or the address of a PostgreSQL database, `postgres://…`, without a password.
    #[arg(long, value_name = "FILE|URL")]
    from: PathBuf,
    /// Where it is copied to.
    #[arg(long, value_name = "FILE|URL")]
    to: PathBuf,
    /// The file of the store's key-encryption key, which the copy has too.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// A file with the password of the database's role, mode 0600.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The authorities that signed the server's certificate: PEM.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The password of the database that is copied, where both sides are databases.
    #[arg(long, value_name = "FILE")]
    from_password_file: Option<PathBuf>,
    /// The authorities of the database that is copied, where they are others.
    #[arg(long, value_name = "FILE")]
    from_ca_file: Option<PathBuf>,
    /// Prints what was copied as JSON.
    #[arg(long)]
    json: bool,
}

impl Copy {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let (password, ca) = (self.password_file.as_deref(), self.ca_file.as_deref());
        let from = located(
            &self.from,
            self.from_password_file.as_deref().or(password),
            self.from_ca_file.as_deref().or(ca),
        )?;
        let to = located(&self.to, password, ca)?;
        let key = Kek::load(&self.key_file)?;
        let bar = progress_bar();
        let drawn = bar.clone();
        let (shown_from, shown_to) = (from.to_string(), to.to_string());
        let is_file = matches!(from, Location::File(_));
        let copied = copy_store(from, to, key, move |step, done, of| {
            drawn.set_message(named(step));
            drawn.set_length(of);
            drawn.set_position(done);
        })
        .await;
        bar.finish_and_clear();
        let copied = copied?;
        if self.json {
            say!("{:#}", as_json(&copied))?;
            return Ok(ExitCode::SUCCESS);
        }
        let Copied {
            chains,
            entries,
            cases,
            holds,
        } = copied;
        say!("{shown_from} → {shown_to}: copied and verified")?;
        say!("{chains} chains, {entries} entries, {cases} cases, {holds} of them held")?;
        if is_file {
            say!(
                "copy the checkpoints, {shown_from}.checkpoints, to where the gateway's configuration has them"
            )?;
        } else {
            say!("copy the gateways' file of checkpoints to {shown_to}.checkpoints")?;
        }
        say!("start no gateway on {shown_from} any more: two ledgers that go on from one cannot be joined")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn as_json(copied: &Copied) -> serde_json::Value {
    json!({
        "chains": copied.chains,
        "entries": copied.entries,
        "cases": copied.cases,
        "holds": copied.holds,
    })
}

const fn named(step: Step) -> &'static str {
    match step {
        Step::Copying(Stage::Entries) => "entries copied",
        Step::Copying(Stage::Cases) => "cases made",
        Step::Verifying => "entries verified",
    }
}

/// Shown on a terminal alone, ten times a second at most.
fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    match ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_template) => bar,
    }
}
