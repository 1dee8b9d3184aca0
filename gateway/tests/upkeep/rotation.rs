use std::fs;
use std::sync::Arc;

use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, OpenError, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::store::upkeep::{Rotated, RotationError};
use statuscheck_domain::ids::CaseId;

use crate::bench::{ACTOR, Bench, worker};

async fn some_cases(bench: &Bench, numbers: std::ops::Range<u128>) -> Vec<CaseId> {
    let mut ids = Vec::new();
    for number in numbers {
        ids.push(bench.answered(&worker(number)).await);
    }
    ids
}

async fn all_there(bench: &Bench, ids: &[CaseId]) -> bool {
    for id in ids {
        if !bench.is_there(*id).await {
            return false;
        }
    }
    true
}

/// The generations that wrap what is in the store: of the cases, and of its secret.
fn generations(bench: &Bench) -> Vec<Vec<u8>> {
    let stranger = bench.stranger();
    let mut wrapped = stranger
        .prepare(
            "SELECT substr(wrapped, 1, 4) FROM case_keys
             UNION SELECT substr(secret, 1, 4) FROM store ORDER BY 1",
        )
        .unwrap();
    let rows = wrapped.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn after_a_rotation_every_case_is_readable_and_the_old_key_opens_nothing() {
    let mut bench = Bench::new().await;
    let ids = some_cases(&bench, 0..600).await;
    let old = fs::read(bench.file("key")).unwrap();
    let rotated = bench.keeping().rotate_keys(ACTOR).await.unwrap();
    assert_eq!(
        rotated,
        Rotated {
            generation: 2,
            cases: 600
        }
    );
    assert_eq!(generations(&bench), [[0, 0, 0, 2]]);
    assert!(all_there(&bench, &ids).await);
    bench.reopen().await;
    assert!(all_there(&bench, &ids).await);

    let new = fs::read_to_string(bench.file("key")).unwrap();
    assert_eq!(new.lines().count(), 1);
    assert!(new.starts_with("2 "));
    assert!(!new.contains(std::str::from_utf8(&old).unwrap().trim()));
    bench.store.close().await;
    fs::write(bench.file("key"), old).unwrap();
    let key = Kek::load(&bench.file("key")).ok().unwrap();
    let refused = EmbeddedStore::open(Settings::at(bench.file("store.db")), key).await;
    assert!(matches!(refused, Err(OpenError::WrongKey { .. })));
}

#[tokio::test]
async fn checks_go_on_while_keys_are_rotated_and_none_is_lost() {
    let mut bench = Bench::new().await;
    let mut ids = some_cases(&bench, 0..300).await;
    let keeping = Arc::new(bench.keeping());
    for round in 1..=3_u128 {
        let rotating = Arc::clone(&keeping);
        let rotation = tokio::spawn(async move { rotating.rotate_keys(ACTOR).await });
        ids.extend(some_cases(&bench, round * 1_000..round * 1_000 + 100).await);
        assert!(rotation.await.unwrap().is_ok());
    }
    assert_eq!(generations(&bench), [[0, 0, 0, 4]]);
    bench.reopen().await;
    assert!(all_there(&bench, &ids).await);
}

#[tokio::test]
async fn a_rotation_that_is_cut_off_goes_on_with_the_same_key() {
    let mut bench = Bench::new().await;
    let ids = some_cases(&bench, 0..20).await;
    // The writer waits for the stranger, so the rotation gets as far as its key file and no further.
    let stranger = bench.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let keeping = bench.keeping();
    let mut rotation = Box::pin(keeping.rotate_keys(ACTOR));
    while fs::read_to_string(bench.file("key")).unwrap().lines().count() < 2 {
        assert!(futures_util::poll!(&mut rotation).is_pending());
        tokio::task::yield_now().await;
    }
    drop(rotation);
    let between = fs::read_to_string(bench.file("key")).unwrap();
    stranger.execute_batch("ROLLBACK").unwrap();
    drop(stranger);

    // Both keys are at hand after a restart, and new cases are under the newer one.
    bench.reopen().await;
    assert!(all_there(&bench, &ids).await);
    let later = some_cases(&bench, 20..25).await;
    assert_eq!(generations(&bench), [[0, 0, 0, 1], [0, 0, 0, 2]]);
    let rotated = bench.keeping().rotate_keys(ACTOR).await.unwrap();
    assert_eq!((rotated.generation, rotated.cases), (2, 20));
    let after = fs::read_to_string(bench.file("key")).unwrap();
    assert_eq!(
        after.lines().collect::<Vec<_>>(),
        between.lines().take(1).collect::<Vec<_>>()
    );
    bench.reopen().await;
    assert!(all_there(&bench, &ids).await && all_there(&bench, &later).await);
}

#[tokio::test]
async fn a_rotation_whose_key_file_cannot_be_written_changes_nothing() {
    let bench = Bench::new().await;
    let ids = some_cases(&bench, 0..3).await;
    // A folder in the place of the new file: whoever runs the test, it cannot be written.
    fs::create_dir_all(bench.file("key.new").join("in the way")).unwrap();
    let refused = bench.keeping().rotate_keys(ACTOR).await;
    assert!(matches!(refused, Err(RotationError::KeyFile(_))));
    assert_eq!(generations(&bench), [[0, 0, 0, 1]]);
    assert!(bench.house().is_empty());
    fs::remove_dir_all(bench.file("key.new")).unwrap();
    assert!(bench.keeping().rotate_keys(ACTOR).await.is_ok());
    assert!(all_there(&bench, &ids).await);
}

#[tokio::test]
async fn a_rotation_is_recorded_at_its_beginning_and_at_its_end() {
    let bench = Bench::new().await;
    some_cases(&bench, 0..3).await;
    assert!(bench.keeping().rotate_keys(ACTOR).await.is_ok());
    let house = bench.house();
    let told: Vec<_> = house
        .iter()
        .map(|(kind, entry)| (kind.as_str(), entry["details"]["stage"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("key_rotated", "begun"), ("key_rotated", "done")]);
    assert_eq!(house[1].1["details"]["cases"], 3);
    assert_eq!(house[1].1["actor"], ACTOR);
}

#[tokio::test]
async fn one_rotation_runs_at_a_time() {
    let bench = Bench::new().await;
    let stranger = bench.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let keeping = bench.keeping();
    let mut first = Box::pin(keeping.rotate_keys(ACTOR));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(matches!(
        keeping.rotate_keys(ACTOR).await,
        Err(RotationError::Running)
    ));
    stranger.execute_batch("ROLLBACK").unwrap();
    assert!(first.await.is_ok());
}
