//! What is held back, and why: a referral is opened, or joined, or what the taskforce found before is the answer; all of it in
//! the change that tells the caller.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use jiff::Timestamp;
use statuscheck_domain::agreement::{Permit, Safeguard, Standing};
use statuscheck_domain::case::Case;
use statuscheck_domain::case_clock::{CaseClock, ClockTerms};
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::london_day;
use statuscheck_domain::decide::Verdict;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::ReferralId;
use statuscheck_domain::referral::{Conclusion, Hold, Lookup, NewReferral, Recall, ReferralEvent};
use statuscheck_domain::route;
use statuscheck_domain::sla::{Ground, SlaClock};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Asking, Inquiry, Planned};
use crate::error::Error;
use crate::random;

/// Locks for people who are being held back. 64: holds are rare, and two people that share one wait a millisecond.
const PERSONS: usize = 64;

/// One lock for everybody born on the same day, more or less: two checks about one person that come to a hold at once are held one
/// after the other in this gateway, so that the second joins the referral of the first and neither has to look twice. Where they come
/// to two gateways the store refuses the second, which then looks again ([`Lookup`]).
pub(crate) struct Persons([Arc<Mutex<()>>; PERSONS]);

impl Default for Persons {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Arc::default()))
    }
}

impl Persons {
    async fn of(&self, check: &Check) -> OwnedMutexGuard<()> {
        let mut hasher = DefaultHasher::new();
        check.subject.date_of_birth.date().hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % PERSONS as u64).unwrap_or(0);
        Arc::clone(&self.0[place]).lock_owned().await
    }
}

/// What follows from a conclusion once it is recorded.
#[derive(Default)]
pub(super) struct Concluded {
    /// Held until it is recorded.
    pub(super) person: Option<OwnedMutexGuard<()>>,
    /// Questions to departments that may hold evidence of residence.
    pub(super) evidence: Vec<Planned>,
    /// The case joined another's referral.
    pub(super) joined: bool,
    /// Cases may have joined what was superseded.
    pub(super) releases: bool,
}

impl Inquiry {
    /// What the caller is told by `verdict`, to be recorded, unless it is what was told before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn conclude(&mut self, verdict: Verdict) -> Result<Concluded, Error> {
        self.alarm_if_unclear(&verdict);
        let (safeguard, now) = (self.asking.safeguard(&self.case), self.asking.clock.now());
        let under = (self.permit.agreement(), &safeguard.rules);
        let concluded = self
            .case
            .concluded(verdict.clone(), &self.replies, under, self.moved, now);
        match concluded {
            Conclusion::Told(steps) => {
                self.unrecorded.extend(steps);
                Ok(Concluded::default())
            }
            Conclusion::HeldOn(steps) => {
                if self.has_more_of_its_own_person() {
                    let moved = self.case.concluded(verdict, &self.replies, under, true, now);
                    if let Conclusion::ToHold(hold) = moved
                        && self.is_known(&hold, now).await?
                    {
                        return self.move_on(&hold).await;
                    }
                }
                self.unrecorded.extend(steps);
                let joined = self
                    .case
                    .referrals
                    .open()
                    .is_some_and(|open| open.joined.is_some());
                let evidence = if joined { Vec::new() } else { self.evidence().await };
                Ok(Concluded {
                    evidence,
                    ..Concluded::default()
                })
            }
            Conclusion::Superseded(steps) => {
                self.unrecorded.extend(steps);
                Ok(Concluded {
                    releases: true,
                    ..Concluded::default()
                })
            }
            Conclusion::ToHold(hold) => self.hold(&hold).await,
        }
    }

    /// This case opened the referral of its person, of whom the caller has just said more.
    fn has_more_of_its_own_person(&self) -> bool {
        let referrals = &self.case.referrals;
        let is_own = referrals.open().is_some_and(|open| open.joined.is_none());
        is_own && referrals.holding().is_none()
    }

    /// By what is known of them now the person is one to whom the taskforce has confirmed a status, or whom it looks into because of
    /// another case.
    async fn is_known(&mut self, hold: &Hold, now: Timestamp) -> Result<bool, Error> {
        let known = self.asking.known(&self.case.receipt.check).await?;
        let recall = Recall::of(&self.case, hold, &known, now);
        Ok(matches!(recall, Recall::Confirmed { .. } | Recall::Open { .. }))
    }

    /// Nobody needs two referrals: what is known of the person takes the place of the case's own, and of that the cases that joined it
    /// look for theirs.
    async fn move_on(&mut self, hold: &Hold) -> Result<Concluded, Error> {
        let superseded = EventKind::Referral(ReferralEvent::Superseded);
        self.unrecorded.push(superseded);
        let concluded = self.hold(hold).await?;
        Ok(Concluded {
            releases: true,
            ..concluded
        })
    }

    /// Holds back what `hold` says: by a referral of its own, by one that it joins, or not at all where the taskforce has seen it.
    pub(super) async fn hold(&mut self, hold: &Hold) -> Result<Concluded, Error> {
        let check = self.case.receipt.check.clone();
        let person = self.asking.persons.of(&check).await;
        let known = self.asking.known(&check).await?;
        let (safeguard, now) = (self.asking.safeguard(&self.case), self.asking.clock.now());
        let recall = Recall::of(&self.case, hold, &known, now);
        self.lookup = recall.rests_on_none_open().then(|| Lookup::of(&check, &known));
        let joined = matches!(recall, Recall::Open { .. });
        let opens = recall == Recall::Nothing;
        // Only a referral of its own is due by this: what is remembered, and may be for ever, needs no calendar.
        let due = if opens {
            self.asking.finding_due(&safeguard, &self.permit, now)?
        } else {
            self.case.receipt.clock.clone()
        };
        let new = NewReferral {
            id: ReferralId::at(now, &random::bytes()),
            due,
            safeguard: &safeguard,
        };
        let under = (self.permit.agreement(), &self.replies);
        let steps = self.case.held(hold, recall, new, under, now);
        self.unrecorded.extend(steps);
        let evidence = if opens { self.evidence().await } else { Vec::new() };
        Ok(Concluded {
            person: Some(person),
            evidence,
            joined,
            releases: false,
        })
    }

    /// The questions to departments that may hold evidence of residence, to be recorded with the hold; none where the agreement is not
    /// in force, as a hold that comes after the call may find.
    async fn evidence(&mut self) -> Vec<Planned> {
        if !self.asking.may_ask(&self.permit, self.asking.clock.now()) {
            return Vec::new();
        }
        let agreement = self.permit.agreement();
        let mut next = route::evidence(&self.case.receipt.check, &self.replies, &agreement.operations);
        self.further(&mut next).await;
        let planned = self.asking.plan(&self.case.receipt.check, next, &self.aside);
        self.unrecorded.extend(planned.iter().map(Planned::asked));
        planned
    }
}

impl Asking {
    /// Departments may be asked under `permit` at `now`: its agreement is in force, and it is known that it is.
    pub(crate) fn may_ask(&self, permit: &Permit, now: Timestamp) -> bool {
        self.register.is_current() && permit.agreement().standing(london_day(now)) == Standing::InForce
    }

    /// The cases about the person of `check` that were referred, newest first.
    async fn known(&self, check: &Check) -> Result<Vec<Case>, Error> {
        let known_max = self.referrals.known_max;
        Ok(self.store.referred(&check.identities(), known_max).await?)
    }

    /// When the finding of a referral that is opened at `now` is due.
    fn finding_due(&self, safeguard: &Safeguard, permit: &Permit, now: Timestamp) -> Result<SlaClock, Error> {
        let promise = safeguard.promise;
        let terms = ClockTerms {
            promise,
            vulnerable: promise,
            ground: Ground::Usual,
            division: safeguard.division,
            ..self.terms(permit, now)
        };
        let started =
            CaseClock::start(terms, &self.calendars.now()).map_err(|fault| Error::internal(&fault))?;
        let clock = CaseClock::open(now, started).map_err(|fault| Error::internal(&fault))?;
        Ok(clock.promise())
    }

    /// What a case is asked under.
    pub(crate) fn permit(&self, case: &Case) -> Result<Permit, Error> {
        let permit = self.register.now().register.resume(&case.receipt);
        permit.ok_or_else(|| Error::NoSuchAgreement(case.receipt.agreement_id.clone()))
    }

    /// Records steps of a case as it is known, once its call has ended.
    ///
    /// # Errors
    /// [`Error::CaseChanged`] where it went on meanwhile; nothing can be recorded.
    pub(crate) async fn record(
        &self,
        case: &Case,
        permit: &Permit,
        kinds: Vec<EventKind>,
    ) -> Result<(), Error> {
        let (change, _) = self.step_told(case, Some(permit), self.clock.now(), kinds)?;
        Ok(self.store.commit(change).await?)
    }
}
