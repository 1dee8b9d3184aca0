//! Worklists: what is left open is on its department's, until a reply settles it.

use jiff::{SignedDuration, Timestamp};
use statuscheck::store::{Store, WorkQuery, WorkRow};
use statuscheck_domain::answer::{self, Answer};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, DepartmentId, QuestionId};
use statuscheck_domain::question::Operation;
use statuscheck_domain::reply::{Outcome, Reply};
use uuid::Uuid;

use super::Place;
use crate::samples;
use crate::steps::{ORGANISATION, case_id, content, opening_of, receipt};

const DEPARTMENTS: [DepartmentId; 4] = DepartmentId::ALL;

fn question(n: u32) -> QuestionId {
    QuestionId(Uuid::from_u128(1_000 + u128::from(n)))
}

fn asked(n: u32) -> EventKind {
    EventKind::Asked {
        question_id: question(n),
        operation: Operation::ImmigrationStatus,
        charged: None,
    }
}

fn replied(n: u32, outcome: Outcome) -> EventKind {
    EventKind::Replied {
        question_id: question(n),
        operation: Operation::ImmigrationStatus,
        reply: Reply::of(outcome),
        refunded: None,
        again: None,
        timing: None,
    }
}

fn deferred(n: u32) -> EventKind {
    let ticket = "t-1".to_owned();
    replied(
        n,
        Outcome::Deferred {
            expected_by: None,
            ticket,
        },
    )
}

fn told(is_so: fn(&answer::Outcome) -> bool) -> EventKind {
    let is_so = |answer: &Answer| is_so(&answer.outcome);
    EventKind::Decided(samples::answers().into_iter().find(is_so).unwrap())
}

fn pending() -> EventKind {
    told(|outcome| matches!(outcome, answer::Outcome::Pending { .. }))
}

fn established() -> EventKind {
    told(|outcome| matches!(outcome, answer::Outcome::Established { .. }))
}

/// Receives case `n`, whose answer is due at `due`.
async fn receive(store: &dyn Store, n: u32, due: Timestamp) {
    let mut receipt = receipt(ORGANISATION, n);
    receipt.clock.due_at = due;
    let change = opening_of(case_id(n), receipt);
    store.receive(change, content("one")).await.unwrap();
}

async fn goes_on(store: &dyn Store, id: CaseId, kinds: impl IntoIterator<Item = EventKind>) {
    let case = store.case(id).await.unwrap().unwrap();
    let (change, _) = case.change(samples::start(), kinds).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
}

/// Case `n` with a question that is left open.
async fn leave_open(store: &dyn Store, n: u32, due: Timestamp) {
    receive(store, n, due).await;
    goes_on(store, case_id(n), [asked(n)]).await;
    goes_on(store, case_id(n), [deferred(n), pending()]).await;
}

async fn page(
    store: &dyn Store,
    department: DepartmentId,
    after: Option<&WorkRow>,
    limit: usize,
) -> Vec<WorkRow> {
    let after = after.map(|row| (row.due.unwrap(), row.id));
    let query = WorkQuery {
        department,
        after,
        limit,
    };
    store.worklist(query).await.unwrap()
}

fn row(n: u32, due: Option<Timestamp>) -> WorkRow {
    WorkRow {
        id: question(n),
        case_id: case_id(n),
        due,
    }
}

fn hours(n: u32) -> Timestamp {
    samples::start() + SignedDuration::from_hours(n.into())
}

pub(crate) async fn a_check_that_is_answered_at_once_is_on_no_worklist(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1, hours(48)).await;
    goes_on(&*store, case_id(1), [asked(1)]).await;
    // Nothing was decided yet: the call waits for it.
    assert_eq!(
        store.question(DepartmentId::HomeOffice, question(1)).await,
        Ok(None)
    );
    goes_on(&*store, case_id(1), [established()]).await;
    for department in DEPARTMENTS {
        assert_eq!(page(&*store, department, None, 10).await, []);
        assert_eq!(store.question(department, question(1)).await, Ok(None));
        assert_eq!(
            store.questions_of(department, &[case_id(1)]).await,
            Ok(Vec::new())
        );
    }
    store.close().await;
}

pub(crate) async fn a_question_that_is_left_open_is_on_its_department_s_worklist_alone(place: &impl Place) {
    let store = place.open().await;
    leave_open(&*store, 1, hours(48)).await;
    store.close().await;
    let store = place.open().await;
    for department in DEPARTMENTS {
        let mine = department == DepartmentId::HomeOffice;
        let expected: Vec<_> = mine.then(|| row(1, Some(hours(48)))).into_iter().collect();
        assert_eq!(page(&*store, department, None, 10).await, expected);
        let found = store.question(department, question(1)).await;
        assert_eq!(found, Ok(expected.first().copied()));
        let found = store.questions_of(department, &[case_id(2), case_id(1)]).await;
        assert_eq!(found, Ok(expected));
    }
    let unknown = store.question(DepartmentId::HomeOffice, question(2)).await;
    assert_eq!(unknown, Ok(None));
    store.close().await;
}

pub(crate) async fn a_question_that_is_settled_needs_no_reply_and_is_still_found(place: &impl Place) {
    let store = place.open().await;
    for n in [1, 2] {
        leave_open(&*store, n, hours(48)).await;
    }
    // One by its reply, the other with its case.
    goes_on(&*store, case_id(1), [replied(1, Outcome::NoRecord)]).await;
    goes_on(&*store, case_id(2), [established()]).await;
    for n in [1, 2] {
        let found = store.question(DepartmentId::HomeOffice, question(n)).await;
        assert_eq!(found, Ok(Some(row(n, None))));
    }
    let both = store
        .questions_of(DepartmentId::HomeOffice, &[case_id(1), case_id(2)])
        .await;
    assert_eq!(both, Ok(vec![row(1, None), row(2, None)]));
    assert_eq!(page(&*store, DepartmentId::HomeOffice, None, 10).await, []);
    // Another question of the case takes its place.
    goes_on(&*store, case_id(1), [asked(3), deferred(3)]).await;
    let both = store
        .questions_of(DepartmentId::HomeOffice, &[case_id(1)])
        .await
        .unwrap();
    let another = WorkRow {
        case_id: case_id(1),
        ..row(3, Some(hours(48)))
    };
    assert_eq!(both, [row(1, None), another]);
    store.close().await;
}

pub(crate) async fn a_worklist_has_the_most_urgent_first_and_pages_without_gaps(place: &impl Place) {
    let store = place.open().await;
    let dues = [(5, 24), (3, 48), (1, 48), (4, 72), (2, 12)];
    for (n, due) in dues {
        leave_open(&*store, n, hours(due)).await;
    }
    let expected = [(2, 12), (5, 24), (1, 48), (3, 48), (4, 72)].map(|(n, due)| row(n, Some(hours(due))));
    let mut listed = Vec::new();
    loop {
        let next = page(&*store, DepartmentId::HomeOffice, listed.last(), 2).await;
        if next.is_empty() {
            break;
        }
        assert!(next.len() <= 2);
        listed.extend(next);
    }
    assert_eq!(listed, expected);
    assert_eq!(
        page(&*store, DepartmentId::HomeOffice, None, 0).await,
        expected[..1]
    );
    store.close().await;
}

pub(crate) async fn the_questions_of_a_purged_case_are_gone(place: &impl Place) {
    let store = place.open().await;
    for n in [1, 2] {
        leave_open(&*store, n, hours(48)).await;
    }
    assert_eq!(store.purge(case_id(1), 4, hours(1)).await, Ok(()));
    let found = store.question(DepartmentId::HomeOffice, question(1)).await;
    assert_eq!(found, Ok(None));
    let left = page(&*store, DepartmentId::HomeOffice, None, 10).await;
    assert_eq!(left, [row(2, Some(hours(48)))]);
    store.close().await;
}
