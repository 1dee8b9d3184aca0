//! One case that is being asked about: ask, decide, record, and ask on until nothing more is worth waiting for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::decide::{Decision, Verdict, Wait, decide};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::QuestionId;
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::questions::Repeat;
use statuscheck_domain::quota::Month;
use statuscheck_domain::referral::Lookup;
use statuscheck_domain::reply::{Facts, Outcome};
use statuscheck_domain::route::{self, Replies};
use tokio::time::sleep;

use super::referral::Concluded;
use super::{ATTEMPTS_MAX, Asking, First, Planned};
use crate::departments::Asked;
use crate::error::Error;
use crate::quota::Aside;
use crate::telemetry::Stage;

mod keeping_up;

/// A question that was answered, and the month that it was charged to.
pub(super) struct Answered {
    pub(super) operation: Operation,
    pub(super) question_id: QuestionId,
    pub(super) charged: Option<Month>,
    pub(super) asked: Asked,
}

type Replying = BoxFuture<'static, Answered>;

/// One check on its way: what was asked, what was replied, and what is not recorded yet.
pub(crate) struct Inquiry {
    pub(super) asking: Asking,
    pub(super) permit: Permit,
    pub(super) case: Case,
    /// [`Case::round`] when it was taken up.
    round: u64,
    pub(super) replies: Replies,
    pub(super) aside: Aside,
    out: FuturesUnordered<Replying>,
    pub(super) unrecorded: Vec<EventKind>,
    /// A caller waits for the answer, and is told nothing else.
    in_call: bool,
    /// The referral that the case joined is of no use to it any more.
    pub(super) moved: bool,
    /// The look for the person on which what is not recorded rests.
    pub(super) lookup: Option<Lookup>,
}

impl Asking {
    /// Takes up a case that was left where it is.
    pub(crate) fn resume(&self, permit: Permit, case: Case) -> Inquiry {
        Inquiry {
            asking: self.clone(),
            permit,
            replies: case.questions.replies(),
            round: case.round,
            case,
            aside: Aside::default(),
            out: FuturesUnordered::new(),
            unrecorded: Vec::new(),
            in_call: false,
            moved: false,
            lookup: None,
        }
    }

    /// Takes up a case whose first questions are recorded, with its receipt or with what has it asked about anew.
    pub(crate) fn inquire(&self, permit: Permit, case: Case, first: First, budget: Duration) -> Inquiry {
        let mut inquiry = self.resume(permit, case);
        inquiry.aside = first.aside;
        inquiry.in_call = true;
        inquiry.send(first.planned, budget);
        inquiry
    }
}

impl Inquiry {
    /// Nothing that the caller sees of the case tells why it waits.
    pub(crate) const fn is_discreet(&self) -> bool {
        self.case.receipt.is_discreet
    }

    /// Asks until the check is decided or `budget` is spent, and records the decision: durable before anyone is told.
    pub(crate) async fn decided(&mut self, budget: Duration) -> Result<Case, Error> {
        let started = self.asking.clock.elapsed();
        let left =
            |inquiry: &Self| budget.saturating_sub(inquiry.asking.clock.elapsed().saturating_sub(started));
        let mut end = std::pin::pin!(sleep(budget));
        let mut half = std::pin::pin!(sleep(budget / 2));
        let mut half_spent = false;
        let mut grace = None;
        let began = self.asking.figures.begin();
        loop {
            let wait = self.decide().wait;
            let planned = match wait {
                Wait::No => break,
                Wait::Briefly => Vec::new(),
                Wait::WhileTimeLasts => self.next(half_spent).await,
            };
            if !planned.is_empty() {
                self.unrecorded.extend(planned.iter().map(Planned::asked));
                self.record().await?;
                if self.is_overtaken() {
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
                () = &mut end => break,
                () = &mut half, if !half_spent => half_spent = true,
                () = async { if let Some(grace) = &mut grace { grace.await } }, if grace.is_some() => break,
            }
            // Replies that are in already count too, whichever came first.
            self.take_those_in();
        }
        self.asking.figures.stage(Stage::Ask, began);
        self.aside.give_back();
        self.settle().await?;
        Ok(self.case.clone())
    }

    /// Waits for the replies that were not waited for, and records them. While nothing is settled a late one decides the
    /// case; an answer that was given, no reply changes by itself.
    pub(crate) async fn rest(mut self) -> Result<(), Error> {
        self.in_call = false;
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
                self.due().await
            };
            if !planned.is_empty() {
                self.unrecorded.extend(planned.iter().map(Planned::asked));
                self.record().await?;
                // Then no question was recorded, and none goes out.
                if !self.is_overtaken() {
                    self.send(planned, left);
                }
            }
            let Some(reply) = self.out.next().await else {
                // What was not asked is recorded as such.
                return self.settle().await;
            };
            self.take(reply);
            self.take_those_in();
            self.settle().await?;
        }
    }

    /// What is to be asked now: again, or for the first time because of what was replied. What there is no quota left for waits.
    async fn due(&mut self) -> Vec<Planned> {
        if !self.case.is_asked_on() {
            return Vec::new();
        }
        let now = self.asking.clock.now();
        let repeats = self.case.questions.due(now);
        // To ask after work that was taken on is no other question.
        let mut charged: Vec<_> = repeats.iter().filter(|repeat| repeat.ticket.is_none()).collect();
        let mut allowed: Vec<_> = charged.iter().map(|repeat| repeat.operation).collect();
        self.further(&mut allowed).await;
        charged.retain(|repeat| !allowed.contains(&repeat.operation));
        if !charged.is_empty() {
            let until = self.asking.again.postponed(now);
            self.unrecorded.push(EventKind::Postponed { until });
        }
        let check = &self.case.receipt.check;
        let planned = repeats
            .iter()
            .filter(|repeat| repeat.ticket.is_some() || allowed.contains(&repeat.operation));
        let repeat = |repeat: &Repeat| {
            let mut question = Question::about(check, repeat.operation, repeat.id, uuid::Uuid::new_v4());
            question.ticket.clone_from(&repeat.ticket);
            Planned {
                question: Arc::new(question),
                charged: self
                    .aside
                    .month(repeat.operation)
                    .filter(|_| repeat.ticket.is_none()),
            }
        };
        let mut planned: Vec<_> = planned.map(repeat).collect();
        if self.decide().wait == Wait::WhileTimeLasts {
            planned.extend(self.next(true).await);
        }
        planned
    }

    /// The questions to put now, beside those that were put.
    pub(super) async fn next(&mut self, half_spent: bool) -> Vec<Planned> {
        let (check, agreement) = (&self.case.receipt.check, self.permit.agreement());
        let mut next = route::next(check, &self.replies, &agreement.operations, half_spent);
        self.further(&mut next).await;
        self.asking.plan(&self.case.receipt.check, next, &self.aside)
    }

    pub(super) async fn further(&mut self, next: &mut Vec<Operation>) {
        let quotas = &self.asking.quotas;
        quotas
            .further(self.case.id, &self.permit, &mut self.aside, next)
            .await;
    }

    /// Records the replies that are in, and what they decide. Where somebody else took the case on meanwhile, that counts
    /// first; where it is asked about anew, whoever does that decides.
    async fn settle(&mut self) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let unrecorded = self.unrecorded.len();
            let concluded = if !self.case.is_over() && self.round == self.case.round {
                let Decision { verdict, .. } = self.decide();
                self.conclude(verdict).await?
            } else {
                Concluded::default()
            };
            match self.try_to_record().await {
                Err(Error::CaseChanged) => {
                    self.unrecorded.truncate(unrecorded);
                    self.catch_up().await?;
                }
                Ok(()) => {
                    self.follow_up(concluded).await;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::CaseChanged)
    }

    pub(super) fn decide(&self) -> Decision {
        let now = self.asking.clock.now();
        decide(
            &self.case.receipt.check,
            &self.replies,
            &self.asking.safeguard(&self.case).rules,
            self.asking.feed_interval,
            now,
        )
    }

    /// Sends questions that are recorded.
    fn send(&mut self, planned: Vec<Planned>, within: Duration) {
        for Planned { question, charged } in planned {
            let (operation, question_id) = (question.operation, question.id);
            self.replies.ask(operation);
            self.aside.charged(operation);
            let asked = self.asking.departments.clone().ask(question, within);
            let (figures, began) = (Arc::clone(&self.asking.figures), self.asking.figures.begin());
            let answered = move |asked: Asked| {
                figures.replied(operation.department(), &asked, began);
                Answered {
                    operation,
                    question_id,
                    charged,
                    asked,
                }
            };
            self.out.push(asked.map(answered).boxed());
        }
    }

    fn take_those_in(&mut self) {
        while let Some(Some(reply)) = self.out.next().now_or_never() {
            self.take(reply);
        }
    }

    pub(super) fn take(&mut self, answered: Answered) {
        let Answered {
            operation,
            question_id,
            charged,
            asked:
                Asked {
                    reply,
                    is_sent,
                    timing,
                },
        } = answered;
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
            refunded: charged.filter(|_| !is_sent),
            again,
            timing,
        });
    }

    /// Records what is not recorded yet, behind what others recorded meanwhile. A case that was withdrawn takes replies, and
    /// neither a decision nor another question.
    async fn record(&mut self) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_to_record().await {
                Err(Error::CaseChanged) => self.catch_up().await?,
                done => return done,
            }
        }
        Err(Error::CaseChanged)
    }

    /// Records what is not recorded, and what follows for the case's clock, unless somebody else took the case on meanwhile.
    pub(super) async fn try_to_record(&mut self) -> Result<(), Error> {
        let lookup = self.lookup.take();
        if self.is_over() {
            self.unrecorded
                .retain(|kind| matches!(kind, EventKind::Replied { .. }));
        } else if self.is_overtaken() {
            self.unrecorded
                .retain(|kind| !matches!(kind, EventKind::Asked { .. }));
        }
        if self.unrecorded.is_empty() {
            return Ok(());
        }
        let now = self.asking.clock.now();
        let kinds = self.unrecorded.clone();
        let permit = Some(&self.permit);
        let (mut change, case) = if self.in_call {
            self.asking.step(&self.case, permit, now, kinds)?
        } else {
            self.asking.step_told(&self.case, permit, now, kinds)?
        };
        change.lookup = lookup;
        let began = self.asking.figures.begin();
        if self.in_call {
            self.asking.store.commit(change).await?;
        } else {
            self.asking.store.commit_behind(change).await?;
        }
        self.asking.figures.stage(Stage::Record, began);
        self.asking.figures.stepped(&self.case, &case, now);
        self.unrecorded.clear();
        self.case = case;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.case.state == CaseState::Withdrawn
    }

    /// Withdrawn meanwhile, or asked about anew, and perhaps answered by that: no question goes out that was planned before.
    fn is_overtaken(&self) -> bool {
        self.is_over() || self.round != self.case.round
    }

    pub(super) fn alarm_if_unclear(&self, verdict: &Verdict) {
        if matches!(verdict, Verdict::Pending { alarm: true, .. }) {
            tracing::error!(case = %self.case.id, "a support reply's legal basis is neither section 95 nor section 4");
        }
    }
}
