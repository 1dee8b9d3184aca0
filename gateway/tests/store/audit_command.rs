//! `statuscheck audit verify` as it is run from a shell.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use statuscheck::store::Store as _;
use statuscheck::store::signing::SigningKey;
use statuscheck_domain::clock::ManualClock;

use crate::ledgers::{Ledger, rehash};
use crate::samples;

fn audit<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_statuscheck"))
        .args(["audit", "verify"])
        .args(arguments)
        .output()
        .unwrap()
}

/// The command with all that there is to compare with.
fn audit_all(ledger: &Ledger, more: &[&str]) -> Output {
    let (store, key) = (ledger.directory.file("store.db"), ledger.public_key());
    let anchor = ledger.anchor();
    let paths = [&store, &key, &anchor].map(|path| path.to_str().unwrap());
    let named = ["--store", "--public-key", "--anchor"].into_iter().zip(paths);
    audit(
        named
            .flat_map(|(name, path)| [name, path])
            .chain(more.iter().copied()),
    )
}

fn told(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8(output.stdout.clone()).unwrap(),
    )
}

#[tokio::test]
async fn an_intact_ledger_ends_with_0_and_a_summary() {
    let ledger = Ledger::sample().await;
    let (code, text) = told(&audit_all(&ledger, &[]));
    assert_eq!(code, Some(0));
    for words in [
        ": intact\n",
        "10 entries: 3 cases begin, 2 entries of the house",
        "from 2026-03-02T09:00:00Z to 2026-03-02T09:00:00Z",
        "compared with checkpoints 6 times; signatures checked; the anchor's among them",
        "entries a second",
    ] {
        assert!(text.contains(words), "{text}");
    }
    let store = ledger.directory.file("store.db");
    let (code, text) = told(&audit(["--store", store.to_str().unwrap()]));
    assert_eq!(code, Some(0));
    assert!(text.contains("signatures NOT checked: give --public-key"));
    assert!(text.contains("none from an anchor: give --anchor"));
}

#[tokio::test]
async fn each_sort_of_tampering_ends_with_its_own_code_and_words() {
    let swap = "UPDATE entries SET place = 99 WHERE place = 2;
                UPDATE entries SET place = 2 WHERE place = 7;
                UPDATE entries SET place = 7 WHERE place = 99;";
    let alterations = [
        (
            "DELETE FROM entries WHERE place = 4",
            10,
            "gap: entry 4 of chain ID is missing",
        ),
        (
            "DELETE FROM entries WHERE place IN (4, 5)",
            10,
            "gap: entries 4 to 5 of chain ID are missing",
        ),
        (
            "UPDATE entries SET payload = x'00' WHERE place = 4",
            11,
            "alteration: entry 4 of chain ID is",
        ),
        (
            "UPDATE chains SET hash = zeroblob(32)",
            11,
            "alteration: the head of chain ID does",
        ),
        (
            swap,
            12,
            "reordering: what was recorded as entry 2 of chain ID stands at 7\n",
        ),
        (
            "DELETE FROM entries WHERE place > 8",
            13,
            "truncation: chain ID ends with entry 8, ",
        ),
    ];
    for (alteration, code, words) in alterations {
        let ledger = Ledger::sample().await;
        ledger.directory.stranger().execute_batch(alteration).unwrap();
        let (ended, text) = told(&audit_all(&ledger, &[]));
        assert_eq!(ended, Some(code), "{text}");
        let words = words.replace("ID", &ledger.chain().to_string());
        assert!(
            text.starts_with(&words) && text.contains(": NOT INTACT\n"),
            "{text}"
        );
    }

    let ledger = Ledger::sample().await;
    let forged = fs::read_to_string(ledger.beside())
        .unwrap()
        .replace("\"sequence\":5", "\"sequence\":4");
    fs::write(ledger.beside(), forged).unwrap();
    let (ended, text) = told(&audit_all(&ledger, &[]));
    assert_eq!(ended, Some(14));
    assert!(text.starts_with("bad signature: the checkpoint in "), "{text}");
    assert!(
        text.contains("line 2 was signed by none of the keys given"),
        "{text}"
    );

    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    stranger
        .execute_batch("UPDATE entries SET time = 0 WHERE place = 1")
        .unwrap();
    rehash(&stranger);
    drop(stranger);
    let (ended, text) = told(&audit_all(&ledger, &[]));
    assert_eq!(ended, Some(15));
    assert!(
        text.starts_with("rewritten history: the checkpoint in "),
        "{text}"
    );
}

#[tokio::test]
async fn programs_get_json() {
    let ledger = Ledger::sample().await;
    let json = |output: &Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
    let intact = json(&audit_all(&ledger, &["--json", "--from", "4", "--to", "6"]));
    assert_eq!(intact["intact"], true);
    assert_eq!(
        (&intact["entries"], &intact["checkpoints"]),
        (&3.into(), &2.into())
    );
    ledger
        .directory
        .stranger()
        .execute_batch("DELETE FROM entries WHERE place = 4")
        .unwrap();
    let altered = json(&audit_all(&ledger, &["--json"]));
    assert_eq!(
        (&altered["intact"], &altered["exit_code"]),
        (&false.into(), &10.into())
    );
    let chain = ledger.chain();
    let finding = serde_json::json!({
        "kind": "gap", "chain": chain.to_string(), "first": 4, "last": 4, "exit_code": 10,
        "message": format!("gap: entry 4 of chain {chain} is missing"),
    });
    assert_eq!(altered["findings"], Value::Array(vec![finding]));
}

#[tokio::test]
async fn a_configuration_names_everything() {
    let ledger = Ledger::sample().await;
    let file = ledger.directory.file("statuscheck.toml");
    let text = "listen = '127.0.0.1:0'\ntrust_domain = 'example.org'\nregister = 'register'\n\
        [tls]\ncertificate = 'c'\nkey = 'k'\nclient_ca = 'a'\n\
        [store]\npath = 'store.db'\nkey_file = 'key'\nsigning_key_file = 'signing.key'\nanchor = 'anchor'\n\
        [departments]\n";
    fs::write(&file, text).unwrap();
    let (code, text) = told(&audit(["--config", file.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("compared with checkpoints 6 times; signatures checked; the anchor's among them"));
}

#[tokio::test]
async fn checkpoints_of_a_key_that_was_used_before_are_believed_where_the_configuration_names_it() {
    let ledger = Ledger::sample().await;
    let former = ledger.directory.file("former.pub");
    fs::rename(ledger.public_key(), former).unwrap();
    fs::remove_file(ledger.directory.file("signing.key")).unwrap();
    assert!(SigningKey::create(&ledger.directory.file("signing.key")).is_ok());
    let store = ledger.directory.open_default().await;
    let notary = ledger.notary(&store, &ManualClock::at(samples::start()));
    store.close().await;
    notary.close().await;
    let file = ledger.directory.file("statuscheck.toml");
    for (named, code) in [("former_public_keys = ['former.pub']", 0), ("", 14)] {
        let text = format!(
            "listen = '127.0.0.1:0'\ntrust_domain = 'example.org'\nregister = 'register'\n\
            [tls]\ncertificate = 'c'\nkey = 'k'\nclient_ca = 'a'\n\
            [store]\npath = 'store.db'\nkey_file = 'key'\nsigning_key_file = 'signing.key'\n{named}\n\
            [departments]\n"
        );
        fs::write(&file, text).unwrap();
        let (ended, text) = told(&audit(["--config", file.to_str().unwrap()]));
        assert_eq!(ended, Some(code), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_2_and_what_cannot_be_read_with_1() {
    let ledger = Ledger::sample().await;
    for wrong in [
        &["--from", "0"][..],
        &["--from", "5", "--to", "4"],
        &["--to", "11"],
        &["--config", "x"],
    ] {
        assert_eq!(audit_all(&ledger, wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(audit([]).status.code(), Some(2));

    let key = ledger.directory.file("key");
    let files = [ledger.directory.file("none.db"), key.clone(), ledger.public_key()];
    for file in files {
        let output = audit(["--store", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(file.to_str().unwrap()), "{words}");
    }
    let store = ledger.directory.file("store.db");
    let no_key = audit([
        "--store",
        store.to_str().unwrap(),
        "--public-key",
        store.to_str().unwrap(),
    ]);
    assert_eq!(no_key.status.code(), Some(1));
    let no_anchor = audit([
        "--store",
        store.to_str().unwrap(),
        "--anchor",
        key.to_str().unwrap(),
    ]);
    assert_eq!(no_anchor.status.code(), Some(1));
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_is_no_fault() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.file("store.db");
    for shape in [&["--json"][..], &[]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = Command::new(env!("CARGO_BIN_EXE_statuscheck"))
            .args(["audit", "verify", "--store", store.to_str().unwrap()])
            .args(shape)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        let words = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), words.as_str()), (Some(141), ""));
    }
    // Nor is one of what is said of a fault: the exit code tells it.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ended = Command::new(env!("CARGO_BIN_EXE_statuscheck"))
        .args(["audit", "verify", "--store", "nowhere.db"])
        .stderr(writer)
        .status()
        .unwrap();
    assert_eq!(ended.code(), Some(1));
}
