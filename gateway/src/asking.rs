//! The middle of a check's way: what is asked, under which quotas, and what a step means for a case's clock. The asking itself
//! is an [`Inquiry`].

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::agreement::{Permit, Safeguard};
use statuscheck_domain::case::{Case, HistoryError};
use statuscheck_domain::case_clock::ClockTerms;
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::{SharedClock, london_day};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{CaseId, QuestionId};
use statuscheck_domain::question::{Operation, Question};
use statuscheck_domain::quota::Month;
use statuscheck_domain::route::{self, Replies};

use crate::again::AgainSettings;
use crate::calendars::ServedCalendars;
use crate::departments::Departments;
use crate::error::Error;
use crate::outbox::Outbox;
use crate::quota::{Aside, Quotas};
use crate::random;
use crate::referrals::ReferralSettings;
use crate::register::ServedRegister;
use crate::store::Store;
use crate::telemetry::Figures;

mod desk;
mod discreet;
mod inquiry;
mod joined;
mod referral;

pub(crate) use self::discreet::Steps;
pub(crate) use self::inquiry::Inquiry;
pub(crate) use self::referral::Persons;

/// How often a step is tried behind what others recorded meanwhile. Five: those are its caller and late replies, and each
/// has come to its end after a step or two.
pub(crate) const ATTEMPTS_MAX: usize = 5;

/// The same for a step of a referral. 64: evidence comes in beside it, and each question for it is recorded twice a round, with
/// notices, steps of a clock and colleagues who look. Departments are asked again after a second at the soonest, so there are never
/// so many within the milliseconds that this takes, and nobody of the taskforce is told to try again because a department has just
/// replied.
pub(crate) const REFERRAL_ATTEMPTS_MAX: usize = 64;

/// What asking needs.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) quotas: Quotas,
    pub(crate) departments: Departments,
    pub(crate) outbox: Outbox,
    pub(crate) clock: SharedClock,
    /// Which days and hours are working time, for what is promised in working days.
    pub(crate) calendars: Arc<ServedCalendars>,
    /// Who may ask what, and who has a Windrush profile.
    pub(crate) register: Arc<ServedRegister>,
    /// How people are referred to the Windrush taskforce.
    pub(crate) referrals: ReferralSettings,
    /// See [`Persons`].
    pub(crate) persons: Arc<Persons>,
    /// How often DfE's feeds are loaded.
    pub(crate) feed_interval: SignedDuration,
    /// See `CheckSettings::trace_grace`.
    pub(crate) trace_grace: Duration,
    /// When what was not settled is asked again.
    pub(crate) again: AgainSettings,
    pub(crate) figures: Arc<Figures>,
}

/// A question that is about to go out.
pub(crate) struct Planned {
    question: Arc<Question>,
    /// The month whose quota it is charged to; none where it is under no quota.
    charged: Option<Month>,
}

/// The first questions of a check, and what the case has of quotas.
#[derive(Default)]
pub(crate) struct First {
    pub(crate) planned: Vec<Planned>,
    aside: Aside,
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

impl Asking {
    /// The Windrush safeguard of `case`: what counts on the day on which it was received.
    pub(crate) fn safeguard(&self, case: &Case) -> Arc<Safeguard> {
        let register = &self.register.now().register;
        register.safeguard_on(london_day(case.create_time))
    }

    /// The first questions of a check, to be recorded together with what has them asked.
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

    /// The next steps of `case`, `kinds`, at `now`, which are told in their call, together with what they mean for its clock, what
    /// somebody is told of that, the notices of a referral that they open, and the case after them. Steps that begin no clock need
    /// no permit.
    pub(crate) fn step(
        &self,
        case: &Case,
        permit: Option<&Permit>,
        now: Timestamp,
        kinds: Vec<EventKind>,
    ) -> Result<(Change, Case), Error> {
        let (change, after) = self.followed(case, permit, now, kinds)?;
        // What was due when the caller did something is fired with that, and by nobody else.
        let told = self.outbox.telling_in_call(change, after);
        told.map_err(|fault| Error::internal(&fault))
    }

    /// The same once the call has ended, together with all that somebody is told of it.
    pub(crate) fn step_told(
        &self,
        case: &Case,
        permit: Option<&Permit>,
        now: Timestamp,
        kinds: Vec<EventKind>,
    ) -> Result<(Change, Case), Error> {
        let (change, after) = self.followed(case, permit, now, kinds)?;
        let told = self.outbox.telling(case, change, after);
        told.map_err(|fault| Error::internal(&fault))
    }

    fn followed(
        &self,
        case: &Case,
        permit: Option<&Permit>,
        now: Timestamp,
        kinds: Vec<EventKind>,
    ) -> Result<(Change, Case), Error> {
        let internal = |fault: HistoryError| Error::internal(&fault);
        let (change, after) = case.change(now, kinds).map_err(internal)?;
        let started_at = match (&after.clock, &after.dispute) {
            (None, None) => after.receipt.clock.started_at,
            _ => now,
        };
        let terms = || permit.map(|permit| self.terms(permit, started_at));
        let clock = after
            .clock_events(now, terms, &self.calendars.now())
            .map_err(|fault| Error::internal(&fault))?;
        let (change, after) = if clock.is_empty() {
            (change, after)
        } else {
            let clock = clock.into_iter().map(EventKind::Clock);
            let (follows, after) = after.change(now, clock).map_err(internal)?;
            (change.followed_by(follows), after)
        };
        // In the call, too: there is no hold without its hook.
        self.outbox.referring(change, after).map_err(internal)
    }

    /// What is promised from `started_at` on, under the permit's agreement and the calendar of new cases.
    pub(crate) fn terms(&self, permit: &Permit, started_at: Timestamp) -> ClockTerms {
        let calendars = self.calendars.now();
        let policy = &permit.agreement().sla;
        policy.terms(started_at, permit.ground(), calendars.current().version())
    }
}
