//! `statuscheck case`

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use statuscheck_proto::v1::{CaseState, GetCaseRequest, ListCasesRequest};

use super::client::Connection;
use super::output::{Output, waiting};

/// Reads cases that were asked before.
#[derive(Subcommand)]
pub(crate) enum Case {
    /// Reads one case with its history.
    #[command(
        after_help = "Example:\n  statuscheck case get 0193f1d2-… --demo DIR --as organisation/employer"
    )]
    Get {
        /// The case's id, as the check was answered with.
        case_id: String,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        connection: Connection,
    },
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
            Self::Get {
                case_id,
                output,
                connection,
            } => {
                let mut client = connection.client(USUAL)?;
                output.case(waiting("reading", client.get_case(GetCaseRequest { case_id })).await)
            }
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
