//! What checkpoints know of a ledger that somebody cut off or wrote anew, and what is done to checkpoints.

use std::fs;
use std::path::Path;

use statuscheck::audit::{Finding, KnownBy, Subject};
use statuscheck::store::Store;
use statuscheck::store::signing::SigningKey;
use statuscheck_domain::clock::ManualClock;

use crate::ledgers::{Ledger, rehash, sorts, verify};
use crate::samples;

#[tokio::test]
async fn a_tail_that_was_cut_off_is_a_truncation_that_the_head_knows() {
    let ledger = Ledger::sample().await;
    for file in [ledger.beside(), ledger.anchored()] {
        keep_lines(&file, 2);
    }
    let report = ledger.after("DELETE FROM entries WHERE place > 8");
    let by_head = Finding::Truncated {
        chain: ledger.chain(),
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
            .execute_batch("DELETE FROM entries WHERE place > 8")
            .unwrap();
        rehash(&stranger);
        drop(stranger);
        let report = ledger.verify();
        let [
            Finding::Truncated {
                last: 8,
                known: 10,
                by: KnownBy::Checkpoint(place),
                ..
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
        .execute_batch("DELETE FROM entries WHERE place > 8")
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
    text.push_str("{\"v\":2,\"ledger\":");
    fs::write(ledger.beside(), text).unwrap();
    assert_eq!(ledger.verify().findings, []);
}

#[tokio::test]
async fn history_that_was_rewritten_with_every_hash_disagrees_with_the_checkpoints() {
    let ledger = Ledger::sample().await;
    let stranger = ledger.directory.stranger();
    stranger
        .execute_batch("UPDATE entries SET kind = 'answered' WHERE place = 4")
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
        .execute_batch("UPDATE store SET ledger = randomblob(16)")
        .unwrap();
    rehash(&stranger);
    drop(stranger);
    let report = ledger.verify();
    assert_eq!(report.exit_code(), 15);
    assert_eq!(sorts(&report), vec!["rewritten history"; 4]);
}

fn keep_lines(file: &Path, count: usize) {
    let text = fs::read_to_string(file).unwrap();
    let kept: Vec<_> = text.lines().take(count).collect();
    fs::write(file, kept.join("\n") + "\n").unwrap();
}
