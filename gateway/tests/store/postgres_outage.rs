//! The PostgreSQL engine while its database fails it: commits whose outcome is not told, connections that are lost, a
//! database that is away; and what is refused at the start.

use std::time::Duration;

use futures_util::future::join_all;
use statuscheck::store::postgres::{OpenError, PostgresStore, Settings, migrate};
use statuscheck::store::{CommitError, HouseKind, Position, ReadError, Received, Store};

use crate::postgres::Ground;
use crate::steps::{asking, begin, case_id, content, count, house_entry, opening, receive, version};

/// Holds commits back while the table says so: `before` the commit is made, in a trigger that the commit runs; or `after`,
/// where it waits for a standby that there is not.
pub(crate) const HOLD_BACK: &str = "
    CREATE TABLE public.held_back (place text);
    CREATE FUNCTION public.hold_back() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM public.held_back WHERE place = 'after') THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        ELSIF EXISTS (SELECT FROM public.held_back WHERE place = 'before') THEN
            PERFORM pg_sleep(60);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER hold_back AFTER INSERT ON statuscheck.entries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.hold_back()";

/// Waits until a commit is held back, lets the next one pass, and ends the connection of that one.
const CUT: &str = "
    DO $$
    DECLARE held integer;
    BEGIN
        LOOP
            SELECT pid INTO held FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event IN ('PgSleep', 'SyncRep')
              -- A transaction of several statements, or of one.
              AND (query = 'COMMIT' OR query LIKE '%WITH held AS%');
            EXIT WHEN FOUND;
            PERFORM pg_stat_clear_snapshot();
        END LOOP;
        PERFORM pg_terminate_backend(held);
    END $$";

async fn cut_while_committing(place: &str) {
    let ground = Ground::new();
    let store = ground.open_with(ground.quiet()).await.unwrap();
    receive(&store, 1).await;
    ground.database.sql(HOLD_BACK).await;
    ground
        .database
        .sql(&format!("INSERT INTO public.held_back VALUES ('{place}')"))
        .await;
    let cut = async {
        // Its own statements are in another transaction, so that the repeat finds the table empty.
        let stranger = ground.database.stranger().await;
        let wait = CUT.replace(
            "PERFORM pg_terminate_backend(held);",
            "DELETE FROM public.held_back;",
        );
        stranger.batch_execute(&wait).await.unwrap();
        stranger.batch_execute(CUT).await.unwrap();
    };
    let work = async {
        tokio::join!(
            store.receive(opening(2), content("one")),
            store.commit(asking(case_id(1), 1)),
            store.note(house_entry(HouseKind::RetentionRun)),
        )
    };
    let (outcomes, ()) = tokio::join!(work, cut);
    assert_eq!(outcomes, (Ok(Received::New), Ok(()), Ok(())));
    assert_eq!(ground.count("entries").await, 4);
    assert_eq!(
        (version(&store, 1).await, version(&store, 2).await),
        (Some(2), Some(1))
    );
    assert!(store.is_healthy());
    receive(&store, 3).await;
    ground.assert_whole().await;
    store.close().await;
}

#[tokio::test]
async fn a_commit_that_was_cut_off_before_it_was_made_is_made_again() {
    cut_while_committing("before").await;
}

#[tokio::test]
async fn a_commit_that_was_made_and_not_told_of_is_found_and_not_made_again() {
    cut_while_committing("after").await;
}

#[tokio::test]
async fn a_commit_whose_wait_for_a_standby_was_cancelled_is_not_acknowledged() {
    let ground = Ground::new();
    let mut settings = ground.quiet();
    settings.limits.answer_max = Duration::from_secs(2);
    settings.limits.patience = Duration::from_secs(3);
    let store = ground.open_with(settings).await.unwrap();
    ground.database.sql(HOLD_BACK).await;
    ground
        .database
        .sql("INSERT INTO public.held_back VALUES ('after')")
        .await;
    let name = ground.database.sql("SELECT current_database()").await;
    // The connections after the first wait for standbys with everything, and there are none.
    let waiting = format!("ALTER DATABASE {name} SET synchronous_commit = on");
    ground.database.sql(&waiting).await;
    let stranger = ground.database.stranger().await;
    stranger
        .batch_execute("SET synchronous_commit = local")
        .await
        .unwrap();
    let cancel = CUT.replace("pg_terminate_backend", "pg_cancel_backend");
    let (outcome, cancelled) = tokio::join!(
        store.receive(opening(1), content("one")),
        stranger.batch_execute(&cancel)
    );
    cancelled.unwrap();
    assert_eq!(outcome, Err(CommitError::Unavailable));

    // It is there all the same, and is found once the standbys have it.
    let over = format!("ALTER DATABASE {name} RESET synchronous_commit; DELETE FROM public.held_back");
    stranger.batch_execute(&over).await.unwrap();
    stranger.batch_execute(CUT_ALL).await.unwrap();
    while !store.is_healthy() {
        tokio::task::yield_now().await;
    }
    let again = store.receive(opening(1), content("one")).await;
    assert!(
        matches!(
            again,
            Ok(Received::Known {
                same_content: true,
                ..
            })
        ),
        "{again:?}"
    );
    assert_eq!(ground.count("entries").await, 1);
    store.close().await;
}

/// Ends every connection to the database but the one that asks.
const CUT_ALL: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn connections_that_are_lost_are_made_again_unseen() {
    let ground = Ground::new();
    let store = ground.open_with(ground.quiet()).await.unwrap();
    for n in 1..6 {
        receive(&store, n).await;
        assert_eq!(version(&store, n).await, Some(1));
        ground.database.sql(CUT_ALL).await;
        assert_eq!(store.commit(asking(case_id(n), 1)).await, Ok(()));
        assert_eq!(version(&store, n).await, Some(2));
    }
    assert_eq!(ground.count("chains").await, 1);
    ground.assert_whole().await;
    store.close().await;
}

#[tokio::test]
async fn while_the_database_is_away_everything_is_unavailable_and_afterwards_nothing_is() {
    let ground = Ground::new();
    let store = ground.open_with(ground.quiet()).await.unwrap();
    receive(&store, 1).await;
    let name = ground.database.sql("SELECT current_database()").await;
    let elsewhere = ground.database.elsewhere().await;
    let allow = |may: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {may}");
    elsewhere.batch_execute(&allow(false)).await.unwrap();
    let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    elsewhere.batch_execute(&cut).await.unwrap();

    let waiting = join_all((2..10).map(|n| store.receive(opening(n), content("one")))).await;
    assert_eq!(count(&waiting, CommitError::Unavailable), 8);
    assert!(!store.is_healthy());
    assert_eq!(
        store.commit(asking(case_id(1), 1)).await,
        Err(CommitError::Unavailable)
    );
    assert_eq!(store.case(case_id(1)).await.err(), Some(ReadError::Unavailable));

    elsewhere.batch_execute(&allow(true)).await.unwrap();
    while !store.is_healthy() {
        tokio::task::yield_now().await;
    }
    assert_eq!(version(&store, 1).await, Some(1));
    assert_eq!(version(&store, 2).await, None);
    for n in 2..10 {
        receive(&store, n).await;
    }
    assert_eq!(ground.count("entries").await, 9);
    ground.assert_whole().await;
    store.close().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_what_it_took_is_recorded() {
    let ground = Ground::new();
    let mut settings = ground.quiet();
    (settings.limits.queue_max, settings.limits.batch_max) = (1, 1);
    let store = ground.open_with(settings).await.unwrap();
    receive(&store, 100).await;
    // Holds the writer at its first change, so that one more can be its next batch, one can wait, and the rest cannot.
    let stranger = ground.database.stranger().await;
    stranger
        .batch_execute("BEGIN; LOCK TABLE statuscheck.chains")
        .await
        .unwrap();
    let mut receipts = Box::pin(join_all(
        (0..8).map(|n| store.receive(opening(n), content("one"))),
    ));
    begin(&mut receipts).await;
    stranger.batch_execute("ROLLBACK").await.unwrap();
    let results = receipts.await;

    assert!(count(&results, CommitError::Full) >= 5);
    for (n, result) in (0..8).zip(results) {
        match result {
            Ok(received) => assert_eq!((received, version(&store, n).await), (Received::New, Some(1))),
            Err(error) => assert_eq!((error, version(&store, n).await), (CommitError::Full, None)),
        }
    }
    store.close().await;
}

#[tokio::test]
async fn a_database_that_holds_no_store_or_a_newer_one_is_refused_with_what_to_do() {
    let ground = Ground::new();
    let settings = Settings {
        migrate: false,
        ..ground.settings()
    };
    let refused = |opened: Result<PostgresStore, OpenError>| opened.err().unwrap();
    let missing = refused(ground.open_with(settings.clone()).await);
    assert!(matches!(missing, OpenError::NotMigrated));
    assert!(missing.to_string().contains("statuscheck store migrate"));

    let migrated = migrate(&settings).await.unwrap();
    assert_eq!((migrated.from, migrated.done.len()), (None, 1));
    let again = migrate(&settings).await.unwrap();
    assert_eq!((again.from, again.done.len()), (Some(migrated.to), 0));
    ground.open_with(settings.clone()).await.unwrap().close().await;

    ground
        .database
        .sql("UPDATE statuscheck.migrations SET version = 999")
        .await;
    let newer = refused(ground.open_with(settings).await);
    assert!(matches!(newer, OpenError::Newer { found: 999, .. }));
    let not_migrated_either = refused(ground.open_with(ground.settings()).await);
    assert!(matches!(not_migrated_either, OpenError::Migrate(_)));
}

#[tokio::test]
async fn a_ledger_that_lost_its_end_is_not_gone_on_with() {
    for loss in [
        "DELETE FROM statuscheck.entries WHERE sequence = 2",
        "UPDATE statuscheck.entries SET time = time + 1 WHERE sequence = 2",
        "UPDATE statuscheck.chains SET sequence = 1",
        "DELETE FROM statuscheck.entries",
    ] {
        let ground = Ground::new();
        let store = ground.open_default().await;
        receive(&store, 1).await;
        receive(&store, 2).await;
        store.close().await;
        ground.database.sql(loss).await;
        let refused = ground.open_default_or_not().await.err();
        assert!(matches!(refused, Some(OpenError::BrokenLedger { .. })), "{loss}");
    }
}

#[tokio::test]
async fn two_migrations_at_once_do_the_work_once() {
    let ground = Ground::new();
    let settings = ground.settings();
    let all = join_all((0..4).map(|_| migrate(&settings))).await;
    let done: usize = all
        .iter()
        .map(|migrated| migrated.as_ref().unwrap().done.len())
        .sum();
    assert_eq!(done, 1);
}

#[tokio::test]
async fn what_one_gateway_records_the_other_hears_of_and_follows() {
    let ground = Ground::new();
    let [one, other] = [
        ground.open_with(ground.quiet()).await.unwrap(),
        ground.open_with(ground.quiet()).await.unwrap(),
    ];
    let mut changes = other.changed();
    let mut position = Position::default();
    let mut seen = Vec::new();
    for n in 1..6 {
        receive(&one, n).await;
        assert_eq!(other.commit(asking(case_id(n), 1)).await, Ok(()));
        while seen.len() < 2 * n as usize {
            changes.changed().await.unwrap();
            // One at a time, until there is no more.
            loop {
                let feed = other.entries_after(&position, None, 1).await.unwrap();
                position = feed.next;
                for entry in feed.entries {
                    seen.push((entry.case_id, entry.version, entry.kind));
                }
                if !feed.more {
                    break;
                }
            }
        }
    }
    seen.sort();
    let both = |n| [(1, "received"), (2, "asked")].map(|(v, kind)| (case_id(n), v, kind.to_owned()));
    let expected: Vec<_> = (1..6).flat_map(both).collect();
    assert_eq!(seen, expected);
    one.close().await;
    other.close().await;
}
