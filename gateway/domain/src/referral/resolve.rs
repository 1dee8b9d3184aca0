//! What the taskforce does with a referral, and what that means for its case.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Finding, Held, Referral, ReferralEvent, ReferralState, Resolution};
use crate::agreement::Agreement;
use crate::answer::{Answer, Facts, Outcome};
use crate::case::{Case, CaseState};
use crate::decide::Verdict;
use crate::event::EventKind;
use crate::ids::ReferralId;
use crate::sla::SlaClock;
use crate::subject::Field;

/// Characters of a note. 2,000: a page.
pub const NOTE_MAX: usize = 2_000;

/// What the taskforce says, as it comes in.
#[derive(Clone, PartialEq, Eq)]
pub enum Found {
    /// A status is established.
    Confirmed(Facts),
    /// No Windrush case.
    NotConfirmed,
    /// The finding takes longer: until then.
    NeedsLonger(Timestamp),
}

/// Why the taskforce cannot do that with the referral as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResolveFault {
    /// There is none of that id.
    #[error("there is no such referral")]
    NoSuchReferral(ReferralId),
    /// It was resolved, and otherwise; that is final.
    #[error("the referral was resolved before, and otherwise; a finding is final")]
    ResolvedOtherwise(ReferralId),
    /// A status was established meanwhile.
    #[error("the referral is needed no longer: a status was established meanwhile")]
    Superseded(ReferralId),
    /// The facts are not those of the referral's check.
    #[error("the facts must be those of the check that was referred")]
    OtherFacts,
    /// The new due time is not after the one before.
    #[error("the new due time must be later than the one before, and in the future")]
    NotLater,
    /// Its case is over: nobody can be asked.
    #[error("the case of this referral is over; its caller is asked for nothing more")]
    CaseOver(ReferralId),
}

impl Case {
    /// What `found`, with its note and its author, makes of the case at `now`; nothing where the same was said before. A case that
    /// is held is answered, or told of the new due time; any other only has it recorded: one that was withdrawn, or about
    /// which departments are being asked anew.
    ///
    /// # Errors
    /// [`ResolveFault`]
    pub fn resolved(
        &self,
        id: ReferralId,
        found: &Found,
        (note, by): (&Zeroizing<String>, &str),
        agreement: &Agreement,
        now: Timestamp,
    ) -> Result<Vec<EventKind>, ResolveFault> {
        let referral = self.referrals.of(id);
        let referral = referral.ok_or(ResolveFault::NoSuchReferral(id))?;
        let is_same = |said: &Resolution| found.is(&said.finding) && said.note == *note;
        match referral.state {
            ReferralState::Superseded => return Err(ResolveFault::Superseded(id)),
            ReferralState::Confirmed | ReferralState::NotConfirmed => {
                let same = referral.resolution().is_some_and(is_same);
                return same.then(Vec::new).ok_or(ResolveFault::ResolvedOtherwise(id));
            }
            ReferralState::Open if referral.said.last().is_some_and(is_same) => return Ok(Vec::new()),
            ReferralState::Open => {}
        }
        let finding = match found {
            Found::Confirmed(facts) if facts.kind() != self.receipt.check.kind() => {
                return Err(ResolveFault::OtherFacts);
            }
            Found::Confirmed(facts) => Finding::Confirmed(facts.clone()),
            Found::NotConfirmed => Finding::NotConfirmed,
            Found::NeedsLonger(until) if *until <= referral.due.due_at || *until <= now => {
                return Err(ResolveFault::NotLater);
            }
            Found::NeedsLonger(until) => Finding::NeedsLonger {
                due: longer(&referral.due, *until),
            },
        };
        Ok(self.said(
            referral,
            Resolution {
                finding,
                note: note.clone(),
                by: by.to_owned(),
                at: now,
                tells: false,
            },
            agreement,
        ))
    }

    /// What a resolution of the referral that this case joined makes of it; none where the confirmed facts say nothing in this
    /// check, so that it needs a referral of its own.
    pub fn resolved_with(
        &self,
        referral: &Referral,
        resolution: &Resolution,
        agreement: &Agreement,
    ) -> Option<Vec<EventKind>> {
        let finding = match &resolution.finding {
            Finding::Confirmed(facts) => Finding::Confirmed(facts.in_check(self.receipt.check.kind())?),
            other => other.clone(),
        };
        let resolution = Resolution {
            finding,
            ..resolution.clone()
        };
        Some(self.said(referral, resolution, agreement))
    }

    fn said(&self, referral: &Referral, resolution: Resolution, agreement: &Agreement) -> Vec<EventKind> {
        let holding = self.referrals.holding().filter(|_| !self.is_over());
        let is_held = holding.is_some_and(|held| held.id == referral.id);
        let after = match &resolution.finding {
            // A positive answer is never delayed, whatever is being asked meanwhile.
            Finding::Confirmed(facts) if !self.is_over() => {
                let established = Verdict::Established {
                    facts: facts.clone(),
                    as_of: Some(resolution.at),
                };
                self.release(established, agreement)
            }
            Finding::NotConfirmed if is_held => self.release_held(&referral.held, agreement),
            Finding::NeedsLonger { due } if is_held && !referral.is_withheld => {
                let mut longer = referral.clone();
                longer.due = due.clone();
                Some(EventKind::Decided(
                    longer.told(self.receipt.check.kind(), self.answer.clone()),
                ))
            }
            _ => None,
        };
        let resolution = Resolution {
            tells: after.is_some(),
            ..resolution
        };
        let said = EventKind::Referral(ReferralEvent::Said(Box::new(resolution)));
        after.into_iter().chain(std::iter::once(said)).collect()
    }

    /// What was held back, released: the taskforce did not confirm a status.
    pub fn release_held(&self, held: &Held, agreement: &Agreement) -> Option<EventKind> {
        match held {
            Held::Negative(negative) => self.release(Verdict::NotEstablished(*negative), agreement),
            Held::EndedLeave { facts, as_of } => {
                let established = Verdict::Established {
                    facts: facts.clone(),
                    as_of: *as_of,
                };
                self.release(established, agreement)
            }
            Held::Silence => Some(EventKind::Lapsed),
        }
    }

    fn release(&self, verdict: Verdict, agreement: &Agreement) -> Option<EventKind> {
        let replies = self.questions.replies();
        let answer = verdict.answer(&self.receipt.check, &replies, agreement).ok()?;
        Some(EventKind::Decided(answer))
    }

    /// What asking the caller for `fields` makes of the case; nothing where it was asked for the same.
    ///
    /// # Errors
    /// [`ResolveFault`]
    pub fn asked_by_taskforce(
        &self,
        id: ReferralId,
        fields: &[Field],
        by: &str,
    ) -> Result<Vec<EventKind>, ResolveFault> {
        let referral = self.referrals.of(id);
        let referral = referral.ok_or(ResolveFault::NoSuchReferral(id))?;
        match referral.state {
            ReferralState::Superseded => return Err(ResolveFault::Superseded(id)),
            ReferralState::Confirmed | ReferralState::NotConfirmed => {
                return Err(ResolveFault::ResolvedOtherwise(id));
            }
            ReferralState::Open => {}
        }
        if self.state == CaseState::Withdrawn {
            return Err(ResolveFault::CaseOver(id));
        }
        if referral.asked == fields {
            return Ok(Vec::new());
        }
        let mut asking = referral.clone();
        asking.asked = fields.to_vec();
        let told = asking.told(self.receipt.check.kind(), self.answer.clone());
        Ok(vec![
            EventKind::Decided(told),
            EventKind::Referral(ReferralEvent::InformationAsked {
                fields: fields.to_vec(),
                by: by.to_owned(),
            }),
        ])
    }

    /// What the caller is told while the open referral holds the case.
    pub fn told_of(&self, referral: &Referral, agreement: &Agreement) -> Answer {
        let told = Answer {
            outcome: self.answer.outcome.clone(),
            legal_basis: agreement.legal_basis.clone(),
            agreement_id: agreement.id.clone(),
            as_of: None,
        };
        referral.told(self.receipt.check.kind(), told)
    }
}

impl Found {
    fn is(&self, finding: &Finding) -> bool {
        match (self, finding) {
            (Self::Confirmed(facts), Finding::Confirmed(found)) => facts == found,
            (Self::NotConfirmed, Finding::NotConfirmed) => true,
            (Self::NeedsLonger(until), Finding::NeedsLonger { due }) => due.due_at == *until,
            _ => false,
        }
    }
}

impl Outcome {
    /// The fields that the caller is asked for.
    pub fn asked(&self) -> Option<&[Field]> {
        match self {
            Self::MoreInformation { fields } => Some(fields),
            Self::Referred { fields, .. } if !fields.is_empty() => Some(fields),
            _ => None,
        }
    }
}

fn longer(due: &SlaClock, until: Timestamp) -> SlaClock {
    SlaClock {
        started_at: due.started_at,
        due_at: until,
        explanation: "later than first promised: the taskforce needs longer".to_owned(),
    }
}
