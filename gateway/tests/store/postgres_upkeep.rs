//! The upkeep of a store in PostgreSQL: holds, closed cases, people found again, keys changed and destroyed.

use std::fs;

use statuscheck::store::postgres::OpenError;
use statuscheck::store::seal::Kek;
use statuscheck::store::upkeep::{ClosedQuery, RotationError, Terms, Upkeep as _};
use statuscheck::store::{CommitError, HouseKind, ReadError, Store as _};
use statuscheck_domain::case::CaseState;

use crate::postgres::Ground;
use crate::samples;
use crate::steps::{
    ORGANISATION, asking, case_id, deciding, every_case, house_entry, receipt, receive, version,
};

#[tokio::test]
async fn a_held_case_is_not_purged_until_it_is_released() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    receive(&store, 1).await;
    let set = house_entry(HouseKind::LegalHoldSet);
    let released = house_entry(HouseKind::LegalHoldReleased);
    let nothing_held = store.set_hold(case_id(1), false, released.clone()).await;
    assert_eq!(nothing_held, Err(CommitError::Stale));
    let no_such_case = store.set_hold(case_id(2), true, set.clone()).await;
    assert_eq!(no_such_case, Err(CommitError::Stale));
    for _ in 0..2 {
        assert_eq!(store.set_hold(case_id(1), true, set.clone()).await, Ok(()));
    }
    let purge = || store.purge(case_id(1), 1, samples::start());
    assert_eq!(purge().await, Err(CommitError::Stale));
    assert_eq!(version(&store, 1).await, Some(1));
    assert_eq!(store.set_hold(case_id(1), false, released).await, Ok(()));
    assert_eq!(purge().await, Ok(()));
    for table in ["cases", "requests", "case_keys", "holds"] {
        assert_eq!(ground.count(table).await, 0, "{table}");
    }
    assert_eq!(ground.count("entries").await, 5);
    ground.assert_whole().await;
    store.close().await;
}

#[tokio::test]
async fn closed_cases_are_listed_by_their_terms_page_by_page() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    let mut closed = Vec::new();
    for (n, answer) in (0..).zip(samples::answers()) {
        receive(&store, n).await;
        let told = CaseState::told(&answer.outcome);
        assert_eq!(store.commit(deciding(case_id(n), 1, answer)).await, Ok(()));
        if told == CaseState::Answered {
            closed.push(case_id(n));
        }
    }
    let sample = receipt(ORGANISATION, 0);
    let terms = Terms {
        agreement: sample.agreement_id.clone(),
        check: sample.check.kind(),
    };
    assert_eq!(store.terms().await, Ok(vec![terms.clone()]));
    let set = house_entry(HouseKind::LegalHoldSet);
    assert_eq!(store.set_hold(closed[1], true, set).await, Ok(()));
    let mut listed = Vec::new();
    let mut query = ClosedQuery {
        terms,
        after: None,
        limit: 4,
    };
    loop {
        let page = store.closed(query.clone()).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(last.id);
        for case in page {
            assert_eq!((case.version, case.held), (2, case.id == closed[1]));
            assert_eq!((case.created, case.updated), (samples::start(), samples::start()));
            listed.push(case.id);
        }
    }
    assert_eq!(listed, closed);
    store.close().await;
}

#[tokio::test]
async fn a_person_is_found_again_by_what_identifies_them() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    for n in 1..4 {
        receive(&store, n).await;
    }
    let identities = receipt(ORGANISATION, 1).check.identities();
    let found = store.about(&identities, 10).await.ok().unwrap();
    let ids: Vec<_> = found.iter().map(|case| case.id).collect();
    assert_eq!(ids, [1, 2, 3].map(case_id));
    assert_eq!(store.about(&identities, 2).await.ok().unwrap().len(), 2);
    assert_eq!(store.about(&[], 2).await.ok().unwrap().len(), 0);
    assert_eq!(store.purge(case_id(2), 1, samples::start()).await, Ok(()));
    assert_eq!(store.empty_log().await, Ok(true));
    assert_eq!(store.about(&identities, 10).await.ok().unwrap().len(), 2);
    store.close().await;
}

#[tokio::test]
async fn keys_are_wrapped_anew_and_the_old_one_opens_nothing_any_more() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    for n in 0..300 {
        receive(&store, n).await;
    }
    let old = fs::read(ground.key_file()).unwrap();
    let rotated = store
        .rotate_keys(house_entry(HouseKind::KeyRotated))
        .await
        .unwrap();
    assert_eq!((rotated.generation, rotated.cases), (2, 300));
    assert_eq!(store.commit(asking(case_id(7), 1)).await, Ok(()));
    store.close().await;
    let store = ground.open_default().await;
    assert_eq!(version(&store, 7).await, Some(2));
    assert_eq!(version(&store, 299).await, Some(1));
    store.close().await;
    ground.assert_whole().await;

    fs::write(ground.key_file(), old).unwrap();
    assert!(matches!(
        ground.open_default_or_not().await.err(),
        Some(OpenError::WrongKey)
    ));
}

#[tokio::test]
async fn keys_are_not_rotated_while_another_gateway_has_the_old_one() {
    let ground = Ground::new();
    let [store, other] = [ground.open_default().await, ground.open_default().await];
    receive(&other, 1).await;
    let key = fs::read(ground.key_file()).unwrap();
    let refused = store.rotate_keys(house_entry(HouseKind::KeyRotated)).await.err();
    assert!(matches!(refused, Some(RotationError::Others)));
    assert_eq!(fs::read(ground.key_file()).unwrap(), key);
    other.close().await;
    let rotated = store
        .rotate_keys(house_entry(HouseKind::KeyRotated))
        .await
        .unwrap();
    assert_eq!(rotated.cases, 1);
    store.close().await;
}

#[tokio::test]
async fn another_key_does_not_open_the_store_and_keeps_no_chain() {
    let ground = Ground::new();
    let store = ground.open_default().await;
    receive(&store, 1).await;
    store.close().await;
    fs::remove_file(ground.key_file()).unwrap();
    assert!(Kek::create(&ground.key_file()).is_ok());
    assert!(matches!(
        ground.open_default_or_not().await.err(),
        Some(OpenError::WrongKey)
    ));
    let free = "SELECT count(*) FROM statuscheck.chains WHERE lease_until < clock_timestamp()";
    assert_eq!(ground.database.sql(free).await, "1");
}

#[tokio::test]
async fn an_altered_case_is_found_to_be_damaged_and_the_others_are_not() {
    let first = format!("'{}'", case_id(1).0);
    let alterations = [
        format!("UPDATE statuscheck.entries SET payload = '\\x00' WHERE case_id = {first}"),
        format!("UPDATE statuscheck.entries SET time = time + 1 WHERE case_id = {first}"),
        format!("UPDATE statuscheck.entries SET kind = 'answered' WHERE case_id = {first} AND version = 2"),
        format!("DELETE FROM statuscheck.entries WHERE case_id = {first} AND version = 2"),
        format!("DELETE FROM statuscheck.entries WHERE case_id = {first}"),
        format!("DELETE FROM statuscheck.case_keys WHERE case_id = {first}"),
        format!("UPDATE statuscheck.cases SET version = 1 WHERE id = {first}"),
    ];
    let ground = Ground::new();
    let store = ground.open_default().await;
    for n in [1, 2] {
        receive(&store, n).await;
        assert_eq!(store.commit(asking(case_id(n), 1)).await, Ok(()));
    }
    let kept = ["entries", "case_keys", "cases"]
        .map(|table| format!("CREATE TABLE public.{table} AS TABLE statuscheck.{table};"))
        .concat();
    ground.database.sql(&kept).await;
    let put_back = ["entries", "case_keys", "cases"]
        .map(|table| {
            format!("TRUNCATE statuscheck.{table}; INSERT INTO statuscheck.{table} TABLE public.{table};")
        })
        .concat();
    for alteration in alterations {
        ground.database.sql(&alteration).await;
        let damaged = store.case(case_id(1)).await.err();
        assert_eq!(damaged, Some(ReadError::Corrupt), "{alteration}");
        let listed = store.cases(every_case(ORGANISATION)).await.err();
        assert_eq!(listed, Some(ReadError::Corrupt), "{alteration}");
        assert_eq!(version(&store, 2).await, Some(2), "{alteration}");
        assert!(store.is_healthy());
        ground.database.sql(&put_back).await;
        assert_eq!(version(&store, 1).await, Some(2));
    }
    let handed_over =
        format!("UPDATE statuscheck.cases SET organisation = 'south-letting' WHERE id = {first}");
    ground.database.sql(&handed_over).await;
    let listed = store.cases(every_case("south-letting")).await.err();
    assert_eq!(listed, Some(ReadError::Corrupt));
    store.close().await;
}
