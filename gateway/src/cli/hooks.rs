//! `statuscheck hooks`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use statuscheck_proto::ops::v1::{Hook, ListHooksRequest, ListHooksResponse, RetryHookRequest};

use super::client::Connection;
use super::output::{Output, print_json, say, table, waiting};

/// Shows webhooks that their receivers have not taken, and has parked ones tried anew.
#[derive(Subcommand)]
pub(crate) enum Hooks {
    /// Lists the notices that wait for their next attempt, and those that were given up on.
    #[command(after_help = "Examples:\n  \
        statuscheck hooks list --demo DIR\n  \
        statuscheck hooks list --parked --json --demo DIR")]
    List(List),
    /// Has a parked notice tried anew, with the same id, for as long as a new one.
    #[command(after_help = "Example:\n  \
        statuscheck hooks retry 019c0000-0000-7000-8000-000000000001 --reason \"Their server is back\" --demo DIR")]
    Retry(Retry),
}

#[derive(Args)]
pub(crate) struct List {
    /// Only those that were given up on.
    #[arg(long)]
    parked: bool,
    /// At most so many, up to 500.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
    /// The page after one that said how to go on.
    #[arg(long, value_name = "TOKEN", default_value = "")]
    page_token: String,
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args)]
pub(crate) struct Retry {
    /// The notice's id, as the list has it.
    hook_id: String,
    /// Why, in a sentence. It lies open in the ledger for ever, so it must name no person.
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    connection: Connection,
}

impl Hooks {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::List(list) => list.run().await,
            Self::Retry(retry) => retry.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let request = ListHooksRequest {
            page_size: self.limit,
            page_token: self.page_token,
            parked_only: self.parked,
        };
        let mut client = self.connection.operate()?;
        let page = match waiting("looking for notices", client.list_hooks(request)).await {
            Ok(page) => page.into_inner(),
            Err(status) => return Output::of(self.json).error(&status),
        };
        if self.json {
            print_json("statuscheck.ops.v1.ListHooksResponse", &page)?;
        } else {
            print(&page)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(page: &ListHooksResponse) -> anyhow::Result<()> {
    if page.hooks.is_empty() {
        return say!("every receiver has taken what it was told");
    }
    let mut table = table([
        "notice",
        "receiver",
        "type",
        "attempts",
        "last error",
        "next attempt",
    ]);
    for hook in &page.hooks {
        table.add_row([
            hook.hook_id.clone(),
            hook.receiver.clone(),
            hook.r#type.clone(),
            hook.attempts.to_string(),
            hook.last_error.clone(),
            next(hook),
        ]);
    }
    say!("{table}")?;
    if !page.next_page_token.is_empty() {
        say!("there are more: --page-token {}", page.next_page_token)?;
    }
    Ok(())
}

fn next(hook: &Hook) -> String {
    let at = hook.next_attempt.as_ref();
    let at = at.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok());
    at.map_or_else(|| "parked".to_owned(), |at| format!("{at:.0}"))
}

impl Retry {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let request = RetryHookRequest {
            hook_id: self.hook_id,
            reason: self.reason,
        };
        let mut client = self.connection.operate()?;
        match waiting("having it tried anew", client.retry_hook(request)).await {
            Ok(_done) => {
                say!("it is tried anew, at once")?;
                Ok(ExitCode::SUCCESS)
            }
            Err(status) => Output::of(false).error(&status),
        }
    }
}
