//! Departments: how they are doing, and closing them by hand.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use statuscheck_proto::ops::v1::{DepartmentStatus, ListDepartmentsResponse, SetDepartmentRequest};

use crate::cli::client::Connection;
use crate::cli::output::{Output, print_json, say, span, table, time};

/// Closes a department by hand, or opens it.
#[derive(Subcommand)]
pub(crate) enum SetDepartment {
    /// Closes a department: nothing is asked of it, and what needs it is pending until it opens.
    #[command(
        after_help = "Example:\n  statuscheck ops department close dwp --until 2026-12-01T09:00:00Z --reason \"DWP is moving its machines\" --demo DIR"
    )]
    Close {
        #[command(flatten)]
        set: Set,
        /// When it opens again by itself, e.g. 2026-12-01T09:00:00Z; else somebody has to open it.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
    /// Opens a department that was closed by hand.
    #[command(
        after_help = "Example:\n  statuscheck ops department open dwp --reason \"DWP is back\" --demo DIR"
    )]
    Open {
        #[command(flatten)]
        set: Set,
    },
}

#[derive(Args)]
pub(crate) struct Set {
    /// home-office, dwp, hmrc or dfe.
    department: String,
    /// Why, in a sentence. It lies open in the ledger for ever, so it must name no person.
    #[arg(long)]
    reason: String,
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl SetDepartment {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let (set, closed, until) = match self {
            Self::Close { set, until } => (set, true, until),
            Self::Open { set } => (set, false, None),
        };
        let request = SetDepartmentRequest {
            department: set.department,
            closed,
            until: until.map(|until| prost_types::Timestamp {
                seconds: until.as_second(),
                nanos: until.subsec_nanosecond(),
            }),
            reason: set.reason,
        };
        let mut client = set.connection.operate()?;
        let done = match client.set_department(request).await {
            Ok(done) => done.into_inner(),
            Err(status) => return Output::of(set.json).error(&status),
        };
        if set.json {
            print_json("statuscheck.ops.v1.SetDepartmentResponse", &done)?;
        } else {
            print(done.department.as_slice())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// When desks are open, in words.
pub(crate) fn desks(found: &ListDepartmentsResponse) -> String {
    let standing = match &found.desks_open_at {
        _ if found.desks_open => "open now".to_owned(),
        Some(opens) => format!("closed until {}", time(Some(opens))),
        None => "not known whether open now".to_owned(),
    };
    format!("{} on working days, {standing}", found.desk_hours)
}

pub(super) fn print(departments: &[DepartmentStatus]) -> anyhow::Result<()> {
    let mut table = table([
        "department",
        "reachable",
        "breaker",
        "failed",
        "p95",
        "rate used",
        "waiting",
        "closed",
    ]);
    for department in departments {
        let closed = match (department.closed, &department.closed_until) {
            (true, Some(until)) => format!("until {}", time(Some(until))),
            (true, None) => "until it is opened".to_owned(),
            (false, _) => String::new(),
        };
        table.add_row([
            department.department.clone(),
            if department.reachable { "yes" } else { "NO" }.to_owned(),
            department.breaker.clone(),
            percent(department.error_ratio),
            department.latency_p95.map(milliseconds).unwrap_or_default(),
            percent(department.rate_used),
            department.waiting.to_string(),
            format!("{closed} {}", department.closed_reason).trim().to_owned(),
        ]);
    }
    say!("{table}")?;
    print_feeds(departments)
}

fn print_feeds(departments: &[DepartmentStatus]) -> anyhow::Result<()> {
    let mut table = table(["feed", "from", "to", "agreement", "age", "expected every", ""]);
    for department in departments {
        for feed in &department.feeds {
            table.add_row([
                feed.name.clone(),
                department.department.clone(),
                feed.to.clone(),
                feed.agreement_id.clone(),
                feed.age
                    .map_or_else(|| "never came".to_owned(), |age| span(age.seconds)),
                feed.expected_every
                    .map(|every| span(every.seconds))
                    .unwrap_or_default(),
                if feed.late { "LATE" } else { "" }.to_owned(),
            ]);
        }
    }
    if table.is_empty() {
        return Ok(());
    }
    say!("{table}")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn milliseconds(latency: prost_types::Duration) -> String {
    let milliseconds = latency.seconds * 1_000 + i64::from(latency.nanos) / 1_000_000;
    format!("{milliseconds} ms")
}
