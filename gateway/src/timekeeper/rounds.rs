//! Rounds of questions about cases that are due, each in a task of its own.

use std::sync::Arc;

use jiff::Timestamp;
use statuscheck_domain::agreement::Permit;
use statuscheck_domain::case::Case;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::referral::Hold;
use tokio::sync::OwnedSemaphorePermit;

use super::{Taken, Timekeeper};
use crate::error::Error;

impl Timekeeper {
    /// Has departments asked again, or later where too many cases are being asked about, where the agreement is not in force, or where
    /// it is not known whether it is.
    pub(super) async fn ask_again(self: &Arc<Self>, case: Case, now: Timestamp) -> Result<Taken, Error> {
        let Some(permit) = self.permit(&case) else {
            return Ok(Taken::Stuck);
        };
        let asker = Arc::clone(&self.askers).try_acquire_owned();
        let may_ask = self.asking.may_ask(&permit, now);
        let asker = asker.ok().filter(|_| may_ask || !case.is_decided());
        let Some(asker) = asker else {
            let until = self.asking.again.postponed(now);
            let (change, _) =
                self.asking
                    .step(&case, Some(&permit), now, vec![EventKind::Postponed { until }])?;
            self.asking.store.commit_behind(change).await?;
            return Ok(Taken::On);
        };
        let case_id = case.id;
        let inquiry = self.asking.resume(permit, case);
        self.begin(case_id, asker, inquiry.go_on(may_ask));
        Ok(Taken::On)
    }

    /// Refers the person of a case whose caller stays silent, and has departments asked for evidence; later where too many cases are
    /// being asked about.
    pub(super) fn refer(self: &Arc<Self>, case: Case, hold: Hold) -> Taken {
        let Some(permit) = self.permit(&case) else {
            return Taken::Stuck;
        };
        let Ok(asker) = Arc::clone(&self.askers).try_acquire_owned() else {
            return Taken::Stuck;
        };
        let case_id = case.id;
        let inquiry = self.asking.resume(permit, case);
        self.begin(case_id, asker, inquiry.refer(hold));
        Taken::On
    }

    fn permit(&self, case: &Case) -> Option<Permit> {
        let permit = self.register.now().register.resume(&case.receipt);
        if permit.is_none() {
            tracing::error!(
                case = %case.id,
                agreement = %case.receipt.agreement_id,
                "an open case's agreement is not in the register any more"
            );
        }
        permit
    }

    fn begin(
        self: &Arc<Self>,
        case_id: CaseId,
        asker: OwnedSemaphorePermit,
        round: impl Future<Output = Result<(), Error>> + Send + 'static,
    ) {
        let store = Arc::clone(&self.asking.store);
        self.tasks.spawn(async move {
            let _asker = asker;
            if let Err(error) = round.await {
                tracing::warn!(case = %case_id, %error, "a case could not be asked about again");
                store.release(&[case_id]).await.ok();
            }
        });
    }
}
