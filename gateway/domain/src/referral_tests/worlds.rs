//! The law over every order of events that can be drawn, and that it finds deciders which are wrong.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::law::broken;
use super::world::{Decider, Op, Said, World};
use crate::answer::Outcome;
use crate::case::{Case, CaseState};
use crate::check::CheckKind;
use crate::referral::Held;

const KINDS: [CheckKind; 3] = [CheckKind::RightToWork, CheckKind::RightToRent, CheckKind::Iecas];
const SAID: [Said; 5] = [
    Said::Nothing,
    Said::Ended,
    Said::Settled,
    Said::Later,
    Said::Several,
];

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let said = || select(&SAID[..]);
    let case = || 0usize..6;
    let op = prop_oneof![
        4 => (select(&KINDS[..]), prop::bool::weighted(0.8), said()).prop_map(|(kind, in_time, said)| Op::Ask(kind, in_time, said)),
        2 => (case(), said()).prop_map(|(case, said)| Op::Reply(case, said)),
        1 => (case(), said()).prop_map(|(case, said)| Op::Provide(case, said)),
        2 => (case(), said()).prop_map(|(case, said)| Op::Dispute(case, said)),
        1 => case().prop_map(Op::Withdraw),
        1 => case().prop_map(Op::Silence),
        1 => (case(), any::<bool>()).prop_map(|(case, dies)| Op::Confirm(case, dies)),
        3 => (case(), any::<bool>()).prop_map(|(case, dies)| Op::Deny(case, dies)),
        1 => Just(Op::Tick),
    ];
    proptest::collection::vec(op, 1..14)
}

fn lived(decider: Decider, ops: &[Op]) -> World {
    lived_in(World::new(decider), ops)
}

fn lived_in(mut world: World, ops: &[Op]) -> World {
    ops.iter().for_each(|op| world.run(*op));
    world
}

/// What no caller sees where the agreement withholds that a person is referred.
const UNSEEN: [&str; 4] = ["asked", "replied", "clock_started", "referred"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_adverse_is_released_before_a_referral_was_resolved(ops in ops()) {
        let world = lived(Decider::Right, &ops);
        prop_assert_eq!(broken(&world), Vec::<String>::new());
    }

    #[test]
    fn once_it_has_come_to_rest_nobody_waits_for_a_referral_that_is_closed(ops in ops()) {
        let mut world = lived(Decider::Right, &ops);
        world.tick();
        prop_assert_eq!(broken(&world), Vec::<String>::new());
        for case in &world.cases {
            let Some((origin, id)) = case.referrals.open().and_then(|open| Some((open.joined?, open.id))) else {
                continue;
            };
            let origin = world.cases.iter().find(|other| other.id == origin);
            let is_open = origin.and_then(|origin| origin.referrals.of(id)).is_some_and(|of| of.is_open());
            prop_assert!(is_open);
        }
    }

    #[test]
    fn where_referrals_are_withheld_a_case_that_waits_is_as_it_was_received(ops in ops()) {
        let world = lived_in(World::discreet(), &ops);
        prop_assert_eq!(broken(&world), Vec::<String>::new());
        for case in &world.cases {
            let steps: Vec<_> = case.history.iter().map(|step| step.kind).collect();
            prop_assert!(steps.iter().all(|step| !UNSEEN.contains(step)), "{:?}", steps);
            if case.state == CaseState::Open {
                let Ok(received) = Case::fold(case.id, world.receipt(case.id)) else {
                    panic!("a receipt is a case")
                };
                prop_assert!(case.told() == received.told());
                let is_received = steps == ["received"];
                prop_assert_eq!(is_received, case.told_version == 1 && case.update_time == received.update_time);
                let moved = ["more_information_needed", "information_provided", "disputed", "answered"];
                prop_assert!(is_received || moved.iter().any(|step| steps.contains(step)), "{:?}", steps);
            }
        }
    }

    #[test]
    fn a_positive_reply_is_never_held_up(ops in ops()) {
        let mut world = lived(Decider::Right, &ops);
        world.run(Op::Ask(CheckKind::RightToWork, true, Said::Settled));
        let told = world.cases.last().map(|case| case.answer.outcome.clone());
        let is_answered = matches!(told, Some(Outcome::Established { .. }));
        prop_assert!(is_answered);
    }
}

#[test]
fn who_joined_for_silence_is_referred_anew_once_that_referral_is_of_no_use() {
    let work = |in_time, said| Op::Ask(CheckKind::RightToWork, in_time, said);
    let silent = [
        work(true, Said::Several),
        work(true, Said::Nothing),
        Op::Silence(0),
    ];
    let mut world = lived(Decider::Right, &silent);
    let joined = world.cases[0].referrals.open().and_then(|open| open.joined);
    assert!(joined == Some(world.cases[1].id));

    world.run(Op::Provide(1, Said::Settled));
    world.tick();

    assert_eq!(broken(&world), Vec::<String>::new());
    let Some(own) = world.cases[0].referrals.holding() else {
        panic!("its caller is told of a referral that there is")
    };
    assert!(own.joined.is_none() && own.held == Held::Silence);
}

/// What is told of the first world that a decider breaks the law in.
fn caught(decider: Decider) -> String {
    let config = Config {
        cases: 500,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, deterministic());
    let run = runner.run(&ops(), |ops| {
        prop_assert_eq!(broken(&lived(decider, &ops)), Vec::<String>::new());
        Ok(())
    });
    run.err().map(|failure| failure.to_string()).unwrap_or_default()
}

fn deterministic() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

#[test]
fn the_law_finds_a_decider_that_does_not_hold() {
    assert!(caught(Decider::WithoutHold).contains("no referral was resolved before"));
}

#[test]
fn the_law_finds_a_decider_that_refers_after_it_has_told() {
    assert!(caught(Decider::AfterRelease).contains("no referral was resolved before"));
}

#[test]
fn the_law_finds_a_decider_that_does_not_hold_for_one_kind_of_check() {
    assert!(caught(Decider::SkippingTrusts).contains("no referral was resolved before"));
}

#[test]
fn the_right_decider_is_not_found_out() {
    assert_eq!(caught(Decider::Right), "");
}
