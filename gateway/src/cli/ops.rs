//! `statuscheck ops`

mod department;
mod summary;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use statuscheck_proto::ops::v1::{
    GetSlaSummaryRequest, ListCasesRequest, ListCasesResponse, ListDepartmentsRequest,
};

use self::department::SetDepartment;
pub(crate) use self::department::desks;
use super::client::Connection;
use super::output::{Output, kind, print_json, say, state, table, time};

/// Shows how open cases and departments stand, and closes departments by hand.
#[derive(Subcommand)]
pub(crate) enum Ops {
    /// Counts open cases: due soon, at risk, late, and whose turn it is.
    #[command(after_help = "Example:\n  statuscheck ops summary --json --demo DIR")]
    Summary(Look),
    /// Lists open cases, the most urgent first.
    #[command(after_help = "Example:\n  statuscheck ops cases --breached --department dwp --demo DIR")]
    Cases(Cases),
    /// Shows how departments are doing.
    #[command(after_help = "Example:\n  statuscheck ops departments --demo DIR")]
    Departments(Look),
    /// Closes a department by hand, or opens it.
    #[command(subcommand)]
    Department(SetDepartment),
}

/// What is only looked at.
#[derive(Args)]
pub(crate) struct Look {
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Args)]
pub(crate) struct Cases {
    /// Only cases that are late.
    #[arg(long)]
    breached: bool,
    /// Only cases that wait for this department: home-office, dwp, hmrc or dfe.
    #[arg(long, default_value = "")]
    department: String,
    /// How many; the gateway gives 200 at the most.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..))]
    limit: i32,
    /// Where to go on: the token that the page before ended with.
    #[arg(long, value_name = "TOKEN", default_value = "")]
    after: String,
    #[command(flatten)]
    look: Look,
}

impl Ops {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Summary(look) => look.summary().await,
            Self::Cases(cases) => cases.run().await,
            Self::Departments(look) => look.departments().await,
            Self::Department(set) => set.run().await,
        }
    }
}

impl Look {
    async fn summary(self) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.operate()?;
        let found = match client.get_sla_summary(GetSlaSummaryRequest {}).await {
            Ok(found) => found.into_inner(),
            Err(status) => return Output::of(self.json).error(&status),
        };
        if self.json {
            print_json("statuscheck.ops.v1.GetSlaSummaryResponse", &found)?;
        } else {
            summary::print(&found)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn departments(self) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.operate()?;
        let found = match client.list_departments(ListDepartmentsRequest {}).await {
            Ok(found) => found.into_inner(),
            Err(status) => return Output::of(self.json).error(&status),
        };
        if self.json {
            print_json("statuscheck.ops.v1.ListDepartmentsResponse", &found)?;
        } else {
            department::print(&found.departments)?;
            say!("desks: {}", desks(&found))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Cases {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let request = ListCasesRequest {
            page_size: self.limit,
            page_token: self.after,
            breached_only: self.breached,
            department: self.department,
        };
        let mut client = self.look.connection.operate()?;
        let found = match client.list_cases(request).await {
            Ok(found) => found.into_inner(),
            Err(status) => return Output::of(self.look.json).error(&status),
        };
        if self.look.json {
            print_json("statuscheck.ops.v1.ListCasesResponse", &found)?;
        } else {
            print(&found)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(found: &ListCasesResponse) -> anyhow::Result<()> {
    let mut table = table(["case", "check", "state", "received", "due", "late"]);
    for case in &found.cases {
        let sla = case.sla.as_ref();
        let late = sla.is_some_and(|sla| sla.breached);
        table.add_row([
            case.case_id.clone(),
            kind(case).to_owned(),
            state(case).to_owned(),
            time(case.create_time.as_ref()),
            time(sla.and_then(|sla| sla.due_at.as_ref())),
            if late { "late" } else { "" }.to_owned(),
        ]);
    }
    say!("{table}")?;
    if !found.next_page_token.is_empty() {
        say!("more: --after {}", found.next_page_token)?;
    }
    Ok(())
}
