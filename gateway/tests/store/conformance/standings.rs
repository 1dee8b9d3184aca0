//! How open cases stand: counted and listed as their histories say, from the decision that leaves them open to their end.

use jiff::{SignedDuration, Timestamp};
use statuscheck::store::{Line, Marks, OpenCase, Store, Urgency, UrgentQuery};
use statuscheck_domain::answer::{self, Answer, PendingReason};
use statuscheck_domain::case::{Case, Standing};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, DepartmentId};
use statuscheck_domain::subject::Field;

use super::Place;
use crate::samples;
use crate::steps::{ORGANISATION, case_id, content, opening_of, receipt};

use DepartmentId::{Dwp, Hmrc, HomeOffice};

fn hours(n: i64) -> Timestamp {
    samples::start() + SignedDuration::from_hours(n)
}

fn decided(outcome: answer::Outcome) -> EventKind {
    let answer = samples::answers().swap_remove(0);
    EventKind::Decided(Answer { outcome, ..answer })
}

fn pending(departments: &[DepartmentId]) -> EventKind {
    decided(answer::Outcome::Pending {
        reason: PendingReason::DepartmentWorking,
        departments: departments.to_vec(),
    })
}

fn more() -> EventKind {
    let fields = vec![Field::Postcode];
    decided(answer::Outcome::MoreInformation { fields })
}

fn answered() -> EventKind {
    EventKind::Decided(samples::answers().swap_remove(0))
}

/// Receives case `n` under agreement `n % 2`, due so many hours from the start.
async fn receive(store: &dyn Store, n: u32, due: i64) {
    let mut receipt = receipt(ORGANISATION, n);
    receipt.clock.due_at = hours(due);
    receipt.agreement_id = format!("agreement-{}", n % 2).parse().unwrap();
    let change = opening_of(case_id(n), receipt);
    store.receive(change, content("one")).await.unwrap();
}

async fn goes_on(store: &dyn Store, n: u32, kind: EventKind) {
    let case = case(store, n).await;
    let (change, _) = case.change(samples::start(), [kind]).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
}

async fn case(store: &dyn Store, n: u32) -> Case {
    store.case(case_id(n)).await.unwrap().unwrap()
}

/// Cases of every kind, with the hours after which they are due. What is not here is asked about in its call or is over.
const DUES: [(u32, i64); 7] = [(1, 48), (2, 1), (3, 5), (4, 1), (5, 90), (6, 30), (7, 2)];

async fn settle(store: &dyn Store) {
    for (n, due) in DUES.into_iter().chain([(8, 3), (9, 3)]) {
        receive(store, n, due).await;
    }
    for n in [1, 3, 5] {
        goes_on(store, n, pending(&[Dwp])).await;
    }
    for n in [2, 4] {
        goes_on(store, n, pending(&[Hmrc, Dwp])).await;
    }
    goes_on(store, 6, pending(&[])).await;
    goes_on(store, 7, more()).await;
    // Case 8 is answered in its call, and case 9 is still asked about.
    goes_on(store, 8, answered()).await;
}

/// What the histories of the cases say.
async fn standing(store: &dyn Store) -> Vec<OpenCase> {
    let mut open = Vec::new();
    for (n, _due) in DUES {
        let Some(case) = store.case(case_id(n)).await.unwrap() else {
            continue;
        };
        open.extend(case.standing().map(|standing| OpenCase {
            case_id: case.id,
            agreement: case.receipt.agreement_id.clone(),
            check: case.receipt.check.kind(),
            standing,
        }));
    }
    open.sort_by_key(OpenCase::urgency);
    open
}

async fn listed(store: &dyn Store, query: UrgentQuery) -> Vec<OpenCase> {
    let (mut all, mut after) = (Vec::new(), query.after);
    loop {
        let page = store.most_urgent(UrgentQuery { after, ..query }).await.unwrap();
        assert!(page.len() <= query.limit.max(1));
        let Some(last) = page.last() else { return all };
        after = Some(last.urgency());
        all.extend(page);
    }
}

fn everything(limit: usize) -> UrgentQuery {
    UrgentQuery {
        department: None,
        late_at: None,
        after: None,
        limit,
    }
}

fn numbers(cases: &[OpenCase]) -> Vec<u32> {
    let number = |id: CaseId| (1..100).find(|n| case_id(*n) == id).unwrap();
    cases.iter().map(|case| number(case.case_id)).collect()
}

fn marks(now: i64) -> Marks {
    Marks {
        now: hours(now),
        ahead: [1, 4, 24].map(|ahead| hours(now + ahead)).to_vec(),
    }
}

fn line_of<'a>(lines: &'a [Line], agreement: &str, whose: &str) -> &'a Line {
    let is_it = |line: &&Line| line.agreement.as_str() == agreement && line.whose.to_string() == whose;
    lines.iter().find(is_it).unwrap()
}

pub(crate) async fn open_cases_are_listed_most_urgent_first_as_their_histories_say(place: &impl Place) {
    let store = place.open().await;
    settle(&*store).await;
    store.close().await;
    let store = place.open().await;
    let expected = standing(&*store).await;
    assert_eq!(
        numbers(&expected),
        [2, 4, 3, 6, 1, 5, 7],
        "the paused one comes last"
    );
    for limit in [0, 2, 100] {
        assert_eq!(listed(&*store, everything(limit)).await, expected);
    }
    // One that is over meanwhile leaves no gap.
    let after = expected
        .iter()
        .find(|open| open.case_id == case_id(3))
        .map(OpenCase::urgency);
    goes_on(&*store, 3, answered()).await;
    let rest = listed(
        &*store,
        UrgentQuery {
            after,
            ..everything(2)
        },
    )
    .await;
    assert_eq!(numbers(&rest), [6, 1, 5, 7]);
    store.close().await;
}

pub(crate) async fn open_cases_are_listed_by_the_department_that_is_waited_for(place: &impl Place) {
    let store = place.open().await;
    settle(&*store).await;
    for (department, expected) in [
        (Dwp, vec![2, 4, 3, 1, 5]),
        (Hmrc, vec![2, 4]),
        (HomeOffice, vec![6]),
        (DepartmentId::Dfe, vec![]),
    ] {
        let query = UrgentQuery {
            department: Some(department),
            ..everything(2)
        };
        assert_eq!(numbers(&listed(&*store, query).await), expected);
    }
    let late_at = Some(hours(5));
    let late = listed(
        &*store,
        UrgentQuery {
            late_at,
            ..everything(10)
        },
    )
    .await;
    assert_eq!(numbers(&late), [2, 4], "due at the instant is not late");
    store.close().await;
}

pub(crate) async fn open_cases_are_counted_each_in_one_line(place: &impl Place) {
    let store = place.open().await;
    assert_eq!(store.lines(marks(0)).await, Ok(Vec::new()));
    settle(&*store).await;
    let lines = store.lines(marks(0)).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.open).sum::<u64>(), 7);
    let dwp = line_of(&lines, "agreement-1", "dwp");
    assert_eq!((dwp.open, dwp.late, dwp.at_risk), (3, 0, 0));
    assert_eq!((dwp.next_due, &dwp.due_by[..]), (Some(hours(5)), &[0, 0, 1][..]));
    let both = line_of(&lines, "agreement-0", "dwp+hmrc");
    assert_eq!(
        (both.open, &both.due_by[..]),
        (2, &[2, 2, 2][..]),
        "due at the mark is due by it"
    );
    let caller = line_of(&lines, "agreement-1", "caller");
    assert_eq!((caller.open, caller.late, caller.next_due), (1, 0, None));
    assert_eq!(caller.due_by, [0, 0, 0]);
    // What is late and what is due moves with the clock, and nothing is written for it.
    let lines = store.lines(marks(5)).await.unwrap();
    let both = line_of(&lines, "agreement-0", "dwp+hmrc");
    assert_eq!((both.open, both.late, &both.due_by[..]), (2, 2, &[0, 0, 0][..]));
    let dwp = line_of(&lines, "agreement-1", "dwp");
    assert_eq!((dwp.late, dwp.at_risk, &dwp.due_by[..]), (0, 1, &[1, 1, 1][..]));
    store.close().await;
}

pub(crate) async fn a_case_is_in_the_line_of_whoever_has_the_turn_until_it_is_over(place: &impl Place) {
    let store = place.open().await;
    receive(&*store, 1, 48).await;
    assert_eq!(store.lines(marks(0)).await, Ok(Vec::new()));
    for (kind, whose) in [
        (pending(&[Dwp]), Some("dwp")),
        (pending(&[Hmrc]), Some("hmrc")),
        (more(), Some("caller")),
        (pending(&[HomeOffice]), Some("home-office")),
        (answered(), None),
    ] {
        goes_on(&*store, 1, kind).await;
        let lines = store.lines(marks(0)).await.unwrap();
        let names: Vec<_> = lines.iter().map(|line| line.whose.to_string()).collect();
        assert_eq!(names, Vec::from_iter(whose));
    }
    assert_eq!(listed(&*store, everything(10)).await, []);
    store.close().await;
}

pub(crate) async fn a_purged_case_stands_nowhere(place: &impl Place) {
    let store = place.open().await;
    settle(&*store).await;
    let version = case(&*store, 2).await.version;
    assert_eq!(store.purge(case_id(2), version, hours(1)).await, Ok(()));
    let left = listed(&*store, everything(10)).await;
    assert_eq!(numbers(&left), [4, 3, 6, 1, 5, 7]);
    let first: Option<(Urgency, Standing)> = left.first().map(|open| (open.urgency(), open.standing));
    assert_eq!(first.map(|(urgency, _)| urgency.due_at), Some(hours(1)));
    store.close().await;
}
