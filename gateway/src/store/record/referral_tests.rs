//! The record of a referral's steps.

use statuscheck_domain::answer::{Negative, Outcome};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, ReferralId};
use statuscheck_domain::referral::{Finding, Held, Hold, Opening, ReferralEvent, Resolution};
use statuscheck_domain::sla::Target;
use statuscheck_domain::subject::Field;
use statuscheck_domain::windrush::{Ground, Rules};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::tests::{read_back, samples};
use super::write;

/// Every step of a referral, with as much as there can be and with as little.
fn events() -> Vec<ReferralEvent> {
    let id = ReferralId(Uuid::from_u128(77));
    let facts = samples::answers()
        .into_iter()
        .find_map(|answer| match answer.outcome {
            Outcome::Established { facts, .. } => Some(facts),
            _ => None,
        });
    let Some(facts) = facts else {
        panic!("one answer has facts")
    };
    let due = Target::DEFAULT.start(samples::start());
    let hold = |held| Hold {
        held,
        grounds: Ground::ALL.to_vec(),
    };
    let opening = Opening {
        id,
        joined: None,
        hold: hold(Held::Negative(Negative::NoRecord)),
        rules: Rules::default().version,
        due: due.clone(),
        is_withheld: true,
        contact: "the help team".to_owned(),
        asked: vec![Field::GivenNames],
    };
    let joined = Opening {
        joined: Some(CaseId(Uuid::from_u128(78))),
        is_withheld: false,
        asked: Vec::new(),
        ..opening.clone()
    };
    let ended = Held::EndedLeave {
        facts: facts.clone(),
        as_of: Some(samples::start()),
    };
    let said = |finding| {
        ReferralEvent::Said(Box::new(Resolution {
            finding,
            note: Zeroizing::new("Seen in the register of 1966.".to_owned()),
            by: "taskforce/one".to_owned(),
            at: samples::start(),
            tells: true,
        }))
    };
    let by = || "taskforce/one".to_owned();
    vec![
        ReferralEvent::Opened(Box::new(opening)),
        ReferralEvent::Opened(Box::new(joined)),
        ReferralEvent::Held(Box::new(hold(ended))),
        ReferralEvent::Held(Box::new(hold(Held::Silence))),
        ReferralEvent::InformationAsked {
            fields: vec![Field::HomeOfficeReference],
            by: by(),
        },
        ReferralEvent::Viewed { by: by() },
        said(Finding::Confirmed(facts)),
        said(Finding::NotConfirmed),
        said(Finding::NeedsLonger { due }),
        ReferralEvent::Superseded,
        ReferralEvent::Released { id },
        ReferralEvent::Late,
        ReferralEvent::Looked,
        ReferralEvent::Recalled {
            id,
            case_id: CaseId(Uuid::from_u128(78)),
            is_confirmed: true,
        },
    ]
}

#[test]
fn every_step_of_a_referral_comes_back_as_it_was() {
    for event in events() {
        let kind = event.as_str();
        let event = EventKind::Referral(event);
        let Ok(bytes) = write(&event, None, 0) else {
            panic!("{kind} can be written")
        };
        let back = read_back(&event);
        assert_eq!(back.as_str(), kind);
        // Each of its fields is in its record, so the same record is the same step.
        assert!(
            write(&back, None, 0).is_ok_and(|again| *again == *bytes),
            "{kind}"
        );
    }
}
