//! What a verdict makes of a case, as steps to be recorded in one change: an answer, a hold with its referral, or the end of one.
//! Nothing here asks or stores; whoever does records all of the steps together or none.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Held, Hold, Opening, Recall, Referral, ReferralEvent};
use crate::agreement::{Agreement, Safeguard};
use crate::answer::{Answer, Facts, Outcome};
use crate::case::Case;
use crate::check::Check;
use crate::clock::london_day;
use crate::decide::Verdict;
use crate::event::EventKind;
use crate::ids::{CaseId, ReferralId};
use crate::route::Replies;
use crate::sla::SlaClock;
use crate::subject::Field;
use crate::windrush::Rules;

/// What a verdict comes to.
#[derive(Clone)]
pub enum Conclusion {
    /// These steps, which may be none.
    Told(Vec<EventKind>),
    /// The case goes on being held by its open referral: these steps, which may be none.
    HeldOn(Vec<EventKind>),
    /// A status is established while a referral is open, which these steps end. Cases that joined it wait for that, if there are
    /// any.
    Superseded(Vec<EventKind>),
    /// It is to be held back: look for what is known of the person, and then [`Case::held`].
    ToHold(Hold),
}

/// What a new referral is made of, beside what it holds back.
#[derive(Clone)]
pub struct NewReferral<'a> {
    /// Its id.
    pub id: ReferralId,
    /// When its finding is due.
    pub due: SlaClock,
    /// Who has a profile, whom to turn to, and what is told.
    pub safeguard: &'a Safeguard,
}

impl Case {
    /// What `verdict`, to which `replies` led at `now`, makes of the case. `moved`: the referral that it joined is of no use to it
    /// any more, and another takes its place.
    pub fn concluded(
        &self,
        verdict: Verdict,
        replies: &Replies,
        (agreement, rules): (&Agreement, &Rules),
        moved: bool,
        now: Timestamp,
    ) -> Conclusion {
        let check = &self.receipt.check;
        let adverse = adverse(&verdict, london_day(now));
        let open = self.referrals.open();
        let hold = |held| self.hold(held, replies, (agreement, rules), moved);
        match (verdict.answer(check, replies, agreement), open, adverse) {
            (Err(held), _, _) => hold(held),
            // Once the taskforce is looking into it, nothing adverse is told before it has.
            (Ok(_), Some(_), Some(held)) => hold(held),
            (Ok(answer), Some(open), None) if matches!(answer.outcome, Outcome::Established { .. }) => {
                let steps = vec![
                    EventKind::Decided(answer),
                    EventKind::Referral(ReferralEvent::Superseded),
                ];
                if open.joined.is_some() {
                    Conclusion::Told(steps)
                } else {
                    Conclusion::Superseded(steps)
                }
            }
            // Its caller stays as silent as it was when the case joined.
            (Ok(answer), Some(_), None) if moved && self.is_held_for_silence() && asks(&answer) => {
                hold(Held::Silence)
            }
            // What holds goes on to hold, unless it is of no use any more: only a positive answer comes before it.
            (Ok(_), Some(_), None) if self.referrals.holding().is_some() && !moved => {
                Conclusion::Told(Vec::new())
            }
            (Ok(answer), _, _) => {
                let is_new = !self.is_decided() || answer != self.answer;
                let told = is_new.then(|| EventKind::Decided(answer));
                Conclusion::Told(told.into_iter().collect())
            }
        }
    }

    fn is_held_for_silence(&self) -> bool {
        let holding = self.referrals.holding();
        holding.is_some_and(|holding| holding.held == Held::Silence)
    }

    fn hold(
        &self,
        held: Held,
        replies: &Replies,
        (agreement, rules): (&Agreement, &Rules),
        moved: bool,
    ) -> Conclusion {
        let mut hold = Hold {
            held,
            grounds: rules.grounds(&self.receipt.check, replies),
        };
        if hold.grounds.is_empty()
            && let Some(last) = self.referrals.iter().last()
        {
            hold.grounds.clone_from(&last.grounds);
        }
        match self.referrals.open().filter(|_| !moved) {
            Some(open) => Conclusion::HeldOn(self.held_on(open, hold, agreement)),
            None => Conclusion::ToHold(hold),
        }
    }

    fn held_on(&self, open: &Referral, hold: Hold, agreement: &Agreement) -> Vec<EventKind> {
        let is_holding = self.referrals.holding().is_some();
        let mut steps = Vec::new();
        if !is_holding {
            steps.push(EventKind::Decided(self.told_of(open, agreement)));
        }
        if !is_holding || open.held != hold.held || open.grounds != hold.grounds {
            steps.push(EventKind::Referral(ReferralEvent::Held(Box::new(hold))));
        }
        steps
    }

    /// What holding back makes of the case at `now`, by what is known of the person: nobody is referred twice, and nothing is
    /// released that the taskforce has not seen.
    pub fn held(
        &self,
        hold: &Hold,
        recall: Recall,
        new: NewReferral<'_>,
        (agreement, replies): (&Agreement, &Replies),
        now: Timestamp,
    ) -> Vec<EventKind> {
        match recall {
            Recall::Confirmed {
                id,
                case_id,
                facts,
                at,
            } => {
                let as_of = Some(at);
                let established = Verdict::Established { facts, as_of };
                self.recalled(established, replies, agreement, (id, case_id, true))
            }
            Recall::NotConfirmed { id, case_id } => {
                let released = released(&hold.held);
                self.recalled(released, replies, agreement, (id, case_id, false))
            }
            Recall::Open { id, case_id, due } => {
                let joining = NewReferral { id, due, ..new };
                self.referred(hold, Some(case_id), joining, agreement, now)
            }
            Recall::Nothing => self.referred(hold, None, new, agreement, now),
        }
    }

    fn recalled(
        &self,
        verdict: Verdict,
        replies: &Replies,
        agreement: &Agreement,
        (id, case_id, is_confirmed): (ReferralId, CaseId, bool),
    ) -> Vec<EventKind> {
        // Neither an established status nor what the taskforce has seen is held back.
        let Ok(answer) = verdict.answer(&self.receipt.check, replies, agreement) else {
            return Vec::new();
        };
        let recalled = ReferralEvent::Recalled {
            id,
            case_id,
            is_confirmed,
        };
        vec![EventKind::Decided(answer), EventKind::Referral(recalled)]
    }

    fn referred(
        &self,
        hold: &Hold,
        joined: Option<CaseId>,
        new: NewReferral<'_>,
        agreement: &Agreement,
        now: Timestamp,
    ) -> Vec<EventKind> {
        let opening = Opening {
            id: new.id,
            joined,
            hold: hold.clone(),
            rules: new.safeguard.rules.version.clone(),
            due: new.due,
            is_withheld: self.receipt.is_discreet,
            contact: new.safeguard.helpline.to_string(),
            advice: new.safeguard.advice.clone(),
            asked: asked(self, hold, agreement),
        };
        let told = self.told_of(&Referral::new(opening.clone(), now), agreement);
        vec![
            EventKind::Decided(told),
            EventKind::Referral(ReferralEvent::Opened(Box::new(opening))),
        ]
    }
}

const fn asks(answer: &Answer) -> bool {
    matches!(answer.outcome, Outcome::MoreInformation { .. })
}

/// What would be released without a status: adverse, or leave that has ended.
fn adverse(verdict: &Verdict, today: Date) -> Option<Held> {
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

/// What the caller is asked for from the beginning: what it was asked for and did not give, or the names that a check did
/// without, as far as the agreement lets it send them. Where the reason is withheld nothing is asked, for that would tell of it.
fn asked(case: &Case, hold: &Hold, agreement: &Agreement) -> Vec<Field> {
    if case.receipt.is_discreet {
        return Vec::new();
    }
    if hold.held == Held::Silence {
        return case
            .answer
            .outcome
            .asked()
            .map_or_else(Vec::new, <[Field]>::to_vec);
    }
    names_missing(&case.receipt.check, agreement)
}

fn names_missing(check: &Check, agreement: &Agreement) -> Vec<Field> {
    if check.subject.name.is_some() {
        return Vec::new();
    }
    let mut names = vec![Field::GivenNames, Field::FamilyName];
    names.retain(|name| agreement.request_fields.contains(name));
    names
}
