//! What strangers do to a ledger is found, and told apart.

use std::fs;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params};
use statuscheck::audit::{AuditError, Finding, KnownBy, Subject};
use statuscheck::store::embedded::OpenError;
use statuscheck::store::signing::SigningKey;
use statuscheck::store::{CommitError, Store};
use statuscheck_domain::clock::ManualClock;

use crate::ledgers::{ENTRIES, Ledger, rehash, sorts, verify};
use crate::samples;
use crate::steps::{asking, case_id, receive};

#[tokio::test]
async fn an_untouched_ledger_is_intact() {
    let ledger = Ledger::sample().await;
    let report = ledger.verify();
    assert_eq!((report.findings.as_slice(), report.exit_code()), (&[][..], 0));
    assert_eq!((report.entries, report.cases, report.house_entries), (10, 3, 2));
    // Three beside the store and the same three in the anchor.
    assert_eq!(report.checkpoints, 6);
    assert!(report.signatures_checked && report.anchor_checked);
    assert_eq!(report.entries_after_checkpoints, 0);
    assert_eq!(
        (report.first_time, report.last_time),
        (Some(samples::start()), Some(samples::start()))
    );
}

#[tokio::test]
async fn a_store_without_entries_is_intact() {
    let ledger = Ledger::sample().await;
    let empty = crate::embedded::Directory::new();
    empty.open_default().await.close().await;
    let subject = Subject {
        store: empty.file("store.db"),
        ..Subject::default()
    };
    let report = verify(&subject).unwrap();
    assert_eq!((report.exit_code(), report.entries), (0, 0));
    // An auditor who brings a key, or an anchor, expects to find something.
    let with_key = Subject {
        public_keys: vec![ledger.public_key()],
        ..subject.clone()
    };
    assert_eq!(verify(&with_key).unwrap().findings, [Finding::NothingSigned]);
    let with_anchor = Subject {
        anchor: Some(ledger.anchor()),
        ..subject
    };
    assert_eq!(sorts(&verify(&with_anchor).unwrap()), ["rewritten history"]);
}

#[tokio::test]
async fn a_ledger_is_verified_while_a_gateway_adds_to_it() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    for n in 4..14 {
        receive(&store, n).await;
        let report = ledger.verify();
        assert_eq!(report.findings, []);
        assert_eq!(report.entries_after_checkpoints, i64::from(n) - 3);
    }
    store.close().await;
}

#[tokio::test]
async fn missing_entries_are_a_gap() {
    for (missing, first, last) in [
        ("= 4", 4, 4),
        ("BETWEEN 3 AND 6", 3, 6),
        ("= 1", 1, 1),
        ("= 9", 9, 9),
    ] {
        let ledger = Ledger::sample().await;
        let report = ledger.after(&format!("DELETE FROM entries WHERE sequence {missing}"));
        assert_eq!(report.findings, [Finding::Gap { first, last }]);
        assert_eq!(report.exit_code(), 10);
    }
}

#[tokio::test]
async fn an_altered_entry_is_named() {
    for alteration in [
        "payload = zeroblob(length(payload))",
        "payload = x''",
        "kind = 'answered'",
        "time = time + 1",
        "version = 7",
        "case_id = NULL",
        "case_id = randomblob(16)",
        "case_id = x'00'",
        "hash = randomblob(32)",
        "hash = x''",
    ] {
        let ledger = Ledger::sample().await;
        let report = ledger.after(&format!("UPDATE entries SET {alteration} WHERE sequence = 4"));
        assert_eq!(
            report.findings,
            [Finding::Altered { sequence: 4 }],
            "{alteration}"
        );
        assert_eq!(report.exit_code(), 11);
    }
}

#[tokio::test]
async fn an_entry_of_the_house_cannot_be_given_to_the_case_that_stands_for_none() {
    let ledger = Ledger::sample().await;
    let report = ledger.after("UPDATE entries SET case_id = zeroblob(16) WHERE sequence = 3");
    assert_eq!(report.findings, [Finding::Altered { sequence: 3 }]);
}

#[tokio::test]
async fn an_entry_that_was_added_before_all_others_is_found() {
    let ledger = Ledger::sample().await;
    let report = ledger.after(
        "INSERT INTO entries SELECT 0, NULL, 0, time, kind, payload, hash FROM entries WHERE sequence = 3",
    );
    assert_eq!(report.findings, [Finding::Altered { sequence: 0 }]);
}

#[tokio::test]
async fn an_altered_entry_with_a_hash_that_fits_it_is_found_at_the_next() {
    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    let hash = |sequence: i64| -> Vec<u8> {
        let sql = "SELECT hash FROM entries WHERE sequence = ?1";
        stranger.query_row(sql, [sequence], |row| row.get(0)).unwrap()
    };
    let (mut wanted, last) = (vec![hash(4)], hash(ENTRIES));
    stranger
        .execute_batch("UPDATE entries SET kind = 'answered' WHERE sequence = 4")
        .unwrap();
    let kept: Vec<_> = (5..=ENTRIES).map(hash).collect();
    rehash(&stranger);
    wanted.extend(kept);
    for (sequence, hash) in (5..).zip(&wanted[1..]) {
        let sql = "UPDATE entries SET hash = ?2 WHERE sequence = ?1";
        stranger.execute(sql, params![sequence, hash]).unwrap();
    }
    stranger.execute("UPDATE ledger SET hash = ?1", [last]).unwrap();
    drop(stranger);
    let report = ledger.verify();
    assert_eq!(report.findings, [Finding::Altered { sequence: 5 }]);
}

#[tokio::test]
async fn entries_that_changed_places_are_a_reordering() {
    for (one, other) in [(2, 7), (4, 5), (1, 9)] {
        let ledger = Ledger::sample().await;
        let report = ledger.after(&format!(
            "UPDATE entries SET sequence = 99 WHERE sequence = {one};
             UPDATE entries SET sequence = {one} WHERE sequence = {other};
             UPDATE entries SET sequence = {other} WHERE sequence = 99;"
        ));
        let moved = |sequence, found_at| Finding::Reordered { sequence, found_at };
        let entries: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.exit_code() < 14)
            .collect();
        assert_eq!(entries, [&moved(one, other), &moved(other, one)]);
        assert_eq!(report.exit_code(), 12);
    }
}

#[tokio::test]
async fn entries_that_changed_places_but_for_their_hashes_are_a_reordering() {
    let ledger = Ledger::sample().await;
    let report = ledger.after(
        "UPDATE entries SET sequence = 99 WHERE sequence = 2;
         UPDATE entries SET sequence = 2 WHERE sequence = 7;
         UPDATE entries SET sequence = 7 WHERE sequence = 99;
         CREATE TEMP TABLE kept AS SELECT sequence, hash FROM entries WHERE sequence IN (2, 7);
         UPDATE entries SET hash = (SELECT hash FROM kept WHERE kept.sequence = 9 - entries.sequence)
         WHERE sequence IN (2, 7);",
    );
    assert_eq!(report.exit_code(), 12);
    assert_eq!(sorts(&report), ["reordering", "reordering"]);
}

#[tokio::test]
async fn a_tail_that_was_cut_off_is_a_truncation_that_the_head_knows() {
    let ledger = Ledger::sample().await;
    for file in [ledger.beside(), ledger.anchored()] {
        keep_lines(&file, 2);
    }
    let report = ledger.after("DELETE FROM entries WHERE sequence > 8");
    let by_head = Finding::Truncated {
        last: 8,
        known: 10,
        by: KnownBy::Head,
    };
    assert_eq!(
        (report.findings.as_slice(), report.exit_code()),
        (&[by_head][..], 13)
    );
}

#[tokio::test]
async fn a_tail_that_was_cut_off_with_its_head_is_a_truncation_that_checkpoints_know() {
    for cut_beside in [false, true] {
        let ledger = Ledger::sample().await;
        if cut_beside {
            keep_lines(&ledger.beside(), 2);
        }
        let stranger = ledger.directory.stranger();
        stranger
            .execute_batch("DELETE FROM entries WHERE sequence > 8")
            .unwrap();
        rehash(&stranger);
        drop(stranger);
        let report = ledger.verify();
        let [
            Finding::Truncated {
                last: 8,
                known: 10,
                by: KnownBy::Checkpoint(place),
            },
        ] = report.findings.as_slice()
        else {
            panic!("{:?}", report.findings)
        };
        assert_eq!(place.line, 3);
        assert_eq!(
            (sorts(&report), report.exit_code()),
            (vec!["truncation".to_owned()], 13)
        );
    }
}

#[tokio::test]
async fn a_tail_cannot_be_cut_off_and_signed_anew_with_another_key() {
    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    stranger
        .execute_batch("DELETE FROM entries WHERE sequence > 8")
        .unwrap();
    rehash(&stranger);
    drop(stranger);
    // The stranger's own gateway signs what is left; the auditor's key is the old one.
    let kept = fs::read(ledger.public_key()).unwrap();
    for file in ["signing.key", "signing.key.pub"] {
        fs::remove_file(ledger.directory.file(file)).unwrap();
    }
    assert!(SigningKey::create(&ledger.directory.file("signing.key")).is_ok());
    for file in [ledger.beside(), ledger.anchored()] {
        keep_lines(&file, 2);
    }
    let store = ledger.directory.open_default().await;
    let notary = ledger.notary(&store, &ManualClock::at(samples::start()));
    store.close().await;
    notary.close().await;
    fs::write(ledger.public_key(), kept).unwrap();
    let report = ledger.verify();
    assert_eq!(sorts(&report), ["bad signature", "bad signature"]);
    assert_eq!(report.exit_code(), 14);
}

#[tokio::test]
async fn a_forged_checkpoint_is_a_bad_signature() {
    for anchored in [false, true] {
        for (from, to) in [
            ("\"sequence\":5", "\"sequence\":6"),
            ("\"time\":\"2026", "\"time\":\"2025"),
        ] {
            let ledger = Ledger::sample().await;
            let file = if anchored {
                ledger.anchored()
            } else {
                ledger.beside()
            };
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replacen(from, to, 1)).unwrap();
            let report = ledger.verify();
            assert_eq!(
                (sorts(&report), report.exit_code()),
                (vec!["bad signature".to_owned()], 14)
            );
        }
    }
}

#[tokio::test]
async fn every_altered_byte_of_an_anchor_is_found() {
    let ledger = Ledger::sample().await;
    let file = ledger.anchored();
    let whole = fs::read(&file).unwrap();
    // The last line end is the one byte that can go: without it the line is one that was never finished.
    for at in 0..whole.len() - 1 {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&file, &altered).unwrap();
        let report = ledger.verify();
        assert_eq!(report.exit_code(), 14, "byte {at}");
    }
}

#[tokio::test]
async fn a_line_that_was_never_finished_is_passed_over() {
    let ledger = Ledger::sample().await;
    let mut text = fs::read_to_string(ledger.beside()).unwrap();
    text.push_str("{\"v\":1,\"ledger\":");
    fs::write(ledger.beside(), text).unwrap();
    assert_eq!(ledger.verify().findings, []);
}

#[tokio::test]
async fn history_that_was_rewritten_with_every_hash_disagrees_with_the_checkpoints() {
    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    stranger
        .execute_batch("UPDATE entries SET kind = 'answered' WHERE sequence = 4")
        .unwrap();
    rehash(&stranger);
    drop(stranger);
    let report = ledger.verify();
    assert_eq!(report.exit_code(), 15);
    assert_eq!(sorts(&report), vec!["rewritten history"; 4]);

    // With the checkpoints beside it removed, only the anchor knows; without it, nobody does.
    fs::remove_file(ledger.beside()).unwrap();
    assert_eq!(sorts(&ledger.verify()), vec!["rewritten history"; 2]);
    let alone = Subject {
        anchor: None,
        public_keys: Vec::new(),
        ..ledger.subject()
    };
    assert_eq!(verify(&alone).unwrap().exit_code(), 0);
    assert_eq!(
        sorts(
            &verify(&Subject {
                anchor: None,
                ..ledger.subject()
            })
            .unwrap()
        ),
        ["bad signature"]
    );
}

#[tokio::test]
async fn a_ledger_under_another_id_is_not_the_one_that_was_anchored() {
    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    stranger
        .execute_batch("UPDATE ledger SET id = randomblob(16)")
        .unwrap();
    rehash(&stranger);
    drop(stranger);
    let report = ledger.verify();
    assert_eq!(report.exit_code(), 15);
    assert_eq!(sorts(&report), vec!["rewritten history"; 4]);
}

#[tokio::test]
async fn a_part_of_a_ledger_is_verified_by_itself() {
    let ledger = Ledger::sample().await;
    let part = |from, to| Subject {
        from,
        to,
        ..ledger.subject()
    };
    for (from, to, entries, checkpoints) in [
        (Some(3), Some(6), 4, 2),
        (Some(6), None, 5, 4),
        (None, Some(4), 4, 2),
        (Some(10), Some(10), 1, 2),
        (Some(1), Some(10), 10, 6),
    ] {
        let report = verify(&part(from, to)).unwrap();
        assert_eq!(report.findings, []);
        assert_eq!((report.entries, report.checkpoints), (entries, checkpoints));
    }
    for (from, to) in [(Some(11), None), (None, Some(11)), (Some(4), Some(3))] {
        let refused = verify(&part(from, to));
        assert!(matches!(refused, Err(AuditError::NoSuchEntries { last: 10, .. })));
    }
    let report = ledger.after("UPDATE entries SET time = 0 WHERE sequence = 4");
    assert_eq!(report.exit_code(), 11);
    for (from, to, code) in [(Some(5), None, 0), (None, Some(3), 0), (Some(4), Some(4), 11)] {
        assert_eq!(verify(&part(from, to)).unwrap().exit_code(), code);
    }
}

#[tokio::test]
async fn a_store_with_a_broken_end_is_not_opened() {
    for alteration in [
        "DELETE FROM entries WHERE sequence > 8",
        "DELETE FROM entries",
        "UPDATE entries SET time = time + 1 WHERE sequence = 10",
        "UPDATE entries SET hash = randomblob(32) WHERE sequence IN (9, 10)",
        "UPDATE ledger SET hash = randomblob(32)",
        "UPDATE ledger SET sequence = 9",
        "DELETE FROM ledger",
    ] {
        let ledger = Ledger::sample().await;
        ledger.directory.stranger().execute_batch(alteration).unwrap();
        let refused = ledger
            .directory
            .open_with(ledger.directory.settings())
            .await
            .err();
        let Some(error @ OpenError::BrokenLedger { .. }) = refused else {
            panic!("{alteration}: {refused:?}")
        };
        assert!(error.to_string().contains("audit verify --store"));
    }
}

#[tokio::test]
async fn a_refused_change_leaves_no_gap() {
    let ledger = Ledger::sample().await;
    let store = ledger.directory.open_default().await;
    // The writer is held, so that all of these are one batch.
    let stranger = ledger.directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let commits =
        [(1, 3), (1, 3), (2, 9), (2, 3), (9, 1)].map(|(n, at)| store.commit(asking(case_id(n), at)));
    let mut batch = Box::pin(futures_util::future::join_all(commits));
    crate::steps::begin(&mut batch).await;
    stranger.execute_batch("ROLLBACK").unwrap();
    let stale = Err(CommitError::Stale);
    assert_eq!(batch.await, [Ok(()), stale, stale, Ok(()), stale]);
    store.close().await;
    let report = ledger.verify();
    assert_eq!((report.findings.as_slice(), report.entries), (&[][..], 12));
}

#[tokio::test]
async fn a_change_that_was_rolled_back_leaves_no_gap() {
    let ledger = Ledger::sample().await;
    // A case that seems to be at an earlier version than its entries are.
    ledger
        .directory
        .stranger()
        .execute_batch("UPDATE cases SET version = 1 WHERE version = 3 AND id = (SELECT min(id) FROM cases)")
        .unwrap();
    let store = ledger.directory.open_default().await;
    let damaged = store.commit(asking(case_id(1), 1)).await;
    assert_eq!(damaged, Err(CommitError::Corrupt));
    assert_eq!(store.commit(asking(case_id(2), 3)).await, Ok(()));
    store.close().await;
    let report = ledger.verify();
    assert_eq!((report.findings.as_slice(), report.entries), (&[][..], 11));
}

#[tokio::test]
async fn any_single_byte_that_is_altered_in_any_entry_is_found() {
    let ledger = Ledger::sample().await;
    let subject = Subject {
        store: ledger.directory.file("store.db"),
        ..Subject::default()
    };
    let stranger = ledger.directory.stranger();
    stranger.pragma_update(None, "synchronous", "OFF").unwrap();
    let mut tried = 0;
    for sequence in 1..=ENTRIES {
        for column in [
            "sequence", "case_id", "version", "time", "kind", "payload", "hash",
        ] {
            let sql = format!("SELECT {column} FROM entries WHERE sequence = ?1");
            let value: Value = stranger.query_row(&sql, [sequence], |row| row.get(0)).unwrap();
            for altered in each_byte_altered(&value) {
                let now = if let (Value::Integer(now), "sequence") = (&altered, column) {
                    *now
                } else {
                    sequence
                };
                if !set(&stranger, column, sequence, &altered) {
                    // Another entry has that sequence or version: no single change makes two of them.
                    continue;
                }
                let report = verify(&subject).unwrap();
                assert!(!report.is_intact(), "{column} of {sequence}: {altered:?}");
                assert!((10..=13).contains(&report.exit_code()));
                assert!(set(&stranger, column, now, &value));
                tried += 1;
            }
        }
    }
    assert!(tried > 3_000, "{tried}");
    assert!(verify(&subject).unwrap().is_intact());
}

/// The values that differ from `value` in one byte, by one bit of it.
fn each_byte_altered(value: &Value) -> Vec<Value> {
    let each = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let altered = |at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1 << (at % 8);
            bytes
        };
        (0..bytes.len()).map(altered).collect()
    };
    match value {
        Value::Null => vec![Value::Blob(vec![0; 16])],
        Value::Integer(number) => each(&number.to_be_bytes())
            .into_iter()
            .map(|bytes| Value::Integer(i64::from_be_bytes(bytes.try_into().unwrap())))
            .collect(),
        // ASCII stays ASCII.
        Value::Text(text) => (0..text.len())
            .map(|at| {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << (at % 7);
                Value::Text(String::from_utf8(bytes).unwrap())
            })
            .collect(),
        Value::Blob(bytes) => each(bytes).into_iter().map(Value::Blob).collect(),
        Value::Real(_) => panic!("no column is of that type"),
    }
}

/// False where it would make two entries of one sequence, or of one version of a case.
fn set(stranger: &Connection, column: &str, sequence: i64, value: &Value) -> bool {
    let sql = format!("UPDATE entries SET {column} = ?2 WHERE sequence = ?1");
    match stranger.execute(&sql, params![sequence, value]) {
        Ok(changed) => changed == 1,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => false,
        Err(error) => panic!("{error}"),
    }
}

fn keep_lines(file: &Path, count: usize) {
    let text = fs::read_to_string(file).unwrap();
    let kept: Vec<_> = text.lines().take(count).collect();
    fs::write(file, kept.join("\n") + "\n").unwrap();
}
