//! Clocks counted anew by an order: which are, and that an order which was interrupted is gone on with.

use std::time::Duration;

use statuscheck::store::{HouseKind, HouseQuery, Store as _};
use statuscheck_domain::answer::{Answer, Outcome, PendingReason};
use statuscheck_domain::case_clock::CaseClock;
use statuscheck_domain::clock::Clock as _;
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, DepartmentId};
use statuscheck_domain::recount::RecountContent;
use statuscheck_domain::sla::{Ground, SlaPolicy};
use statuscheck_domain::working_time::Calendars;

use crate::bench::{ACTOR, Bench, answer, worker};

/// A case that waits, under a promise of ten days that its agreement does not make any more.
async fn waiting(bench: &Bench, number: u128) -> CaseId {
    let id = bench.receive(&worker(number)).await;
    let policy = SlaPolicy::of("of-before".parse().unwrap(), "10d".parse().unwrap());
    let calendars = Calendars::default();
    let now = bench.clock.now();
    let terms = policy.terms(now, Ground::Usual, calendars.current().version());
    let outcome = Outcome::Pending {
        reason: PendingReason::DepartmentWorking,
        departments: vec![DepartmentId::HomeOffice],
    };
    let pending = EventKind::Decided(Answer { outcome, ..answer() });
    let start = EventKind::Clock(CaseClock::start(terms, &calendars).unwrap());
    let case = bench.case(id).await;
    let (change, _) = case.change(now, [pending, start]).ok().unwrap();
    assert_eq!(bench.store.commit(change).await, Ok(()));
    id
}

async fn times(bench: &Bench, id: CaseId) -> usize {
    let history = bench.case(id).await.history;
    history
        .iter()
        .filter(|step| step.kind == "clock_recomputed")
        .count()
}

fn all() -> RecountContent {
    RecountContent {
        agreement: None,
        reason: "Five days are promised now".parse().unwrap(),
    }
}

#[tokio::test]
async fn open_clocks_are_counted_anew_once_after_a_preview() {
    let bench = Bench::new().await;
    let mut cases = Vec::new();
    for number in 1..=210 {
        cases.push(waiting(&bench, number).await);
    }
    let answered = bench.answered(&worker(900)).await;
    let due = bench.case(cases[0]).await.promise().due_at;
    let keeping = bench.keeping();
    let expected = keeping.preview_recount(&all()).await.unwrap();
    let lines: Vec<_> = expected.by_agreement.values().copied().collect();
    assert_eq!((lines.len(), expected.cases(), expected.refused), (1, 210, 0));
    assert_eq!((lines[0].earlier, lines[0].later), (210, 0));
    assert_eq!(
        (bench.house_kinds(), times(&bench, cases[0]).await),
        (Vec::new(), 0)
    );

    assert_eq!(keeping.recount_due(ACTOR, all()).await.unwrap(), expected);
    for id in [cases[0], cases[209]] {
        let promise = bench.case(id).await.promise();
        assert_eq!(promise.due_at, due - Duration::from_hours(5 * 24));
        assert!(promise.explanation.contains("Five days are promised now"));
    }
    // The same again counts nothing twice.
    let again = keeping.recount_due(ACTOR, all()).await.unwrap();
    assert_eq!((again.cases(), times(&bench, cases[0]).await), (210, 1));
    assert_eq!(times(&bench, answered).await, 0);
    assert_eq!(
        bench.house_kinds(),
        ["due_recounted", "due_recount_done", "due_recount_done"]
    );
    let details = &bench.house()[0].1["details"];
    assert_eq!(
        (&details["cases"], &details["reason"]),
        (&210.into(), &"Five days are promised now".into())
    );
    bench.clock.advance(Duration::from_secs(61));
    let other = RecountContent {
        reason: "Once more".parse().unwrap(),
        ..all()
    };
    assert_eq!(keeping.recount_due(ACTOR, other).await.unwrap().cases(), 0);
}

#[tokio::test]
async fn an_order_that_was_interrupted_is_gone_on_with_and_counts_nothing_twice() {
    let mut bench = Bench::new().await;
    let first = waiting(&bench, 1).await;
    bench.keeping().recount_due(ACTOR, all()).await.unwrap();
    let query = HouseQuery {
        kind: HouseKind::DueRecounted,
        after: None,
        before: None,
        limit: 1,
    };
    let mut entry = bench.store.noted(query).await.unwrap().remove(0);
    // Another order, recorded when the gateway died.
    bench.clock.advance(Duration::from_secs(1));
    let left = waiting(&bench, 2).await;
    bench.clock.advance(Duration::from_secs(1));
    entry.time = bench.clock.now();
    let id = uuid::Uuid::from_u128(5).to_string();
    entry.details.insert("order".to_owned(), id.into());
    assert_eq!(bench.store.note(entry).await, Ok(()));
    bench.clock.advance(Duration::from_secs(3_600));
    let later = waiting(&bench, 3).await;

    bench.reopen().await;
    for _ in 0..2 {
        bench.keeping().finish_recounts().await.unwrap();
        assert_eq!(times(&bench, first).await, 1);
        assert_eq!(times(&bench, left).await, 1);
        assert_eq!(times(&bench, later).await, 0, "it was received after the order");
        let kinds = bench.house_kinds();
        assert_eq!(kinds.iter().filter(|kind| *kind == "due_recount_done").count(), 2);
    }
}

#[tokio::test]
async fn a_case_whose_agreement_is_gone_keeps_its_clock_and_is_counted() {
    let bench = Bench::new().await;
    let id = waiting(&bench, 1).await;
    let keeping = bench.keeping_without_agreements();
    let done = keeping.recount_due(ACTOR, all()).await.unwrap();
    assert_eq!((done.cases(), done.refused), (0, 1));
    assert_eq!(times(&bench, id).await, 0);
}
