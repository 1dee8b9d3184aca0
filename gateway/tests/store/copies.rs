//! A store copied into the other engine and back: the ledger is the same, and a gateway goes on with it.

use std::path::PathBuf;
use std::sync::Arc;

use statuscheck::audit::{self, ChainReport, StoreAt, Subject};
use statuscheck::store::copy::Copied;
use statuscheck::store::embedded::{EmbeddedStore, Settings, rebuild};
use statuscheck::store::seal::Kek;
use statuscheck::store::{Location, Store};
use statuscheck::upkeep::{CopyStoreError, copy_store};
use statuscheck_rig::postgres::Role;
use tempfile::TempDir;

use crate::cluster::Site;
use crate::inhabited::{CASES, answer, inhabit, knows_its_requests, leave_untold, refer, seen};
use crate::samples;

/// A folder with a key.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        assert!(Kek::create(&folder.file("key")).is_ok());
        folder
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn key(&self) -> Kek {
        Kek::load(&self.file("key")).ok().unwrap()
    }

    pub(crate) fn location(&self, name: &str) -> Location {
        Location::file(Settings::at(self.file(name)))
    }

    pub(crate) async fn open(&self, name: &str) -> EmbeddedStore {
        EmbeddedStore::open(Settings::at(self.file(name)), self.key())
            .await
            .unwrap()
    }

    pub(crate) async fn copy(&self, from: Location, to: Location) -> Result<Copied, CopyStoreError> {
        copy_store(from, to, self.key(), |_, _, _| {}).await
    }

    /// Every table of the file is what its ledger says.
    pub(crate) fn assert_as_the_ledger_says(&self, name: &str) {
        let settings = Settings::at(self.file(name));
        let rebuilt = rebuild(&settings, self.key(), true, "console", samples::start()).unwrap();
        assert_eq!(rebuilt.differences, []);
    }
}

async fn chains(store: StoreAt) -> Vec<ChainReport> {
    let subject = Subject {
        store,
        ..Subject::default()
    };
    let verifying = move || audit::verify(&subject, |_done, _of| {});
    let report = tokio::task::spawn_blocking(verifying).await.unwrap().unwrap();
    assert_eq!(report.findings, []);
    report.chains
}

/// Every entry in the order of chains, as text; the chains' numbers count from 0.
const ENTRIES: &str = "SELECT string_agg(concat_ws(' ', chain - 1, sequence, case_id, version, time, kind,
    encode(payload, 'hex'), encode(hash, 'hex')), E'\\n' ORDER BY chain, sequence) FROM statuscheck.entries";

#[tokio::test]
async fn a_file_copied_into_a_database_and_back_is_the_same_ledger_and_goes_on() {
    let folder = Folder::new();
    let store = Arc::new(folder.open("store.db").await);
    inhabit(&store, 0).await;
    leave_untold(&*store, 3).await;
    refer(&*store, 5).await;
    let before = seen(&*store).await;
    store.close().await;
    let site = Site::new("there_and_back");

    let copied = folder.copy(folder.location("store.db"), site.location(Role::Owner));
    let copied = copied.await.unwrap();
    // Each case has two entries or three, two were left open and one was referred; two holds are left of three, and there are two ends
    // and a note.
    let expected = Copied {
        chains: 1,
        entries: 24 + 6 + 2 + 4 + 2 + 1 + 6 + 2,
        cases: u64::from(CASES) - 2,
        holds: 2,
    };
    assert_eq!(copied, expected);
    let ends = chains(StoreAt::File(folder.file("store.db"))).await;
    assert_eq!(chains(site.audited()).await, ends);

    // Three gateways, of which one goes on with the chain that was copied.
    let stores = [
        Arc::new(site.open(folder.key()).await),
        Arc::new(site.open(folder.key()).await),
        Arc::new(site.open(folder.key()).await),
    ];
    assert_eq!(seen(&*stores[0]).await, before);
    assert_eq!(knows_its_requests(&*stores[2], 0).await, Ok(()));
    answer(&*stores[1], 9, 2).await;
    for (first, store) in [100, 200, 300].into_iter().zip(&stores) {
        inhabit(store, first).await;
    }
    let before = seen(&*stores[0]).await;
    for store in &stores {
        store.close().await;
    }
    let grown = chains(site.audited()).await;
    assert_eq!(grown.len(), 3);
    assert!(
        grown
            .iter()
            .any(|chain| chain.chain == ends[0].chain && chain.last > ends[0].last)
    );

    let copied = folder.copy(site.location(Role::Gateway), folder.location("back.db"));
    assert_eq!(copied.await.unwrap().chains, 3);
    assert_eq!(chains(StoreAt::File(folder.file("back.db"))).await, grown);
    folder.assert_as_the_ledger_says("back.db");
    let back = Arc::new(folder.open("back.db").await);
    assert_eq!(seen(&*back).await, before);
    for first in [0, 100, 200, 300] {
        assert_eq!(knows_its_requests(&*back, first).await, Ok(()));
    }
    answer(&*back, 7, 2).await;
    inhabit(&back, 400).await;
    back.close().await;
    folder.assert_as_the_ledger_says("back.db");

    // Into a database once more: entry by entry the same.
    let (again, third) = (Site::new("once_more"), Site::new("between_databases"));
    let copied = folder.copy(folder.location("back.db"), again.location(Role::Owner));
    assert_eq!(copied.await.unwrap().chains, 3);
    let copied = folder.copy(again.location(Role::Gateway), third.location(Role::Owner));
    assert_eq!(copied.await.unwrap().chains, 3);
    assert!(again.sql(ENTRIES) == third.sql(ENTRIES));
}

/// A table that a copy neither carries nor makes anew would be lost with it.
#[tokio::test]
async fn every_table_is_copied_or_made_anew() {
    let carried = ["case_keys", "chains", "entries", "store"];
    let made_in_file = [
        "cases",
        "holds",
        "hooks",
        "questions",
        "quotas",
        "referrals",
        "referred",
    ];
    let made_in_database = [
        "cases",
        "holds",
        "hooks",
        "questions",
        "quotas",
        "referrals",
        "referred",
        "requests",
    ];
    // The gateways that live write it, for as long as they do.
    let of_the_living = ["quota_blocks", "shares"];
    let site = Site::migrated("tables").await;
    let found = site.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'statuscheck' AND tablename <> 'migrations' ORDER BY tablename",
    );
    let mut expected = [carried.as_slice(), &made_in_database, &of_the_living].concat();
    expected.sort_unstable();
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);

    let folder = Folder::new();
    folder.open("store.db").await.close().await;
    let found = rusqlite::Connection::open(folder.file("store.db"))
        .unwrap()
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap()
        .map(Result::unwrap)
        .collect::<Vec<_>>();
    let mut expected = [carried.as_slice(), &made_in_file].concat();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
