//! Cases that joined a referral: kept in step with it, whoever dies in between.

use jiff::Timestamp;
use statuscheck_domain::case::Case;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::referral::{ReferralEvent, ReferralState};

use super::{Asking, Inquiry, REFERRAL_ATTEMPTS_MAX};
use crate::error::Error;

impl Inquiry {
    /// The referral that the case joined is of no use to it any more: it gets one of its own, or what it is told now.
    async fn take_over(mut self) -> Result<(), Error> {
        self.unrecorded
            .push(EventKind::Referral(ReferralEvent::Superseded));
        self.moved = true;
        let verdict = self.decide().verdict;
        let _concluded = self.conclude(verdict).await?;
        self.try_to_record().await
    }
}

impl Asking {
    /// Brings a case that joined a referral in step with it: answered where that is resolved, and with a referral of its own
    /// where that is of no use to it. Whoever joins and whoever resolves both do this after they have committed, so whichever
    /// is second sees the other.
    ///
    /// # Errors
    /// Nothing can be recorded.
    pub(crate) async fn follow(&self, case_id: CaseId) -> Result<(), Error> {
        for _ in 0..REFERRAL_ATTEMPTS_MAX {
            let Some(case) = self.store.case(case_id).await? else {
                return Ok(());
            };
            let Some((own, origin)) = case
                .referrals
                .open()
                .and_then(|own| Some((own.clone(), own.joined?)))
            else {
                return Ok(());
            };
            let origin = self.store.case(origin).await?;
            let of = origin.as_ref().and_then(|origin| origin.referrals.of(own.id));
            let permit = self.permit(&case)?;
            let kinds = match of.map(|of| (of.state, of.resolution())) {
                Some((ReferralState::Open, _)) if case.referrals.to_look_after().is_none() => return Ok(()),
                Some((ReferralState::Open, _)) => Some(vec![EventKind::Referral(ReferralEvent::Looked)]),
                Some((_, Some(resolution))) => case.resolved_with(&own, resolution, permit.agreement()),
                Some((_, None)) | None => None,
            };
            let superseded = || vec![EventKind::Referral(ReferralEvent::Superseded)];
            let recorded = match kinds.or_else(|| case.is_over().then(superseded)) {
                Some(kinds) => self.record(&case, &permit, kinds).await,
                None => self.resume(permit, case).take_over().await,
            };
            match recorded {
                Err(Error::CaseChanged) => {}
                done => return done,
            }
        }
        Err(Error::CaseChanged)
    }

    /// Releases the cases that joined a referral which is closed, each in a change of its own, and records that all were. That
    /// is never recorded with what closes it: whoever joined just before that looked while it was open, and looks no more.
    ///
    /// # Errors
    /// Nothing can be recorded; then the case stays due until it is done.
    pub(crate) async fn release(&self, case_id: CaseId) -> Result<(), Error> {
        for _ in 0..REFERRAL_ATTEMPTS_MAX {
            let case = self.store.case(case_id).await?;
            let Some((case, id)) = case.and_then(|case| {
                case.referrals
                    .to_release()
                    .map(|closed| closed.id)
                    .map(|id| (case, id))
            }) else {
                return Ok(());
            };
            for joined in self.store.joined(id).await? {
                self.follow(joined).await?;
            }
            let permit = self.permit(&case)?;
            let released = EventKind::Referral(ReferralEvent::Released { id });
            match self.record(&case, &permit, vec![released]).await {
                Ok(()) | Err(Error::CaseChanged) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::CaseChanged)
    }

    /// Does what is due about the referrals of a case: cases that joined one that is closed are released, one that joined looks
    /// whether it is, and of one that is late it is told once.
    ///
    /// # Errors
    /// Nothing can be recorded.
    pub(crate) async fn look_after(&self, case: &Case, now: Timestamp) -> Result<(), Error> {
        if case.referrals.to_release().is_some() {
            return self.release(case.id).await;
        }
        if let Some(late) = case.referrals.late(now) {
            tracing::warn!(case = %case.id, referral = %late.id, due_at = %late.due.due_at, "the finding of a referral is late");
            let permit = self.permit(case)?;
            let late = EventKind::Referral(ReferralEvent::Late);
            return self.record(case, &permit, vec![late]).await;
        }
        self.follow(case.id).await
    }
}
