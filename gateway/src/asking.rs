//! The middle of a check's way: ask, decide, record, and ask on until nothing more is worth waiting for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::{Case, HistoryError};
use statuscheck_domain::case_clock::ClockTerms;
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::decide::{Decision, Verdict, Wait, decide};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::questions::Repeat;
use statuscheck_domain::reply::{Facts, Outcome, Reply};
use statuscheck_domain::route::{self, Replies};
use statuscheck_domain::working_time::Calendars;
use tokio::time::sleep;

use crate::again::AgainSettings;
use crate::departments::Departments;
use crate::error::Error;
use crate::random;
use crate::store::Store;

mod desk;

/// What asking needs.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) departments: Departments,
    pub(crate) clock: SharedClock,
    /// Which days and hours are working time, for what is promised in working days.
    pub(crate) calendars: Arc<Calendars>,
    /// How often DfE's feeds are loaded.
    pub(crate) feed_interval: SignedDuration,
    /// See `CheckSettings::trace_grace`.
    pub(crate) trace_grace: Duration,
    /// When what was not settled is asked again.
    pub(crate) again: AgainSettings,
}

/// How often a step is tried anew where somebody else took the case on meanwhile: two that meet are the caller and a
/// department, and each has something to say but now and then.
pub(crate) const TRIES_MAX: u32 = 5;

/// A question that is about to go out.
pub(crate) struct Planned {
    question: Arc<Question>,
}

impl Planned {
    /// The step that records it.
    pub(crate) fn asked(&self) -> EventKind {
        EventKind::Asked {
            question_id: self.question.id,
            operation: self.question.operation,
            charged: None,
        }
    }
}

type Replying = BoxFuture<'static, (Operation, QuestionId, Reply)>;

/// One check on its way: what was asked, what was replied, and what is not recorded yet.
pub(crate) struct Inquiry {
    asking: Asking,
    permit: Permit,
    case: Case,
    replies: Replies,
    out: FuturesUnordered<Replying>,
    unrecorded: Vec<EventKind>,
}

impl Asking {
    /// The first questions of a check, to be recorded together with its receipt.
    pub(crate) fn first(&self, check: &Check, permit: &Permit) -> Vec<Planned> {
        self.plan(check, permit, &Replies::default(), false)
    }

    fn plan(&self, check: &Check, permit: &Permit, replies: &Replies, half_spent: bool) -> Vec<Planned> {
        let operations = route::next(check, replies, &permit.agreement().operations, half_spent);
        let plan = |operation| {
            let id = QuestionId::at(self.clock.now(), &random::bytes());
            let question = Question::about(check, operation, id, uuid::Uuid::new_v4());
            Planned {
                question: Arc::new(question),
            }
        };
        operations.into_iter().map(plan).collect()
    }

    /// The next steps of `case`, `kinds`, at `now`, together with what they mean for its clock, and the case after them.
    pub(crate) fn step(
        &self,
        case: &Case,
        permit: &Permit,
        now: Timestamp,
        kinds: Vec<EventKind>,
    ) -> Result<(Change, Case), Error> {
        let internal = |fault: HistoryError| Error::internal(&fault);
        let (change, after) = case.change(now, kinds).map_err(internal)?;
        let started_at = match &after.clock {
            None => after.receipt.clock.started_at,
            Some(_) => now,
        };
        let terms = || self.terms(permit, started_at);
        let clock = after
            .clock_events(now, terms, &self.calendars)
            .map_err(|fault| Error::internal(&fault))?;
        if clock.is_empty() {
            return Ok((change, after));
        }
        let (follows, after) = after
            .change(now, clock.into_iter().map(EventKind::Clock))
            .map_err(internal)?;
        Ok((change.with_clock(follows), after))
    }

    /// What is promised from `started_at` on, under the permit's agreement and the calendar of new cases.
    pub(crate) fn terms(&self, permit: &Permit, started_at: Timestamp) -> ClockTerms {
        let calendar = self.calendars.current().version();
        permit
            .agreement()
            .sla
            .terms(started_at, permit.ground(), calendar)
    }

    /// Takes up a case that was left where it is.
    pub(crate) fn resume(&self, permit: Permit, case: Case) -> Inquiry {
        Inquiry {
            asking: self.clone(),
            permit,
            replies: case.questions.replies(),
            case,
            out: FuturesUnordered::new(),
            unrecorded: Vec::new(),
        }
    }

    /// Takes up a case whose receipt and first questions are recorded.
    pub(crate) fn inquire(
        &self,
        permit: Permit,
        case: Case,
        first: Vec<Planned>,
        budget: Duration,
    ) -> Inquiry {
        let mut inquiry = self.resume(permit, case);
        inquiry.send(first, budget);
        inquiry
    }
}

impl Inquiry {
    /// Asks until the check is decided or `budget` is spent, and records the decision: durable before anyone is told.
    pub(crate) async fn decided(&mut self, budget: Duration) -> Result<Case, Error> {
        let started = self.asking.clock.elapsed();
        let left =
            |inquiry: &Self| budget.saturating_sub(inquiry.asking.clock.elapsed().saturating_sub(started));
        let mut end = std::pin::pin!(sleep(budget));
        let mut half = std::pin::pin!(sleep(budget / 2));
        let mut half_spent = false;
        let mut grace = None;
        loop {
            let planned = match self.decide().wait {
                Wait::No => break,
                Wait::Briefly => Vec::new(),
                Wait::WhileTimeLasts => {
                    let check = &self.case.receipt.check;
                    self.asking.plan(check, &self.permit, &self.replies, half_spent)
                }
            };
            if !planned.is_empty() {
                self.unrecorded.extend(planned.iter().map(Planned::asked));
                self.record().await?;
                self.send(planned, left(self));
            }
            if self.decide().wait == Wait::Briefly && grace.is_none() {
                grace = Some(Box::pin(sleep(self.asking.trace_grace)));
            }
            tokio::select! {
                biased;
                Some(reply) = self.out.next() => self.take(reply),
                () = &mut end => break,
                () = &mut half, if !half_spent => half_spent = true,
                () = async { if let Some(grace) = &mut grace { grace.await } }, if grace.is_some() => break,
            }
            // Replies that are in already count too, whichever came first.
            self.take_those_in();
        }
        self.settle().await?;
        Ok(self.case.clone())
    }

    /// Waits for the replies that were not waited for, and records them. While nothing is settled a late one decides the
    /// case; an answer that was given, no reply changes by itself.
    pub(crate) async fn rest(mut self) -> Result<(), Error> {
        while let Some(reply) = self.out.next().await {
            self.take(reply);
            self.take_those_in();
            if self.case.is_asked_on() {
                self.settle().await?;
            }
        }
        self.settle().await
    }

    /// One round of what goes on after the call: what was never decided is, and what is due is asked again where that is
    /// allowed now, with whatever follows from the replies.
    ///
    /// # Errors
    /// Nothing can be recorded.
    pub(crate) async fn go_on(mut self, may_ask: bool) -> Result<(), Error> {
        let within = self.asking.again.within;
        let started = self.asking.clock.elapsed();
        if !self.case.is_decided() {
            self.settle().await?;
        }
        loop {
            let left = within.saturating_sub(self.asking.clock.elapsed().saturating_sub(started));
            let planned = if left.is_zero() || !may_ask {
                Vec::new()
            } else {
                self.due()
            };
            if !planned.is_empty() {
                self.unrecorded.extend(planned.iter().map(Planned::asked));
                self.record().await?;
                self.send(planned, left);
            }
            let Some(reply) = self.out.next().await else {
                return self.settle().await;
            };
            self.take(reply);
            self.take_those_in();
            self.settle().await?;
        }
    }

    /// What is to be asked now: again, or for the first time because of what was replied.
    fn due(&self) -> Vec<Planned> {
        if !self.case.is_asked_on() {
            return Vec::new();
        }
        let check = &self.case.receipt.check;
        let repeats = self.case.questions.due(self.asking.clock.now());
        let repeat = |repeat: Repeat| {
            let mut question = Question::about(check, repeat.operation, repeat.id, uuid::Uuid::new_v4());
            question.ticket = repeat.ticket;
            Planned {
                question: Arc::new(question),
            }
        };
        let mut planned: Vec<_> = repeats.into_iter().map(repeat).collect();
        if self.decide().wait == Wait::WhileTimeLasts {
            planned.extend(self.asking.plan(check, &self.permit, &self.replies, true));
        }
        planned
    }

    /// Records the replies that are in, and what they decide. Where somebody else took the case on meanwhile, that counts
    /// first.
    async fn settle(&mut self) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            let unrecorded = self.unrecorded.len();
            if !self.case.is_over() {
                let Decision { verdict, .. } = self.decide();
                self.conclude(verdict);
            }
            if self.unrecorded.is_empty() {
                return Ok(());
            }
            match self.record().await {
                Err(Error::Overtaken) if tries < TRIES_MAX => {
                    tries += 1;
                    self.unrecorded.truncate(unrecorded);
                    self.catch_up().await?;
                }
                done => return done,
            }
        }
    }

    /// Reads the case as it is now. What is in and not recorded counts on top.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let id = self.case.id;
        self.case = self.asking.store.case(id).await?.ok_or(Error::NoSuchCase(id))?;
        self.replies = self.case.questions.replies();
        // What a desk replied meanwhile counts. A unit that is to be given back still is.
        let questions = &self.case.questions;
        self.unrecorded.retain(|kind| match kind {
            EventKind::Replied {
                question_id,
                reply,
                refunded: None,
                ..
            } => !questions.stands_against(*question_id, reply),
            _ => true,
        });
        for kind in &self.unrecorded {
            if let EventKind::Replied { operation, reply, .. } = kind {
                self.replies.reply(*operation, reply.clone());
            }
        }
        Ok(())
    }

    /// What the caller is told by `verdict`, to be recorded, unless it is what was told before.
    fn conclude(&mut self, verdict: Verdict) {
        self.alarm_if_unclear(&verdict);
        let answer = verdict.answer(&self.case.receipt.check, &self.replies, self.permit.agreement());
        if !self.case.is_decided() || answer != self.case.answer {
            self.unrecorded.push(EventKind::Decided(answer));
        }
    }

    fn decide(&self) -> Decision {
        let now = self.asking.clock.now();
        decide(
            &self.case.receipt.check,
            &self.replies,
            self.asking.feed_interval,
            now,
        )
    }

    fn send(&mut self, planned: Vec<Planned>, within: Duration) {
        for Planned { question } in planned {
            let (operation, id) = (question.operation, question.id);
            self.replies.ask(operation);
            let reply = self.asking.departments.clone().ask(question, within);
            self.out
                .push(reply.map(move |reply| (operation, id, reply)).boxed());
        }
    }

    fn take_those_in(&mut self) {
        while let Some(Some(reply)) = self.out.next().now_or_never() {
            self.take(reply);
        }
    }

    fn take(&mut self, (operation, question_id, reply): (Operation, QuestionId, Reply)) {
        let is_late_mismatch = self.case.is_over()
            && matches!(reply.outcome, Outcome::Found(Facts::NinoTrace { matches: false }));
        if is_late_mismatch {
            tracing::warn!(case = %self.case.id, "a trace that came after the answer says the number is another's");
        }
        let times = self.case.questions.times(operation);
        let again = self
            .asking
            .again
            .after(&reply.outcome, times, self.asking.clock.now());
        self.replies.reply(operation, reply.clone());
        self.unrecorded.push(EventKind::Replied {
            question_id,
            operation,
            reply,
            refunded: None,
            again,
        });
    }

    /// Records what is not recorded, and what follows for the case's clock.
    async fn record(&mut self) -> Result<(), Error> {
        let now = self.asking.clock.now();
        let step = self
            .asking
            .step(&self.case, &self.permit, now, self.unrecorded.clone())?;
        let (change, case) = step;
        self.asking.store.commit(change).await?;
        self.unrecorded.clear();
        self.case = case;
        Ok(())
    }

    fn alarm_if_unclear(&self, verdict: &Verdict) {
        if matches!(verdict, Verdict::Pending { alarm: true, .. }) {
            tracing::error!(case = %self.case.id, "a support reply's legal basis is neither section 95 nor section 4");
        }
    }
}
