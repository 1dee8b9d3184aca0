//! `statuscheck desk`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use statuscheck_proto::adapter::v1::ask_response::Reply;
use statuscheck_proto::adapter::v1::found::Facts;
use statuscheck_proto::adapter::v1::{
    Ambiguous, AskResponse, Found, ListWorkRequest, NinoTrace, NoRecord, Operation, ReplyRequest,
    RequestInformationRequest, WatchWorkRequest, WorkItem,
};

use super::client::Connection;
use super::given;
use super::output::{Output, complain, named, print_json, say, table, time, waiting};

/// Works on a department's open questions.
#[derive(Subcommand)]
pub(crate) enum Desk {
    /// Lists the open questions, most urgent first.
    #[command(after_help = "Examples:\n  \
        statuscheck desk list --demo DIR --as department/home-office\n  \
        statuscheck desk list --demo DIR --as department/dwp --show-person --json")]
    List {
        /// Most questions to list, at most 100.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=100))]
        limit: i32,
        /// Goes on after an earlier page, with the token that it ended with.
        #[arg(long, value_name = "TOKEN", default_value = "")]
        page_token: String,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        connection: Connection,
    },
    /// Follows the open questions: first as they are, then whatever changes, until it is stopped (Ctrl-C).
    #[command(after_help = "Example:\n  statuscheck desk watch --demo DIR --as department/home-office")]
    Watch {
        /// Goes on where an earlier run ended, with the last token that it had.
        #[arg(long, value_name = "TOKEN", default_value = "")]
        resume_token: String,
        #[command(flatten)]
        shown: Shown,
        #[command(flatten)]
        connection: Connection,
    },
    /// Replies to a question.
    #[command(after_help = "Examples:\n  \
        statuscheck desk reply 0193f1d2-… --no-record --demo DIR --as department/home-office\n  \
        statuscheck desk reply 0193f1d2-… --number-matches true --demo DIR --as department/dwp\n  \
        statuscheck desk reply 0193f1d2-… --would-settle home_office_reference --demo DIR\n  \
        statuscheck desk reply 0193f1d2-… --file reply.json --demo DIR --as department/home-office\n\n\
        A file has the contract's AskResponse, such as:\n  \
        {\"found\": {\"immigration_status\": {\"leave\": \"Skilled Worker\", \"valid_from\": \"2025-01-31\",\n    \
        \"valid_until\": \"2028-01-30\", \"may_work\": true, \"may_rent\": true}}}")]
    Reply {
        /// The question's id.
        question_id: String,
        #[command(flatten)]
        said: Said,
        /// Prints a refusal as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Asks the caller for more, through the gateway. The clock stands still meanwhile.
    #[command(
        after_help = "Example:\n  statuscheck desk ask-for 0193f1d2-… home_office_reference --demo DIR"
    )]
    AskFor {
        /// The question's id.
        question_id: String,
        /// Fields of the person, as the contract names them.
        #[arg(required = true, value_name = "FIELD")]
        fields: Vec<String>,
        /// Prints a refusal as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Shown {
    /// Shows whom each question is about, which you need to reply. Left out otherwise: a terminal's lines are kept, copied and
    /// seen by others.
    #[arg(long)]
    show_person: bool,
    /// Prints the contract's message as JSON, with its field names.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Said {
    /// No record fits.
    #[arg(long)]
    no_record: bool,
    /// Several records fit, or one in part; these fields would settle it. May be given several times.
    #[arg(long, value_name = "FIELD")]
    would_settle: Vec<String>,
    /// The National Insurance number belongs to the person, or does not.
    #[arg(long, value_name = "true|false")]
    number_matches: Option<bool>,
    /// The whole reply, as JSON of the contract's AskResponse; - reads standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Who works where `--as` names nobody.
const USUAL: &str = "department/home-office";

impl Desk {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::List {
                limit,
                page_token,
                shown,
                connection,
            } => {
                let request = ListWorkRequest {
                    page_size: limit,
                    page_token,
                };
                list(request, &shown, &connection).await
            }
            Self::Watch {
                resume_token,
                shown,
                connection,
            } => watch(resume_token, &shown, &connection).await,
            Self::Reply {
                question_id,
                said,
                json,
                connection,
            } => {
                let reply = Some(said.read()?);
                let request = ReplyRequest { question_id, reply };
                let mut client = connection.desk(USUAL)?;
                let replied = waiting("replying", client.reply(request)).await;
                done(replied.map(drop), "replied", json)
            }
            Self::AskFor {
                question_id,
                fields,
                json,
                connection,
            } => {
                let request = RequestInformationRequest { question_id, fields };
                let mut client = connection.desk(USUAL)?;
                let asked = waiting("asking", client.request_information(request)).await;
                done(asked.map(drop), "the caller is asked", json)
            }
        }
    }
}

fn done(answered: Result<(), tonic::Status>, what: &str, json: bool) -> anyhow::Result<ExitCode> {
    match answered {
        Ok(()) => {
            say!("{what}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(status) => Output::of(json).error(&status),
    }
}

async fn list(request: ListWorkRequest, shown: &Shown, connection: &Connection) -> anyhow::Result<ExitCode> {
    let mut client = connection.desk(USUAL)?;
    let mut listed = match waiting("reading", client.list_work(request)).await {
        Ok(listed) => listed.into_inner(),
        Err(status) => return Output::of(shown.json).error(&status),
    };
    listed.items.iter_mut().for_each(|item| shown.cover(item));
    if shown.json {
        print_json("statuscheck.adapter.v1.ListWorkResponse", &listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let heads = ["question", "operation", "asked", "due", "late", "ticket"];
    let persons = shown.show_person.then_some("about");
    let mut table = table(heads.into_iter().chain(persons));
    for item in &listed.items {
        let about = item.subject.as_ref().map(named);
        table.add_row(cells(item).into_iter().chain(about));
    }
    say!("{table}")?;
    if !listed.next_page_token.is_empty() {
        say!("There are more: --page-token {}", listed.next_page_token)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn watch(resume_token: String, shown: &Shown, connection: &Connection) -> anyhow::Result<ExitCode> {
    let mut client = connection.desk(USUAL)?;
    let mut last = resume_token.clone();
    let followed = client.watch_work(WatchWorkRequest { resume_token }).await;
    let status = match followed {
        Err(status) => status,
        Ok(followed) => {
            let mut told = followed.into_inner();
            loop {
                match told.message().await {
                    Ok(Some(mut change)) => {
                        last.clone_from(&change.resume_token);
                        change.item.iter_mut().for_each(|item| shown.cover(item));
                        if shown.json {
                            print_json("statuscheck.adapter.v1.WatchWorkResponse", &change)?;
                        } else if let Some(item) = &change.item {
                            print_change(item, change.done)?;
                        }
                    }
                    Ok(None) => return Ok(ExitCode::SUCCESS),
                    Err(status) => break status,
                }
            }
        }
    };
    if !last.is_empty() {
        complain!("go on with --resume-token {last}");
    }
    Output::of(shown.json).error(&status)
}

fn print_change(item: &WorkItem, done: bool) -> anyhow::Result<()> {
    if done {
        return say!("done  {}", item.question_id);
    }
    let about = item.subject.as_ref().map(named);
    let cells: Vec<_> = cells(item).into_iter().chain(about).collect();
    say!("open  {}", cells.join("  "))
}

impl Shown {
    /// Takes out whom a question is about, unless that is asked for.
    fn cover(&self, item: &mut WorkItem) {
        if !self.show_person {
            item.subject = None;
        }
    }
}

fn cells(item: &WorkItem) -> [String; 6] {
    [
        item.question_id.clone(),
        operation(item.operation()).to_owned(),
        time(item.asked_at.as_ref()),
        time(item.due_at.as_ref()),
        if item.breached { "late" } else { "" }.to_owned(),
        item.ticket.clone(),
    ]
}

const fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Unspecified => "",
        Operation::ImmigrationStatus => "immigration status",
        Operation::Section95Support => "section 95 support",
        Operation::NinoTrace => "number trace",
        Operation::BenefitHistory => "benefit history",
        Operation::EmploymentHistory => "employment history",
        Operation::EducationEligibility => "education eligibility",
        Operation::ContributionHistory => "contribution history",
    }
}

impl Said {
    fn read(self) -> anyhow::Result<AskResponse> {
        let reply = match self {
            Self { file: Some(file), .. } => {
                return given::message("statuscheck.adapter.v1.AskResponse", &file);
            }
            Self {
                number_matches: Some(matches),
                ..
            } => Reply::Found(Found {
                matched_on: Vec::new(),
                facts: Some(Facts::NinoTrace(NinoTrace {
                    matches: Some(matches),
                })),
            }),
            Self { no_record: true, .. } => Reply::NoRecord(NoRecord {}),
            Self { would_settle, .. } => Reply::Ambiguous(Ambiguous { would_settle }),
        };
        Ok(AskResponse {
            reply: Some(reply),
            as_of: None,
        })
    }
}
