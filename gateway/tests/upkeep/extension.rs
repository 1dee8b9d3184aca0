//! More time for open cases: which get it, and that an order which was interrupted is gone on with.

use std::time::Duration;

use statuscheck::store::{HouseKind, HouseQuery, Store as _};
use statuscheck_domain::answer::{Answer, Outcome, PendingReason};
use statuscheck_domain::case_clock::{CaseClock, Extension};
use statuscheck_domain::clock::Clock as _;
use statuscheck_domain::due_order::{DueOrder, OrderContent};
use statuscheck_domain::event::EventKind;
use statuscheck_domain::ids::{CaseId, DepartmentId, DueOrderId};
use statuscheck_domain::sla::{Ground, SlaPolicy, Target};
use statuscheck_domain::working_time::Calendars;
use uuid::Uuid;

use crate::bench::{ACTOR, Bench, answer, worker};

const DAY: Duration = Duration::from_hours(24);

/// A case that waits for the Home Office.
async fn waiting(bench: &Bench, number: u128) -> CaseId {
    let id = bench.receive(&worker(number)).await;
    let policy = SlaPolicy::of("2026-1".parse().unwrap(), Target::DEFAULT);
    let calendars = Calendars::default();
    let now = bench.clock.now();
    let terms = policy.terms(now, Ground::Usual, calendars.current().version());
    let outcome = Outcome::Pending {
        reason: PendingReason::DepartmentWorking,
        departments: vec![DepartmentId::HomeOffice],
    };
    let pending = EventKind::Decided(Answer { outcome, ..answer() });
    let start = EventKind::Clock(CaseClock::start(terms, &calendars).unwrap());
    record(bench, id, [pending, start]).await;
    id
}

async fn record(bench: &Bench, id: CaseId, kinds: impl IntoIterator<Item = EventKind>) {
    let case = bench.case(id).await;
    let (change, _) = case.change(bench.clock.now(), kinds).ok().unwrap();
    assert_eq!(bench.store.commit(change).await, Ok(()));
}

async fn extensions(bench: &Bench, id: CaseId) -> usize {
    let history = bench.case(id).await.history;
    let extended = history.iter().filter(|step| step.kind == "clock_extended");
    extended.count()
}

fn a_day(department: DepartmentId) -> OrderContent {
    OrderContent {
        department: Some(department),
        agreement: None,
        by: Extension::Elapsed(DAY),
        reason: "The desk was closed".parse().unwrap(),
    }
}

#[tokio::test]
async fn every_case_that_waits_gets_more_time_after_a_preview_and_no_other() {
    let bench = Bench::new().await;
    // More than a page.
    let mut cases = Vec::new();
    for number in 1..=210 {
        cases.push(waiting(&bench, number).await);
    }
    let answered = bench.answered(&worker(900)).await;
    let due = bench.case(cases[0]).await.promise().due_at;
    let keeping = bench.keeping();
    let content = a_day(DepartmentId::HomeOffice);
    assert_eq!(keeping.preview_extension(&content).await.unwrap().cases(), 210);
    assert_eq!(
        (bench.house_kinds(), extensions(&bench, cases[0]).await),
        (Vec::new(), 0)
    );

    let done = keeping.extend_due(ACTOR, content.clone()).await.unwrap();
    assert_eq!((done.cases(), done.refused), (210, 0));
    for id in [cases[0], cases[209]] {
        let promise = bench.case(id).await.promise();
        assert_eq!(promise.due_at, due + DAY);
        assert!(promise.explanation.contains("The desk was closed"));
    }
    assert_eq!(extensions(&bench, answered).await, 0);
    let house = bench.house();
    assert_eq!(bench.house_kinds(), ["due_extended", "due_extension_done"]);
    let order = &house[0].1;
    assert_eq!(order["actor"], ACTOR);
    let details = &order["details"];
    assert_eq!(
        (&details["cases"], &details["by_seconds"], &details["department"]),
        (&210.into(), &86_400.into(), &"home-office".into())
    );
    assert_eq!(details["order"], house[1].1["details"]["order"]);

    let other = keeping.extend_due(ACTOR, a_day(DepartmentId::Dfe)).await.unwrap();
    assert_eq!(other.cases(), 0);
}

#[tokio::test]
async fn the_same_order_within_a_minute_is_the_same_order() {
    let bench = Bench::new().await;
    let id = waiting(&bench, 1).await;
    let (keeping, content) = (bench.keeping(), a_day(DepartmentId::HomeOffice));
    for _ in 0..2 {
        let done = keeping.extend_due(ACTOR, content.clone()).await.unwrap();
        assert_eq!(done.cases(), 1);
        assert_eq!(extensions(&bench, id).await, 1);
    }
    // Another operator's is another, and so is one that comes later, also of the same instant.
    keeping.extend_due("ops/duty-2", content.clone()).await.unwrap();
    assert_eq!(extensions(&bench, id).await, 2);
    bench.clock.advance(Duration::from_secs(61));
    keeping.extend_due(ACTOR, content).await.unwrap();
    assert_eq!(extensions(&bench, id).await, 3);
}

#[tokio::test]
async fn an_order_that_was_interrupted_is_gone_on_with_and_moves_nothing_twice() {
    let mut bench = Bench::new().await;
    let (moved, left) = (waiting(&bench, 1).await, waiting(&bench, 2).await);
    bench
        .keeping()
        .extend_due(ACTOR, a_day(DepartmentId::Dfe))
        .await
        .unwrap();
    let query = HouseQuery {
        kind: HouseKind::DueExtended,
        after: None,
        before: None,
        limit: 1,
    };
    let mut entry = bench.store.noted(query).await.unwrap().remove(0);
    // Another order, of which one case was moved when the gateway died.
    let id = DueOrderId(Uuid::from_u128(5));
    bench.clock.advance(Duration::from_secs(1));
    entry.time = bench.clock.now();
    entry.details.insert("order".to_owned(), id.to_string().into());
    entry
        .details
        .insert("department".to_owned(), "home-office".into());
    assert_eq!(bench.store.note(entry.clone()).await, Ok(()));
    let order = DueOrder {
        id,
        given_at: entry.time,
        content: a_day(DepartmentId::HomeOffice),
    };
    let steps = order.steps(&bench.case(moved).await, entry.time, &Calendars::default());
    record(&bench, moved, steps.unwrap().into_iter().map(EventKind::Clock)).await;
    bench.clock.advance(Duration::from_secs(3_600));
    let later = waiting(&bench, 3).await;

    bench.reopen().await;
    for _ in 0..2 {
        bench.keeping().finish_extensions().await.unwrap();
        assert_eq!(extensions(&bench, moved).await, 1);
        assert_eq!(extensions(&bench, left).await, 1);
        assert_eq!(
            extensions(&bench, later).await,
            0,
            "it was received after the order"
        );
        let kinds = bench.house_kinds();
        let done = kinds.iter().filter(|kind| *kind == "due_extension_done");
        assert_eq!(done.count(), 2, "one for each order");
    }
    assert_eq!(bench.house().last().unwrap().1["details"]["cases"], 2);
}

#[tokio::test]
async fn a_case_that_cannot_be_given_so_much_keeps_its_due_time_and_is_counted() {
    let bench = Bench::new().await;
    let id = waiting(&bench, 1).await;
    let keeping = bench.keeping();
    let mut refused = None;
    for _ in 0..13 {
        bench.clock.advance(Duration::from_secs(61));
        let content = a_day(DepartmentId::HomeOffice);
        refused = Some(keeping.extend_due(ACTOR, content).await.unwrap());
    }
    let refused = refused.unwrap();
    assert_eq!((refused.cases(), refused.refused), (0, 1));
    assert_eq!(extensions(&bench, id).await, 12);
}
