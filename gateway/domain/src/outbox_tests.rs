use uuid::Uuid;

use super::*;
use crate::answer::{Answer, Negative, Outcome};
use crate::case::tests::{HOUR, received, received_at};
use crate::case::{Case, HistoryError};
use crate::event::{Change, EventKind};
use crate::working_time::after;

fn id(n: u32) -> NoticeId {
    NoticeId(Uuid::from_u128(n.into()))
}

fn notice(n: u32) -> Notice {
    Notice {
        id: id(n),
        receiver: Receiver::Ops,
        happening: Happening::Changed,
        state: CaseState::Open,
        version: 1,
    }
}

fn queued(n: u32) -> NoticeEvent {
    NoticeEvent::Queued(Box::new(notice(n)))
}

fn failed(n: u32, again: Timestamp) -> NoticeEvent {
    let fault = Fault::Status(503);
    NoticeEvent::Failed {
        id: id(n),
        fault,
        again,
    }
}

fn parked(n: u32) -> NoticeEvent {
    let fault = Fault::TimedOut;
    NoticeEvent::Parked { id: id(n), fault }
}

fn retried(n: u32) -> NoticeEvent {
    let by = "ops/anna".to_owned();
    NoticeEvent::Retried { id: id(n), by }
}

fn step(
    case: &Case,
    now: Timestamp,
    events: impl IntoIterator<Item = NoticeEvent>,
) -> Result<(Change, Case), HistoryError> {
    case.change(now, events.into_iter().map(EventKind::Outbox))
}

fn stepped(case: &Case, now: Timestamp, event: NoticeEvent) -> Case {
    let Ok((change, case)) = step(case, now, [event]) else {
        panic!("the event can follow")
    };
    assert_eq!(change.wake, case.wake());
    case
}

fn hours(n: u32) -> Timestamp {
    after(received_at(), HOUR * n)
}

#[test]
fn a_notice_is_due_at_once_then_when_its_last_attempt_said_and_never_once_it_was_taken() {
    let case = stepped(&received(), hours(1), queued(1));
    assert_eq!(case.wake(), Some(hours(1)));
    let case = stepped(&case, hours(1), failed(1, hours(2)));
    assert_eq!(case.wake(), Some(hours(2)));
    assert_eq!(case.outbox.due(hours(1)).count(), 0);
    assert_eq!(case.outbox.due(hours(2)).count(), 1);
    let case = stepped(&case, hours(3), failed(1, hours(4)));
    let left = case.outbox.notice(id(1)).unwrap();
    assert_eq!(
        (left.attempts, left.first_failed, left.fault),
        (2, Some(hours(1)), Some(Fault::Status(503)))
    );
    let case = stepped(&case, hours(4), NoticeEvent::Delivered { id: id(1) });
    assert_eq!((case.wake(), case.outbox.undelivered()), (None, [].as_slice()));
}

#[test]
fn to_be_put_off_is_no_attempt() {
    let case = stepped(&received(), hours(1), queued(1));
    let until = hours(2);
    let case = stepped(&case, hours(1), NoticeEvent::PutOff { id: id(1), until });
    let left = case.outbox.notice(id(1)).unwrap();
    assert_eq!((left.attempts, left.first_failed, left.fault), (0, None, None));
    assert_eq!(case.wake(), Some(until));
}

#[test]
fn a_parked_notice_waits_for_an_operator_and_begins_anew() {
    let case = stepped(&received(), hours(1), queued(1));
    let case = stepped(&case, hours(2), parked(1));
    let left = case.outbox.notice(id(1)).unwrap();
    assert!(left.is_parked() && left.attempts == 1);
    assert_eq!(case.wake(), None);
    let case = stepped(&case, hours(90), retried(1));
    let left = case.outbox.notice(id(1)).unwrap();
    assert_eq!((left.attempts, left.first_failed), (0, None));
    assert_eq!(
        left.fault,
        Some(Fault::TimedOut),
        "it is still told why it was parked"
    );
    assert_eq!(case.wake(), Some(hours(90)));
}

#[test]
fn the_next_to_be_told_wakes_the_case_whatever_becomes_of_the_others() {
    let Ok((_, case)) = step(&received(), hours(1), [queued(1), queued(2), queued(3)]) else {
        panic!("notices can be queued together")
    };
    let case = stepped(&case, hours(1), failed(1, hours(5)));
    let case = stepped(&case, hours(1), parked(2));
    let case = stepped(&case, hours(1), failed(3, hours(4)));
    assert_eq!(case.wake(), Some(hours(4)));
    let case = stepped(&case, hours(4), NoticeEvent::Delivered { id: id(3) });
    assert_eq!(case.wake(), Some(hours(5)));
}

#[test]
fn a_change_says_how_each_notice_stands_after_it_and_nothing_of_the_others() {
    let Ok((change, case)) = step(&received(), hours(1), [queued(1), queued(2)]) else {
        panic!("notices can be queued together")
    };
    let standing = |change: &Change| -> Vec<_> {
        let posted = change.posted.iter();
        posted
            .map(|posted| (posted.id, posted.left.as_ref().and_then(|left| left.next)))
            .collect()
    };
    assert_eq!(
        standing(&change),
        [(id(1), Some(hours(1))), (id(2), Some(hours(1)))]
    );
    let Ok((first, case)) = step(&case, hours(1), [failed(2, hours(2))]) else {
        panic!("an attempt can fail")
    };
    assert_eq!(standing(&first), [(id(2), Some(hours(2)))]);
    let Ok((then, _)) = step(&case, hours(2), [NoticeEvent::Delivered { id: id(2) }]) else {
        panic!("an attempt can succeed")
    };
    assert!(
        then.posted
            == [Posted {
                id: id(2),
                left: None
            }]
    );
    // Of both together the later counts.
    assert!(first.followed_by(then.clone()).posted == then.posted);
}

#[test]
fn what_cannot_become_of_a_notice_is_no_history() {
    let case = stepped(&received(), hours(1), queued(1));
    let parked_case = stepped(&case, hours(1), parked(1));
    let until = hours(2);
    for (case, event) in [
        (&case, queued(1)),
        (&case, failed(2, until)),
        (&case, parked(2)),
        (&case, NoticeEvent::Delivered { id: id(2) }),
        (&case, retried(1)),
        (&parked_case, failed(1, until)),
        (&parked_case, NoticeEvent::Delivered { id: id(1) }),
        (&parked_case, NoticeEvent::PutOff { id: id(1), until }),
    ] {
        let refused = step(case, hours(2), [event.clone()]).err();
        assert_eq!(refused, Some(HistoryError::Notice(NoSuchNotice)), "{event:?}");
    }
}

#[test]
fn callers_see_nothing_of_it() {
    let before = received();
    let case = stepped(&before, hours(1), queued(1));
    let case = stepped(&case, hours(2), failed(1, hours(3)));
    assert_eq!(case.version, before.version + 2);
    assert_eq!(case.told_version, before.told_version);
    assert_eq!(case.update_time, before.update_time);
    assert!(case.history == before.history && case.state == before.state);
    // What happens then is the next version to its caller.
    let answer = Answer {
        outcome: Outcome::NotEstablished(Negative::ALL[0]),
        ..case.answer.clone()
    };
    let Ok((_, case)) = case.change(hours(3), [EventKind::Decided(answer)]) else {
        panic!("a case can be answered")
    };
    let last = case.history.last().unwrap();
    assert_eq!((last.version, case.told_version, case.version), (2, 2, 4));
    assert_eq!(case.update_time, hours(3));
}

#[test]
fn a_dispute_of_an_answer_that_was_seen_is_known_again_whatever_was_told_meanwhile() {
    let case = received();
    let answer = Answer {
        outcome: Outcome::NotEstablished(Negative::ALL[0]),
        ..case.answer.clone()
    };
    let answered = case.change(hours(1), [EventKind::Decided(answer.clone())]);
    let Ok((_, case)) = answered else {
        panic!("a case can be answered")
    };
    let case = stepped(&case, hours(1), queued(1));
    let seen = case.told_version;
    let reason = zeroize::Zeroizing::new("the date is wrong".to_owned());
    let Ok(Some(disputed)) = case.disputed(&reason, seen) else {
        panic!("an answer can be disputed")
    };
    let then = [disputed, EventKind::Decided(answer)];
    let Ok((_, case)) = case.change(hours(2), then) else {
        panic!("it can be answered again")
    };
    let case = stepped(&case, hours(2), NoticeEvent::Delivered { id: id(1) });
    // The same call, repeated.
    assert!(matches!(case.disputed(&reason, seen), Ok(None)));
    // One that has seen the second answer.
    assert!(matches!(case.disputed(&reason, case.told_version), Ok(Some(_))));
}
