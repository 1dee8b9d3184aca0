//! The tables in a database compared with the ledger: whatever differs is found, beside a gateway that runs, and mended
//! where none does.

use std::process::Command;
use std::sync::Arc;

use statuscheck::audit;
use statuscheck::store::postgres::{CompareError, compare, mend};
use statuscheck::store::upkeep::Upkeep as _;
use statuscheck::store::{CommitError, Store as _};
use statuscheck_rig::postgres::Role;

use crate::callers::provided;
use crate::cluster::Site;
use crate::copies::Folder;
use crate::inhabited::{inhabit, knows_its_requests, leave_untold, refer, seen};
use crate::samples;
use crate::steps::{ORGANISATION, case_id, receipt, receive, step};

const DAMAGE: [(&str, &str); 28] = [
    (
        "cases",
        "UPDATE statuscheck.cases SET state = 'open' WHERE state = 'answered'",
    ),
    ("cases", "UPDATE statuscheck.cases SET version = version + 1"),
    ("cases", "UPDATE statuscheck.cases SET created = 0"),
    ("cases", "UPDATE statuscheck.cases SET agreement = 'none'"),
    ("cases", "DELETE FROM statuscheck.cases"),
    ("requests", "UPDATE statuscheck.requests SET content = ''"),
    (
        "requests",
        "UPDATE statuscheck.requests SET case_id = gen_random_uuid()",
    ),
    (
        "requests",
        "INSERT INTO statuscheck.requests
         SELECT 'south', request_id, case_id, content, subjects FROM statuscheck.requests",
    ),
    ("requests", "UPDATE statuscheck.requests SET subjects = ''"),
    ("referred", "DELETE FROM statuscheck.referred"),
    (
        "referred",
        "INSERT INTO statuscheck.referred SELECT '\\x00', case_id FROM statuscheck.referred LIMIT 1",
    ),
    ("holds", "DELETE FROM statuscheck.holds"),
    ("holds", "UPDATE statuscheck.holds SET since = 0"),
    ("cases", "UPDATE statuscheck.cases SET wake = 1"),
    ("quotas", "DELETE FROM statuscheck.quotas"),
    ("quotas", "UPDATE statuscheck.quotas SET used = used - 1"),
    (
        "quotas",
        "INSERT INTO statuscheck.quotas SELECT agreement, department, '2026-04', used FROM statuscheck.quotas",
    ),
    ("questions", "DELETE FROM statuscheck.questions"),
    ("questions", "UPDATE statuscheck.questions SET due = NULL"),
    (
        "questions",
        "INSERT INTO statuscheck.questions SELECT case_id, gen_random_uuid(), department, due FROM statuscheck.questions",
    ),
    ("hooks", "DELETE FROM statuscheck.hooks WHERE next IS NULL"),
    ("hooks", "UPDATE statuscheck.hooks SET attempts = 0"),
    ("hooks", "UPDATE statuscheck.hooks SET fault = NULL"),
    (
        "hooks",
        "INSERT INTO statuscheck.hooks
         SELECT gen_random_uuid(), case_id, receiver, happening, attempts, next, fault FROM statuscheck.hooks",
    ),
    ("referrals", "DELETE FROM statuscheck.referrals"),
    (
        "referrals",
        "UPDATE statuscheck.referrals SET state = 'confirmed'",
    ),
    (
        "referrals",
        "INSERT INTO statuscheck.referrals SELECT gen_random_uuid(), case_id, joined, state, due FROM statuscheck.referrals",
    ),
    (
        "case_keys",
        "INSERT INTO statuscheck.case_keys VALUES (gen_random_uuid(), '')",
    ),
];

#[tokio::test]
async fn every_row_that_is_not_what_the_ledger_says_is_found() {
    let folder = Folder::new();
    let site = Site::migrated("compared").await;
    let store = Arc::new(site.open(folder.key()).await);
    inhabit(&store, 0).await;
    leave_untold(&*store, 3).await;
    refer(&*store, 5).await;
    let settings = site.settings(Role::Gateway);
    let right = compare(&settings, folder.key()).await.unwrap();
    assert_eq!(
        (right.cases, right.purged, right.differences),
        (10, 2, Vec::new())
    );

    for (table, damage) in DAMAGE {
        site.sql(&format!(
            "CREATE TABLE public.kept AS SELECT * FROM statuscheck.{table}; {damage}"
        ));
        let found = compare(&settings, folder.key()).await.unwrap();
        let differing: Vec<_> = found.differences.iter().map(|found| found.table).collect();
        assert_eq!(differing, [table], "{damage}");
        site.sql(&format!(
            "DELETE FROM statuscheck.{table}; INSERT INTO statuscheck.{table} SELECT * FROM public.kept; DROP TABLE public.kept"
        ));
    }
    let said = rebuild(&site, &folder, &["--check"]);
    assert!(said.contains("nothing differs"), "{said}");

    site.sql("DELETE FROM statuscheck.case_keys WHERE case_id = (SELECT case_id FROM statuscheck.case_keys LIMIT 1)");
    let refused = compare(&settings, folder.key()).await.err();
    assert!(matches!(refused, Some(CompareError::Damaged(_))));
    store.close().await;
}

#[tokio::test]
async fn a_person_is_found_by_what_was_provided_later_too_as_the_ledger_says() {
    let folder = Folder::new();
    let site = Site::migrated("provided").await;
    let store = Arc::new(site.open(folder.key()).await);
    receive(&*store, 1).await;
    receive(&*store, 2).await;
    // Provided twice it is known once.
    for _time in 0..2 {
        let case = store.case(case_id(1)).await.ok().flatten().unwrap();
        let (change, _) = case.change(samples::start(), [provided()]).unwrap();
        assert_eq!(store.commit(change).await, Ok(()));
    }
    let stale = step(case_id(2), 7, provided());
    assert_eq!(store.commit(stale).await, Err(CommitError::Stale));
    let first = receipt(ORGANISATION, 1).check.identities();
    let later = samples::receipts().swap_remove(1).check.identities();
    let ids = async |identities| {
        let found = store.about(identities, 10).await.ok().unwrap();
        found.iter().map(|case| case.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first).await, [case_id(1), case_id(2)]);
    assert_eq!(ids(&later).await, [case_id(1)]);
    let compared = compare(&site.settings(Role::Gateway), folder.key())
        .await
        .unwrap();
    assert_eq!((compared.cases, compared.differences), (2, Vec::new()));
    assert_eq!(store.purge(case_id(1), 3, samples::start()).await, Ok(()));
    assert_eq!(ids(&later).await, []);
    store.close().await;
}

/// `statuscheck ledger rebuild`, as the gateway's role; what it says where it ends well.
fn rebuild(site: &Site, folder: &Folder, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_statuscheck"));
    command.args(["ledger", "rebuild"]).args(more);
    command.args(["--store", &site.database.url(Role::Gateway)]);
    for (name, path) in Site::credentials(Role::Gateway) {
        command.arg(name).arg(path);
    }
    command.arg("--key-file").arg(folder.file("key"));
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).into_owned()
}

/// All rows that are made from the ledger, whatever became of them.
fn rows(site: &Site) -> Vec<String> {
    let tables = ["cases", "requests", "referred", "holds", "quotas", "case_keys"];
    let rows = |table| {
        site.sql(&format!(
            "SELECT string_agg(row::text, E'\\n' ORDER BY row::text) FROM statuscheck.{table} AS row"
        ))
    };
    tables.map(rows).into()
}

#[tokio::test]
async fn whatever_differs_is_mended_and_recorded_where_no_gateway_runs() {
    let folder = Folder::new();
    let site = Site::migrated("mended").await;
    let store = Arc::new(site.open(folder.key()).await);
    inhabit(&store, 0).await;
    leave_untold(&*store, 3).await;
    refer(&*store, 5).await;
    let settings = site.settings(Role::Gateway);
    let before = seen(&*store).await;
    let refused = mend(&settings, folder.key(), "console", samples::start()).await;
    assert!(matches!(refused, Err(CompareError::Held { .. })));
    store.close().await;
    drop(store);

    let right = rows(&site);
    let recorded = || site.sql("SELECT count(*) FROM statuscheck.entries WHERE kind = 'rebuilt'");
    for (times, (table, damage)) in (1..).zip(DAMAGE) {
        site.sql(damage);
        let mended = mend(&settings, folder.key(), "console", samples::start()).await;
        let differences = mended.unwrap().differences;
        assert!(differences.iter().any(|found| found.table == table), "{damage}");
        assert_eq!(rows(&site), right, "{damage}");
        assert_eq!(recorded(), times.to_string());
    }
    assert!(rebuild(&site, &folder, &[]).contains("nothing differs"));
    assert_eq!(
        recorded(),
        DAMAGE.len().to_string(),
        "nothing was mended, so nothing is recorded"
    );
    site.sql("DELETE FROM statuscheck.requests");
    assert!(rebuild(&site, &folder, &[]).contains("all of it was put right"));

    let subject = audit::Subject {
        store: site.audited(),
        ..audit::Subject::default()
    };
    let verifying = move || audit::verify(&subject, |_done, _of| {});
    let report = tokio::task::spawn_blocking(verifying).await.unwrap().unwrap();
    assert_eq!(report.findings, []);
    let store = site.open(folder.key()).await;
    assert_eq!(seen(&store).await, before);
    assert_eq!(knows_its_requests(&store, 0).await, Ok(()));
    store.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_not_mended_and_nothing_is_changed() {
    let folder = Folder::new();
    let site = Site::migrated("unmendable").await;
    let store = Arc::new(site.open(folder.key()).await);
    inhabit(&store, 0).await;
    store.close().await;
    site.sql(
        "DELETE FROM statuscheck.cases;
         DELETE FROM statuscheck.case_keys WHERE case_id = (SELECT max(case_id::text)::uuid FROM statuscheck.case_keys)",
    );
    let damaged = rows(&site);
    let settings = site.settings(Role::Gateway);
    let refused = mend(&settings, folder.key(), "console", samples::start()).await;
    assert!(matches!(refused, Err(CompareError::Damaged(_))));
    assert_eq!(rows(&site), damaged);
}
