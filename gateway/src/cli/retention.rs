//! `statuscheck retention`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use statuscheck_proto::ops::v1::{RunRetentionRequest, RunRetentionResponse, SetLegalHoldRequest};

use super::operator::Operator;
use super::output::{Output, print_json, say, table, time, waiting};
use crate::rpc::ops::Operations;

/// Purges what is kept no longer, and holds what must be.
#[derive(Subcommand)]
pub(crate) enum Retention {
    /// Destroys the keys of closed cases whose agreement's time is over, so that nobody can read them again. The ledger
    /// keeps their entries, sealed for good, and can still be verified.
    #[command(after_help = "Example:\n  statuscheck retention run --demo DIR --dry-run")]
    Run {
        /// Only shows what would be done.
        #[arg(long)]
        dry_run: bool,
        /// Prints the contract's message as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        operator: Operator,
    },
    /// Holds a case past its time.
    #[command(
        after_help = "Example:\n  statuscheck retention hold 0193f1d2-… --reason 'Claim 2026/17' --demo DIR"
    )]
    Hold(Hold),
    /// Releases a held case.
    #[command(
        after_help = "Example:\n  statuscheck retention release 0193f1d2-… --reason 'Claim 2026/17 settled' --demo DIR"
    )]
    Release(Hold),
}

#[derive(Args)]
pub(crate) struct Hold {
    /// The case's id.
    case_id: String,
    /// Why, such as the reference of the claim. It lies open in the ledger for ever, so it must name no person.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    operator: Operator,
}

impl Retention {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run {
                dry_run,
                json,
                operator,
            } => run(dry_run, json, &operator).await,
            Self::Hold(hold) => hold.set(true).await,
            Self::Release(hold) => hold.set(false).await,
        }
    }
}

async fn run(dry_run: bool, json: bool, operator: &Operator) -> anyhow::Result<ExitCode> {
    let running = operator.ask(
        RunRetentionRequest { dry_run },
        async |mut client, request| client.run_retention(request).await,
        Operations::run_retention,
    );
    let done = match waiting("looking for cases", running).await? {
        Ok(done) => done,
        Err(status) => return Output::of(json).error(&status),
    };
    if json {
        print_json("statuscheck.ops.v1.RunRetentionResponse", &done)?;
    } else {
        print(&done)?;
    }
    Ok(if done.log_emptied {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(done: &RunRetentionResponse) -> anyhow::Result<()> {
    let mut table = table(["agreement", "check", "kept", "due", "purged", "held", "oldest"]);
    for line in &done.lines {
        let kept = if line.retention.is_empty() {
            "agreement unknown"
        } else {
            &line.retention
        };
        table.add_row([
            line.agreement_id.clone(),
            line.check.clone(),
            kept.to_owned(),
            line.due.to_string(),
            line.purged.to_string(),
            line.held.to_string(),
            time(line.oldest.as_ref()),
        ]);
    }
    say!("{table}")?;
    if done.more {
        say!("some were left for another run; run it again")?;
    }
    if !done.log_emptied {
        say!(
            "a reader was in the way of emptying the log, which may still hold what was purged; run it again"
        )?;
    }
    Ok(())
}

impl Hold {
    async fn set(self, held: bool) -> anyhow::Result<ExitCode> {
        let request = SetLegalHoldRequest {
            case_id: self.case_id,
            held,
            reason: self.reason,
        };
        let setting = self.operator.ask(
            request,
            async |mut client, request| client.set_legal_hold(request).await,
            Operations::set_legal_hold,
        );
        match waiting("recording", setting).await? {
            Ok(_done) => {
                say!("{}", if held { "held" } else { "released" })?;
                Ok(ExitCode::SUCCESS)
            }
            Err(status) => Output::of(false).error(&status),
        }
    }
}
