//! `statuscheck store` as it is run from a shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use statuscheck::store::Store as _;
use statuscheck_rig::postgres::Role;

use crate::cluster::Site;
use crate::copies::Folder;
use crate::inhabited::inhabit;

/// The code and both outputs of `statuscheck store …`.
fn run(arguments: &[&str], more: &[(&str, &Path)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_statuscheck"));
    command.arg("store").args(arguments);
    for (name, value) in more {
        command.arg(name).arg(value);
    }
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(said).unwrap())
}

/// The same on a database, as a role.
fn run_as(role: Role, site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let credentials = Site::credentials(role);
    let [password, authority] = credentials.each_ref().map(|(name, path)| (*name, path.as_path()));
    let url = site.database.url(role);
    run(&[arguments, &[&url]].concat(), &[password, authority])
}

#[track_caller]
fn assert_said((code, said): (Option<i32>, String), expected: i32, words: &[&str]) {
    assert_eq!(code, Some(expected), "{said}");
    for words in words {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[tokio::test]
async fn tables_are_made_as_the_owner_and_looked_over_as_the_gateway() {
    let site = Site::new("made_and_looked_over");
    assert_said(
        run_as(Role::Gateway, &site, &["check"]),
        10,
        &["no tables", "store migrate"],
    );
    assert_said(run_as(Role::Gateway, &site, &["migrate"]), 1, &["42501"]);
    assert_said(
        run_as(Role::Owner, &site, &["migrate"]),
        0,
        &["tables none → ", "done: V1__store", "statuscheck_owner@127.0.0.1"],
    );
    assert_said(run_as(Role::Owner, &site, &["migrate"]), 0, &["up to date"]);
    assert_said(
        run_as(Role::Gateway, &site, &["check"]),
        0,
        &["no ledger is begun", "full_page_writes = on", "nothing is wrong"],
    );
    site.sql("REVOKE INSERT ON statuscheck.entries FROM statuscheck_gateway");
    assert_said(
        run_as(Role::Gateway, &site, &["check"]),
        11,
        &["role statuscheck_gateway lacks INSERT on entries"],
    );
    // A migration gives it back.
    assert_said(run_as(Role::Owner, &site, &["migrate"]), 0, &[]);

    let folder = Folder::new();
    let store = Arc::new(site.open(folder.key()).await);
    inhabit(&store, 0).await;
    let (code, said) = run_as(Role::Gateway, &site, &["check", "--rows", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let found: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(found["chains"][0]["entries"], 39);
    assert!(found["chains"][0]["holder"].is_string() && found["bytes"].as_u64() > Some(100_000));
    store.close().await;
    assert_said(run_as(Role::Gateway, &site, &["check"]), 0, &["nobody"]);

    site.sql("DELETE FROM statuscheck.requests WHERE request_id = (SELECT min(request_id::text)::uuid FROM statuscheck.requests)");
    assert_said(run_as(Role::Gateway, &site, &["check"]), 0, &[]);
    assert_said(
        run_as(Role::Gateway, &site, &["check", "--rows"]),
        14,
        &["10 cases that are not purged, and there are 9 requests"],
    );
    site.sql("DELETE FROM statuscheck.entries WHERE sequence = 39");
    assert_said(
        run_as(Role::Gateway, &site, &["check"]),
        10,
        &["does not end where it says"],
    );
    site.sql("INSERT INTO statuscheck.migrations VALUES (999, 'later', '', '')");
    assert_said(
        run_as(Role::Gateway, &site, &["check"]),
        10,
        &["newer version", "999"],
    );
}

#[tokio::test]
async fn a_file_is_looked_over_beside_its_gateway() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let file = path.to_str().unwrap();
    assert_said(run(&["check", file], &[]), 1, &["not a store"]);
    let store = Arc::new(folder.open("store.db").await);
    inhabit(&store, 0).await;
    assert_said(
        run(&["check", file, "--rows"], &[]),
        0,
        &[
            "tables of version 9",
            "synchronous = FULL",
            "39",
            "a process on this machine",
        ],
    );
    store.close().await;
    assert_said(
        run(&["check", file, "--rows"], &[]),
        0,
        &["nobody", "nothing is wrong"],
    );
    assert_said(
        run(&["migrate", file], &[]),
        0,
        &["nothing to be brought up to date"],
    );

    let stranger = rusqlite::Connection::open(&path).unwrap();
    for (damage, code, words) in [
        (
            "UPDATE entries SET time = 4102444800000000000 WHERE place = 39",
            10,
            "does not end where it says",
        ),
        (
            "DELETE FROM cases WHERE id = (SELECT min(id) FROM cases)",
            10,
            "9 rows of cases",
        ),
    ] {
        stranger.execute_batch(damage).unwrap();
        assert_said(run(&["check", file, "--rows"], &[]), code, &[words]);
    }
    drop(stranger);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_said(run(&["check", file], &[]), 10, &["make it 0600", "in the future"]);
}

#[tokio::test]
async fn a_store_is_copied_by_the_command() {
    let folder = Folder::new();
    let store = Arc::new(folder.open("store.db").await);
    inhabit(&store, 0).await;
    let (path, key) = (folder.file("store.db"), folder.file("key"));
    let site = Site::new("copied_by_command");
    let url = site.database.url(Role::Owner);
    let credentials = Site::credentials(Role::Owner);
    let [password, authority] = credentials.each_ref().map(|(name, path)| (*name, path.as_path()));
    let given = [
        password,
        authority,
        ("--from", path.as_path()),
        ("--key-file", key.as_path()),
    ];
    let copy = || run(&["copy", "--to", &url], &given);
    assert_said(copy(), 1, &["a gateway holds", "stop every gateway"]);
    store.close().await;
    assert_said(
        copy(),
        0,
        &[
            "copied and verified",
            "1 chains, 39 entries, 10 cases, 2 of them held",
        ],
    );
    assert_said(copy(), 1, &["is not empty"]);
}
