//! What the command line shows: readable by default, JSON for programs.
//!
//! Exit codes: 0 for any answer (or, with `--exit-code`, one code an outcome), 2 for a wrong command line, 3 where the
//! gateway refuses the request as it is, 4 where repeating it later makes sense, 1 for everything else. No answer at all
//! is 4 too: whether the gateway restarts, is slow, or refuses the certificate looks the same from here.

mod events;
mod lines;
mod person;
pub(crate) mod refusal;
mod span;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use statuscheck_proto::v1::{
    Answer, Case, CaseState, CheckKind, CheckResponse, Entitlement, ListCasesResponse, PendingReason, Sla,
    answer::Outcome, established::Facts,
};
use tonic::{Response, Status};

pub(crate) use self::events::{Countdown, event_line};
pub(crate) use self::lines::{NobodyReads, complain, complain_line, say, say_line};
pub(crate) use self::person::named;
pub(crate) use self::span::span;

/// How an answer is shown.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Prints the contract's message as JSON, with its field names.
    #[arg(long)]
    json: bool,
    /// Ends with a code of its own for each outcome: 0 established, 10 pending, 11 more information needed, 12 referred,
    /// 13 not established.
    #[arg(long)]
    exit_code: bool,
}

/// Waits for `answer`; after a second, and on a terminal alone, says what it is waiting for.
pub(crate) async fn waiting<T>(what: &'static str, answer: impl Future<Output = T>) -> T {
    let mut answer = std::pin::pin!(answer);
    if let Ok(answered) = tokio::time::timeout(Duration::from_secs(1), &mut answer).await {
        return answered;
    }
    let progress = spinner(what);
    let answered = answer.await;
    progress.finish_and_clear();
    answered
}

/// A line on standard error that moves while something takes time; nothing where that is no terminal.
pub(crate) fn spinner(what: &'static str) -> ProgressBar {
    let progress = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} … {elapsed}") {
        progress.set_style(style);
    }
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}

type Answered<T> = Result<Response<T>, Status>;

impl Output {
    /// JSON or readable, for what has no outcome.
    pub(crate) const fn of(json: bool) -> Self {
        Self {
            json,
            exit_code: false,
        }
    }

    /// Shows an answer, and ends with its code.
    pub(crate) fn end(&self, response: CheckResponse) -> anyhow::Result<ExitCode> {
        if self.json {
            print_json("statuscheck.v1.CheckResponse", &response)?;
        } else if let Some(answer) = &response.answer {
            say!("case {}", response.case_id)?;
            print_answer(answer)?;
        }
        let outcome = response.answer.and_then(|answer| answer.outcome);
        Ok(if self.exit_code {
            outcome_code(outcome.as_ref())
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Shows the case that a method of that name answered with.
    pub(crate) fn case<M: Message>(
        &self,
        method: &str,
        answered: Answered<M>,
        case: fn(&M) -> Option<&Case>,
    ) -> anyhow::Result<ExitCode> {
        let response = match answered {
            Ok(response) => response.into_inner(),
            Err(status) => return refusal::show(&status, self.json),
        };
        if self.json {
            print_json(&format!("statuscheck.v1.{method}Response"), &response)?;
        } else if let Some(case) = case(&response) {
            print_case(case)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(crate) fn cases(&self, answered: Answered<ListCasesResponse>) -> anyhow::Result<ExitCode> {
        let response = match answered {
            Ok(response) => response.into_inner(),
            Err(status) => return refusal::show(&status, self.json),
        };
        if self.json {
            print_json("statuscheck.v1.ListCasesResponse", &response)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = table(["case", "check", "state", "received", "due", "reference"]);
        for case in &response.cases {
            table.add_row([
                case.case_id.clone(),
                kind(case).to_owned(),
                state(case).to_owned(),
                time(case.create_time.as_ref()),
                case.sla
                    .as_ref()
                    .map(|sla| time(sla.due_at.as_ref()))
                    .unwrap_or_default(),
                case.caller_reference.clone(),
            ]);
        }
        say!("{table}")?;
        if !response.next_page_token.is_empty() {
            say!("There are more: --page-token {}", response.next_page_token)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(crate) fn error(&self, status: &Status) -> anyhow::Result<ExitCode> {
        refusal::show(status, self.json)
    }
}

fn outcome_code(outcome: Option<&Outcome>) -> ExitCode {
    ExitCode::from(match outcome {
        Some(Outcome::Established(_)) => 0,
        Some(Outcome::Pending(_)) => 10,
        Some(Outcome::MoreInformationNeeded(_)) => 11,
        Some(Outcome::Referred(_)) => 12,
        Some(Outcome::NotEstablished(_)) => 13,
        None => 1,
    })
}

/// A plain table that fits the terminal.
pub(crate) fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// The outcome in a word or three.
pub(crate) const fn outcome_name(answer: &Answer) -> &'static str {
    match &answer.outcome {
        Some(Outcome::Established(_)) => "established",
        Some(Outcome::Pending(_)) => "pending",
        Some(Outcome::MoreInformationNeeded(_)) => "more information needed",
        Some(Outcome::Referred(_)) => "referred",
        Some(Outcome::NotEstablished(_)) => "not established",
        None => "no answer",
    }
}

/// The outcome in one line.
pub(crate) fn summary(answer: &Answer) -> String {
    match &answer.outcome {
        Some(Outcome::Established(established)) => {
            let facts = established.facts.as_ref().map(fact_lines).unwrap_or_default();
            let first = facts.into_iter().next().map(|(_, value)| format!(": {value}"));
            format!("established{}", first.unwrap_or_default())
        }
        Some(Outcome::Pending(pending)) => {
            let due = pending
                .sla
                .as_ref()
                .map(|sla| time(sla.due_at.as_ref()))
                .unwrap_or_default();
            format!("pending: {}, due {due}", pending_reason(pending.reason()))
        }
        Some(Outcome::MoreInformationNeeded(needed)) => {
            format!("more information needed: {}", needed.fields.join(", "))
        }
        Some(Outcome::Referred(referred)) => format!("referred: {}", referred.referral_id),
        Some(Outcome::NotEstablished(not)) => format!("not established: {}", not.reason),
        None => "no answer".to_owned(),
    }
}

pub(crate) fn print_answer(answer: &Answer) -> anyhow::Result<()> {
    say!("{}", summary(answer))?;
    let mut lines: Vec<(&str, String)> = Vec::new();
    match &answer.outcome {
        Some(Outcome::Established(established)) => {
            lines.extend(established.facts.as_ref().map(fact_lines).unwrap_or_default());
            if !established.withheld_fields.is_empty() {
                lines.push(("known, not released", established.withheld_fields.join(", ")));
            }
        }
        Some(Outcome::Pending(pending)) => {
            lines.push(("departments", pending.departments.join(", ")));
            lines.extend(sla_lines(pending.sla.as_ref()));
        }
        Some(Outcome::MoreInformationNeeded(needed)) => lines.push(("why", needed.explanation.clone())),
        Some(Outcome::Referred(referred)) => lines.push(("advice", referred.advice.clone())),
        Some(Outcome::NotEstablished(not)) => lines.push(("why", not.explanation.clone())),
        None => {}
    }
    lines.push((
        "may refuse",
        if answer.may_refuse { "yes" } else { "no" }.to_owned(),
    ));
    lines.push(("next step", answer.next_step.clone()));
    lines.push(("law", answer.legal_basis.clone()));
    lines.push(("agreement", answer.agreement_id.clone()));
    if answer.as_of.is_some() {
        lines.push(("as of", time(answer.as_of.as_ref())));
    }
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        say!("  {name:<20} {value}")?;
    }
    Ok(())
}

fn print_case(case: &Case) -> anyhow::Result<()> {
    say!(
        "case {}\n{} · {} · version {}",
        case.case_id,
        kind(case),
        state(case),
        case.version
    )?;
    if let Some(answer) = &case.answer {
        print_answer(answer)?;
    }
    for (name, value) in sla_lines(case.sla.as_ref()) {
        say!("  {name:<20} {value}")?;
    }
    let mut table = table(["version", "time", "what", "department"]);
    for event in &case.history {
        table.add_row([
            event.version.to_string(),
            time(event.time.as_ref()),
            event.kind.clone(),
            event.department.clone(),
        ]);
    }
    say!("{table}")
}

fn fact_lines(facts: &Facts) -> Vec<(&'static str, String)> {
    let day = |day: &Option<String>| day.clone().unwrap_or_default();
    match facts {
        Facts::RightToWork(facts) => vec![
            ("entitlement", entitlement(facts.entitlement())),
            ("valid until", day(&facts.valid_until)),
            ("conditions", facts.conditions.join("; ")),
            ("check again by", day(&facts.follow_up_on)),
            ("reference", facts.statutory_excuse_reference.clone()),
        ],
        Facts::RightToRent(facts) => vec![
            ("entitlement", entitlement(facts.entitlement())),
            ("valid until", day(&facts.valid_until)),
            ("check again by", day(&facts.follow_up_on)),
            ("reference", facts.statutory_excuse_reference.clone()),
        ],
        Facts::Section95(facts) => vec![
            (
                "support",
                if facts.supported {
                    "in force"
                } else {
                    "not in force"
                }
                .to_owned(),
            ),
            ("since", day(&facts.supported_since)),
        ],
        Facts::Iecas(facts) => vec![
            ("status", facts.immigration_status.clone()),
            ("valid from", day(&facts.valid_from)),
            ("valid until", day(&facts.valid_until)),
            (
                "health surcharge paid",
                facts
                    .health_surcharge_paid
                    .map(|paid| paid.to_string())
                    .unwrap_or_default(),
            ),
        ],
    }
}

fn sla_lines(sla: Option<&Sla>) -> Vec<(&'static str, String)> {
    let Some(sla) = sla else { return Vec::new() };
    let note = match (sla.breached, sla.paused) {
        (true, _) => " (late)",
        (false, true) => " (the clock stands still)",
        (false, false) => "",
    };
    vec![
        ("due", format!("{}{note}", time(sla.due_at.as_ref()))),
        ("promise", sla.explanation.clone()),
    ]
}

fn entitlement(entitlement: Entitlement) -> String {
    match entitlement {
        Entitlement::Unspecified => "not released",
        Entitlement::Unlimited => "unlimited",
        Entitlement::TimeLimited => "time-limited",
        Entitlement::Restricted => "restricted",
    }
    .to_owned()
}

const fn pending_reason(reason: PendingReason) -> &'static str {
    match reason {
        PendingReason::Unspecified => "not yet",
        PendingReason::DepartmentWorking => "the department is working on it",
        PendingReason::DepartmentUnavailable => "the department could not be reached",
        PendingReason::DepartmentClosed => "the department's desk is closed",
        PendingReason::Disputed => "disputed",
    }
}

/// The check's name for people.
pub(crate) fn kind(case: &Case) -> &'static str {
    match case.kind() {
        CheckKind::Unspecified => "",
        CheckKind::RightToWork => "right to work",
        CheckKind::RightToRent => "right to rent",
        CheckKind::Section95 => "section 95",
        CheckKind::Iecas => "IECAS",
    }
}

/// Where the case stands, in a word or two.
pub(crate) fn state(case: &Case) -> &'static str {
    match case.state() {
        CaseState::Unspecified => "",
        CaseState::Open => "open",
        CaseState::AwaitingInformation => "awaiting information",
        CaseState::Referred => "referred",
        CaseState::Answered => "answered",
        CaseState::Withdrawn => "withdrawn",
    }
}

/// A time in London, to the second.
pub(crate) fn time(time: Option<&prost_types::Timestamp>) -> String {
    let stamp = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    let london = stamp.map(|stamp| stamp.to_zoned(statuscheck_domain::clock::london()));
    london
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
        .unwrap_or_default()
}

pub(crate) fn print_json(name: &str, message: &impl Message) -> anyhow::Result<()> {
    say!("{}", json_text(name, message, true)?)
}

/// The message as JSON: indented, or on one line.
fn json_text(name: &str, message: &impl Message, indented: bool) -> anyhow::Result<String> {
    let pool = DescriptorPool::decode(statuscheck_proto::DESCRIPTOR_SET)?;
    let descriptor = pool
        .get_message_by_name(name)
        .ok_or_else(|| anyhow::anyhow!("{name} is not in the contract"))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    // Names as in the contract, and nothing left out: a program should not have to know that absent means false.
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false);
    let mut text = Vec::new();
    if indented {
        dynamic.serialize_with_options(&mut serde_json::Serializer::pretty(&mut text), &options)?;
    } else {
        dynamic.serialize_with_options(&mut serde_json::Serializer::new(&mut text), &options)?;
    }
    Ok(String::from_utf8(text)?)
}
