//! Laws that hold for every combination of replies, not only for the rows.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::subsequence;
use zeroize::Zeroizing;

use super::drawn::{checks, found_situations, replacing, situations, standings, unanswered};
use super::row::{BORN_IN_TIME, By, FEED_INTERVAL, Situation, everything, noon, work};
use super::said::no_record;
use crate::answer::{Answer, Negative, Outcome};
use crate::case::{Case, CaseState};
use crate::check::CheckKind;
use crate::decide::{Decision, Verdict, decide};
use crate::event::{Change, Event, EventKind, Receipt};
use crate::ids::{CaseId, RequestId};
use crate::question::Operation;
use crate::referral::Held;
use crate::reply::{self, Facts};
use crate::route::{self, Standing};
use crate::sla::Target;
use crate::windrush::{LAST_ARRIVAL, Rules};

fn decided(situation: &Situation) -> Decision {
    let check = situation.check().unwrap_or_else(|field| panic!("{field}"));
    decide(
        &check,
        &situation.replies(),
        &Rules::default(),
        FEED_INTERVAL,
        situation.now,
    )
}

fn answered(situation: &Situation) -> Result<Answer, Held> {
    let check = situation.check().unwrap_or_else(|field| panic!("{field}"));
    decided(situation)
        .verdict
        .answer(&check, &situation.replies(), &everything())
}

fn may_refuse(situation: &Situation) -> bool {
    answered(situation).is_ok_and(|answer| answer.may_refuse(situation.kind))
}

fn has_profile(situation: &Situation) -> bool {
    let check = situation.check().unwrap_or_else(|field| panic!("{field}"));
    Rules::default().has_profile(&check, &situation.replies())
}

fn is_no(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NotEstablished(_) | Verdict::Hold { .. })
}

/// A reply that answers its own question with a record or with none.
fn really_answered(situation: &Situation, operation: Operation) -> bool {
    match situation.replies().of(operation).map(|reply| &reply.outcome) {
        Some(reply::Outcome::NoRecord) => true,
        Some(reply::Outcome::Found(facts)) => matches!(
            (operation, facts),
            (Operation::ImmigrationStatus, Facts::ImmigrationStatus(_))
                | (Operation::Section95Support, Facts::Section95Support(_))
                | (Operation::EducationEligibility, Facts::EducationEligibility(_))
        ),
        _ => false,
    }
}

fn is_no_record(situation: &Situation, operation: Operation) -> bool {
    let replies = situation.replies();
    replies
        .of(operation)
        .is_some_and(|reply| reply.outcome == reply::Outcome::NoRecord)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn without_a_real_answer_to_the_required_question_there_is_no_no(
        situation in situations(), required in proptest::option::of(unanswered())
    ) {
        let operation = route::required(situation.kind);
        let mut situation = situation;
        situation.replies.retain(|(asked, _)| *asked != operation);
        let situation = match required {
            Some(standing) => situation.said(operation, standing),
            None => situation,
        };
        prop_assert!(!is_no(&decided(&situation).verdict));
        prop_assert!(!may_refuse(&situation));
    }

    #[test]
    fn every_no_rests_on_departments_that_really_answered(situation in situations()) {
        if is_no(&decided(&situation).verdict) {
            let required = route::required(situation.kind);
            prop_assert!(really_answered(&situation, required));
            if situation.kind == CheckKind::Section95 && is_no_record(&situation, required) {
                prop_assert!(really_answered(&situation, Operation::EducationEligibility));
            }
        }
    }

    #[test]
    fn with_a_profile_nothing_adverse_is_released(situation in prop_oneof![situations(), found_situations()]) {
        let situation = Situation { born: BORN_IN_TIME, ..situation };
        if has_profile(&situation) {
            let verdict = decided(&situation).verdict;
            prop_assert!(!matches!(verdict, Verdict::NotEstablished(_)));
            if let Verdict::Established { facts: crate::answer::Facts::Iecas { valid_until, .. }, .. } = verdict {
                let today = crate::clock::london_day(situation.now);
                prop_assert!(valid_until.is_none_or(|last| last >= today));
            }
            prop_assert!(!may_refuse(&situation));
            let adverse = |answer: Answer| matches!(answer.outcome, Outcome::NotEstablished(_));
            prop_assert!(!answered(&situation).is_ok_and(adverse));
        }
    }

    #[test]
    fn only_a_first_arrival_after_1988_ends_the_profile_of_a_person_born_in_time(
        situation in prop_oneof![situations(), found_situations()]
    ) {
        let situation = Situation { born: BORN_IN_TIME, ..situation };
        let arrived_late = situation.replies.iter().any(|(operation, standing)| match standing {
            Standing::Replied(reply::Reply { outcome: reply::Outcome::Found(Facts::ImmigrationStatus(status)), .. }) => {
                *operation == Operation::ImmigrationStatus
                    && status.arrived_on.is_some_and(|day| day > LAST_ARRIVAL)
            }
            _ => false,
        });
        prop_assert!(has_profile(&situation) || arrived_late);
    }

    #[test]
    fn a_hold_is_only_where_there_is_a_profile(situation in prop_oneof![situations(), found_situations()]) {
        if let Verdict::Hold { held } = decided(&situation).verdict {
            prop_assert!(has_profile(&situation));
            prop_assert!(matches!(held, Held::Negative(_)) || situation.kind == CheckKind::Iecas);
        }
    }

    #[test]
    fn nothing_in_an_iecas_answer_lets_a_trust_refuse(situation in prop_oneof![situations(), found_situations()]) {
        let kind = CheckKind::Iecas;
        prop_assume!(situation.by != By::ShareCode && situation.by != By::NamesAndSupportReference);
        let situation = Situation { kind, ..situation };
        prop_assert!(!may_refuse(&situation));
    }

    #[test]
    fn supporting_replies_never_turn_a_positive_reply_into_a_no(situation in found_situations()) {
        let required = route::required(situation.kind);
        let mut alone = situation.clone();
        alone.replies.retain(|(asked, _)| *asked == required);
        let in_force = decided(&alone).verdict;
        if let Verdict::Established { facts, .. } = in_force {
            let today = crate::clock::london_day(situation.now);
            let ended = matches!(facts, crate::answer::Facts::Iecas { valid_until: Some(last), .. } if last < today);
            let verdict = decided(&situation).verdict;
            prop_assert!(!matches!(verdict, Verdict::NotEstablished(_)));
            prop_assert!(ended || !is_no(&verdict));
        }
    }

    #[test]
    fn hmrc_changes_nothing_that_is_established(situation in found_situations(), said in standings()) {
        let hmrc = Operation::EmploymentHistory;
        let mut without = situation.clone();
        without.replies.retain(|(asked, _)| *asked != hmrc);
        // Early residence makes ended leave in IECAS a hold.
        if situation.kind != CheckKind::Iecas {
            let before = decided(&without);
            if matches!(before.verdict, Verdict::Established { .. }) {
                prop_assert!(decided(&replacing(situation, hmrc, said)) == before);
            }
        }
    }

    #[test]
    fn a_verdict_that_does_not_wait_is_not_changed_by_a_reply_that_is_out(
        situation in prop_oneof![situations(), found_situations()], said in standings()
    ) {
        let outstanding: Vec<_> = situation.replies.iter()
            .filter(|(_, standing)| *standing == Standing::Out)
            .map(|(operation, _)| *operation)
            .filter(|operation| may_change(situation.kind).contains(operation))
            .collect();
        let before = decided(&situation);
        if before.wait == crate::decide::Wait::No && situation.kind != CheckKind::Iecas {
            for operation in outstanding {
                let after = decided(&replacing(situation.clone(), operation, said.clone()));
                let both_established = matches!(
                    (&before.verdict, &after.verdict),
                    (Verdict::Established { .. }, Verdict::Established { .. })
                );
                prop_assert!(both_established || after.verdict == before.verdict, "{}", operation.as_str());
            }
        }
    }

    #[test]
    fn no_question_is_asked_twice_or_outside_the_agreement(
        situation in checks(), said in proptest::collection::vec(standings(), Operation::ALL.len()),
        allowed in subsequence(Operation::ALL.to_vec(), 0..=Operation::ALL.len()), half_spent in any::<bool>()
    ) {
        let check = situation.check().unwrap_or_else(|field| panic!("{field}"));
        let mut replies = situation.replies();
        let mut asked = Vec::new();
        for _ in 0..=Operation::ALL.len() {
            for operation in route::next(&check, &replies, &allowed, half_spent) {
                prop_assert!(allowed.contains(&operation));
                prop_assert!(!asked.contains(&operation));
                asked.push(operation);
                replies.ask(operation);
                if let Some(Standing::Replied(reply)) = said.get(asked.len() - 1).cloned().map(Standing::from) {
                    replies.reply(operation, reply);
                }
            }
        }
        prop_assert!(route::next(&check, &replies, &allowed, half_spent).is_empty());
    }

    #[test]
    fn a_case_stands_as_its_last_decision_says(
        steps in proptest::collection::vec((situations(), any::<bool>()), 0..8)
    ) {
        let check = steps.first().map_or_else(|| work(""), |(situation, _)| situation.clone()).check();
        let receipt = receipt(check.unwrap_or_else(|field| panic!("{field}")));
        let mut kinds = vec![EventKind::Received(Box::new(receipt))];
        let mut last = None;
        for (situation, decides) in &steps {
            if let (true, Ok(answer)) = (decides, answered(situation)) {
                last = Some(answer.clone());
                kinds.push(EventKind::Decided(answer));
            } else {
                let question_id = crate::ids::QuestionId(uuid::Uuid::nil());
                kinds.push(EventKind::Asked { question_id, operation: Operation::ImmigrationStatus, charged: None });
            }
        }
        let events = Change::new(id(), noon(), kinds).events;
        let case = Case::fold(id(), events).unwrap_or_else(|fault| panic!("{fault}"));
        prop_assert_eq!(case.version, steps.len() as u64 + 1);
        prop_assert_eq!(case.is_decided(), last.is_some());
        let state = match last.as_ref().map(|answer| &answer.outcome) {
            None | Some(Outcome::Pending { .. }) => CaseState::Open,
            Some(Outcome::MoreInformation { .. }) => CaseState::AwaitingInformation,
            Some(Outcome::Referred { .. }) => CaseState::Referred,
            Some(Outcome::Established { .. } | Outcome::NotEstablished(_)) => CaseState::Answered,
        };
        prop_assert_eq!(case.state, state);
        prop_assert!(last.is_none_or(|answer| answer == case.answer));
    }

    #[test]
    fn a_history_with_a_step_missing_is_no_history(missing in 0..4usize) {
        let receipt = receipt(work("").check().unwrap_or_else(|field| panic!("{field}")));
        let decided = || match answered(&work("").home_office(no_record())) {
            Ok(answer) => EventKind::Decided(answer),
            Err(_held) => panic!("nobody has a profile here"),
        };
        let kinds = [EventKind::Received(Box::new(receipt)), decided(), decided(), decided()];
        let mut events: Vec<Event> = Change::new(id(), noon(), kinds).events;
        events.remove(missing);
        // Without its last step it is the same case a step earlier.
        prop_assert_eq!(Case::fold(id(), events).is_ok(), missing == 3);
    }
}

fn id() -> CaseId {
    CaseId::at(Timestamp::UNIX_EPOCH, &[0; 10])
}

fn receipt(check: crate::check::Check) -> Receipt {
    let agreement = everything();
    Receipt {
        organisation: "caller".parse().unwrap(),
        request_id: RequestId(uuid::Uuid::nil()),
        check,
        caller_reference: Zeroizing::default(),
        agreement_id: agreement.id,
        legal_basis: agreement.legal_basis,
        clock: Target::DEFAULT.start(noon()),
        is_discreet: false,
    }
}

#[test]
fn what_is_held_has_no_answer_of_its_own() {
    let situation = work("").born(BORN_IN_TIME).home_office(no_record());
    let held = Held::Negative(Negative::NoRecord);
    assert!(decided(&situation).verdict == Verdict::Hold { held: held.clone() });
    assert!(answered(&situation) == Err(held));
}

/// The questions that are put for a check, or for evidence of residence, and whose replies may change its answer. Six years
/// of employments show no early residence, whatever is drawn here, and so change nothing.
fn may_change(kind: CheckKind) -> Vec<Operation> {
    let own = match kind {
        CheckKind::RightToWork => [Operation::ImmigrationStatus, Operation::NinoTrace],
        CheckKind::RightToRent | CheckKind::Iecas => [Operation::ImmigrationStatus; 2],
        CheckKind::Section95 => [Operation::EducationEligibility, Operation::Section95Support],
    };
    own.into_iter()
        .chain([Operation::BenefitHistory, Operation::ContributionHistory])
        .collect()
}
