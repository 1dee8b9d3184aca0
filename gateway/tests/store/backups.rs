//! Backups as docs/backup.md has them: put back, they verify, what was answered stays answered, what a clock has fired stays
//! fired, and what was due is due.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use statuscheck::audit::{self, Finding, KnownBy, Report, StoreAt, Subject};
use statuscheck::store::Store;
use statuscheck::store::notary::{Heads, Notary, NotarySettings};
use statuscheck::store::signing::SigningKey;
use statuscheck::store::upkeep::Upkeep;
use statuscheck_domain::clock::ManualClock;
use statuscheck_rig::postgres::Role;

use crate::cluster::Site;
use crate::copies::Folder;
use crate::inhabited::{answer, inhabit, knows_its_requests, seen};
use crate::samples;
use crate::steps::{case_id, receive, version};
use crate::waiting::{assert_waiting, go_on_waiting, leave_waiting};

/// What belongs together with the database: the signing key, checkpoints, and the anchor elsewhere.
struct Beside<'a>(&'a Folder);

impl Beside<'_> {
    fn new(folder: &Folder) -> Beside<'_> {
        assert!(SigningKey::create(&folder.file("signing.key")).is_ok());
        fs::create_dir(folder.file("anchor")).unwrap();
        Beside(folder)
    }

    /// Signs where the ledger ends, as a gateway does.
    async fn sign(&self, heads: Arc<dyn Heads>) {
        let key = SigningKey::load(&self.0.file("signing.key")).ok().unwrap();
        let settings = NotarySettings {
            anchor: Some(self.0.file("anchor")),
            ..NotarySettings::beside(&self.0.file("store.db"))
        };
        let clock = Arc::new(ManualClock::at(samples::start()));
        Notary::new(heads, key, settings, clock).look().await.unwrap();
    }

    /// What `audit verify` finds of a store: with the checkpoints of the backup, and with the anchor's.
    async fn verify(&self, store: StoreAt, anchor: bool, checkpoints: Vec<PathBuf>) -> Report {
        let subject = Subject {
            store,
            checkpoints,
            public_keys: vec![self.0.file("signing.key.pub")],
            anchor: anchor.then(|| self.0.file("anchor")),
            ..Subject::default()
        };
        let verifying = move || audit::verify(&subject, |_done, _of| {});
        tokio::task::spawn_blocking(verifying).await.unwrap().unwrap()
    }

    /// Puts the checkpoints of the time that is lost aside.
    fn put_aside(&self) {
        fs::rename(self.0.file("anchor"), self.0.file("lost")).unwrap();
        fs::create_dir(self.0.file("anchor")).unwrap();
    }
}

/// The backup is older than the newest checkpoint of the anchor, which is told with what is missing.
#[track_caller]
fn assert_older(report: &Report, kept: i64) {
    let [
        Finding::Truncated {
            last,
            known,
            by: KnownBy::Checkpoint(_),
            ..
        },
    ] = report.findings.as_slice()
    else {
        panic!("{:?}", report.findings)
    };
    assert_eq!((*last, *known, report.exit_code()), (kept, kept + 5, 13));
}

/// A gateway's life after the backup: one more case, answered, one answered that was there, and what was due happens.
async fn go_on(store: &dyn Store) {
    receive(store, 50).await;
    answer(store, 50, 1).await;
    answer(store, 5, 2).await;
    go_on_waiting(store).await;
}

/// What was answered stays answered, what came after the backup was never there, and the store goes on.
async fn assert_restored(store: &impl Upkeep, before: &[String]) {
    assert_eq!(seen(store).await, before);
    assert_eq!(knows_its_requests(store, 0).await, Ok(()));
    assert_eq!(
        store.case(case_id(1)).await.unwrap().map(|case| case.version),
        None
    );
    assert_eq!(version(store, 50).await, None);
    assert_waiting(store).await;
    go_on(store).await;
}

#[tokio::test]
async fn a_file_that_was_put_back_verifies_and_is_older_than_the_anchor() {
    let folder = Folder::new();
    let beside = Beside::new(&folder);
    let store = Arc::new(folder.open("store.db").await);
    inhabit(&store, 0).await;
    leave_waiting(&*store).await;
    beside.sign(store.ledger_end()).await;
    let before = seen(&*store).await;

    // The copy, while the gateway runs: checkpoints first.
    fs::copy(
        folder.file("store.db.checkpoints"),
        folder.file("copy.db.checkpoints"),
    )
    .unwrap();
    let copy = folder.file("copy.db");
    let reader = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    reader
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    drop(reader);
    go_on(&*store).await;
    beside.sign(store.ledger_end()).await;
    store.close().await;

    let copied = || StoreAt::File(folder.file("copy.db"));
    let report = beside.verify(copied(), false, Vec::new()).await;
    assert_eq!((report.findings.as_slice(), report.checkpoints), (&[][..], 1));
    assert_older(&beside.verify(copied(), true, Vec::new()).await, 51);
    folder.assert_as_the_ledger_says("copy.db");

    beside.put_aside();
    let restored = Arc::new(folder.open("copy.db").await);
    assert_restored(&*restored, &before).await;
    beside.sign(restored.ledger_end()).await;
    restored.close().await;
    let report = beside.verify(copied(), true, Vec::new()).await;
    assert_eq!(report.findings, []);
    folder.assert_as_the_ledger_says("copy.db");
}

/// `pg_dump` and the like, as the owner of the database.
fn as_owner(program: &str, site: &Site, arguments: &[&str]) {
    let [(_, password), (_, authority)] = Site::credentials(Role::Owner);
    let done = Command::new(program)
        .args(arguments)
        .args(["-d", &site.database.url(Role::Owner)])
        .env("PGPASSWORD", fs::read_to_string(password).unwrap().trim_end())
        .env("PGSSLMODE", "verify-full")
        .env("PGSSLROOTCERT", authority)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn a_dump_that_was_put_back_verifies_and_is_older_than_the_anchor() {
    let folder = Folder::new();
    let beside = Beside::new(&folder);
    let site = Site::migrated("dumped").await;
    let store = Arc::new(site.open(folder.key()).await);
    inhabit(&store, 0).await;
    leave_waiting(&*store).await;
    beside.sign(store.ledger_end()).await;
    let before = seen(&*store).await;

    let checkpoints = || vec![folder.file("kept.checkpoints")];
    fs::copy(folder.file("store.db.checkpoints"), &checkpoints()[0]).unwrap();
    let dump = folder.file("dump");
    let dump = dump.to_str().unwrap();
    as_owner("pg_dump", &site, &["-Fc", "-n", "statuscheck", "-f", dump]);
    go_on(&*store).await;
    beside.sign(store.ledger_end()).await;
    store.close().await;

    let restored = Site::new("restored");
    let options = [
        "--exit-on-error",
        "--single-transaction",
        "-n",
        "statuscheck",
        dump,
    ];
    as_owner("pg_restore", &restored, &options);
    let report = beside.verify(restored.audited(), false, checkpoints()).await;
    assert_eq!((report.findings.as_slice(), report.checkpoints), (&[][..], 1));
    assert_older(&beside.verify(restored.audited(), true, checkpoints()).await, 51);

    beside.put_aside();
    let store = Arc::new(restored.open(folder.key()).await);
    assert_restored(&*store, &before).await;
    beside.sign(store.ledger_end()).await;
    store.close().await;
    let report = beside.verify(restored.audited(), true, checkpoints()).await;
    assert_eq!(report.findings, []);
}
