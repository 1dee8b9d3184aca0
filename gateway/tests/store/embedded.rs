//! What is the embedded engine's own: its queue, its batches, its file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use rusqlite::Connection;
use statuscheck::audit::{self, Subject};
use statuscheck::store::embedded::{EmbeddedStore, OpenError, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::store::upkeep::Upkeep;
use statuscheck::store::{CommitError, Received, Store};
use tempfile::TempDir;

use crate::conformance::{Place, conformance};
use crate::steps::{ORGANISATION, asking, begin, case_id, content, count, opening, opening_of, receipt};
use crate::steps::{receive, version};

/// A directory with a key and, once opened, a store.
pub(crate) struct Directory {
    directory: TempDir,
}

impl Directory {
    pub(crate) fn new() -> Self {
        let directory = Self {
            directory: TempDir::new().unwrap(),
        };
        assert!(Kek::create(&directory.file("key")).is_ok());
        directory
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::at(self.file("store.db"))
    }

    pub(crate) fn key(&self) -> Kek {
        Kek::load(&self.file("key")).ok().unwrap()
    }

    pub(crate) async fn open_with(&self, settings: Settings) -> Result<EmbeddedStore, OpenError> {
        EmbeddedStore::open(settings, self.key()).await
    }

    pub(crate) async fn open_default(&self) -> EmbeddedStore {
        self.open_with(self.settings()).await.unwrap()
    }

    /// A connection past the store, as a stranger might have.
    pub(crate) fn stranger(&self) -> Connection {
        Connection::open(self.file("store.db")).unwrap()
    }
}

impl Place for Directory {
    async fn open(&self) -> Arc<dyn Upkeep> {
        Arc::new(self.open_default().await)
    }
}

conformance!(Directory::new());

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_what_it_took_is_recorded() {
    let directory = Directory::new();
    let settings = Settings {
        queue_max: 1,
        batch_max: 1,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    // Holds the writer at its first change, so that one more can wait and the rest cannot.
    let stranger = directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut receipts = Box::pin(join_all(
        (0..8).map(|n| store.receive(opening(n), content("one"))),
    ));
    begin(&mut receipts).await;
    stranger.execute_batch("ROLLBACK").unwrap();
    let results = receipts.await;

    assert!(count(&results, CommitError::Full) >= 6);
    for (n, result) in (0..8).zip(results) {
        match result {
            Ok(received) => assert_eq!((received, version(&store, n).await), (Received::New, Some(1))),
            Err(error) => assert_eq!((error, version(&store, n).await), (CommitError::Full, None)),
        }
    }
    receive(&store, 8).await;
    store.close().await;
}

#[tokio::test]
async fn bad_changes_fail_alone_in_their_batch() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    receive(&store, 1).await;
    receive(&store, 2).await;
    // What arrives while the writer is held goes into one batch.
    let stranger = directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut first = Box::pin(store.receive(opening(3), content("one")));
    begin(&mut first).await;
    let known = store.receive(opening_of(case_id(9), receipt(ORGANISATION, 1)), content("one"));
    let new = store.receive(opening(4), content("one"));
    let commits = [(1, 1), (1, 1), (2, 7), (2, 1)].map(|(n, at)| store.commit(asking(case_id(n), at)));
    let mut batch = Box::pin(async { tokio::join!(known, join_all(commits), new) });
    begin(&mut batch).await;
    stranger.execute_batch("ROLLBACK").unwrap();

    assert_eq!(first.await, Ok(Received::New));
    let (known, commits, new) = batch.await;
    let known_case = Received::Known {
        case_id: case_id(1),
        same_content: true,
    };
    assert_eq!(known, Ok(known_case));
    let stale = Err(CommitError::Stale);
    assert_eq!(commits, [Ok(()), stale, stale, Ok(())]);
    assert_eq!(new, Ok(Received::New));
    for (n, expected) in [(1, Some(2)), (2, Some(2)), (3, Some(1)), (4, Some(1)), (9, None)] {
        assert_eq!(version(&store, n).await, expected);
    }
    store.close().await;
}

#[tokio::test]
async fn a_store_is_held_by_one_at_a_time() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    let second = directory.open_with(directory.settings()).await;
    assert!(matches!(second, Err(OpenError::Held { .. })));
    store.close().await;
    directory.open_default().await.close().await;
}

#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    receive(&store, 1).await;
    let mode = |name: &str| fs::metadata(directory.file(name)).unwrap().permissions().mode() & 0o777;
    for name in ["store.db", "store.db-wal", "store.db-shm", "store.db.lock"] {
        assert_eq!((name, mode(name)), (name, 0o600));
    }
    store.close().await;
    assert!(!directory.file("store.db-wal").exists());
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_named() {
    let directory = Directory::new();
    directory.open_default().await.close().await;
    directory
        .stranger()
        .pragma_update(None, "user_version", 10)
        .unwrap();
    let newer = directory.open_with(directory.settings()).await;
    assert!(matches!(
        newer,
        Err(OpenError::Newer {
            found: 10,
            known: 9,
            ..
        })
    ));
}

#[tokio::test]
async fn a_file_from_before_the_ledger_was_a_chain_is_refused_and_named() {
    let directory = Directory::new();
    directory.open_default().await.close().await;
    directory
        .stranger()
        .pragma_update(None, "user_version", 1)
        .unwrap();
    let older = directory.open_with(directory.settings()).await;
    assert!(matches!(
        older,
        Err(OpenError::Older {
            found: 1,
            known: 9,
            ..
        })
    ));
}

#[tokio::test]
async fn another_program_s_file_is_refused_and_left_as_it_was() {
    let directory = Directory::new();
    let file = directory.file("store.db");
    let letter = "a letter, not a database".repeat(100);
    fs::write(&file, &letter).unwrap();
    let refused = directory.open_with(directory.settings()).await;
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })));
    assert_eq!(fs::read(&file).unwrap(), letter.as_bytes());

    fs::remove_file(&file).unwrap();
    let theirs = "CREATE TABLE theirs (x)";
    directory.stranger().execute_batch(theirs).unwrap();
    let before = fs::read(&file).unwrap();
    let refused = directory.open_with(directory.settings()).await;
    assert!(matches!(refused, Err(OpenError::NotAStore { .. })));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_full_file_takes_changes_again_once_there_is_room() {
    let directory = Directory::new();
    let settings = Settings {
        file_pages_max: 100,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    let stranger = directory.stranger();
    let filler = "CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(1000000))";
    stranger.execute_batch(filler).unwrap();
    let mut refused = None;
    for n in 0..100 {
        match store.receive(opening(n), content("one")).await {
            Ok(received) => assert_eq!(received, Received::New),
            Err(error) => {
                assert_eq!(error, CommitError::Unavailable);
                refused = Some(n);
                break;
            }
        }
    }
    let refused = refused.unwrap();
    assert_eq!(version(&store, refused).await, None);
    assert!(store.is_healthy());
    stranger.execute_batch("DROP TABLE filler").unwrap();
    receive(&store, refused).await;
    store.close().await;
    // What was refused is no entry, and the chain goes on from the last that is.
    let subject = Subject {
        store: directory.file("store.db").into(),
        ..Subject::default()
    };
    let report = audit::verify(&subject, |_done, _of| {}).unwrap();
    assert_eq!(
        (report.findings.as_slice(), report.entries),
        (&[][..], u64::from(refused) + 1)
    );
}

#[tokio::test]
async fn a_store_whose_file_was_damaged_stops_until_it_is_opened_anew() {
    let directory = Directory::new();
    let store = directory.open_default().await;
    receive(&store, 1).await;
    // A stranger's change makes the writer read its pages again, from a log that is gone.
    let stranger = directory.stranger();
    stranger.execute_batch("CREATE TABLE theirs (x)").unwrap();
    let log = directory.file("store.db-wal");
    let length = fs::metadata(&log).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&log).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), length), &mut &file).unwrap();
    assert_eq!(
        store.receive(opening(2), content("one")).await,
        Err(CommitError::Unavailable)
    );
    assert!(!store.is_healthy());
    assert_eq!(
        store.receive(opening(2), content("one")).await,
        Err(CommitError::Unavailable)
    );
    store.close().await;
}

#[tokio::test]
async fn the_log_begins_anew_though_changes_never_pause() {
    let directory = Directory::new();
    let settings = Settings {
        checkpoint_pages: u32::MAX,
        log_pages_max: 50,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    for n in 0..100 {
        receive(&store, n).await;
    }
    let log = fs::metadata(directory.file("store.db-wal")).unwrap().len();
    assert!(log < 80 * 4_120, "the log has {log} bytes");
    store.close().await;
}

#[tokio::test]
async fn checkpoints_are_made_beside_the_writer() {
    let directory = Directory::new();
    let settings = Settings {
        checkpoint_pages: 1,
        log_pages_max: u32::MAX,
        ..directory.settings()
    };
    let store = directory.open_with(settings).await.unwrap();
    let length = || fs::metadata(directory.file("store.db")).unwrap().len();
    let before = length();
    let mut moved = false;
    for n in 0..5_000 {
        receive(&store, n).await;
        moved = length() > before;
        if moved {
            break;
        }
    }
    assert!(moved);
    store.close().await;
}
