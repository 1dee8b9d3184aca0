//! Due work: found in its time, by one at a time, and never forgotten.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use statuscheck::store::{CaseQuery, CommitError, Due, Received, Store};
use statuscheck_domain::case::{Case, CaseState};
use statuscheck_domain::case_clock::{CaseClock, ClockEvent, Step};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::sla::{Ground, SlaPolicy, Target};
use statuscheck_domain::working_time::Calendars;

use super::Place;
use crate::samples;
use crate::steps::{ORGANISATION, asking, case_id, content, every_case, receipt, receive};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const NANOSECOND: SignedDuration = SignedDuration::from_nanos(1);

/// How old an undecided case is when it counts as left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// Long after everything in these laws.
const LATE: SignedDuration = SignedDuration::from_hours(10_000);

/// The clock of a case whose first step is due at `wake`, half way through the 48 hours promised.
pub(crate) fn started(wake: Timestamp) -> EventKind {
    let calendars = Calendars::default();
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    let terms = policy.terms(wake - HOUR * 24, Ground::Check, calendars.current().version());
    EventKind::Clock(CaseClock::start(terms, &calendars).unwrap())
}

/// The caller is told to wait.
pub(crate) fn pending() -> EventKind {
    let is_pending = |answer: &statuscheck_domain::answer::Answer| {
        matches!(
            answer.outcome,
            statuscheck_domain::answer::Outcome::Pending { .. }
        )
    };
    EventKind::Decided(samples::answers().into_iter().find(is_pending).unwrap())
}

/// Receives case `n`, which is pending from the start and wakes at `wake`.
pub(crate) async fn receive_waking(store: &dyn Store, n: u32, wake: Timestamp) {
    let received = EventKind::Received(Box::new(receipt(ORGANISATION, n)));
    let change = Change::new(case_id(n), samples::start(), [received, pending(), started(wake)]);
    assert_eq!(change.wake, Some(wake));
    assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
}

async fn case(store: &dyn Store, id: CaseId) -> Case {
    store.case(id).await.ok().flatten().unwrap()
}

/// Records what happened to the clock of a case at `now`.
pub(crate) async fn tick(store: &dyn Store, id: CaseId, now: Timestamp, happened: ClockEvent) -> Case {
    let (change, after) = case(store, id)
        .await
        .change(now, [EventKind::Clock(happened)])
        .unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
    after
}

async fn lease(store: &dyn Store, now: Timestamp, limit: usize) -> Vec<Due> {
    store.lease_due(now, limit).await.unwrap()
}

fn due(n: u32, version: u64, wake: Timestamp) -> Due {
    Due {
        case_id: case_id(n),
        version,
        wake,
    }
}

pub(crate) async fn nothing_is_due_before_its_time(place: &impl Place) {
    let store = place.open().await;
    let (soon, later) = (samples::start() + HOUR, samples::start() + HOUR * 2);
    assert_eq!(store.next_wake().await, Ok(None));
    receive_waking(&*store, 1, later).await;
    receive_waking(&*store, 2, soon).await;
    assert_eq!(lease(&*store, soon - NANOSECOND, 10).await, []);
    assert_eq!(store.next_wake().await, Ok(Some(soon)));
    assert_eq!(lease(&*store, soon, 10).await, [due(2, 3, soon)]);
    // What is leased wakes nobody.
    assert_eq!(store.next_wake().await, Ok(Some(later)));
    assert_eq!(lease(&*store, later - NANOSECOND, 10).await, []);
    assert_eq!(lease(&*store, later, 10).await, [due(1, 3, later)]);
    assert_eq!(store.next_wake().await, Ok(None));
    store.close().await;
}

pub(crate) async fn a_leased_case_is_nobody_else_s_until_it_is_released(place: &impl Place) {
    let store = place.open().await;
    let wake = samples::start() + HOUR;
    receive_waking(&*store, 1, wake).await;
    let leased = join_all((0..10).map(|_| store.lease_due(wake, 10))).await;
    let leased: Vec<Due> = leased.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(leased, [due(1, 3, wake)]);
    assert_eq!(lease(&*store, wake + LATE, 10).await, []);
    // One that nobody leased is passed over.
    assert_eq!(store.release(&[case_id(2), case_id(1)]).await, Ok(()));
    assert_eq!(store.next_wake().await, Ok(Some(wake)));
    assert_eq!(lease(&*store, wake, 10).await, [due(1, 3, wake)]);
    store.close().await;
}

pub(crate) async fn a_change_ends_the_lease_and_moves_the_wake_time(place: &impl Place) {
    let store = place.open().await;
    let wake = samples::start() + HOUR;
    let id = case_id(1);
    receive_waking(&*store, 1, wake).await;
    assert_eq!(lease(&*store, wake, 10).await, [due(1, 3, wake)]);
    // A change that was not recorded ends nothing.
    assert_eq!(store.commit(asking(id, 1)).await, Err(CommitError::Stale));
    assert_eq!(lease(&*store, wake, 10).await, []);

    // One that does not step the clock leaves it due.
    let (change, _) = case(&*store, id).await.change(wake, [pending()]).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
    assert_eq!(lease(&*store, wake, 10).await, [due(1, 4, wake)]);
    let stepped = tick(&*store, id, wake, ClockEvent::Stepped(Step::AtRisk(50))).await;
    let next = stepped.wake().unwrap();
    assert!(next > wake);
    assert_eq!(store.next_wake().await, Ok(Some(next)));
    assert_eq!(lease(&*store, next - NANOSECOND, 10).await, []);
    assert_eq!(lease(&*store, next, 10).await, [due(1, 5, next)]);

    tick(&*store, id, next, ClockEvent::Stopped).await;
    assert_eq!(store.next_wake().await, Ok(None));
    assert_eq!(lease(&*store, next + LATE, 10).await, []);
    store.close().await;
}

pub(crate) async fn what_is_due_longest_comes_first_and_no_more_than_was_asked_for(place: &impl Place) {
    let store = place.open().await;
    let wake = |n: u32| samples::start() + HOUR * (n as i32);
    for n in [4, 1, 5, 3, 2] {
        receive_waking(&*store, n, wake(n)).await;
    }
    let dues = |numbers: &[u32]| numbers.iter().map(|n| due(*n, 3, wake(*n))).collect::<Vec<_>>();
    assert_eq!(lease(&*store, wake(4), 2).await, dues(&[1, 2]));
    assert_eq!(lease(&*store, wake(4), 0).await, dues(&[3]));
    assert_eq!(store.release(&[case_id(2)]).await, Ok(()));
    assert_eq!(lease(&*store, wake(4), 10).await, dues(&[2, 4]));
    store.close().await;
}

pub(crate) async fn a_thousand_due_cases_are_leased_in_batches_and_each_once(place: &impl Place) {
    const CASES: u32 = 1_000;
    const LIMIT: usize = 64;
    let store = place.open().await;
    let wake = samples::start() + HOUR;
    join_all((0..CASES).map(|n| receive_waking(&*store, n, wake))).await;
    let mut leased = HashSet::new();
    while leased.len() < CASES as usize {
        let batches = join_all((0..3).map(|_| store.lease_due(wake, LIMIT))).await;
        let mut batch = Vec::new();
        for part in batches.into_iter().map(Result::unwrap) {
            assert!(part.len() <= LIMIT);
            batch.extend(part);
        }
        assert!(!batch.is_empty());
        for due in &batch {
            assert!(leased.insert(due.case_id), "a case was leased twice");
        }
        let steps = batch
            .iter()
            .map(|due| tick(&*store, due.case_id, wake, ClockEvent::Stepped(Step::AtRisk(50))));
        join_all(steps).await;
    }
    assert_eq!(lease(&*store, wake, LIMIT).await, []);
    store.close().await;
}

pub(crate) async fn a_case_that_was_left_undecided_is_found_after_a_while(place: &impl Place) {
    let store = place.open().await;
    let left = samples::start() + LEFT_BEHIND;
    for n in [1, 2, 3] {
        receive(&*store, n).await;
    }
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    let (answered, _) = case(&*store, case_id(2))
        .await
        .change(samples::start(), [pending()])
        .unwrap();
    assert_eq!(store.commit(answered).await, Ok(()));
    // To everybody else it is open, as the decided one is.
    let open = CaseQuery {
        states: vec![CaseState::Open],
        ..every_case(ORGANISATION)
    };
    let listed = store.cases(open).await.ok().unwrap().cases;
    let listed: Vec<_> = listed.iter().map(|case| (case.id, case.state)).collect();
    assert_eq!(listed, [3, 2, 1].map(|n| (case_id(n), CaseState::Open)));
    assert_eq!(lease(&*store, left - NANOSECOND, 10).await, []);
    assert_eq!(store.next_wake().await, Ok(Some(left)));
    assert_eq!(lease(&*store, left, 1).await, [due(1, 2, left)]);
    store.close().await;

    // Whoever received them is gone.
    let store = place.open().await;
    assert_eq!(store.next_wake().await, Ok(Some(left)));
    assert_eq!(lease(&*store, left - NANOSECOND, 10).await, []);
    assert_eq!(lease(&*store, left, 10).await, [due(1, 2, left), due(3, 1, left)]);
    assert_eq!(lease(&*store, left + LATE, 10).await, []);
    // A question that nobody replied to is due for as long as the case is open, so one case is answered.
    let answered = EventKind::Decided(samples::answers().swap_remove(0));
    for (n, decision) in [(1, answered), (3, pending())] {
        let (decided, _) = case(&*store, case_id(n)).await.change(left, [decision]).unwrap();
        assert_eq!(store.commit(decided).await, Ok(()));
    }
    assert_eq!(store.next_wake().await, Ok(None));
    assert_eq!(lease(&*store, left + LATE, 10).await, []);
    store.close().await;
}

pub(crate) async fn leases_end_with_their_holder(place: &impl Place) {
    let store = place.open().await;
    let wake = samples::start() + HOUR;
    receive_waking(&*store, 1, wake).await;
    receive(&*store, 2).await;
    let both = [due(2, 1, samples::start() + LEFT_BEHIND), due(1, 3, wake)];
    assert_eq!(lease(&*store, wake, 10).await, both);
    store.close().await;
    let store = place.open().await;
    assert_eq!(lease(&*store, wake, 10).await, both);
    store.close().await;
}

pub(crate) async fn a_purged_case_is_never_due(place: &impl Place) {
    let store = place.open().await;
    let wake = samples::start() + HOUR;
    for n in [1, 2] {
        receive_waking(&*store, n, wake).await;
    }
    receive(&*store, 3).await;
    assert_eq!(lease(&*store, wake, 1).await.len(), 1);
    for (n, version) in [(1, 3), (2, 3), (3, 1)] {
        assert_eq!(store.purge(case_id(n), version, wake).await, Ok(()));
    }
    assert_eq!(store.next_wake().await, Ok(None));
    assert_eq!(lease(&*store, wake + LATE, 10).await, []);
    store.close().await;
}
