//! `statuscheck case`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use statuscheck_proto::v1::{
    CaseState, DisputeAnswerRequest, GetCaseRequest, GiveFeedbackRequest, ListCasesRequest,
    ProvideInformationRequest, Use, WithdrawCaseRequest,
};

mod watch;

pub(crate) use self::watch::ForTime;
use super::check::PersonArgs;
use super::client::Connection;
use super::given;
use super::output::{Output, waiting};

/// Reads and follows cases that were asked before, adds to them, disputes their answers, or ends them.
#[derive(Subcommand)]
pub(crate) enum Case {
    /// Reads one case with its history.
    #[command(
        after_help = "Example:\n  statuscheck case get 0193f1d2-… --demo DIR --as organisation/employer"
    )]
    Get(One),
    /// Ends a case that is not answered and that you no longer need; for good.
    #[command(after_help = "Example:\n  statuscheck case withdraw 0193f1d2-… --demo DIR")]
    Withdraw(One),
    /// Says that an answer is wrong, and has it looked at again.
    #[command(
        after_help = "Examples:\n  statuscheck case dispute 0193f1d2-… --demo DIR --reason-file why.txt\n  \
        statuscheck case dispute 0193f1d2-… --demo DIR --reason \"the leave was extended in May\""
    )]
    Dispute {
        #[command(flatten)]
        reason: Reason,
        #[command(flatten)]
        one: One,
    },
    /// Tells the departments what an answer was good for.
    #[command(
        after_help = "Example:\n  statuscheck case feedback 0193f1d2-… --demo DIR --use answer-unclear"
    )]
    Feedback {
        /// What came of the answer. Only an answer that lets you refuse the person can have been refused on.
        #[arg(long = "use", value_enum)]
        usage: Used,
        #[command(flatten)]
        one: One,
    },
    /// Adds what a case asks for; the departments are asked again.
    #[command(
        after_help = "Examples:\n  statuscheck case provide 0193f1d2-… --demo DIR --person added.json\n  \
        statuscheck case provide 0193f1d2-… --demo DIR --share-code W12345678"
    )]
    Provide {
        /// A new share code, where the case asks for one.
        #[arg(long, default_value = "")]
        share_code: String,
        /// First day of the tenancy, YYYY-MM-DD, where the case asks for it.
        #[arg(long, default_value = "")]
        tenancy_start: String,
        #[command(flatten)]
        person: Box<PersonArgs>,
        #[command(flatten)]
        one: One,
    },
    /// Follows one case until it is answered, or all of yours, and shows what happens as it does. Goes on by itself where the
    /// connection breaks off.
    #[command(
        after_help = "Examples:\n  statuscheck case watch 0193f1d2-… --demo DIR --for 2h --exit-code\n  \
        statuscheck case watch --demo DIR --as organisation/council --json >> events.jsonl\n  \
        statuscheck case watch --demo DIR --resume-token AQDAhD0"
    )]
    Watch(watch::Watch),
    /// Lists your cases, newest first.
    #[command(
        after_help = "Example:\n  statuscheck case list --demo DIR --as organisation/council --state open"
    )]
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
}

/// The case that is meant.
#[derive(Args)]
pub(crate) struct One {
    /// The case's id, as the check was answered with.
    case_id: String,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

/// Why an answer is disputed.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Reason {
    /// What is wrong, at most 1,000 characters.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// File that says what is wrong; `-` reads standard input. Keeps personal data out of the process list and the shell's
    /// history.
    #[arg(long, value_name = "FILE")]
    reason_file: Option<PathBuf>,
}

impl Reason {
    fn read(self) -> anyhow::Result<String> {
        match (self.reason, self.reason_file) {
            (Some(reason), _) => Ok(reason),
            (None, Some(path)) => Ok(given::text(&path)?.trim().to_owned()),
            (None, None) => Ok(String::new()),
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Used {
    Accepted,
    Refused,
    NoLongerNeeded,
    AnswerUnclear,
}

impl From<Used> for Use {
    fn from(usage: Used) -> Self {
        match usage {
            Used::Accepted => Self::Accepted,
            Used::Refused => Self::Refused,
            Used::NoLongerNeeded => Self::NoLongerNeeded,
            Used::AnswerUnclear => Self::AnswerUnclear,
        }
    }
}

#[derive(Args)]
pub(crate) struct Page {
    /// Most cases to list, at most 500.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=500))]
    limit: i32,
    /// Goes on after an earlier page, with the token that it ended with.
    #[arg(long, value_name = "TOKEN", default_value = "")]
    page_token: String,
    /// Only cases in this state; may be given several times.
    #[arg(long, value_enum)]
    state: Vec<State>,
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    Open,
    AwaitingInformation,
    Referred,
    Answered,
    Withdrawn,
}

impl From<State> for CaseState {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::AwaitingInformation => Self::AwaitingInformation,
            State::Referred => Self::Referred,
            State::Answered => Self::Answered,
            State::Withdrawn => Self::Withdrawn,
        }
    }
}

/// Who asks where `--as` names nobody.
const USUAL: &str = "organisation/employer";

impl Case {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Get(one) => one.get().await,
            Self::Withdraw(one) => one.withdraw().await,
            Self::Dispute { reason, one } => one.dispute(reason.read()?).await,
            Self::Feedback { usage, one } => one.give_feedback(usage.into()).await,
            Self::Provide {
                share_code,
                tenancy_start,
                person,
                one,
            } => {
                let provided = ProvideInformationRequest {
                    case_id: one.case_id.clone(),
                    person: Some(person.read()?),
                    share_code,
                    tenancy_start,
                };
                one.provide(provided).await
            }
            Self::Watch(watch) => watch.run().await,
            Self::List {
                page,
                output,
                connection,
            } => {
                let request = ListCasesRequest {
                    page_size: page.limit,
                    page_token: page.page_token,
                    states: page
                        .state
                        .into_iter()
                        .map(|state| CaseState::from(state).into())
                        .collect(),
                };
                let mut client = connection.client(USUAL)?;
                output.cases(waiting("reading", client.list_cases(request)).await)
            }
        }
    }
}

impl One {
    async fn get(self) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.client(USUAL)?;
        let request = GetCaseRequest {
            case_id: self.case_id,
        };
        let read = waiting("reading", client.get_case(request)).await;
        self.output.case("GetCase", read, |read| read.case.as_ref())
    }

    async fn withdraw(self) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.client(USUAL)?;
        let request = WithdrawCaseRequest {
            case_id: self.case_id,
        };
        let told = waiting("withdrawing", client.withdraw_case(request)).await;
        self.output.case("WithdrawCase", told, |told| told.case.as_ref())
    }

    async fn dispute(self, reason: String) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.client(USUAL)?;
        let request = DisputeAnswerRequest {
            case_id: self.case_id,
            reason,
        };
        let told = waiting("asking", client.dispute_answer(request)).await;
        self.output.case("DisputeAnswer", told, |told| told.case.as_ref())
    }

    async fn provide(self, provided: ProvideInformationRequest) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.client(USUAL)?;
        let told = waiting("asking", client.provide_information(provided)).await;
        self.output
            .case("ProvideInformation", told, |told| told.case.as_ref())
    }

    async fn give_feedback(self, usage: Use) -> anyhow::Result<ExitCode> {
        let mut client = self.connection.client(USUAL)?;
        let request = GiveFeedbackRequest {
            case_id: self.case_id,
            r#use: usage.into(),
        };
        let told = waiting("telling", client.give_feedback(request)).await;
        self.output.case("GiveFeedback", told, |_| None)
    }
}
