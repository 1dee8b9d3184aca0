//! A store with some of everything in it, and how it looks from outside.

use std::sync::Arc;

use jiff::ToSpan as _;
use statuscheck::store::upkeep::{ClosedQuery, Upkeep};
use statuscheck::store::{
    CommitError, CourseQuery, HookQuery, HouseKind, Marks, Received, Store, UrgentQuery, WorkQuery,
};
use statuscheck::upkeep::{Housekeeping, Reason};
use statuscheck_domain::answer::{Answer, Outcome};
use statuscheck_domain::clock::ManualClock;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::measures::Tally;
use statuscheck_domain::outbox::NoticeEvent;

use crate::conformance::hooks::{failed, goes_on, notice_id, parked, queued};
use crate::samples;
use crate::steps::{
    ORGANISATION, case_id, charging, content, deciding, every_case, house_entry, opening_of, quota, receipt,
    receive, referred,
};

/// Cases of one inhabitant.
pub(crate) const CASES: u32 = 12;

/// Has `store` go through all that a store goes through, with cases from `first` on: received, asked about under a quota, answered
/// or left open, held, released, purged.
pub(crate) async fn inhabit(store: &Arc<impl Upkeep + 'static>, first: u32) {
    for n in first..first + CASES {
        receive(&**store, n).await;
        assert_eq!(store.commit(charging(case_id(n), 1)).await, Ok(()));
        if n % 2 == 0 {
            answer(&**store, n, 2).await;
        }
    }
    for n in [first + 1, first + 3] {
        leave_open(&**store, n).await;
    }
    let keeping = keeping(store);
    let reason = Reason::parse("Claim 2026/17").ok().unwrap();
    for (n, held) in [
        (first, true),
        (first + 2, true),
        (first + 2, false),
        (first + 4, true),
    ] {
        assert_eq!(
            keeping.set_hold("ops/one", case_id(n), held, &reason).await,
            Ok(())
        );
    }
    for (n, version) in [(first + 1, 3), (first + 6, 3)] {
        let purged = store.purge(case_id(n), version, samples::start()).await;
        assert_eq!(purged, Ok(()));
    }
    assert_eq!(store.note(house_entry(HouseKind::RetentionRun)).await, Ok(()));
}

pub(crate) fn keeping(store: &Arc<impl Upkeep + 'static>) -> Housekeeping {
    let clock = Arc::new(ManualClock::at(samples::start()));
    Housekeeping::new(Arc::clone(store) as _, Arc::default(), Arc::default(), clock)
}

pub(crate) async fn answer(store: &dyn Store, n: u32, version: u64) {
    let answer = samples::answers().swap_remove(0);
    assert_eq!(store.commit(deciding(case_id(n), version, answer)).await, Ok(()));
}

/// Tells the caller of a case that its question is out.
pub(crate) async fn leave_open(store: &dyn Store, n: u32) {
    let case = store.case(case_id(n)).await.unwrap().unwrap();
    let is_pending = |answer: &Answer| matches!(answer.outcome, Outcome::Pending { .. });
    let pending = samples::answers().into_iter().find(is_pending).unwrap();
    let decided = case.change(samples::start(), [EventKind::Decided(pending)]);
    assert_eq!(store.commit(decided.unwrap().0).await, Ok(()));
}

/// Has somebody told of a case, who did not take it: of three notices one was taken, one waits and one is parked. Six entries.
pub(crate) async fn leave_untold(store: &dyn Store, n: u32) {
    let all = [n, n + 1, n + 2].map(queued);
    let again = samples::start() + jiff::SignedDuration::from_hours(1);
    let then = [failed(n, again), parked(n + 1), taken(n + 2)];
    for events in [all, then] {
        goes_on(store, case_id(n), samples::start(), &events).await;
    }
}

fn taken(n: u32) -> NoticeEvent {
    NoticeEvent::Delivered { id: notice_id(n) }
}

/// Has a case referred that was left undecided.
pub(crate) async fn refer(store: &dyn Store, n: u32) {
    let case = store.case(case_id(n)).await.unwrap().unwrap();
    let (change, _) = case.change(samples::start(), referred(n, None)).unwrap();
    assert_eq!(store.commit(change).await, Ok(()));
}

/// All that a gateway sees of a store: its cases with their states, versions and receipts, what is closed and held, who is found
/// again, what was used of a quota, a worklist, and who is still to be told of something.
pub(crate) async fn seen(store: &impl Upkeep) -> Vec<String> {
    let page = store.cases(every_case(ORGANISATION)).await.unwrap();
    assert!(page.next.is_none());
    let mut seen = Vec::new();
    for case in &page.cases {
        let expected = receipt(ORGANISATION, 0);
        assert!(case.receipt.check.canonical() == expected.check.canonical());
        seen.push(format!("{} {} {}", case.id, case.state.as_str(), case.version));
    }
    for terms in store.terms().await.unwrap() {
        let query = ClosedQuery {
            terms: terms.clone(),
            after: None,
            limit: 100,
        };
        for closed in store.closed(query).await.unwrap() {
            let (id, held) = (closed.id, closed.held);
            seen.push(format!(
                "{} closed {id} {} {held}",
                terms.agreement.as_str(),
                closed.updated
            ));
        }
    }
    let person = receipt(ORGANISATION, 0).check.identities();
    let about = store.about(&person, 100).await.unwrap();
    seen.extend(about.iter().map(|case| format!("about {}", case.id)));
    let worklist = WorkQuery {
        department: DepartmentId::HomeOffice,
        after: None,
        limit: 100,
    };
    let worklist = store.worklist(worklist).await.unwrap();
    seen.extend(worklist.iter().map(|row| format!("open {row:?}")));
    let hooks = HookQuery {
        parked_only: false,
        after: None,
        limit: 100,
    };
    let hooks = store.hooks(hooks).await.unwrap();
    seen.extend(hooks.iter().map(|row| format!("untold {row:?}")));
    let courses = store.courses(CourseQuery {
        agreement: receipt(ORGANISATION, 0).agreement_id,
        from: samples::start(),
        to: samples::start() + 1.hour(),
        after: None,
        limit: 500,
    });
    let courses = courses.await.unwrap().courses;
    let (mut tally, count) = (Tally::as_of(samples::start()), courses.len());
    courses.iter().for_each(|course| tally.add(course));
    seen.push(format!("{count} courses: {:?}", tally.figures()));
    let urgent = UrgentQuery {
        department: None,
        late_at: None,
        after: None,
        limit: 100,
    };
    let urgent = store.most_urgent(urgent).await.unwrap();
    seen.extend(urgent.iter().map(|open| format!("stands {open:?}")));
    let marks = Marks {
        now: samples::start(),
        ahead: Vec::new(),
    };
    let lines = store.lines(marks).await.unwrap();
    seen.extend(lines.iter().map(|line| format!("line {line:?}")));
    seen.push(format!("used {}", store.quota_used(&quota()).await.unwrap()));
    seen
}

/// Every request that opened a case is known with its content, and none that was purged is.
pub(crate) async fn knows_its_requests(store: &dyn Store, first: u32) -> Result<(), CommitError> {
    for n in first..first + CASES {
        let purged = n == first + 1 || n == first + 6;
        if !purged {
            let again = opening_of(case_id(n + 10_000), receipt(ORGANISATION, n));
            let known = Received::Known {
                case_id: case_id(n),
                same_content: true,
            };
            assert_eq!(store.receive(again, content("one")).await?, known, "{n}");
        }
    }
    Ok(())
}
