//! The middle of a check's way: ask, decide, record, and ask on until nothing more is worth waiting for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use jiff::SignedDuration;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::decide::{Decision, Verdict, Wait, decide};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::reply::{Facts, Outcome, Reply};
use statuscheck_domain::route::{self, Replies};
use statuscheck_domain::working_time::Calendars;
use tokio::time::sleep;

use crate::departments::Departments;
use crate::error::Error;
use crate::random;
use crate::store::{CommitError, Store};

/// How often a step is tried behind what others recorded meanwhile. Five: those are its caller and late replies, and each
/// has come to its end after a step or two.
pub(crate) const ATTEMPTS_MAX: usize = 5;

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
}

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
    /// The first questions of a check, to be recorded together with what has them asked.
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

    /// Takes up a case whose first questions are recorded, with its receipt or with what has it asked about anew.
    pub(crate) fn inquire(
        &self,
        permit: Permit,
        case: Case,
        first: Vec<Planned>,
        budget: Duration,
    ) -> Inquiry {
        let mut inquiry = Inquiry {
            asking: self.clone(),
            permit,
            case,
            replies: Replies::default(),
            out: FuturesUnordered::new(),
            unrecorded: Vec::new(),
        };
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
        let verdict = loop {
            let Decision { verdict, wait } = self.decide();
            let planned = match wait {
                Wait::No => break verdict,
                Wait::Briefly => Vec::new(),
                Wait::WhileTimeLasts => {
                    let check = &self.case.receipt.check;
                    self.asking.plan(check, &self.permit, &self.replies, half_spent)
                }
            };
            if !planned.is_empty() {
                self.unrecorded.extend(planned.iter().map(Planned::asked));
                self.record().await?;
                if self.is_over() {
                    return Ok(self.case.clone());
                }
                self.send(planned, left(self));
            }
            if wait == Wait::Briefly && grace.is_none() {
                grace = Some(Box::pin(sleep(self.asking.trace_grace)));
            }
            tokio::select! {
                biased;
                Some(reply) = self.out.next() => self.take(reply),
                () = &mut end => break verdict,
                () = &mut half, if !half_spent => half_spent = true,
                () = async { if let Some(grace) = &mut grace { grace.await } }, if grace.is_some() => break verdict,
            }
            // Replies that are in already count too, whichever came first.
            while let Some(Some(reply)) = self.out.next().now_or_never() {
                self.take(reply);
            }
        };
        self.alarm_if_unclear(&verdict);
        let answer = verdict.answer(&self.case.receipt.check, &self.replies, self.permit.agreement());
        self.unrecorded.push(EventKind::Decided(answer));
        self.record().await?;
        Ok(self.case.clone())
    }

    /// Waits for the replies that were not waited for, and records them; they change no answer by themselves.
    pub(crate) async fn rest(mut self) -> Result<(), Error> {
        if self.out.is_empty() {
            return Ok(());
        }
        while let Some(reply) = self.out.next().await {
            let disagrees = matches!(
                reply.2.outcome,
                Outcome::Found(Facts::NinoTrace { matches: false })
            );
            if disagrees {
                tracing::warn!(case = %self.case.id, "a trace that came after the answer says the number is another's");
            }
            self.take(reply);
        }
        self.record().await
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

    fn take(&mut self, (operation, question_id, reply): (Operation, QuestionId, Reply)) {
        self.replies.reply(operation, reply.clone());
        self.unrecorded.push(EventKind::Replied {
            question_id,
            operation,
            reply,
        });
    }

    /// Records what is not recorded yet, behind what others recorded meanwhile. A case that was withdrawn takes replies, and
    /// neither a decision nor another question.
    async fn record(&mut self) -> Result<(), Error> {
        let mut kinds = std::mem::take(&mut self.unrecorded);
        for _ in 0..ATTEMPTS_MAX {
            if self.is_over() {
                kinds.retain(|kind| matches!(kind, EventKind::Replied { .. }));
            }
            if kinds.is_empty() {
                return Ok(());
            }
            let (id, now) = (self.case.id, self.asking.clock.now());
            let change = Change::new(id, self.case.version, now, kinds);
            match self.asking.store.commit(change.clone()).await {
                Ok(()) => {
                    let case = self.case.clone().after(change);
                    self.case = case.map_err(|fault| Error::internal(&fault))?;
                    return Ok(());
                }
                Err(CommitError::Stale) => {
                    self.case = self.asking.store.case(id).await?.ok_or(Error::NoSuchCase(id))?;
                }
                Err(error) => return Err(error.into()),
            }
            kinds = change.events.into_iter().map(|event| event.kind).collect();
        }
        Err(Error::CaseChanged)
    }

    fn is_over(&self) -> bool {
        self.case.state == CaseState::Withdrawn
    }

    fn alarm_if_unclear(&self, verdict: &Verdict) {
        if matches!(verdict, Verdict::Pending { alarm: true, .. }) {
            tracing::error!(case = %self.case.id, "a support reply's legal basis is neither section 95 nor section 4");
        }
    }
}
