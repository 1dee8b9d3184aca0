//! The Windrush taskforce's side: referrals listed, read, resolved, and more asked of a caller.
//!
//! What is held back and why is decided where cases are asked about ([`crate::asking`]); what the taskforce says is a step of
//! the case like any other, taken once or not at all.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use statuscheck_domain::case::Case;
use statuscheck_domain::check::Violation;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::ReferralId;
use statuscheck_domain::referral::{Found, Referral, ReferralEvent, ReferralState, ResolveFault};
use statuscheck_domain::subject::Field;
use zeroize::Zeroizing;

use crate::asking::{Asking, REFERRAL_ATTEMPTS_MAX};
use crate::error::Error;
use crate::store::{ReferralQuery, ReferralRow};

/// What referring people to the taskforce may cost. What is promised and told stands in the register.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct ReferralSettings {
    /// Cases with referrals that are looked at for one person, the newest first. 64: far more than any person has, and still
    /// read in a few milliseconds.
    pub known_max: usize,
    /// Where an agreement withholds that a person is referred, that there is no answer yet is told when the call's time is over,
    /// whatever the reason. The last step of that time is for recording, and what took longer is told at the next full step. 100 ms:
    /// several times what recording a referral takes, and a tenth of what a person waits without noticing. With zero it is told as
    /// soon as may be.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub step: Duration,
}

impl Default for ReferralSettings {
    fn default() -> Self {
        Self {
            known_max: 64,
            step: Duration::from_millis(100),
        }
    }
}

/// A referral, and the case that opened it.
pub(crate) struct Referred {
    pub(crate) case: Case,
    pub(crate) referral: Referral,
}

/// The taskforce's desk.
pub(crate) struct Taskforce {
    asking: Asking,
}

impl Taskforce {
    pub(crate) const fn new(asking: Asking) -> Self {
        Self { asking }
    }

    /// A page of referrals, oldest first, and where the next begins.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn page(
        &self,
        states: Vec<ReferralState>,
        after: Option<ReferralId>,
        limit: usize,
    ) -> Result<(Vec<Referred>, Option<ReferralId>), Error> {
        let query = ReferralQuery {
            states,
            after,
            // One more than wanted shows whether there is a next page.
            limit: limit + 1,
        };
        let mut rows = self.asking.store.referrals(query).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id);
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.extend(self.of(row).await?);
        }
        Ok((found, next))
    }

    async fn of(&self, row: ReferralRow) -> Result<Option<Referred>, Error> {
        let case = self.asking.store.case(row.case_id).await?;
        Ok(case.and_then(|case| {
            let referral = case.referrals.of(row.id)?.clone();
            Some(Referred { case, referral })
        }))
    }

    async fn find(&self, id: ReferralId) -> Result<Referred, Error> {
        let none = || Error::Referral(ResolveFault::NoSuchReferral(id));
        let row = self.asking.store.referral(id).await?.ok_or_else(none)?;
        self.of(row).await?.ok_or_else(none)
    }

    /// One referral with the person and the evidence. That `by` has seen it is recorded first.
    ///
    /// # Errors
    /// No such referral; nothing can be recorded.
    pub(crate) async fn view(&self, id: ReferralId, by: &str) -> Result<Referred, Error> {
        for _ in 0..REFERRAL_ATTEMPTS_MAX {
            let found = self.find(id).await?;
            let viewed = ReferralEvent::Viewed { by: by.to_owned() };
            match self.record(&found.case, vec![EventKind::Referral(viewed)]).await {
                Ok(()) => return Ok(found),
                Err(Error::CaseChanged) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::CaseChanged)
    }

    /// Takes what the taskforce found, with its note and its author: recorded, together with what the caller is told from here
    /// on, when this returns; and so are the cases that joined. The same again changes nothing.
    ///
    /// # Errors
    /// [`ResolveFault`]; nothing can be recorded.
    pub(crate) async fn resolve(
        &self,
        id: ReferralId,
        found: &Found,
        note: &Zeroizing<String>,
        by: &str,
    ) -> Result<Referred, Error> {
        for _ in 0..REFERRAL_ATTEMPTS_MAX {
            let Referred { case, .. } = self.find(id).await?;
            let permit = self.asking.permit(&case)?;
            let now = self.asking.clock.now();
            let kinds = case.resolved(id, found, (note, by), permit.agreement(), now)?;
            match self.record(&case, kinds).await {
                Ok(()) => {
                    self.asking.release(case.id).await?;
                    return self.find(id).await;
                }
                Err(Error::CaseChanged) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::CaseChanged)
    }

    /// Asks the caller of the case that opened the referral for `fields`. The same again changes nothing.
    ///
    /// # Errors
    /// [`ResolveFault`]; a field that the agreement does not let the caller send; nothing can be recorded.
    pub(crate) async fn request_information(
        &self,
        id: ReferralId,
        fields: &[Field],
        by: &str,
    ) -> Result<(), Error> {
        for _ in 0..REFERRAL_ATTEMPTS_MAX {
            let Referred { case, .. } = self.find(id).await?;
            let permit = self.asking.permit(&case)?;
            let covered = &permit.agreement().request_fields;
            let stray = fields
                .iter()
                .enumerate()
                .filter(|(_, field)| !field.is_of_person() || !covered.contains(field));
            let violation = |(place, field): (usize, &Field)| Violation {
                field: format!("fields[{place}]"),
                description: format!(
                    "{} is not among the fields that the agreement lets the caller send",
                    field.as_str()
                ),
            };
            let violations: Vec<_> = stray.map(violation).collect();
            if !violations.is_empty() {
                return Err(Error::Invalid(violations));
            }
            let kinds = case.asked_by_taskforce(id, fields, by)?;
            match self.record(&case, kinds).await {
                Err(Error::CaseChanged) => {}
                done => return done,
            }
        }
        Err(Error::CaseChanged)
    }

    async fn record(&self, case: &Case, kinds: Vec<EventKind>) -> Result<(), Error> {
        if kinds.is_empty() {
            return Ok(());
        }
        let permit = self.asking.permit(case)?;
        self.asking.record(case, &permit, kinds).await
    }

    /// What the time is.
    pub(crate) fn now(&self) -> Timestamp {
        self.asking.clock.now()
    }
}
