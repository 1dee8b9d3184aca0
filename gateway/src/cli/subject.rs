//! `statuscheck audit subject`

use std::process::ExitCode;

use clap::Args;
use statuscheck_proto::ops::v1::{ExportSubjectRequest, ExportSubjectResponse, SubjectCheck};

use super::check::PersonArgs;
use super::operator::Operator;
use super::output::{Output, print_answer, print_json, say, time, waiting};
use crate::rpc::ops::Operations;

#[derive(Args)]
pub(crate) struct Subject {
    #[command(flatten)]
    person: PersonArgs,
    /// A share code that the person gave to somebody.
    #[arg(long, default_value = "", hide_default_value = true, help_heading = "Person")]
    share_code: String,
    /// Prints the contract's message as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operator: Operator,
}

impl Subject {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let request = ExportSubjectRequest {
            person: Some(self.person.read()?),
            share_code: self.share_code,
        };
        let finding = self.operator.ask(
            request,
            async |client, request| {
                let mut client = client.max_decoding_message_size(ANSWER_BYTES_MAX);
                client.export_subject(request).await
            },
            Operations::export_subject,
        );
        let found = match waiting("looking", finding).await? {
            Ok(found) => found,
            Err(status) => return Output::of(self.json).error(&status),
        };
        if self.json {
            print_json("statuscheck.ops.v1.ExportSubjectResponse", &found)?;
        } else {
            print(&found)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A thousand checks with long histories, several times over.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

fn print(found: &ExportSubjectResponse) -> anyhow::Result<()> {
    for check in &found.checks {
        print_check(check)?;
    }
    say!("{} checks", found.checks.len())?;
    for case_id in &found.set_aside_case_ids {
        say!("case {case_id} has another date of birth; see whether it is a slip or somebody else")?;
    }
    if found.more {
        say!("there are more than one export takes; narrow it down by number or reference")?;
    }
    Ok(())
}

fn print_check(check: &SubjectCheck) -> anyhow::Result<()> {
    say!("case {}", check.case_id)?;
    if let Some(answer) = &check.answer {
        print_answer(answer)?;
    }
    let departments: Vec<_> = check
        .history
        .iter()
        .filter(|event| event.kind == "asked")
        .map(|event| event.department.as_str())
        .collect();
    for (name, value) in [
        ("asked by", check.organisation.as_str()),
        ("asked at", &time(check.asked_at.as_ref())),
        ("agreement", &check.agreement_id),
        ("purpose", &check.purpose),
        ("law", &check.legal_basis),
        ("departments asked", &departments.join(", ")),
    ] {
        say!("  {name:<20} {value}")?;
    }
    say!("")
}
