//! `statuscheck due`

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use statuscheck_proto::ops::v1::{
    ExtendDueRequest, ExtendDueResponse, ExtendedLine, RecountDueRequest, RecountDueResponse, RecountedLine,
};

use super::client::Connection;
use super::output::{Output, print_json, say, table, waiting};

/// Moves when open cases are due.
#[derive(Subcommand)]
pub(crate) enum Due {
    /// Moves the due time of every open case that matches, in one order that stands in the ledger. Look at it with
    /// --preview first.
    ///
    /// The same order of the same operator within a minute is the same order: nothing is moved twice.
    #[command(after_help = "Examples:\n  \
        statuscheck due extend --by 24h --department dwp --reason \"DWP's desk was down on Monday\" --preview --demo DIR\n  \
        statuscheck due extend --working-days 2 --agreement iecas --reason \"The desk is closed for a move\" --demo DIR")]
    Extend(Extend),
    /// Counts the clock of every open case that matches anew, from its start, under its agreement and the bank holidays as they are
    /// now, in one order that stands in the ledger. Look at it with --preview first.
    ///
    /// Without such an order an open case keeps the promise that it started under.
    #[command(after_help = "Examples:\n  \
        statuscheck due recount --reason \"A bank holiday was proclaimed\" --preview --demo DIR\n  \
        statuscheck due recount --agreement iecas --reason \"The desk answers within three days now\" --demo DIR")]
    Recount(Recount),
}

#[derive(Args)]
pub(crate) struct Recount {
    /// Only cases under this agreement.
    #[arg(long, value_name = "ID", default_value = "")]
    agreement: String,
    /// Why, in a sentence that callers read in the explanation of the due time. It must name no person.
    #[arg(long)]
    reason: String,
    /// Only shows how many cases would be counted anew.
    #[arg(long)]
    preview: bool,
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args)]
pub(crate) struct Extend {
    /// How much, in elapsed time, e.g. 24h or 2d; a day is 24 hours.
    #[arg(long, value_name = "DURATION", value_parser = elapsed, required_unless_present = "working_days", conflicts_with = "working_days")]
    by: Option<Duration>,
    /// How much, in whole working days of each case's own calendar.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    working_days: Option<u32>,
    /// Only cases that wait for this department: home-office, dwp, hmrc or dfe.
    #[arg(long, default_value = "")]
    department: String,
    /// Only cases under this agreement.
    #[arg(long, value_name = "ID", default_value = "")]
    agreement: String,
    /// Why, in a sentence that callers read in the explanation of the due time. It must name no person.
    #[arg(long)]
    reason: String,
    /// Only shows how many cases would be given more time.
    #[arg(long)]
    preview: bool,
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

fn elapsed(text: &str) -> Result<Duration, &'static str> {
    let span = jiff::fmt::friendly::SpanParser::new().parse_span(text).ok();
    let length = span.and_then(|span| {
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        span.to_duration(days).ok()
    });
    let length = length.and_then(|length| Duration::try_from(length).ok());
    length.ok_or("must be a duration such as 24h or 2d")
}

impl Due {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Extend(extend) => extend.run().await,
            Self::Recount(recount) => recount.run().await,
        }
    }
}

impl Extend {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let by = self.by.map(prost_types::Duration::try_from).transpose()?;
        let request = ExtendDueRequest {
            department: self.department,
            agreement_id: self.agreement,
            by,
            working_days: self.working_days.unwrap_or_default(),
            reason: self.reason,
            preview: self.preview,
        };
        let mut client = self.connection.operate()?;
        let done = match waiting("looking for cases", client.extend_due(request)).await {
            Ok(done) => done.into_inner(),
            Err(status) => return Output::of(self.json).error(&status),
        };
        if self.json {
            print_json("statuscheck.ops.v1.ExtendDueResponse", &done)?;
        } else {
            extended(&done, self.preview).print()?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Recount {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let request = RecountDueRequest {
            agreement_id: self.agreement,
            reason: self.reason,
            preview: self.preview,
        };
        let mut client = self.connection.operate()?;
        let done = match waiting("looking for cases", client.recount_due(request)).await {
            Ok(done) => done.into_inner(),
            Err(status) => return Output::of(self.json).error(&status),
        };
        if self.json {
            print_json("statuscheck.ops.v1.RecountDueResponse", &done)?;
        } else {
            recounted(&done, self.preview).print()?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What an order did to open cases, or would do.
struct Moved<'a, const N: usize> {
    heads: [&'a str; N],
    /// A row for each agreement.
    rows: Vec<[String; N]>,
    cases: u64,
    /// What was done to them.
    done: &'a str,
    refused: u64,
    /// What becomes of those that match and were refused.
    left: &'a str,
}

impl<const N: usize> Moved<'_, N> {
    fn print(self) -> anyhow::Result<()> {
        if !self.rows.is_empty() {
            let mut table = table(self.heads);
            for row in self.rows {
                table.add_row(row);
            }
            say!("{table}")?;
        }
        say!("{} cases {}", self.cases, self.done)?;
        if self.refused > 0 {
            let left = self.left;
            say!(
                "{} cases match and {left}; the gateway's log says why",
                self.refused
            )?;
        }
        Ok(())
    }
}

fn extended(done: &ExtendDueResponse, preview: bool) -> Moved<'static, 2> {
    let row = |line: &ExtendedLine| [line.agreement_id.clone(), line.cases.to_string()];
    Moved {
        heads: ["agreement", "cases"],
        rows: done.lines.iter().map(row).collect(),
        cases: done.cases,
        done: if preview {
            "would get more time"
        } else {
            "got more time"
        },
        refused: done.refused,
        left: "cannot be given so much",
    }
}

fn recounted(done: &RecountDueResponse, preview: bool) -> Moved<'static, 4> {
    let row = |line: &RecountedLine| {
        let [cases, earlier, later] = [line.cases, line.earlier, line.later].map(|count| count.to_string());
        [line.agreement_id.clone(), cases, earlier, later]
    };
    Moved {
        heads: ["agreement", "cases", "due earlier", "due later"],
        rows: done.lines.iter().map(row).collect(),
        cases: done.cases,
        done: if preview {
            "would be counted anew"
        } else {
            "were counted anew"
        },
        refused: done.refused,
        left: "keep their clocks",
    }
}
