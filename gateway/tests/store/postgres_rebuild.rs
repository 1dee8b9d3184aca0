//! The tables in a database compared with the ledger: whatever differs is found, beside a gateway that runs.

use std::process::Command;
use std::sync::Arc;

use statuscheck::store::Store as _;
use statuscheck::store::postgres::{CompareError, compare};
use statuscheck_rig::postgres::Role;

use crate::cluster::Site;
use crate::copies::Folder;
use crate::inhabited::inhabit;

const DAMAGE: [(&str, &str); 20] = [
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
        "INSERT INTO statuscheck.requests SELECT 'south', request_id, case_id, content FROM statuscheck.requests",
    ),
    ("subjects", "DELETE FROM statuscheck.subjects"),
    (
        "subjects",
        "INSERT INTO statuscheck.subjects SELECT '\\x00', case_id FROM statuscheck.subjects LIMIT 1",
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_statuscheck"));
    command.args([
        "ledger",
        "rebuild",
        "--check",
        "--store",
        &site.database.url(Role::Gateway),
    ]);
    for (name, path) in Site::credentials(Role::Gateway) {
        command.arg(name).arg(path);
    }
    command.arg("--key-file").arg(folder.file("key"));
    let said = command.output().unwrap();
    assert!(said.status.success() && String::from_utf8_lossy(&said.stdout).contains("nothing differs"));

    site.sql("DELETE FROM statuscheck.case_keys WHERE case_id = (SELECT case_id FROM statuscheck.case_keys LIMIT 1)");
    let refused = compare(&settings, folder.key()).await.err();
    assert!(matches!(refused, Some(CompareError::Damaged(_))));
    store.close().await;
}
