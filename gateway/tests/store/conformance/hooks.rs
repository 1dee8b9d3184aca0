//! Notices: one is listed until its receiver has taken it, and its caller never sees anything of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use statuscheck::store::{HookQuery, HookRow, Position, Store};
use statuscheck_domain::case::CaseState;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, NoticeId};
use statuscheck_domain::outbox::{Fault, Happening, Notice, NoticeEvent, Receiver};
use uuid::Uuid;

use super::Place;
use super::following::{Awake, events, pages_of, take};
use crate::inhabited::answer;
use crate::samples;
use crate::steps::{asking, case_id, receive};

pub(crate) const RECEIVER: &str = "organisation:north-letting";

pub(crate) fn notice_id(n: u32) -> NoticeId {
    NoticeId(Uuid::from_u128(u128::from(n)))
}

/// Notice `n`, about to be told.
pub(crate) fn queued(n: u32) -> NoticeEvent {
    NoticeEvent::Queued(Box::new(Notice {
        id: notice_id(n),
        receiver: RECEIVER.parse().unwrap(),
        happening: Happening::Changed,
        state: CaseState::Answered,
        version: 3,
    }))
}

pub(crate) fn failed(n: u32, again: Timestamp) -> NoticeEvent {
    NoticeEvent::Failed {
        id: notice_id(n),
        fault: Fault::Status(503),
        again,
    }
}

pub(crate) fn parked(n: u32) -> NoticeEvent {
    NoticeEvent::Parked {
        id: notice_id(n),
        fault: Fault::NoConnection,
    }
}

/// Records what becomes of notices of a case at `time`.
pub(crate) async fn goes_on(store: &dyn Store, id: CaseId, time: Timestamp, then: &[NoticeEvent]) {
    let case = store.case(id).await.unwrap().unwrap();
    let kinds = then.iter().cloned().map(EventKind::Outbox);
    let (change, _) = case.change(time, kinds).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
}

/// Receives case `n` and answers it, so that nothing is due of it.
async fn receive_answered(store: &dyn Store, n: u32) {
    receive(store, n).await;
    answer(store, n, 1).await;
}

fn hours(n: u32) -> Timestamp {
    samples::start() + SignedDuration::from_hours(n.into())
}

fn row(n: u32, case: u32) -> HookRow {
    HookRow {
        id: notice_id(n),
        case_id: case_id(case),
        receiver: RECEIVER.parse().unwrap(),
        happening: "case.changed".to_owned(),
        attempts: 0,
        next: Some(samples::start()),
        fault: None,
    }
}

async fn page(store: &dyn Store, parked_only: bool, after: Option<NoticeId>, limit: usize) -> Vec<HookRow> {
    let query = HookQuery {
        parked_only,
        after,
        limit,
    };
    store.hooks(query).await.unwrap()
}

async fn all(store: &dyn Store) -> Vec<HookRow> {
    page(store, false, None, 100).await
}

pub(crate) async fn a_notice_is_listed_until_its_receiver_has_taken_it(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1).await;
    goes_on(&*store, case_id(1), samples::start(), &[queued(1)]).await;
    assert_eq!(all(&*store).await, [row(1, 1)]);
    goes_on(&*store, case_id(1), hours(1), &[failed(1, hours(2))]).await;
    store.close().await;
    let store = place.open().await;
    let waiting = HookRow {
        attempts: 1,
        next: Some(hours(2)),
        fault: Some(Fault::Status(503)),
        ..row(1, 1)
    };
    assert_eq!(all(&*store).await, std::slice::from_ref(&waiting));
    assert_eq!(store.hook(notice_id(1)).await, Ok(Some(waiting)));
    assert_eq!(page(&*store, true, None, 100).await, []);
    goes_on(&*store, case_id(1), hours(2), &[parked(1)]).await;
    let given_up = HookRow {
        attempts: 2,
        next: None,
        fault: Some(Fault::NoConnection),
        ..row(1, 1)
    };
    assert_eq!(page(&*store, true, None, 100).await, [given_up]);
    let retried = NoticeEvent::Retried {
        id: notice_id(1),
        by: "ops/anna".to_owned(),
    };
    goes_on(&*store, case_id(1), hours(3), &[retried]).await;
    let anew = HookRow {
        next: Some(hours(3)),
        fault: Some(Fault::NoConnection),
        ..row(1, 1)
    };
    assert_eq!(all(&*store).await, [anew]);
    let delivered = NoticeEvent::Delivered { id: notice_id(1) };
    goes_on(&*store, case_id(1), hours(3), &[delivered]).await;
    assert_eq!(all(&*store).await, []);
    assert_eq!(store.hook(notice_id(1)).await, Ok(None));
    store.close().await;
}

pub(crate) async fn notices_are_listed_oldest_first_and_page_without_gaps(place: &impl Place) {
    let store = place.open().await;
    for n in [1, 2, 3] {
        receive(&*store, n).await;
    }
    let receivers = ["ops", "taskforce", "owner:right-to-work"];
    for (case, notices) in [(3, [5, 1]), (1, [4, 2])] {
        let both = notices.map(queued);
        goes_on(&*store, case_id(case), samples::start(), &both).await;
    }
    // Of one change, with receivers of every kind.
    let of_all = [(3, 6), (1, 7), (2, 8)].map(|(receiver, n)| {
        let NoticeEvent::Queued(mut notice) = queued(n) else {
            panic!("it is queued")
        };
        notice.receiver = receivers[receiver - 1].parse().unwrap();
        NoticeEvent::Queued(notice)
    });
    goes_on(&*store, case_id(2), samples::start(), &of_all).await;
    goes_on(&*store, case_id(1), samples::start(), &[parked(4)]).await;
    let mut listed: Vec<HookRow> = Vec::new();
    loop {
        let after = listed.last().map(|row| row.id);
        let next = page(&*store, false, after, 2).await;
        if next.is_empty() {
            break;
        }
        assert!(next.len() <= 2);
        listed.extend(next);
    }
    let ids: Vec<_> = listed.iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 2, 4, 5, 6, 7, 8].map(notice_id));
    let of_all: Vec<_> = listed[4..].iter().map(|row| row.receiver.clone()).collect();
    let owner = Receiver::Owner("right-to-work".parse().unwrap());
    assert_eq!(of_all, [owner, Receiver::Ops, Receiver::Taskforce]);
    let parked: Vec<_> = page(&*store, true, None, 0).await;
    assert_eq!(
        parked.iter().map(|row| row.id).collect::<Vec<_>>(),
        [notice_id(4)]
    );
    assert_eq!(page(&*store, true, Some(notice_id(4)), 10).await, []);
    store.close().await;
}

pub(crate) async fn the_notices_of_a_purged_case_are_gone(place: &impl Place) {
    let store = place.open().await;
    for n in [1, 2] {
        receive_answered(&*store, n).await;
        goes_on(&*store, case_id(n), samples::start(), &[queued(n)]).await;
    }
    assert_eq!(store.purge(case_id(1), 3, hours(1)).await, Ok(()));
    assert_eq!(all(&*store).await, [row(2, 2)]);
    let due = store.lease_due(hours(1), 10).await.unwrap();
    let due: Vec<_> = due.iter().map(|due| due.case_id).collect();
    assert_eq!(due, [case_id(2)], "nobody is told of a case that is gone");
    store.close().await;
}

pub(crate) async fn a_case_is_due_when_somebody_is_to_be_told_of_it(place: &impl Place) {
    let store = place.open().await;
    receive_answered(&*store, 1).await;
    let events = [queued(1), failed(1, hours(1))];
    goes_on(&*store, case_id(1), samples::start(), &events).await;
    let just_before = hours(1) - SignedDuration::from_nanos(1);
    assert_eq!(store.next_wake().await, Ok(Some(hours(1))));
    assert_eq!(store.lease_due(just_before, 10).await, Ok(Vec::new()));
    let due = store.lease_due(hours(1), 10).await.unwrap();
    assert_eq!(
        (due.len(), due[0].case_id, due[0].wake),
        (1, case_id(1), hours(1))
    );
    let delivered = NoticeEvent::Delivered { id: notice_id(1) };
    goes_on(&*store, case_id(1), hours(1), &[delivered]).await;
    assert_eq!(store.lease_due(hours(1), 10).await, Ok(Vec::new()));
    store.close().await;
}

pub(crate) async fn callers_are_told_of_no_notice(place: &impl Place) {
    let store: Arc<dyn Store> = place.open().await;
    let awake = Awake::over(&store, pages_of(2));
    let mut from_now = awake.follow(None).await;
    let mut from_the_beginning = awake.follow(Some(Position::default())).await;
    receive(&*store, 1).await;
    goes_on(&*store, case_id(1), hours(1), &[queued(1)]).await;
    assert_eq!(store.commit(asking(case_id(1), 2)).await, Ok(()));
    goes_on(&*store, case_id(1), hours(2), &[failed(1, hours(3)), queued(2)]).await;
    goes_on(
        &*store,
        case_id(1),
        hours(2),
        &[NoticeEvent::Delivered { id: notice_id(2) }],
    )
    .await;
    receive(&*store, 2).await;
    assert_eq!(store.commit(asking(case_id(1), 6)).await, Ok(()));
    // Event 7 is the third that its caller sees.
    let expected = [1, 3, 1, 7].into_iter().zip([1, 1, 2, 1]);
    let expected: Vec<_> = expected.map(|(version, n)| (case_id(n), version)).collect();
    for follower in [&mut from_now, &mut from_the_beginning] {
        let said = take(follower, 4).await;
        assert_eq!(events(&said), expected);
        // Whoever begins at a token, which may stand between hidden events, is told the rest.
        for (place, (_, _, reached)) in said.iter().enumerate().take(3) {
            let mut resumed = awake.follow(Some(reached.clone())).await;
            assert_eq!(
                events(&take(&mut resumed, 3 - place).await),
                expected[place + 1..]
            );
        }
    }
    let case = store.case(case_id(1)).await.unwrap().unwrap();
    assert_eq!((case.version, case.told_version), (7, 3));
    assert_eq!(case.update_time, samples::start());
    drop(awake);
    store.close().await;
}
