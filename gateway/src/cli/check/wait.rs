//! `statuscheck check … --wait`: a check whose answer comes later is waited for.

use std::process::ExitCode;

use clap::Args;
use statuscheck_proto::v1::answer::Outcome;
use statuscheck_proto::v1::{CheckResponse, WatchCasesRequest};

use crate::cli::case::ForTime;
use crate::cli::client::Connection;
use crate::cli::following::{Ended, Following};
use crate::cli::output::{Output, complain, event_line};

/// Whether to wait for an answer that is not there yet.
#[derive(Args)]
#[command(next_help_heading = "Waiting")]
pub(crate) struct Wait {
    /// Where the answer is not there yet, waits until it is no department's turn any more. Ctrl-C ends the waiting alone: the
    /// case goes on.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    time: ForTime,
}

impl Wait {
    /// Shows the answer, which is waited for where that was wanted.
    pub(crate) async fn end(
        &self,
        response: CheckResponse,
        output: &Output,
        connection: &Connection,
        usual: &str,
    ) -> anyhow::Result<ExitCode> {
        let outcome = response
            .answer
            .as_ref()
            .and_then(|answer| answer.outcome.as_ref());
        if !self.wait || !matches!(outcome, Some(Outcome::Pending(_))) {
            return output.end(response);
        }
        let case_id = response.case_id;
        let request = WatchCasesRequest {
            case_id: case_id.clone(),
            resume_token: String::new(),
        };
        complain!("case {case_id} is with the departments");
        let mut following = match Following::begin(connection, usual, request).await? {
            Ok(following) => following,
            Err(status) => return output.error(&status),
        };
        let each = |told: &_| {
            complain!("{}", event_line(told));
            Ok(())
        };
        let ended = match following.until_settled(self.time.limit(), each).await? {
            Ok(ended) => ended,
            Err(status) => return output.error(&status),
        };
        if !matches!(ended, Ended::Settled(_)) {
            complain!("to go on waiting: statuscheck case watch {case_id}");
        }
        let answer = match ended {
            Ended::Settled(case) | Ended::TimeOver(case) => case.answer,
            Ended::Interrupted => response.answer,
        };
        output.end(CheckResponse { case_id, answer })
    }
}
