//! What callers do with cases that are there, on every engine.

use statuscheck::store::{CaseQuery, Store};
use statuscheck_domain::case::{CaseState, Use};
use statuscheck_domain::event::EventKind;

use crate::conformance::Place;
use crate::samples;
use crate::steps::{ORGANISATION, case_id, deciding, every_case, receipt, receive, step};

async fn take(store: &dyn Store, n: u32, version: u64, kind: EventKind) {
    assert_eq!(store.commit(step(case_id(n), version, kind)).await, Ok(()));
}

/// The check of every receipt, with a name and a number in place of the share code.
pub(crate) fn provided() -> EventKind {
    let worker = samples::receipts().swap_remove(1);
    EventKind::Provided(Box::new(worker.check))
}

pub(crate) async fn what_callers_do_moves_cases_from_state_to_state(place: &impl Place) {
    let store = place.open().await;
    let answer = || samples::answers().swap_remove(0);
    for n in 1..=4 {
        receive(&*store, n).await;
    }
    take(&*store, 1, 1, EventKind::Withdrawn).await;
    for n in [2, 3] {
        assert_eq!(store.commit(deciding(case_id(n), 1, answer())).await, Ok(()));
        take(&*store, n, 2, EventKind::Feedback(Use::AnswerUnclear)).await;
    }
    let reason = "the leave was \"extended\"".to_owned().into();
    take(&*store, 3, 3, EventKind::Disputed { reason }).await;
    take(&*store, 4, 1, provided()).await;
    store.close().await;

    let store = place.open().await;
    for (state, expected) in [
        (CaseState::Withdrawn, vec![1]),
        (CaseState::Answered, vec![2]),
        (CaseState::Open, vec![4, 3]),
    ] {
        let query = CaseQuery {
            states: vec![state],
            ..every_case(ORGANISATION)
        };
        let found = store.cases(query).await.ok().unwrap().cases;
        assert!(found.iter().all(|case| case.state == state));
        let ids: Vec<_> = found.iter().map(|case| case.id).collect();
        assert_eq!(ids, expected.into_iter().map(case_id).collect::<Vec<_>>());
    }
    let case = store.case(case_id(4)).await.ok().flatten().unwrap();
    let EventKind::Provided(check) = provided() else {
        panic!("details were provided")
    };
    assert!(case.receipt.check.canonical() == check.canonical());
    assert!(case.receipt.request_id == receipt(ORGANISATION, 4).request_id);
    let disputed = store.case(case_id(3)).await.ok().flatten().unwrap();
    let dispute = disputed
        .dispute
        .map(|dispute| (dispute.version, dispute.reason.to_string()));
    assert_eq!(dispute, Some((4, "the leave was \"extended\"".to_owned())));
    store.close().await;
}
