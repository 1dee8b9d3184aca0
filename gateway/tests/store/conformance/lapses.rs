//! Cases that wait for silent callers, on every engine.

use jiff::SignedDuration;
use statuscheck::store::Received;
use statuscheck_domain::answer::{Answer, Outcome};
use statuscheck_domain::case::CaseState;
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::subject::Field;

use super::Place;
use super::dues::started;
use crate::samples;
use crate::steps::{ORGANISATION, case_id, content, receipt};

fn more_information() -> EventKind {
    let answer = samples::answers().swap_remove(0);
    EventKind::Decided(Answer {
        outcome: Outcome::MoreInformation {
            fields: vec![Field::Postcode],
        },
        ..answer
    })
}

pub(crate) async fn a_case_is_due_when_its_caller_was_silent_for_too_long(place: &impl Place) {
    let store = place.open().await;
    let start = samples::start();
    let end = start + SignedDuration::from_hours(28 * 24);
    let received = EventKind::Received(Box::new(receipt(ORGANISATION, 1)));
    let change = Change::new(case_id(1), start, [received]);
    assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
    let case = store.case(case_id(1)).await.ok().flatten().unwrap();
    let kinds = [more_information(), started(start)];
    let (change, case) = case.change(start, kinds).ok().unwrap();
    let clock = case.clock.clone().unwrap();
    let paused = clock.pause(start, &statuscheck_domain::working_time::Calendars::default());
    let kinds = paused.unwrap().into_iter().map(EventKind::Clock);
    let (follows, _) = case.change(start, kinds).ok().unwrap();
    assert_eq!(store.commit(change.followed_by(follows)).await, Ok(()));
    store.close().await;

    let store = place.open().await;
    assert_eq!(store.next_wake().await, Ok(Some(end)));
    let early = end - SignedDuration::from_nanos(1);
    assert_eq!(store.lease_due(early, 10).await, Ok(Vec::new()));
    let due = store.lease_due(end, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    let case = store.case(due[0].case_id).await.ok().flatten().unwrap();
    let (lapsed, _) = case.change(end, [EventKind::Lapsed]).ok().unwrap();
    assert_eq!(store.commit(lapsed).await, Ok(()));
    assert_eq!(store.next_wake().await, Ok(None));
    store.close().await;

    let store = place.open().await;
    let case = store.case(case_id(1)).await.ok().flatten().unwrap();
    assert!(case.state == CaseState::Withdrawn);
    assert_eq!(case.history.last().map(|step| step.kind), Some("lapsed"));
    store.close().await;
}
