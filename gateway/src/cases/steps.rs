//! What callers do with cases that are there: end them, tell what came of them, and have them asked about anew.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::{CaseId, OrganisationId};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Cases, Outcome, Step, TakenIn, told};
use crate::admission::Admitted;
use crate::asking::{ATTEMPTS_MAX, First, Planned};
use crate::error::Error;
use crate::store::CommitError;
use crate::telemetry::trace;

impl Cases {
    /// Takes a step that asks nobody anything. When this returns it is recorded.
    ///
    /// # Errors
    /// No such case of the organisation; what the step says; nothing can be recorded.
    pub(crate) async fn step(
        &self,
        organisation: &OrganisationId,
        id: CaseId,
        step: Step,
    ) -> Result<Case, Error> {
        let (case, _nobody_is_asked) = self.take(organisation, id, &step, None).await?;
        Ok(case)
    }

    /// Takes a step that has the departments asked anew, and answers within `budget`, as a new check is. While the case is
    /// being asked about already, that comes first.
    ///
    /// All of it runs in a task of its own, as with a new check.
    ///
    /// # Errors
    /// As of [`Cases::step`].
    pub(crate) async fn reopen(
        self: &Arc<Self>,
        admitted: Admitted,
        id: CaseId,
        step: Step,
        budget: Duration,
    ) -> Result<Case, Error> {
        let (tell, answer) = watch::channel(None);
        self.tasks.spawn(trace::within(
            trace::current(),
            Arc::clone(self).resume(admitted, id, step, budget, tell),
        ));
        told(answer).await
    }

    async fn resume(
        self: Arc<Self>,
        admitted: Admitted,
        id: CaseId,
        step: Step,
        budget: Duration,
        tell: watch::Sender<Outcome>,
    ) {
        let Admitted { permit, seat } = admitted;
        let steps = self.asking.steps(budget);
        let started = self.asking.clock.elapsed();
        if !timeout(budget, self.claim(id, &tell))
            .await
            .is_ok_and(|claimed| claimed)
        {
            tell.send_replace(Some(Err(Error::CaseChanged)));
            return;
        }
        let left = budget.saturating_sub(self.asking.clock.elapsed().saturating_sub(started));
        let taken_in = self.take_on(id, permit, &step, left).await;
        self.conclude(id, seat, taken_in, (left, steps), tell).await;
    }

    /// Waits until nobody else is asking about the case, and is then known to repeats as the one who does.
    async fn claim(&self, id: CaseId, tell: &watch::Sender<Outcome>) -> bool {
        for _ in 0..ATTEMPTS_MAX {
            let other = match self.in_flight().entry(id) {
                Entry::Occupied(asking) => asking.get().clone(),
                Entry::Vacant(place) => {
                    place.insert(tell.subscribe());
                    return true;
                }
            };
            let mut other = other;
            // Told, or gone without a word; in either case it is no longer in the way, or the next look says who is.
            if other.wait_for(Option::is_some).await.is_err() {
                self.in_flight().remove(&id);
            }
        }
        false
    }

    async fn take_on(
        &self,
        id: CaseId,
        permit: Permit,
        step: &Step,
        budget: Duration,
    ) -> Result<TakenIn, Error> {
        let (case, first) = self.take(permit.organisation(), id, step, Some(&permit)).await?;
        Ok(match first {
            Some(first) => {
                let inquiry = self.asking.inquire(permit, case, first, budget);
                TakenIn::Asked(Box::new(inquiry), None)
            }
            None => TakenIn::Settled(Box::new(case)),
        })
    }

    /// Takes a step on the case as it stands, together with what is asked then about its check, if anything may be; again, where the case changed
    /// meanwhile. The case after it, and what is to be asked; none where the step changes nothing.
    async fn take(
        &self,
        organisation: &OrganisationId,
        id: CaseId,
        step: &Step,
        permit: Option<&Permit>,
    ) -> Result<(Case, Option<First>), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let case = self.case(organisation, id).await?;
            let Some(kind) = step(&case)? else {
                return Ok((case, None));
            };
            let check = kind.check().unwrap_or(&case.receipt.check);
            let first = match permit {
                Some(permit) => self.asking.first(id, check, permit).await?,
                None => First::default(),
            };
            let kinds = std::iter::once(kind).chain(first.planned.iter().map(Planned::asked));
            let now = self.asking.clock.now();
            let (change, case) = self.asking.step(&case, permit, now, kinds.collect())?;
            match self.asking.store.commit(change).await {
                Ok(()) => return Ok((case, Some(first))),
                Err(CommitError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::CaseChanged)
    }
}
