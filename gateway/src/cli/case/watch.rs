//! `statuscheck case watch`

use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use statuscheck_proto::v1::{CheckResponse, WatchCasesRequest};
use tokio::time::sleep;

use super::USUAL;
use crate::cli::client::Connection;
use crate::cli::following::{Ended, Following};
use crate::cli::output::{Output, complain};

/// What to follow.
#[derive(Args)]
pub(crate) struct Watch {
    /// One case: it is followed until it is no department's turn any more, and its answer is shown. Without, all of yours are
    /// followed until you end it.
    #[arg(default_value = "", hide_default_value = true)]
    case_id: String,
    /// Goes on after the token that an earlier watch ended with; else it begins now.
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    resume_token: String,
    #[command(flatten)]
    time: ForTime,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    connection: Connection,
}

/// How long to follow.
#[derive(Args)]
pub(crate) struct ForTime {
    /// Ends after this time, e.g. 90s or 2h30m; else you end it with Ctrl-C.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    at_most: Option<Duration>,
}

impl ForTime {
    /// For ever where none was given.
    pub(crate) fn limit(&self) -> Duration {
        self.at_most.unwrap_or(Duration::MAX)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>();
    let parsed = parsed.ok().and_then(|span| Duration::try_from(span).ok());
    parsed.ok_or_else(|| "is no duration such as 90s or 2h30m".to_owned())
}

impl Watch {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let request = WatchCasesRequest {
            case_id: self.case_id.clone(),
            resume_token: self.resume_token.clone(),
        };
        let mut following = match Following::begin(&self.connection, USUAL, request).await? {
            Ok(following) => following,
            Err(status) => return self.output.error(&status),
        };
        if self.case_id.is_empty() {
            return self.all(&mut following).await;
        }
        let each = |told: &_| self.output.event(told);
        let ended = match following.until_settled(self.time.limit(), each).await? {
            Ok(ended) => ended,
            Err(status) => return self.output.error(&status),
        };
        if !matches!(ended, Ended::Settled(_)) {
            self.tell_how_to_go_on(&following);
        }
        match ended {
            Ended::Settled(case) | Ended::TimeOver(case) => self.output.end(CheckResponse {
                case_id: case.case_id,
                answer: case.answer,
            }),
            Ended::Interrupted => Ok(ExitCode::SUCCESS),
        }
    }

    async fn all(&self, following: &mut Following<'_>) -> anyhow::Result<ExitCode> {
        let mut over = pin!(sleep(self.time.limit()));
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        loop {
            let told = tokio::select! {
                told = following.next() => told,
                () = &mut over => break,
                _ = &mut interrupted => break,
            };
            match told {
                Ok(told) => self.output.event(&told)?,
                Err(status) => return self.output.error(&status),
            }
        }
        self.tell_how_to_go_on(following);
        Ok(ExitCode::SUCCESS)
    }

    fn tell_how_to_go_on(&self, following: &Following<'_>) {
        let case_id = Some(self.case_id.as_str()).filter(|id| !id.is_empty());
        let case_id = case_id.map(|id| format!(" {id}")).unwrap_or_default();
        complain!(
            "to go on: statuscheck case watch{case_id} --resume-token {}",
            following.token()
        );
    }
}
