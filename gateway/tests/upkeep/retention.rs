use statuscheck::store::{CaseQuery, CommitError, Store};
use statuscheck::upkeep::{HoldError, Reason, RetentionRun};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::CaseId;

use crate::bench::{ACTOR, Bench, asked, worker};

async fn run(bench: &Bench) -> RetentionRun {
    bench.keeping().run_retention(ACTOR, false).await.unwrap()
}

fn reason() -> Reason {
    Reason::parse("Claim 2026/17").ok().unwrap()
}

/// Length of the ledger.
fn entries(bench: &Bench) -> i64 {
    let count = "SELECT count(*) FROM entries";
    bench.stranger().query_row(count, [], |row| row.get(0)).unwrap()
}

async fn all_cases(bench: &Bench) -> Vec<CaseId> {
    let query = CaseQuery {
        organisation: "north".parse().unwrap(),
        states: Vec::new(),
        after: None,
        limit: 100,
    };
    let page = bench.store.cases(query).await.unwrap();
    page.cases.into_iter().map(|case| case.id).collect()
}

#[tokio::test]
async fn each_check_is_kept_to_the_instant_that_its_time_ends_and_no_longer() {
    for (kind, before, at) in [
        (
            CheckKind::RightToWork,
            "2028-03-02T08:59:59Z",
            "2028-03-02T09:00:00Z",
        ),
        (
            CheckKind::RightToRent,
            "2027-03-02T08:59:59Z",
            "2027-03-02T09:00:00Z",
        ),
        // Nine in the morning in London is eight in summer time.
        (
            CheckKind::Section95,
            "2026-09-02T07:59:59Z",
            "2026-09-02T08:00:00Z",
        ),
        (CheckKind::Iecas, "2026-09-02T07:59:59Z", "2026-09-02T08:00:00Z"),
    ] {
        let bench = Bench::new().await;
        let id = bench.answered(&asked(1, kind)).await;
        bench.set(before);
        assert_eq!(run(&bench).await.purged(), 0);
        assert!(bench.is_there(id).await);
        bench.set(at);
        assert_eq!(run(&bench).await.purged(), 1);
        assert!(!bench.is_there(id).await);
    }
}

#[tokio::test]
async fn the_time_runs_from_the_last_event_and_not_from_the_first() {
    let bench = Bench::new().await;
    let id = bench.receive(&asked(1, CheckKind::Iecas)).await;
    bench.set("2026-08-02T09:00:00Z");
    bench.answer(id).await;
    bench.set("2026-10-02T09:00:00Z");
    assert_eq!(run(&bench).await.purged(), 0);
    bench.set("2027-02-02T10:00:00Z");
    assert_eq!(run(&bench).await.purged(), 1);
}

#[tokio::test]
async fn an_open_case_is_kept_for_ever() {
    let bench = Bench::new().await;
    let id = bench.receive(&worker(1)).await;
    bench.set("2099-01-01T00:00:00Z");
    assert_eq!(run(&bench).await.purged(), 0);
    assert!(bench.is_there(id).await);
}

#[tokio::test]
async fn a_case_whose_agreement_is_gone_is_kept_and_shown() {
    let bench = Bench::new().await;
    let id = bench.answered(&worker(1)).await;
    bench.set("2099-01-01T00:00:00Z");
    let keeping = bench.keeping_without_agreements();
    let run = keeping.run_retention(ACTOR, false).await.unwrap();
    assert!(bench.is_there(id).await);
    assert_eq!(run.lines.len(), 1);
    assert_eq!(run.lines[0].retention, None);
}

#[tokio::test]
async fn a_dry_run_counts_what_a_run_purges_and_changes_nothing() {
    let bench = Bench::new().await;
    for number in 0..3 {
        bench.answered(&worker(number)).await;
    }
    let held = bench.answered(&asked(3, CheckKind::RightToRent)).await;
    let keeping = bench.keeping();
    assert_eq!(keeping.set_hold(ACTOR, held, true, &reason()).await, Ok(()));
    bench.set("2028-03-02T09:00:00Z");
    bench.answered(&worker(4)).await;

    let before = entries(&bench);
    let dry = keeping.run_retention(ACTOR, true).await.unwrap();
    assert_eq!(entries(&bench), before);
    let told: Vec<_> = dry
        .lines
        .iter()
        .map(|line| (line.terms.check, line.due, line.held, line.purged))
        .collect();
    assert_eq!(
        told,
        [
            (CheckKind::RightToRent, 0, 1, 0),
            (CheckKind::RightToWork, 3, 0, 0)
        ]
    );
    let oldest = dry.lines[1].oldest.unwrap().to_string();
    assert_eq!(oldest, "2026-03-02T09:00:00Z");
    assert_eq!(all_cases(&bench).await.len(), 5);

    assert_eq!(run(&bench).await.purged(), 3);
    assert_eq!(all_cases(&bench).await.len(), 2);
}

#[tokio::test]
async fn a_held_case_is_kept_until_it_is_released_and_both_are_recorded_with_who_and_why() {
    let bench = Bench::new().await;
    let id = bench.answered(&worker(1)).await;
    let keeping = bench.keeping();
    assert_eq!(keeping.set_hold(ACTOR, id, true, &reason()).await, Ok(()));
    bench.set("2028-03-02T09:00:00Z");
    let held = run(&bench).await;
    assert_eq!((held.purged(), held.lines[0].held), (0, 1));
    // Nor is it purged past the run, whoever asks.
    let now = "2028-03-02T09:00:00Z".parse().unwrap();
    assert_eq!(bench.store.purge(id, 2, now).await, Err(CommitError::Stale));

    assert_eq!(keeping.set_hold(ACTOR, id, false, &reason()).await, Ok(()));
    assert_eq!(run(&bench).await.purged(), 1);
    let holds: Vec<_> = bench
        .house()
        .into_iter()
        .filter(|(kind, _)| kind.starts_with("legal_hold"))
        .collect();
    assert_eq!(holds.len(), 2);
    assert_eq!(
        (holds[0].0.as_str(), holds[1].0.as_str()),
        ("legal_hold_set", "legal_hold_released")
    );
    for (_, payload) in &holds {
        assert_eq!(payload["actor"], ACTOR);
        assert_eq!(payload["details"]["reason"], "Claim 2026/17");
        assert_eq!(payload["details"]["case_id"], id.to_string());
    }
}

#[tokio::test]
async fn a_hold_on_no_case_and_a_release_of_no_hold_are_refused_and_not_recorded() {
    let bench = Bench::new().await;
    let id = bench.answered(&worker(1)).await;
    let stranger = CaseId(uuid::Uuid::from_u128(5));
    let keeping = bench.keeping();
    for (case, held) in [(stranger, true), (stranger, false), (id, false)] {
        let refused = keeping.set_hold(ACTOR, case, held, &reason()).await;
        assert_eq!(refused, Err(HoldError::NoSuchCase(case)));
    }
    assert!(bench.house().is_empty());
}

#[tokio::test]
async fn after_a_purge_the_list_goes_on_and_the_request_id_is_free() {
    let bench = Bench::new().await;
    let mut kept = Vec::new();
    for number in 0..10 {
        let kind = if number % 2 == 0 {
            CheckKind::Iecas
        } else {
            CheckKind::RightToWork
        };
        let id = bench.answered(&asked(number, kind)).await;
        if kind == CheckKind::RightToWork {
            kept.insert(0, id);
        }
    }
    bench.set("2027-03-02T09:00:00Z");
    assert_eq!(run(&bench).await.purged(), 5);
    assert!(all_cases(&bench).await == kept);
    let again = bench.receive(&asked(0, CheckKind::Iecas)).await;
    assert!(bench.is_there(again).await);
}

#[tokio::test]
async fn a_run_is_recorded_with_who_ran_it_and_how_many_it_purged() {
    let bench = Bench::new().await;
    bench.answered(&worker(1)).await;
    bench.set("2028-03-02T09:00:00Z");
    assert!(run(&bench).await.log_emptied);
    let runs = bench.house();
    assert_eq!(runs.len(), 2);
    assert!(
        runs.iter()
            .all(|(kind, entry)| kind == "retention_run" && entry["actor"] == ACTOR)
    );
    assert_eq!(runs[0].1["details"]["stage"], "begun");
    assert_eq!(runs[1].1["details"]["purged"], 1);
}
