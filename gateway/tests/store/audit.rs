//! What strangers do to a ledger is found, and told apart.

use std::fs;

use futures_util::future::join_all;
use rusqlite::params;
use statuscheck::audit::{AuditError, Finding, Subject};
use statuscheck::store::embedded::OpenError;
use statuscheck::store::{CommitError, Received, Store};

use crate::ledgers::{ENTRIES, Ledger, rehash, sorts, verify};
use crate::samples;
use crate::steps::{asking, begin, case_id, content, opening, receive, version};

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
        store: empty.file("store.db").into(),
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
        let report = ledger.after(&format!("DELETE FROM entries WHERE place {missing}"));
        assert_eq!(
            report.findings,
            [Finding::Gap {
                chain: ledger.chain(),
                first,
                last
            }]
        );
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
        let report = ledger.after(&format!("UPDATE entries SET {alteration} WHERE place = 4"));
        assert_eq!(
            report.findings,
            [Finding::Altered {
                chain: ledger.chain(),
                sequence: 4
            }],
            "{alteration}"
        );
        assert_eq!(report.exit_code(), 11);
    }
}

#[tokio::test]
async fn an_entry_of_the_house_cannot_be_given_to_the_case_that_stands_for_none() {
    let ledger = Ledger::sample().await;
    let report = ledger.after("UPDATE entries SET case_id = zeroblob(16) WHERE place = 3");
    assert_eq!(
        report.findings,
        [Finding::Altered {
            chain: ledger.chain(),
            sequence: 3
        }]
    );
}

#[tokio::test]
async fn an_entry_that_was_added_before_all_others_is_found() {
    let ledger = Ledger::sample().await;
    let report = ledger.after(
        "INSERT INTO entries SELECT 0, NULL, 0, time, kind, payload, hash FROM entries WHERE place = 3",
    );
    assert_eq!(
        report.findings,
        [Finding::Altered {
            chain: ledger.chain(),
            sequence: 0
        }]
    );
}

#[tokio::test]
async fn an_altered_entry_with_a_hash_that_fits_it_is_found_at_the_next() {
    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    let hash = |sequence: i64| -> Vec<u8> {
        let sql = "SELECT hash FROM entries WHERE place = ?1";
        stranger.query_row(sql, [sequence], |row| row.get(0)).unwrap()
    };
    let (mut wanted, last) = (vec![hash(4)], hash(ENTRIES));
    stranger
        .execute_batch("UPDATE entries SET kind = 'answered' WHERE place = 4")
        .unwrap();
    let kept: Vec<_> = (5..=ENTRIES).map(hash).collect();
    rehash(&stranger);
    wanted.extend(kept);
    for (sequence, hash) in (5..).zip(&wanted[1..]) {
        let sql = "UPDATE entries SET hash = ?2 WHERE place = ?1";
        stranger.execute(sql, params![sequence, hash]).unwrap();
    }
    stranger.execute("UPDATE chains SET hash = ?1", [last]).unwrap();
    drop(stranger);
    let report = ledger.verify();
    assert_eq!(
        report.findings,
        [Finding::Altered {
            chain: ledger.chain(),
            sequence: 5
        }]
    );
}

#[tokio::test]
async fn entries_that_changed_places_are_a_reordering() {
    for (one, other) in [(2, 7), (4, 5), (1, 9)] {
        let ledger = Ledger::sample().await;
        let report = ledger.after(&format!(
            "UPDATE entries SET place = 99 WHERE place = {one};
             UPDATE entries SET place = {one} WHERE place = {other};
             UPDATE entries SET place = {other} WHERE place = 99;"
        ));
        let chain = ledger.chain();
        let moved = |sequence, found_at| Finding::Reordered {
            chain,
            sequence,
            found_in: chain,
            found_at,
        };
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
        "UPDATE entries SET place = 99 WHERE place = 2;
         UPDATE entries SET place = 2 WHERE place = 7;
         UPDATE entries SET place = 7 WHERE place = 99;
         CREATE TEMP TABLE kept AS SELECT place, hash FROM entries WHERE place IN (2, 7);
         UPDATE entries SET hash = (SELECT hash FROM kept WHERE kept.place = 9 - entries.place)
         WHERE place IN (2, 7);",
    );
    assert_eq!(report.exit_code(), 12);
    assert_eq!(sorts(&report), ["reordering", "reordering"]);
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
    let report = ledger.after("UPDATE entries SET time = 0 WHERE place = 4");
    assert_eq!(report.exit_code(), 11);
    for (from, to, code) in [(Some(5), None, 0), (None, Some(3), 0), (Some(4), Some(4), 11)] {
        assert_eq!(verify(&part(from, to)).unwrap().exit_code(), code);
    }
}

#[tokio::test]
async fn a_store_with_a_broken_end_is_not_opened() {
    for alteration in [
        "DELETE FROM entries WHERE place > 8",
        "DELETE FROM entries",
        "UPDATE entries SET time = time + 1 WHERE place = 10",
        "UPDATE entries SET hash = randomblob(32) WHERE place IN (9, 10)",
        "UPDATE chains SET hash = randomblob(32)",
        "UPDATE chains SET sequence = 9",
        "DELETE FROM chains",
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
    for n in [1, 2] {
        // Their keys are at hand from here on, so that the changes below reach the writer in their order.
        assert_eq!(version(&store, n).await, Some(3));
    }
    // What arrives while the writer is held goes into one batch.
    let stranger = ledger.directory.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut first = Box::pin(store.receive(opening(4), content("one")));
    begin(&mut first).await;
    let commits = [(1, 3), (1, 3), (2, 9), (2, 3)].map(|(n, at)| store.commit(asking(case_id(n), at)));
    let mut batch = Box::pin(join_all(commits));
    begin(&mut batch).await;
    stranger.execute_batch("ROLLBACK").unwrap();
    assert_eq!(first.await, Ok(Received::New));
    let stale = Err(CommitError::Stale);
    assert_eq!(batch.await, [Ok(()), stale, stale, Ok(())]);
    store.close().await;
    let report = ledger.verify();
    assert_eq!((report.findings.as_slice(), report.entries), (&[][..], 13));
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
async fn a_copy_in_a_folder_with_an_odd_name_is_verified_and_left_alone() {
    let ledger = Ledger::sample().await;
    let folder = ledger.directory.file("100% sure? #1");
    fs::create_dir(&folder).unwrap();
    let copy = folder.join("copy.db");
    fs::copy(ledger.directory.file("store.db"), &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    let subject = Subject {
        store: copy.clone().into(),
        ..Subject::default()
    };
    assert_eq!(verify(&subject).unwrap().entries, 10);
    assert!(fs::read(&copy).unwrap() == before);
}
