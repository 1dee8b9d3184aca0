//! What is no whole copy is opened by no gateway, and what cannot be copied is left alone.

use std::sync::Arc;

use statuscheck::store::copy::{CopyError, Stage};
use statuscheck::store::postgres::{self, PostgresStore};
use statuscheck::store::seal::Kek;
use statuscheck::store::{Location, Store, embedded};
use statuscheck::upkeep::{CopyStoreError, Step, copy_store};
use statuscheck_rig::postgres::Role;

use crate::cluster::Site;
use crate::copies::Folder;
use crate::inhabited::{inhabit, seen};

const STEPS: [Step; 3] = [
    Step::Copying(Stage::Entries),
    Step::Copying(Stage::Cases),
    Step::Verifying,
];

/// A folder with a store in it.
async fn inhabited() -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let store = Arc::new(folder.open("store.db").await);
    inhabit(&store, 0).await;
    let seen = seen(&*store).await;
    store.close().await;
    (folder, seen)
}

/// Copies, and is broken off at `at`.
async fn break_off(folder: &Folder, from: Location, to: Location, at: Step) {
    let broken = copy_store(from, to, folder.key(), move |step, _done, _of| {
        assert!(step != at, "broken off, as it is to be");
    });
    assert!(matches!(broken.await, Err(CopyStoreError::BrokeOff(_))));
}

async fn open_database(site: &Site, key: Kek) -> Result<PostgresStore, postgres::OpenError> {
    PostgresStore::open(site.settings(Role::Gateway), key).await
}

#[tokio::test]
async fn a_copy_into_a_database_that_was_broken_off_is_opened_by_no_gateway_and_begun_anew() {
    let (folder, before) = inhabited().await;
    let site = Site::new("broken_off");
    let (from, to) = (|| folder.location("store.db"), || site.location(Role::Owner));
    for at in STEPS {
        break_off(&folder, from(), to(), at).await;
        let opened = open_database(&site, folder.key()).await.err();
        assert!(matches!(opened, Some(postgres::OpenError::Unfinished)));
        let copied = folder.copy(site.location(Role::Gateway), folder.location("further.db"));
        let refused = copied.await.err().unwrap();
        let CopyStoreError::Copy(CopyError::Database(postgres::OpenError::Unfinished)) = refused else {
            panic!("{refused:?}")
        };
    }
    assert!(folder.copy(from(), to()).await.is_ok());
    let store = open_database(&site, folder.key()).await.unwrap();
    assert_eq!(seen(&store).await, before);
    store.close().await;
    let again = folder.copy(from(), to()).await.err();
    assert!(matches!(
        again,
        Some(CopyStoreError::Copy(CopyError::NotEmpty { .. }))
    ));
}

#[tokio::test]
async fn a_copy_into_a_file_that_was_broken_off_is_opened_by_no_gateway_and_begun_anew() {
    let (folder, before) = inhabited().await;
    let (from, to) = (|| folder.location("store.db"), || folder.location("copy.db"));
    for at in STEPS {
        break_off(&folder, from(), to(), at).await;
        let settings = embedded::Settings::at(folder.file("copy.db"));
        let opened = embedded::EmbeddedStore::open(settings, folder.key()).await.err();
        assert!(matches!(opened, Some(embedded::OpenError::Unfinished { .. })));
    }
    folder.copy(from(), to()).await.unwrap();
    folder.assert_as_the_ledger_says("copy.db");
    let store = folder.open("copy.db").await;
    assert_eq!(seen(&store).await, before);
    store.close().await;
    let again = folder.copy(from(), to()).await.err();
    assert!(matches!(
        again,
        Some(CopyStoreError::Copy(CopyError::NotEmpty { .. }))
    ));
}

#[tokio::test]
async fn what_a_gateway_holds_is_not_copied_and_not_copied_into() {
    let (folder, _) = inhabited().await;
    let site = Site::migrated("held").await;
    let held = |copied: Result<_, CopyStoreError>| {
        assert!(matches!(
            copied,
            Err(CopyStoreError::Copy(CopyError::Held { .. }))
        ));
    };
    let (in_file, in_database) = (folder.open("store.db").await, site.open(folder.key()).await);
    held(
        folder
            .copy(folder.location("store.db"), folder.location("new.db"))
            .await,
    );
    held(
        folder
            .copy(site.location(Role::Gateway), folder.location("new.db"))
            .await,
    );
    in_file.close().await;
    held(
        folder
            .copy(folder.location("store.db"), site.location(Role::Owner))
            .await,
    );
    in_database.close().await;

    // A gateway that takes a chain while its store is copied.
    let key = folder.key();
    let (taking, other) = (Site::new("taken"), Site::new("not_taken"));
    assert!(
        folder
            .copy(folder.location("store.db"), taking.location(Role::Owner))
            .await
            .is_ok()
    );
    let (from, to) = (taking.location(Role::Gateway), other.location(Role::Owner));
    let copied = copy_store(from, to, key, move |step, _done, _of| {
        if step == Step::Verifying {
            taking.sql("UPDATE statuscheck.chains SET lease_until = 'infinity'");
        }
    });
    held(copied.await);
    let opened = open_database(&other, folder.key()).await.err();
    assert!(matches!(opened, Some(postgres::OpenError::Unfinished)));
}

#[tokio::test]
async fn what_is_damaged_or_of_another_key_is_not_copied() {
    for (damage, expected) in [
        ("UPDATE entries SET payload = x'00' WHERE place = 3", "Altered"),
        ("DELETE FROM entries WHERE place = 3", "Altered"),
        (
            "UPDATE case_keys SET wrapped = zeroblob(40) WHERE place = 1",
            "Unreadable",
        ),
        (
            "DELETE FROM cases WHERE id = (SELECT min(id) FROM cases)",
            "Unreadable",
        ),
        ("INSERT INTO holds SELECT max(id), 0 FROM cases", "held cases"),
        (
            "DELETE FROM entries WHERE place = (SELECT max(place) FROM entries)",
            "BrokenLedger",
        ),
    ] {
        let (folder, _) = inhabited().await;
        let stranger = rusqlite::Connection::open(folder.file("store.db")).unwrap();
        stranger.execute_batch(damage).unwrap();
        drop(stranger);
        let copied = folder.copy(folder.location("store.db"), folder.location("copy.db"));
        let refused = format!("{:?}", copied.await.err().unwrap());
        assert!(refused.contains(expected), "{damage}: {refused}");
    }
    let (folder, _) = inhabited().await;
    let other = Kek::create(&folder.file("other")).ok().unwrap();
    let (from, to) = (folder.location("store.db"), folder.location("copy.db"));
    let refused = copy_store(from, to, other, |_, _, _| {}).await.err();
    let Some(CopyStoreError::Copy(CopyError::File(embedded::OpenError::WrongKey { .. }))) = refused else {
        panic!("{refused:?}")
    };
    // It was not begun.
    assert!(!folder.file("copy.db").exists());
}
