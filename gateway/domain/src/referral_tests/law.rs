//! The law, read off what was recorded and off nothing else.

use std::collections::BTreeMap;

use super::world::{Recorded, World};
use crate::answer::{Answer, Facts, Outcome};
use crate::case::{Case, CaseState};
use crate::clock::london_day;
use crate::event::{Event, EventKind};
use crate::ids::ReferralId;
use crate::referral::{Finding, ReferralEvent};

/// Where in the log each referral was opened, and where it was resolved as not confirmed.
#[derive(Default)]
struct Known {
    opened: BTreeMap<ReferralId, usize>,
    denied: BTreeMap<ReferralId, usize>,
}

/// Everything that breaks the law, in words.
pub(super) fn broken(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    let mut known = Known::default();
    let mut cases: BTreeMap<usize, Case> = BTreeMap::new();
    for (place, recorded) in world.log.iter().enumerate() {
        let before = cases.remove(&recorded.case);
        let after = folded(before.clone(), world, recorded);
        if let Some(before) = &before {
            judge(world, place, before, recorded, &known, &mut faults);
        }
        note(place, before.as_ref(), recorded, &mut known, &mut faults);
        if after.state == CaseState::Referred && after.referrals.holding().is_none() {
            faults.push(format!("{place}: told as referred, and no referral holds it"));
        }
        cases.insert(recorded.case, after);
    }
    faults
}

fn folded(before: Option<Case>, world: &World, recorded: &Recorded) -> Case {
    let id = world.cases[recorded.case].id;
    let events = recorded.events.iter().cloned();
    let after = match before {
        None => Case::fold(id, events),
        Some(case) => events.into_iter().try_fold(case, Case::after),
    };
    match after {
        Ok(case) => case,
        Err(fault) => panic!("{fault}"),
    }
}

/// For every released adverse or empty answer about a person with a profile, and every case about one that is over because its caller
/// was silent, there is an earlier referral that was resolved "not confirmed".
fn judge(
    world: &World,
    place: usize,
    before: &Case,
    recorded: &Recorded,
    known: &Known,
    faults: &mut Vec<String>,
) {
    let mut case = before.clone();
    for event in &recorded.events {
        let replies = case.questions.replies();
        let has_profile = world.rules.has_profile(&case.receipt.check, &replies);
        let released = match &event.kind {
            EventKind::Decided(answer) => is_adverse(answer, event),
            EventKind::Lapsed => true,
            _ => false,
        };
        if released && has_profile && !is_covered(before, recorded, place, known) {
            faults.push(format!(
                "{place}: adverse or over, and no referral was resolved before"
            ));
        }
        match case.after(event.clone()) {
            Ok(after) => case = after,
            Err(fault) => panic!("{fault}"),
        }
    }
}

fn is_adverse(answer: &Answer, event: &Event) -> bool {
    match &answer.outcome {
        Outcome::NotEstablished(_) => true,
        Outcome::Established {
            facts: Facts::Iecas {
                valid_until: Some(last),
                ..
            },
            ..
        } => *last < london_day(event.time),
        _ => false,
    }
}

/// The change resolves a referral that was opened before it, or names one that was resolved before it.
fn is_covered(before: &Case, recorded: &Recorded, place: usize, known: &Known) -> bool {
    let earlier = |at: Option<&usize>| at.is_some_and(|at| *at < place);
    recorded.events.iter().any(|event| match &event.kind {
        EventKind::Referral(ReferralEvent::Said(said)) if said.finding == Finding::NotConfirmed => {
            let open = before.referrals.open();
            open.is_some_and(|open| earlier(known.opened.get(&open.id)))
        }
        EventKind::Referral(ReferralEvent::Recalled {
            id,
            is_confirmed: false,
            ..
        }) => earlier(known.opened.get(id)) && earlier(known.denied.get(id)),
        _ => false,
    })
}

/// For every hold there is one referral, opened once, and one that is joined was opened before.
fn note(
    place: usize,
    before: Option<&Case>,
    recorded: &Recorded,
    known: &mut Known,
    faults: &mut Vec<String>,
) {
    for event in &recorded.events {
        match &event.kind {
            EventKind::Referral(ReferralEvent::Opened(opening)) => {
                let is_known = known.opened.contains_key(&opening.id);
                match opening.joined {
                    Some(_) if !is_known => faults.push(format!("{place}: joined what nobody opened")),
                    None if is_known => faults.push(format!("{place}: opened twice")),
                    Some(_) => {}
                    None => {
                        known.opened.insert(opening.id, place);
                    }
                }
            }
            EventKind::Referral(ReferralEvent::Said(said)) if said.finding == Finding::NotConfirmed => {
                let open = before.and_then(|case| case.referrals.open());
                known.denied.extend(open.map(|open| (open.id, place)));
            }
            _ => {}
        }
    }
}
