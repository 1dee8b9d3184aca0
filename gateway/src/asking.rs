//! The middle of a check's way: ask, decide, record, and ask on until nothing more is worth waiting for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use jiff::SignedDuration;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::decide::{Decision, Verdict, Wait, decide};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, QuestionId};
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::quota::Month;
use statuscheck_domain::reply::{Facts, Outcome};
use statuscheck_domain::route::{self, Replies};
use statuscheck_domain::working_time::Calendars;
use tokio::time::sleep;

use crate::departments::{Asked, Departments};
use crate::error::Error;
use crate::quota::{Aside, Quotas};
use crate::random;
use crate::store::Store;

/// What asking needs.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) departments: Departments,
    pub(crate) quotas: Quotas,
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
    charged: Option<Month>,
}

impl Planned {
    /// The step that records it.
    pub(crate) fn asked(&self) -> EventKind {
        EventKind::Asked {
            question_id: self.question.id,
            operation: self.question.operation,
            charged: self.charged,
        }
    }
}

/// The first questions of a check, and what the case has of quotas.
pub(crate) struct First {
    pub(crate) planned: Vec<Planned>,
    aside: Aside,
}

/// A question that was answered, and the month that it was charged to.
struct Answered {
    operation: Operation,
    question_id: QuestionId,
    charged: Option<Month>,
    asked: Asked,
}

type Replying = BoxFuture<'static, Answered>;

/// One check on its way: what was asked, what was replied, and what is not recorded yet.
pub(crate) struct Inquiry {
    asking: Asking,
    permit: Permit,
    case: Case,
    replies: Replies,
    aside: Aside,
    out: FuturesUnordered<Replying>,
    unrecorded: Vec<EventKind>,
}

impl Asking {
    /// The first questions of a check, to be recorded together with its receipt.
    ///
    /// # Errors
    /// The quota of a question is spent that the check cannot do without.
    pub(crate) async fn first(
        &self,
        case_id: CaseId,
        check: &Check,
        permit: &Permit,
    ) -> Result<First, Error> {
        let mut operations = route::next(check, &Replies::default(), &permit.agreement().operations, false);
        let aside = self.quotas.begin(case_id, permit, &mut operations).await?;
        let planned = self.plan(check, operations, &aside);
        Ok(First { planned, aside })
    }

    fn plan(&self, check: &Check, operations: Vec<Operation>, aside: &Aside) -> Vec<Planned> {
        let plan = |operation| {
            let id = QuestionId::at(self.clock.now(), &random::bytes());
            let question = Question::about(check, operation, id, uuid::Uuid::new_v4());
            Planned {
                question: Arc::new(question),
                charged: aside.month(operation),
            }
        };
        operations.into_iter().map(plan).collect()
    }

    /// Takes up a case whose receipt and first questions are recorded.
    pub(crate) fn inquire(&self, permit: Permit, case: Case, first: First, budget: Duration) -> Inquiry {
        let mut inquiry = Inquiry {
            asking: self.clone(),
            permit,
            case,
            replies: Replies::default(),
            aside: first.aside,
            out: FuturesUnordered::new(),
            unrecorded: Vec::new(),
        };
        inquiry.send(first.planned, budget);
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
                Wait::WhileTimeLasts => self.next(half_spent).await,
            };
            if !planned.is_empty() {
                self.unrecorded.extend(planned.iter().map(Planned::asked));
                self.record().await?;
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
        self.aside.give_back();
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
                reply.asked.reply.outcome,
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

    /// The questions to put now, beside those that were put.
    async fn next(&mut self, half_spent: bool) -> Vec<Planned> {
        let (check, agreement) = (&self.case.receipt.check, self.permit.agreement());
        let mut next = route::next(check, &self.replies, &agreement.operations, half_spent);
        let quotas = &self.asking.quotas;
        quotas
            .further(self.case.id, &self.permit, &mut self.aside, &mut next)
            .await;
        self.asking.plan(check, next, &self.aside)
    }

    /// Sends questions that are recorded.
    fn send(&mut self, planned: Vec<Planned>, within: Duration) {
        for Planned { question, charged } in planned {
            let (operation, question_id) = (question.operation, question.id);
            self.replies.ask(operation);
            self.aside.charged(operation);
            let asked = self.asking.departments.clone().ask(question, within);
            let answered = move |asked| Answered {
                operation,
                question_id,
                charged,
                asked,
            };
            self.out.push(asked.map(answered).boxed());
        }
    }

    fn take(&mut self, answered: Answered) {
        let Answered {
            operation,
            question_id,
            charged,
            asked: Asked { reply, is_sent },
        } = answered;
        self.replies.reply(operation, reply.clone());
        self.unrecorded.push(EventKind::Replied {
            question_id,
            operation,
            reply,
            refunded: charged.filter(|_| !is_sent),
        });
    }

    async fn record(&mut self) -> Result<(), Error> {
        let kinds = std::mem::take(&mut self.unrecorded);
        let (change, case) = self
            .case
            .change(self.asking.clock.now(), kinds)
            .map_err(|fault| Error::internal(&fault))?;
        self.asking.store.commit(change).await?;
        self.case = case;
        Ok(())
    }

    fn alarm_if_unclear(&self, verdict: &Verdict) {
        if matches!(verdict, Verdict::Pending { alarm: true, .. }) {
            tracing::error!(case = %self.case.id, "a support reply's legal basis is neither section 95 nor section 4");
        }
    }
}
