//! What is held back, and why: a referral is opened, or joined, or what the taskforce found before is the answer; all of it in
//! the change that tells the caller.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use jiff::Timestamp;
use statuscheck_domain::agreement::{Agreement, Permit};
use statuscheck_domain::answer::{Facts, Outcome};
use statuscheck_domain::case::Case;
use statuscheck_domain::case_clock::{CaseClock, ClockTerms};
use statuscheck_domain::check::Check;
use statuscheck_domain::clock::london_day;
use statuscheck_domain::decide::Verdict;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::referral::{Held, Hold, Opening, Recall, Referral, ReferralEvent};
use statuscheck_domain::route;
use statuscheck_domain::sla::{Ground, SlaClock};
use statuscheck_domain::subject::Field;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Asking, Inquiry, Planned};
use crate::error::Error;
use crate::random;

/// Locks for people who are being held back. 64: holds are rare, and two people that share one wait a millisecond.
const PERSONS: usize = 64;

/// One lock for everybody born on the same day, more or less: two checks about one person that come to a hold at once are held one
/// after the other in this gateway, so that the second joins the referral of the first.
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
    _person: Option<OwnedMutexGuard<()>>,
    /// Questions to departments that may hold evidence of residence.
    pub(super) evidence: Vec<Planned>,
    /// The case joined another's referral.
    pub(super) joined: bool,
    /// Cases that joined wait for what was superseded.
    pub(super) releases: bool,
}

impl Inquiry {
    /// What the caller is told by `verdict`, to be recorded, unless it is what was told before.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn conclude(&mut self, verdict: Verdict) -> Result<Concluded, Error> {
        self.alarm_if_unclear(&verdict);
        let today = london_day(self.asking.clock.now());
        let adverse = adverse(&verdict, today);
        let answer = verdict.answer(&self.case.receipt.check, &self.replies, self.permit.agreement());
        let open = self.case.referrals.open().cloned();
        match (answer, open, adverse) {
            (Err(held), _, _) => self.hold(held).await,
            // Once the taskforce is looking into it, nothing adverse is told before it has.
            (Ok(_), Some(_), Some(held)) => self.hold(held).await,
            (Ok(answer), Some(open), None) if matches!(answer.outcome, Outcome::Established { .. }) => {
                self.unrecorded.push(EventKind::Decided(answer));
                self.supersede(&open).await
            }
            // What holds goes on to hold: only a positive answer comes before it.
            (Ok(_), Some(_), None) if self.case.referrals.holding().is_some() => Ok(Concluded::default()),
            (Ok(answer), _, _) => {
                if !self.case.is_decided() || answer != self.case.answer {
                    self.unrecorded.push(EventKind::Decided(answer));
                }
                Ok(Concluded::default())
            }
        }
    }

    /// A status is established: the referral is needed no longer, and cases that joined it need another.
    async fn supersede(&mut self, open: &Referral) -> Result<Concluded, Error> {
        let event = |event| EventKind::Referral(event);
        self.unrecorded.push(event(ReferralEvent::Superseded));
        let mut concluded = Concluded::default();
        if open.joined.is_none() {
            concluded.releases = !self.asking.store.joined(open.id).await?.is_empty();
            if !concluded.releases {
                self.unrecorded
                    .push(event(ReferralEvent::Released { id: open.id }));
            }
        }
        Ok(concluded)
    }

    async fn hold(&mut self, held: Held) -> Result<Concluded, Error> {
        let check = self.case.receipt.check.clone();
        let rules = self.asking.rules();
        let mut hold = Hold {
            held,
            grounds: rules.grounds(&check, &self.replies),
        };
        if let Some(open) = self.case.referrals.open().filter(|_| !self.moved).cloned() {
            return self.hold_on(&open, hold).await;
        }
        if hold.grounds.is_empty() {
            hold.grounds = self
                .case
                .referrals
                .iter()
                .last()
                .map_or_else(Vec::new, |last| last.grounds.clone());
        }
        let person = self.asking.persons.of(&check).await;
        let known = self.asking.known(&check).await?;
        let mut concluded = match Recall::of(&self.case, &hold, &known, self.asking.clock.now()) {
            Recall::Confirmed {
                id,
                case_id,
                facts,
                at,
            } => {
                let established = Verdict::Established {
                    facts,
                    as_of: Some(at),
                };
                self.recalled(established, id, case_id, true);
                Concluded::default()
            }
            Recall::NotConfirmed { id, case_id } => {
                let released = released(&hold.held);
                self.recalled(released, id, case_id, false);
                Concluded::default()
            }
            Recall::Open { id, case_id, due } => {
                self.open(id, Some(case_id), due, hold);
                Concluded {
                    joined: true,
                    ..Concluded::default()
                }
            }
            Recall::Nothing => {
                let now = self.asking.clock.now();
                let due = self.asking.finding_due(&self.permit, now)?;
                let id = ReferralId::at(now, &random::bytes());
                self.open(id, None, due, hold);
                let evidence = self.evidence().await;
                Concluded {
                    evidence,
                    ..Concluded::default()
                }
            }
        };
        concluded._person = Some(person);
        Ok(concluded)
    }

    /// The case is referred already: what is held back is as it is now.
    async fn hold_on(&mut self, open: &Referral, mut hold: Hold) -> Result<Concluded, Error> {
        if hold.grounds.is_empty() {
            hold.grounds.clone_from(&open.grounds);
        }
        let is_holding = self.case.referrals.holding().is_some();
        if !is_holding {
            let told = self.case.told_of(open, self.permit.agreement());
            self.unrecorded.push(EventKind::Decided(told));
        }
        if !is_holding || open.held != hold.held || open.grounds != hold.grounds {
            let held = ReferralEvent::Held(Box::new(hold));
            self.unrecorded.push(EventKind::Referral(held));
        }
        let evidence = if open.joined.is_none() {
            self.evidence().await
        } else {
            Vec::new()
        };
        Ok(Concluded {
            evidence,
            ..Concluded::default()
        })
    }

    fn recalled(&mut self, verdict: Verdict, id: ReferralId, case_id: CaseId, is_confirmed: bool) {
        let answer = verdict.answer(&self.case.receipt.check, &self.replies, self.permit.agreement());
        // Neither an established status nor what was seen by the taskforce is held back.
        if let Ok(answer) = answer {
            let recalled = ReferralEvent::Recalled {
                id,
                case_id,
                is_confirmed,
            };
            self.unrecorded.push(EventKind::Decided(answer));
            self.unrecorded.push(EventKind::Referral(recalled));
        }
    }

    fn open(&mut self, id: ReferralId, joined: Option<CaseId>, due: SlaClock, hold: Hold) {
        let agreement = self.permit.agreement();
        let opening = Opening {
            id,
            joined,
            hold,
            rules: self.asking.rules().version.clone(),
            due,
            is_withheld: agreement.withholds_referrals,
            contact: self.asking.referrals.contact.clone(),
            asked: names_missing(&self.case.receipt.check, agreement),
        };
        let told = Referral::new(opening.clone(), self.asking.clock.now());
        let told = self.case.told_of(&told, agreement);
        self.unrecorded.push(EventKind::Decided(told));
        self.unrecorded
            .push(EventKind::Referral(ReferralEvent::Opened(Box::new(opening))));
    }

    /// The questions to departments that may hold evidence of residence, to be recorded with the hold.
    async fn evidence(&mut self) -> Vec<Planned> {
        let agreement = self.permit.agreement();
        let mut next = route::evidence(&self.case.receipt.check, &self.replies, &agreement.operations);
        self.further(&mut next).await;
        let planned = self.asking.plan(&self.case.receipt.check, next, &self.aside);
        self.unrecorded.extend(planned.iter().map(Planned::asked));
        planned
    }
}

/// What would be released without a status: adverse, or leave that has ended.
fn adverse(verdict: &Verdict, today: jiff::civil::Date) -> Option<Held> {
    match verdict {
        Verdict::NotEstablished(negative) => Some(Held::Negative(*negative)),
        Verdict::Established { facts, as_of } => {
            let ended = matches!(facts, Facts::Iecas { valid_until: Some(last), .. } if *last < today);
            ended.then(|| Held::EndedLeave {
                facts: facts.clone(),
                as_of: *as_of,
            })
        }
        Verdict::MoreInformation { .. } | Verdict::Pending { .. } | Verdict::Hold { .. } => None,
    }
}

fn released(held: &Held) -> Verdict {
    match held.clone() {
        Held::Negative(negative) => Verdict::NotEstablished(negative),
        Held::EndedLeave { facts, as_of } => Verdict::Established { facts, as_of },
        // It is never remembered.
        held @ Held::Silence => Verdict::Hold { held },
    }
}

/// The names that a check did without and that the caller may send. Where the reason is withheld nothing is asked, for that would
/// tell of it.
fn names_missing(check: &Check, agreement: &Agreement) -> Vec<Field> {
    if check.subject.name.is_some() || agreement.withholds_referrals {
        return Vec::new();
    }
    let mut names = vec![Field::GivenNames, Field::FamilyName];
    names.retain(|name| agreement.request_fields.contains(name));
    names
}

/// The moments at which a call under an agreement that withholds referrals is told that there is no answer yet, whatever the reason:
/// the first after its answer is recorded. What recording a referral takes shows in none of them.
pub(crate) struct Steps(Interval);

impl Steps {
    /// Waits until what `case` says may be told.
    pub(crate) async fn until_told(mut self, case: &Case) {
        if matches!(case.answer.outcome, Outcome::Pending { .. }) {
            self.0.tick().await;
        }
    }
}

impl Asking {
    /// The steps of a call under `permit` that begins now; none where everybody is told as soon as may be.
    pub(crate) fn steps(&self, permit: &Permit) -> Option<Steps> {
        let step = self.referrals.step;
        let withholds = permit.agreement().withholds_referrals && !step.is_zero();
        withholds.then(|| {
            let mut steps = interval(step);
            steps.set_missed_tick_behavior(MissedTickBehavior::Skip);
            // The first is at once, and is the beginning.
            steps.reset();
            Steps(steps)
        })
    }

    /// The cases about the person of `check` that were referred, newest first.
    async fn known(&self, check: &Check) -> Result<Vec<Case>, Error> {
        let known_max = self.referrals.known_max;
        Ok(self.store.referred(&check.identities(), known_max).await?)
    }

    /// When the finding of a referral that is opened at `now` is due.
    fn finding_due(&self, permit: &Permit, now: Timestamp) -> Result<SlaClock, Error> {
        let promise = self.referrals.promise;
        let terms = ClockTerms {
            promise,
            vulnerable: promise,
            ground: Ground::Usual,
            division: self.referrals.division,
            ..self.terms(permit, now)
        };
        let started = CaseClock::start(terms, &self.calendars).map_err(|fault| Error::internal(&fault))?;
        let clock = CaseClock::open(now, started).map_err(|fault| Error::internal(&fault))?;
        Ok(clock.promise())
    }

    /// What a case is asked under.
    pub(crate) fn permit(&self, case: &Case) -> Result<Permit, Error> {
        let permit = self.register.now().register.resume(&case.receipt);
        permit.ok_or_else(|| Error::NoSuchAgreement(case.receipt.agreement_id.clone()))
    }

    /// Records steps of a case as it is known.
    ///
    /// # Errors
    /// [`Error::CaseChanged`] where it went on meanwhile; nothing can be recorded.
    pub(crate) async fn record(
        &self,
        case: &Case,
        permit: &Permit,
        kinds: Vec<EventKind>,
    ) -> Result<(), Error> {
        let (change, _) = self.step(case, Some(permit), self.clock.now(), kinds)?;
        Ok(self.store.commit(change).await?)
    }
}
