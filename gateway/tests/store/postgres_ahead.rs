//! The PostgreSQL engine sends a batch before the one in front of it is answered: what becomes of it where that one fails.

use std::future::Future;

use statuscheck::store::postgres::PostgresStore;
use statuscheck::store::{CommitError, HouseKind, Received, Store};
use tokio::sync::oneshot;
use tokio_postgres::Client;

use crate::postgres::Ground;
use crate::postgres_outage::HOLD_BACK;
use crate::steps::{ORGANISATION, asking, case_id, content, house_entry, opening, opening_of};
use crate::steps::{receipt, receive, version};

/// Waits until a batch is on its way and goes no further.
const HELD: &str = "
    DO $$
    BEGIN
        LOOP
            EXIT WHEN EXISTS (
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE '%WITH held AS%' AND pid <> pg_backend_pid()
                  AND (wait_event_type = 'Lock' OR wait_event IN ('PgSleep', 'SyncRep')));
            PERFORM pg_stat_clear_snapshot();
        END LOOP;
    END $$";

/// Ends the connection of the batch that is held.
const CUT: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE '%WITH held AS%' AND pid <> pg_backend_pid()";

/// Trips to the server that take longer than the writer does to send what waits.
const MEANWHILE: u32 = 100;

/// A store, and somebody who holds its batches up.
struct Held {
    ground: Ground,
    store: PostgresStore,
    stranger: Client,
}

impl Held {
    async fn new() -> Self {
        let ground = Ground::new();
        let mut settings = ground.quiet();
        settings.limits.ahead_min = 1;
        let store = ground.open_with(settings).await.unwrap();
        for n in 1..4 {
            receive(&store, n).await;
        }
        let stranger = ground.database.stranger().await;
        Self {
            ground,
            store,
            stranger,
        }
    }

    /// Lets nobody write to the chain.
    async fn hold_chain(&self) {
        let hold = "BEGIN; SELECT FROM statuscheck.chains FOR UPDATE";
        self.stranger.batch_execute(hold).await.unwrap();
    }

    /// Begins `first`, and when it is held `second`; then lets `go` of both.
    async fn behind<A, B>(
        &self,
        first: impl Future<Output = A>,
        second: impl Future<Output = B>,
        go: &str,
    ) -> (A, B) {
        let watcher = self.ground.database.stranger().await;
        let (begin, begun) = oneshot::channel();
        let second = async {
            begun.await.unwrap();
            second.await
        };
        let trouble = async {
            watcher.batch_execute(HELD).await.unwrap();
            begin.send(()).unwrap();
            for _ in 0..MEANWHILE {
                watcher.batch_execute("SELECT 1").await.unwrap();
            }
            self.stranger.batch_execute(go).await.unwrap();
        };
        let (first, second, ()) = tokio::join!(first, second, trouble);
        (first, second)
    }

    async fn end(self, entries: u32) {
        assert_eq!(self.ground.count("entries").await, entries);
        assert!(self.store.is_healthy());
        self.ground.assert_whole().await;
        self.store.close().await;
    }
}

#[tokio::test]
async fn a_batch_that_is_sent_behind_another_is_recorded_after_it() {
    let held = Held::new().await;
    held.hold_chain().await;
    let first = held.store.receive(opening(4), content("one"));
    let second = async {
        tokio::join!(
            held.store.receive(opening(5), content("one")),
            held.store.commit(asking(case_id(1), 1)),
        )
    };
    let (first, second) = held.behind(first, second, "COMMIT").await;
    assert_eq!((first, second), (Ok(Received::New), (Ok(Received::New), Ok(()))));
    let order = "SELECT string_agg(case_id::text, ' ' ORDER BY sequence) FROM statuscheck.entries WHERE sequence IN (1, 4)";
    let places = format!("{} {}", case_id(1).0, case_id(4).0);
    assert_eq!(held.ground.database.sql(order).await, places);
    held.end(6).await;
}

#[tokio::test]
async fn a_batch_behind_one_that_is_refused_is_recorded_without_it() {
    let held = Held::new().await;
    held.hold_chain().await;
    // Its request is known.
    let repeat = opening_of(case_id(9), receipt(ORGANISATION, 1));
    let first = held.store.receive(repeat, content("one"));
    let second = async {
        tokio::join!(
            held.store.receive(opening(4), content("one")),
            held.store.commit(asking(case_id(2), 7)),
            held.store.commit(asking(case_id(3), 1)),
            held.store.note(house_entry(HouseKind::RetentionRun)),
        )
    };
    let (first, second) = held.behind(first, second, "COMMIT").await;
    let known = Received::Known {
        case_id: case_id(1),
        same_content: true,
    };
    assert_eq!(first, Ok(known));
    let stale = Err(CommitError::Stale);
    assert_eq!(second, (Ok(Received::New), stale, Ok(()), Ok(())));
    // Batches go ahead of each other again after some that did not.
    for n in 10..60 {
        receive(&held.store, n).await;
    }
    held.end(3 + 3 + 50).await;
}

/// Both batches are recorded once, where the first is held at a `place` of its commit and the connection is cut.
async fn cut_with_two_on_their_way(place: &str) {
    let held = Held::new().await;
    let hold = format!("{HOLD_BACK}; INSERT INTO public.held_back VALUES ('{place}')");
    held.stranger.batch_execute(&hold).await.unwrap();
    let first = held.store.receive(opening(4), content("one"));
    let second = async {
        tokio::join!(
            held.store.receive(opening(5), content("one")),
            held.store.commit(asking(case_id(1), 1)),
        )
    };
    let go = format!("DELETE FROM public.held_back; {CUT}");
    let (first, second) = held.behind(first, second, &go).await;
    assert_eq!((first, second), (Ok(Received::New), (Ok(Received::New), Ok(()))));
    assert_eq!(version(&held.store, 1).await, Some(2));
    held.end(6).await;
}

#[tokio::test]
async fn two_batches_that_were_cut_off_before_the_commit_are_made_again() {
    cut_with_two_on_their_way("before").await;
}

#[tokio::test]
async fn of_two_batches_that_were_cut_off_the_one_that_was_made_is_found() {
    cut_with_two_on_their_way("after").await;
}

#[tokio::test]
async fn two_batches_that_meet_a_fence_change_nothing() {
    let held = Held::new().await;
    held.hold_chain().await;
    let first = held.store.receive(opening(4), content("one"));
    let second = held.store.commit(asking(case_id(1), 1));
    let taken = "UPDATE statuscheck.chains SET fence = fence + 1; COMMIT";
    let (first, second) = held.behind(first, second, taken).await;
    assert_eq!(first, Err(CommitError::Unavailable));
    assert_eq!(version(&held.store, 4).await, None);
    // By now it has a chain of its own, and a step that was not made is made there.
    assert_eq!(second, Ok(()));
    assert_eq!(version(&held.store, 1).await, Some(2));
    held.end(4).await;
}
