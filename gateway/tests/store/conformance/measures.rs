//! What is measured of an agreement stays, whatever becomes of its cases.

use jiff::{Timestamp, ToSpan as _};
use statuscheck::store::{CoursePage, CourseQuery, Received, Store};
use statuscheck_domain::answer::{Answer, Outcome};
use statuscheck_domain::case::{Case, Use};
use statuscheck_domain::event::{Change, EventKind};
use statuscheck_domain::ids::{CaseId, QuestionId};
use statuscheck_domain::measures::{Course, Figures, Tally};
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{self, Reply};
use statuscheck_domain::timing::Timing;
use uuid::Uuid;

use super::Place;
use crate::samples;
use crate::steps::{ORGANISATION, content, receipt};

const AGREEMENT: &str = "letting-2026";

/// So many minutes after the start.
fn minute(minutes: i64) -> Timestamp {
    samples::start() + minutes.minutes()
}

/// The case that is received in that minute.
fn received_in(minutes: i64) -> CaseId {
    CaseId::at(minute(minutes), &[7; 10])
}

/// Receives a case in that minute, under `agreement`.
async fn receive_under(store: &dyn Store, minutes: i64, agreement: &str) -> CaseId {
    let id = received_in(minutes);
    let mut receipt = receipt(ORGANISATION, u32::try_from(minutes).unwrap());
    receipt.agreement_id = agreement.parse().unwrap();
    let change = Change::new(id, minute(minutes), [EventKind::Received(Box::new(receipt))]);
    assert_eq!(store.receive(change, content("one")).await, Ok(Received::New));
    id
}

/// Records that this happened to a case in that minute.
async fn then(store: &dyn Store, id: CaseId, minutes: i64, kinds: Vec<EventKind>) {
    let case: Case = store.case(id).await.unwrap().unwrap();
    let (change, _) = case.change(minute(minutes), kinds).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
}

fn answer(wanted: impl Fn(&Outcome) -> bool) -> EventKind {
    let mut answers = samples::answers().into_iter();
    EventKind::Decided(answers.find(|answer: &Answer| wanted(&answer.outcome)).unwrap())
}

fn established() -> EventKind {
    answer(|outcome| matches!(outcome, Outcome::Established { .. }))
}

fn not_established() -> EventKind {
    answer(|outcome| matches!(outcome, Outcome::NotEstablished(_)))
}

fn pending() -> EventKind {
    answer(|outcome| matches!(outcome, Outcome::Pending { .. }))
}

fn asked() -> EventKind {
    EventKind::Asked {
        question_id: QuestionId(Uuid::from_u128(9)),
        operation: Operation::ImmigrationStatus,
        charged: "2026-03".parse().ok(),
    }
}

fn replied(department_us: u32) -> EventKind {
    EventKind::Replied {
        question_id: QuestionId(Uuid::from_u128(9)),
        operation: Operation::ImmigrationStatus,
        reply: Reply::of(reply::Outcome::NoRecord),
        refunded: None,
        again: None,
        timing: Some(Timing {
            gateway_us: 100,
            department_us: Some(department_us),
            network_us: Some(900),
        }),
    }
}

fn disputed() -> EventKind {
    EventKind::Disputed {
        reason: "not so".to_owned().into(),
    }
}

/// The courses of cases received in `from..to` minutes, in pages of `limit`.
async fn courses(store: &dyn Store, (from, to): (i64, i64), limit: usize) -> Vec<Course> {
    let mut query = CourseQuery {
        agreement: AGREEMENT.parse().unwrap(),
        from: minute(from),
        to: minute(to),
        after: None,
        limit,
    };
    let mut all = Vec::new();
    loop {
        let CoursePage { courses, next } = store.courses(query.clone()).await.unwrap();
        assert!(courses.len() <= 2 * limit);
        all.extend(courses);
        if next.is_none() {
            return all;
        }
        query.after = next;
    }
}

/// The figures of cases received in the first hour, as of that minute.
async fn figures(store: &dyn Store, as_of: i64) -> Figures {
    let mut tally = Tally::as_of(minute(as_of));
    let all = courses(store, (0, 60), 2).await;
    all.iter().for_each(|course| tally.add(course));
    tally.figures()
}

pub(crate) async fn figures_as_of_a_time_stay_whatever_becomes_of_the_cases(place: &impl Place) {
    let store = place.open().await;
    let store = &*store;
    let at_once = receive_under(store, 1, AGREEMENT).await;
    then(store, at_once, 1, vec![asked(), replied(40_000), established()]).await;
    let refused = receive_under(store, 2, AGREEMENT).await;
    then(store, refused, 2, vec![asked()]).await;
    then(store, refused, 2, vec![replied(60_000), not_established()]).await;
    let open = receive_under(store, 3, AGREEMENT).await;
    then(store, open, 3, vec![asked(), pending()]).await;
    let withdrawn = receive_under(store, 4, AGREEMENT).await;
    then(store, withdrawn, 10, vec![pending(), EventKind::Withdrawn]).await;
    let left = receive_under(store, 5, AGREEMENT).await;
    receive_under(store, 6, "another-2026").await;
    then(store, refused, 30, vec![disputed()]).await;

    // Counted by hand: five checks, two answered in the call; the one that was disputed is open with two others.
    let first = figures(store, 30).await;
    assert_eq!((first.checks, first.open, first.breached), (5, 3, 0));
    let answered = (
        first.answered_at_once,
        first.answered_in_time,
        first.answered_late,
    );
    assert_eq!(answered, (2, 2, 0));
    assert_eq!((first.established, first.not_established), (1, 0));
    assert_eq!(
        (first.disputed, first.feedback_given, first.quota_used),
        (1, 0, 3)
    );
    assert_eq!(first.turnaround.map(|after| after.max.as_secs()), Some(0));
    let department = first.calls.department_p95.unwrap();
    assert_eq!(
        (
            department.as_millis(),
            first.calls.network_p95.unwrap().as_micros()
        ),
        (60, 900)
    );
    let earlier = figures(store, 3).await;
    assert_eq!((earlier.checks, earlier.not_established, earlier.open), (3, 1, 1));

    // Late answers, another answer, feedback; then all are purged but one.
    let late = 60 * 24 * 30;
    then(store, open, late, vec![asked(), replied(90_000), established()]).await;
    then(store, refused, late, vec![established()]).await;
    then(store, at_once, late, vec![EventKind::Feedback(Use::Refused)]).await;
    let later = figures(store, late).await;
    assert_eq!((later.answered_late, later.established, later.open), (1, 3, 1));
    assert_eq!((later.feedback_given, later.quota_used), (1, 4));
    assert_eq!(later.turnaround.unwrap().max.as_secs(), (late as u64 - 3) * 60);
    assert_eq!(
        (figures(store, 3).await, figures(store, 30).await),
        (earlier.clone(), first.clone())
    );
    for (n, id) in [at_once, refused, open, withdrawn].into_iter().enumerate() {
        let version = store.case(id).await.unwrap().unwrap().version;
        assert_eq!(store.purge(id, version, minute(late + 1)).await, Ok(()));
        let stays = (
            figures(store, 3).await,
            figures(store, 30).await,
            figures(store, late).await,
        );
        assert_eq!(stays, (earlier.clone(), first.clone(), later.clone()), "{n}");
    }
    store.close().await;

    let store = place.open().await;
    let store = &*store;
    let stays = (
        figures(store, 3).await,
        figures(store, 30).await,
        figures(store, late).await,
    );
    assert_eq!(stays, (earlier, first, later));
    assert!(store.case(left).await.unwrap().is_some());
    store.close().await;
}

pub(crate) async fn courses_are_told_of_once_page_for_page(place: &impl Place) {
    let store = place.open().await;
    let store = &*store;
    for minutes in 0..20 {
        let id = receive_under(store, minutes, AGREEMENT).await;
        match minutes % 4 {
            0 => {}
            1 => then(store, id, minutes, vec![pending()]).await,
            _ => then(store, id, minutes, vec![established()]).await,
        }
        if minutes % 4 == 3 {
            assert_eq!(store.purge(id, 2, minute(30)).await, Ok(()));
        }
    }
    let received = |courses: &[Course]| -> Vec<_> {
        let mut received: Vec<_> = courses.iter().map(|course| course.received).collect();
        received.sort_unstable();
        received
    };
    let all: Vec<_> = (0..20).map(minute).collect();
    for limit in [1, 2, 3, 5, 19, 20, 100] {
        assert_eq!(received(&courses(store, (0, 20), limit).await), all, "{limit}");
    }
    // From the first of its instants to just before the last.
    assert_eq!(received(&courses(store, (3, 8), 3).await), &all[3..8]);
    assert_eq!(courses(store, (20, 21), 3).await, []);

    // What is purged between two pages is in one of them.
    let mut query = CourseQuery {
        agreement: AGREEMENT.parse().unwrap(),
        from: minute(0),
        to: minute(20),
        after: None,
        limit: 4,
    };
    let page = store.courses(query.clone()).await.unwrap();
    for minutes in [2, 10] {
        assert_eq!(store.purge(received_in(minutes), 2, minute(30)).await, Ok(()));
    }
    query.after = page.next;
    query.limit = 100;
    let rest = store.courses(query).await.unwrap();
    assert_eq!(rest.next, None);
    assert_eq!(received(&[page.courses, rest.courses].concat()), all);
    store.close().await;
}
