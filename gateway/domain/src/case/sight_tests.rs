//! What a caller sees where its agreement withholds that a person is referred, and where it does not.

use jiff::Timestamp;

use super::super::clocking::tests::{answer, decided, in_hours, more, pending};
use super::super::tests::received;
use super::super::{Case, CaseState};
use super::*;
use crate::answer::PendingReason;
use crate::ids::{DepartmentId, QuestionId};
use crate::question::Operation;
use crate::reply::{Outcome as Said, Reply, Unavailable};

/// A case that was received under an agreement that withholds referrals.
fn discreet() -> Case {
    let mut case = received();
    case.receipt.is_discreet = true;
    case.sight = Sight::of(&case.receipt);
    case
}

fn then(case: &Case, now: Timestamp, kinds: impl IntoIterator<Item = EventKind>) -> Case {
    let Ok((_, after)) = case.change(now, kinds) else {
        panic!("these follow")
    };
    after
}

/// The department is asked, and fails.
fn failing() -> [EventKind; 2] {
    let (question_id, operation) = (QuestionId(uuid::Uuid::nil()), Operation::ImmigrationStatus);
    [
        EventKind::Asked {
            question_id,
            operation,
            charged: None,
        },
        EventKind::Replied {
            question_id,
            operation,
            reply: Reply::of(Said::Unavailable(Unavailable::Failed)),
            refunded: None,
            again: None,
            timing: None,
        },
    ]
}

fn waiting(reason: PendingReason) -> Outcome {
    let departments = vec![DepartmentId::HomeOffice];
    Outcome::Pending { reason, departments }
}

fn steps(case: &Case) -> Vec<&'static str> {
    case.history.iter().map(|step| step.kind).collect()
}

/// A case that waits, is asked about again and waits for another reason.
fn waited(case: &Case) -> Case {
    let (case, _) = decided(case, in_hours(1), pending());
    let case = then(&case, in_hours(2), failing());
    let unavailable = waiting(PendingReason::DepartmentUnavailable);
    let (case, _) = decided(&case, in_hours(2), unavailable);
    let until = in_hours(9);
    then(&case, in_hours(3), [EventKind::Postponed { until }])
}

#[test]
fn that_a_case_goes_on_waiting_is_seen_where_referrals_are_told() {
    assert_eq!(
        steps(&waited(&received()))[1..],
        [
            "pending",
            "clock_started",
            "asked",
            "replied",
            "pending",
            "postponed"
        ]
    );
}

#[test]
fn where_they_are_withheld_a_case_that_waits_is_as_it_was_received() {
    let (before, after) = (discreet(), waited(&discreet()));
    assert_eq!(steps(&after), steps(&before));
    assert_eq!(after.told_version, before.told_version);
    assert_eq!(after.update_time, before.update_time);
    assert_eq!(after.promise().due_at, before.promise().due_at);
    assert_eq!(after.state, CaseState::Open);
    assert!(after.told() == before.told(), "nor does the reason change");
    assert!(after.is_decided() && !before.is_decided());
    assert!(after.version > before.version);
}

#[test]
fn what_ends_the_wait_is_seen_and_so_is_another_that_begins() {
    let (asked, _) = decided(&waited(&discreet()), in_hours(4), more());
    assert_eq!(steps(&asked)[1..], ["more_information_needed", "clock_paused"]);
    let (again, _) = decided(&asked, in_hours(5), pending());
    assert_eq!(steps(&again)[3..], ["pending", "clock_resumed"]);
    assert_eq!(steps(&waited(&again)), steps(&again));
    let told = then(&again, in_hours(6), [EventKind::Decided(answer(more()))]);
    assert_eq!(steps(&told)[5..], ["more_information_needed"]);
    assert_eq!(told.told_version, told.history.len() as u64);
}
