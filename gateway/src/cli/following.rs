//! Following cases over connections that come and go: from the last token on, so that nothing is missed.

use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;

use statuscheck_proto::v1::{Case, CaseState, GetCaseRequest, WatchCasesRequest, WatchCasesResponse};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;

use super::client::{Client, Connection};
use super::output::refusal::{REPEAT, exit_code};
use super::output::{Countdown, complain};
use crate::rpc::watching::RESUME_TOKEN;

/// The first pause before connecting again, and the longest: each is twice the one before.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(30)];

/// How often the time left is shown anew.
const TICK: Duration = Duration::from_secs(1);

/// A watch that connects again when it breaks off.
pub(super) struct Following<'a> {
    connection: &'a Connection,
    usual: &'a str,
    client: Client,
    request: WatchCasesRequest,
    events: Option<Streaming<WatchCasesResponse>>,
    pause: Duration,
}

/// How the wait for an answer ended.
pub(super) enum Ended {
    /// It is no department's turn any more.
    Settled(Box<Case>),
    /// The time given is over; the case as it stands.
    TimeOver(Box<Case>),
    /// Ctrl-C.
    Interrupted,
}

impl<'a> Following<'a> {
    /// Begins to follow one case, or all where `case_id` is empty, from a token on or from now.
    ///
    /// # Errors
    /// The connection cannot be made of what was given; or, inside, what the gateway says.
    pub(super) async fn begin(
        connection: &'a Connection,
        usual: &'a str,
        request: WatchCasesRequest,
    ) -> anyhow::Result<Result<Self, Status>> {
        let mut following = Self {
            connection,
            usual,
            client: connection.client(usual)?,
            request,
            events: None,
            pause: PAUSES[0],
        };
        Ok(following.connect().await.map(|()| following))
    }

    /// Where to go on.
    pub(super) fn token(&self) -> &str {
        &self.request.resume_token
    }

    async fn connect(&mut self) -> Result<(), Status> {
        let response = self.client.watch_cases(self.request.clone()).await?;
        let began = response.metadata().get(RESUME_TOKEN);
        if let Some(began) = began.and_then(|token| token.to_str().ok())
            && self.request.resume_token.is_empty()
        {
            began.clone_into(&mut self.request.resume_token);
        }
        self.events = Some(response.into_inner());
        Ok(())
    }

    /// The next event, once there is one, over as many connections as it takes.
    ///
    /// # Errors
    /// What the gateway refuses for good.
    pub(super) async fn next(&mut self) -> Result<WatchCasesResponse, Status> {
        loop {
            let broken = match &mut self.events {
                Some(events) => match events.message().await {
                    Ok(Some(told)) => {
                        told.resume_token.clone_into(&mut self.request.resume_token);
                        self.pause = PAUSES[0];
                        return Ok(told);
                    }
                    Ok(None) => Status::unavailable("the gateway ended the stream"),
                    Err(status) => status,
                },
                None => match self.connect().await {
                    Ok(()) => {
                        complain!("connected again; nothing was missed");
                        continue;
                    }
                    Err(status) => status,
                },
            };
            self.rest(broken).await?;
        }
    }

    /// Waits before the next attempt, unless there is no sense in one.
    async fn rest(&mut self, broken: Status) -> Result<(), Status> {
        if broken.source().is_none() && exit_code(broken.code()) != REPEAT {
            return Err(broken);
        }
        self.events = None;
        let asked = broken
            .get_error_details()
            .retry_info()
            .and_then(|retry| retry.retry_delay);
        let pause = self.pause.max(asked.unwrap_or_default());
        complain!(
            "the connection broke off; trying again in {:.1} s",
            pause.as_secs_f64()
        );
        sleep(pause).await;
        self.pause = (self.pause * 2).min(PAUSES[1]);
        // A demo that was started anew is elsewhere; while it is down its file may be gone, and the old address does.
        if let Ok(client) = self.connection.client(self.usual) {
            self.client = client;
        }
        Ok(())
    }

    /// Follows the one case until it is no department's turn any more, for at most `limit`; `each` is shown every event.
    ///
    /// # Errors
    /// `each` fails; or, inside, what the gateway refuses for good.
    pub(super) async fn until_settled(
        &mut self,
        limit: Duration,
        mut each: impl FnMut(&WatchCasesResponse) -> anyhow::Result<()>,
    ) -> anyhow::Result<Result<Ended, Status>> {
        let read = GetCaseRequest {
            case_id: self.request.case_id.clone(),
        };
        // After the watch began, so that no event is between the two.
        let mut case = match self.client.get_case(read).await {
            Ok(read) => read.into_inner().case.unwrap_or_default(),
            Err(status) => return Ok(Err(status)),
        };
        let countdown = Countdown::default();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut over = pin!(sleep(limit));
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        while case.state() == CaseState::Open {
            let mut next = pin!(self.next());
            let told = loop {
                tokio::select! {
                    told = &mut next => break told,
                    _ = ticks.tick() => countdown.show(&case),
                    () = &mut over => return Ok(Ok(Ended::TimeOver(Box::new(case)))),
                    _ = &mut interrupted => return Ok(Ok(Ended::Interrupted)),
                }
            };
            match told {
                Ok(told) => {
                    countdown.beside(|| each(&told))?;
                    case = told.case.unwrap_or(case);
                }
                Err(status) => return Ok(Err(status)),
            }
        }
        Ok(Ok(Ended::Settled(Box::new(case))))
    }
}
