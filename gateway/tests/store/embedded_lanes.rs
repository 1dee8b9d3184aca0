//! Who goes first where calls and what goes on by itself are to be recorded at once.

use futures_util::future::join_all;
use statuscheck::store::{Position, Received, Store};

use crate::embedded::Directory;
use crate::steps::{asking, begin, case_id, content, opening, receive};

#[tokio::test]
async fn a_call_goes_before_what_nobody_waits_for_and_that_goes_on_beside_it() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    for n in 1..=20 {
        receive(&store, n).await;
    }
    let begun = store.position().await.unwrap();
    // Holds the writer at its first change, so that the others wait.
    let stranger = directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut first = Box::pin(store.receive(opening(30), content("one")));
    begin(&mut first).await;
    let behind = (1..=20).map(|n| store.commit_behind(asking(case_id(n), 1)));
    let mut behind = Box::pin(join_all(behind));
    begin(&mut behind).await;
    let mut call = Box::pin(store.receive(opening(31), content("one")));
    begin(&mut call).await;
    stranger.execute_batch("ROLLBACK").unwrap();

    assert_eq!(first.await, Ok(Received::New));
    assert_eq!(call.await, Ok(Received::New));
    assert!(behind.await.into_iter().all(|recorded| recorded == Ok(())));
    let order = order(&store, &begun).await;
    assert_eq!(order[..2], [case_id(30), case_id(31)]);
    let after: Vec<_> = (1..=20).map(case_id).collect();
    assert_eq!(order[2..], after);
    store.close().await;
}

#[tokio::test]
async fn what_waits_behind_when_a_store_is_closed_is_recorded() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    receive(&store, 1).await;
    let begun = store.position().await.unwrap();
    let stranger = directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut behind = Box::pin(store.commit_behind(asking(case_id(1), 1)));
    begin(&mut behind).await;
    let mut closing = Box::pin(store.close());
    begin(&mut closing).await;
    stranger.execute_batch("ROLLBACK").unwrap();
    closing.await;
    assert_eq!(behind.await, Ok(()));

    let store = directory.open_default().await;
    assert_eq!(order(&store, &begun).await, [case_id(1)]);
    store.close().await;
}

/// Whose entries came after `position`, in their order.
async fn order(store: &dyn Store, position: &Position) -> Vec<statuscheck_domain::ids::CaseId> {
    let feed = store.entries_after(position, None, 100).await.unwrap();
    feed.entries.iter().map(|entry| entry.case_id).collect()
}
