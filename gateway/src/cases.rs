//! Cases: a check is received once, asked about, decided and answered; and read again by those who asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join;
use jiff::Timestamp;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::case_clock::CaseClock;
use statuscheck_domain::check::Check;
use statuscheck_domain::event::{Change, EventKind, Receipt};
use statuscheck_domain::ids::{AgreementId, CaseId, OrganisationId, RequestId};
use statuscheck_domain::sla::SlaClock;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

mod steps;

use crate::admission::{Admitted, Seat};
use crate::asking::{Asking, First, Inquiry, Planned, Steps};
use crate::error::Error;
use crate::probing::{Attempt, Probing};
use crate::random;
use crate::store::{CasePage, CaseQuery, Received};
use crate::telemetry::{Stage, trace};

/// A parsed request to check.
pub struct CheckRequest {
    /// What the caller calls it.
    pub request_id: RequestId,
    /// The check.
    pub check: Check,
    /// The agreement that the caller named.
    pub agreement_id: Option<AgreementId>,
    /// The caller's own reference.
    pub caller_reference: Zeroizing<String>,
}

impl CheckRequest {
    /// What must be equal for two requests to be the same, as one byte string.
    fn content(&self) -> Zeroizing<Vec<u8>> {
        let mut content = self.check.canonical();
        for part in [
            self.agreement_id.as_ref().map_or("", AgreementId::as_str),
            &self.caller_reference,
        ] {
            content.extend_from_slice(&(part.len() as u64).to_be_bytes());
            content.extend_from_slice(part.as_bytes());
        }
        content
    }
}

type Outcome = Option<Result<Case, Error>>;

/// What a caller does with a case as it stands: an event, or none where the case says so already. It is asked again where the
/// case changed meanwhile.
pub(crate) type Step = Box<dyn Fn(&Case) -> Result<Option<EventKind>, Error> + Send + Sync>;

/// What receiving a request came to.
enum TakenIn {
    /// A case whose first questions are out; of a new one, with how it counts.
    Asked(Box<Inquiry>, Option<Attempt>),
    /// A repeat of that case's request.
    Known(CaseId),
    /// There is nothing to ask: the case as it stands.
    Settled(Box<Case>),
}

/// Cases of this gateway.
pub struct Cases {
    asking: Asking,
    probing: Arc<Probing>,
    /// Checks that are being asked right now, for repeats that come meanwhile. The lock is held for a look-up only.
    in_flight: Mutex<HashMap<CaseId, watch::Receiver<Outcome>>>,
    tasks: TaskTracker,
}

impl Cases {
    /// Cases over a store and departments.
    pub(crate) fn new(asking: Asking, probing: Arc<Probing>) -> Arc<Self> {
        Arc::new(Self {
            asking,
            probing,
            in_flight: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Receives a check and answers it within `budget`. A repeat of the same request gets the same case: while the first
    /// is still being asked it waits for that answer, afterwards it gets the case as it stands.
    ///
    /// All of it runs in a task of its own: if the caller hangs up, no case is left received and not asked.
    ///
    /// # Errors
    /// The request id was used with another content; nothing can be recorded.
    pub async fn check(
        self: &Arc<Self>,
        admitted: Admitted,
        request: CheckRequest,
        budget: Duration,
    ) -> Result<Case, Error> {
        let (tell, answer) = watch::channel(None);
        self.tasks.spawn(trace::within(
            trace::current(),
            Arc::clone(self).pursue(admitted, request, budget, tell),
        ));
        told(answer).await
    }

    async fn pursue(
        self: Arc<Self>,
        admitted: Admitted,
        request: CheckRequest,
        budget: Duration,
        tell: watch::Sender<Outcome>,
    ) {
        let Admitted { permit, seat } = admitted;
        let is_discreet = permit.agreement().withholds_referrals;
        let steps = is_discreet.then(|| self.asking.steps(budget)).flatten();
        let started = self.asking.clock.elapsed();
        let id = CaseId::at(self.asking.clock.now(), &random::bytes());
        // Known to repeats before it is known to the store.
        self.in_flight().insert(id, tell.subscribe());
        let taken_in = self.take_in(id, permit, request, budget).await;
        let left = budget.saturating_sub(self.asking.clock.elapsed().saturating_sub(started));
        self.conclude(id, seat, taken_in, (left, steps), tell).await;
    }

    /// Decides and tells, and records what comes after that.
    async fn conclude(
        &self,
        id: CaseId,
        seat: Seat,
        taken_in: Result<TakenIn, Error>,
        (left, steps): (Duration, Option<Steps>),
        tell: watch::Sender<Outcome>,
    ) {
        let (outcome, asked) = match taken_in {
            Ok(TakenIn::Asked(mut inquiry, attempt)) => {
                let steps = steps.filter(|_| inquiry.is_discreet());
                let within = steps.as_ref().map_or(left, |steps| steps.within(left));
                let outcome = inquiry.decided(within).await;
                (outcome, Some((inquiry, attempt, steps)))
            }
            Ok(TakenIn::Known(case_id)) => (self.as_it_stands(case_id, left).await, None),
            Ok(TakenIn::Settled(case)) => (Ok(*case), None),
            Err(error) => (Err(error), None),
        };
        // Neither replies that are still out nor the moment of telling hold anybody up.
        drop(seat);
        let (inquiry, attempt, steps) = match asked {
            Some((inquiry, attempt, steps)) => (outcome.is_ok().then_some(inquiry), attempt, steps),
            None => (None, None, None),
        };
        let telling = async {
            if let (Ok(case), Some(steps)) = (&outcome, steps) {
                steps.until_told(case).await;
            }
            if let (Ok(case), Some(mut attempt)) = (&outcome, attempt) {
                attempt.told(case);
            }
            // Whoever is told finds that nobody is asking about the case any more.
            self.in_flight().remove(&id);
            tell.send_replace(Some(outcome));
        };
        let rest = async {
            if let Some(inquiry) = inquiry
                && inquiry.rest().await.is_err()
            {
                tracing::warn!(case = %id, "replies that came after the answer could not be recorded");
            }
        };
        // Telling comes first where nothing is waited for.
        join(telling, rest).await;
    }

    /// Records the receipt and the first questions, and sends those.
    async fn take_in(
        &self,
        id: CaseId,
        permit: Permit,
        request: CheckRequest,
        budget: Duration,
    ) -> Result<TakenIn, Error> {
        let content = request.content();
        let now = self.asking.clock.now();
        let clock = self.promised(&permit, now)?;
        let (mut attempt, first) = match self.begin(id, &permit, &request.check).await {
            Ok(begun) => begun,
            Err(refused) => {
                return self
                    .unless_known(refused, &permit, request.request_id, &content)
                    .await;
            }
        };
        let receipt = receipt(&permit, request, clock);
        let received = std::iter::once(EventKind::Received(Box::new(receipt)));
        let change = Change::new(id, now, received.chain(first.planned.iter().map(Planned::asked)));
        let began = self.asking.figures.begin();
        let received = self.asking.store.receive(change.clone(), content).await?;
        self.asking.figures.stage(Stage::Record, began);
        if let Some(known) = known(received)? {
            return Ok(known);
        }
        attempt.counts();
        let case = Case::fold(id, change.events).map_err(|fault| Error::internal(&fault))?;
        let inquiry = self.asking.inquire(permit, case, first, budget);
        Ok(TakenIn::Asked(Box::new(inquiry), Some(attempt)))
    }

    /// Counts the check, and sets aside what its questions need of quotas.
    async fn begin(&self, id: CaseId, permit: &Permit, check: &Check) -> Result<(Attempt, First), Error> {
        let attempt = self.probing.attempt(permit.organisation(), check)?;
        let first = self.asking.first(id, check, permit).await?;
        Ok((attempt, first))
    }

    /// A new check is `refused`; a repeat of one that was received before gets its case.
    async fn unless_known(
        &self,
        refused: Error,
        permit: &Permit,
        request_id: RequestId,
        content: &[u8],
    ) -> Result<TakenIn, Error> {
        let store = &self.asking.store;
        let received = store.received(permit.organisation(), request_id, content).await?;
        known(received)?.ok_or(refused)
    }

    /// What a check received at `now` is promised under its agreement and the calendar of new cases.
    fn promised(&self, permit: &Permit, now: Timestamp) -> Result<SlaClock, Error> {
        let terms = self.asking.terms(permit, now);
        let started =
            CaseClock::start(terms, &self.asking.calendars.now()).map_err(|fault| Error::internal(&fault))?;
        let clock = CaseClock::open(now, started).map_err(|fault| Error::internal(&fault))?;
        Ok(clock.promise())
    }

    /// The case once it is not being asked about, or as it stands after `budget`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn as_it_stands(&self, id: CaseId, budget: Duration) -> Result<Case, Error> {
        let being_asked = self.in_flight().get(&id).cloned();
        if let Some(mut answer) = being_asked
            && let Ok(Ok(answer)) = tokio::time::timeout(budget, answer.wait_for(Option::is_some)).await
            && let Some(outcome) = answer.clone()
        {
            return outcome;
        }
        self.asking.store.case(id).await?.ok_or(Error::NoSuchCase(id))
    }

    /// One of the organisation's cases; another's is as if it did not exist.
    ///
    /// # Errors
    /// No such case, or the store cannot be read.
    pub async fn case(&self, organisation: &OrganisationId, id: CaseId) -> Result<Case, Error> {
        let case = self.asking.store.case(id).await?;
        case.filter(|case| case.receipt.organisation == *organisation)
            .ok_or(Error::NoSuchCase(id))
    }

    /// A page of the organisation's cases, newest first, from after `after` on; in `states`, or in any where none is named.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn list(
        &self,
        organisation: &OrganisationId,
        states: Vec<CaseState>,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<CasePage, Error> {
        let query = CaseQuery {
            organisation: organisation.clone(),
            states,
            after,
            limit,
        };
        Ok(self.asking.store.cases(query).await?)
    }

    /// Waits until every check that is being asked is answered and recorded. Call it when no new ones can come.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Waits until every check that is being asked is answered and recorded. More may come meanwhile, and after.
    #[cfg(feature = "demo")]
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    fn in_flight(&self) -> std::sync::MutexGuard<'_, HashMap<CaseId, watch::Receiver<Outcome>>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A repeat of a request that was received before; none where it is new.
fn known(received: Received) -> Result<Option<TakenIn>, Error> {
    match received {
        Received::New => Ok(None),
        Received::Known {
            case_id,
            same_content: true,
        } => Ok(Some(TakenIn::Known(case_id))),
        Received::Known {
            same_content: false, ..
        } => Err(Error::RequestIdTaken),
    }
}

async fn told(mut answer: watch::Receiver<Outcome>) -> Result<Case, Error> {
    match answer.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(outcome)) => outcome.clone(),
        // The asking ended without an answer, which only a fault of ours does.
        Ok(None) | Err(_) => Err(Error::CannotRecord),
    }
}

fn receipt(permit: &Permit, request: CheckRequest, clock: SlaClock) -> Receipt {
    let agreement = permit.agreement();
    Receipt {
        organisation: permit.organisation().clone(),
        request_id: request.request_id,
        check: request.check,
        caller_reference: request.caller_reference,
        agreement_id: agreement.id.clone(),
        legal_basis: agreement.legal_basis.clone(),
        clock,
        is_discreet: agreement.withholds_referrals,
    }
}
