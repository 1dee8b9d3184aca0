//! A ledger of several writers in one file: every chain is looked at, and a chain that is gone is missed.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, params};
use statuscheck::audit::{AuditError, ChainId, Finding, Subject};
use statuscheck::store::chain::{ChainHead, ChainId as Chain, Head, LedgerId};
use statuscheck::store::embedded::OpenError;
use statuscheck::store::notary::{HEADS_MAX, Heads, Notary, NotaryError, NotarySettings};
use statuscheck::store::signing::SigningKey;
use statuscheck::store::{ReadError, Store as _};
use statuscheck_domain::clock::ManualClock;

use crate::ledgers::{Ledger, Written, genesis, sorts, verify};
use crate::samples;
use crate::steps::{asking, case_id, receive, version};

/// The chain that came with the store of several writers, before the one that the file goes on with.
const OTHER: [u8; 16] = [7; 16];

/// Entries of that chain.
const ENTRIES: i64 = 6;

/// Puts a second chain into the sample. It gets the number of the first, which goes on as the newest.
fn add_chain(connection: &Connection) {
    connection
        .execute_batch(
            "UPDATE entries SET place = place + 1099511627776;
             UPDATE chains SET number = 1;",
        )
        .unwrap();
    tell_where_entries_stand(connection);
    let mut hash = genesis(&OTHER);
    for sequence in 1..=ENTRIES {
        let entry = Written {
            sequence,
            time: samples::start().as_second() * 1_000_000_000 + sequence,
            case_id: [0; 16],
            version: 0,
            kind: "retention_run",
            payload: br#"{"v":1,"actor":"ops/other","details":{}}"#,
        };
        hash = entry.hash(&hash);
        let row =
            "INSERT INTO entries (place, version, time, kind, payload, hash) VALUES (?1, 0, ?2, ?3, ?4, ?5)";
        connection
            .execute(
                row,
                params![sequence, entry.time, entry.kind, entry.payload, hash],
            )
            .unwrap();
    }
    let row = "INSERT INTO chains (number, id, sequence, hash) VALUES (0, ?1, ?2, ?3)";
    connection.execute(row, params![OTHER, ENTRIES, hash]).unwrap();
}

/// Writes into the rows of cases where their entries stand now.
fn tell_where_entries_stand(connection: &Connection) {
    let mut cases = connection.prepare("SELECT id FROM cases").unwrap();
    let mut places = connection
        .prepare("SELECT place FROM entries WHERE case_id = ?1 ORDER BY version")
        .unwrap();
    let ids = cases.query_map([], |row| row.get(0)).unwrap();
    for id in ids.collect::<Result<Vec<Vec<u8>>, _>>().unwrap() {
        let places = places.query_map([&id], |row| row.get::<_, i64>(0)).unwrap();
        let mut bytes: Vec<u8> = places.flat_map(|place| place.unwrap().to_be_bytes()).collect();
        bytes.resize(bytes.len().max(32), 0);
        let row = "UPDATE cases SET places = ?2 WHERE id = ?1";
        connection.execute(row, params![id, bytes]).unwrap();
    }
}

/// The sample with another chain, under a checkpoint that names both; and the chain that the file goes on with.
async fn sample() -> (Ledger, ChainId) {
    let ledger = Ledger::sample().await;
    let own = ledger.chain();
    let stranger = ledger.directory.stranger();
    add_chain(&stranger);
    drop(stranger);
    let store = ledger.directory.open_default().await;
    let notary = ledger.notary(&store, &ManualClock::at(samples::start()));
    store.close().await;
    notary.close().await;
    (ledger, own)
}

#[tokio::test]
async fn every_chain_is_looked_at_and_the_newest_goes_on() {
    let (ledger, own) = sample().await;
    let report = ledger.verify();
    assert_eq!(report.findings, []);
    assert_eq!((report.entries, report.house_entries), (16, 8));
    let seen: Vec<_> = report.chains.iter().map(|seen| (seen.chain, seen.last)).collect();
    assert_eq!(seen, [(ChainId(OTHER), ENTRIES), (own, 10)]);

    let store = ledger.directory.open_default().await;
    assert_eq!(version(&store, 1).await, Some(3));
    receive(&store, 4).await;
    assert_eq!(store.commit(asking(case_id(1), 3)).await, Ok(()));
    store.close().await;
    let report = ledger.verify();
    assert_eq!(
        (report.findings.as_slice(), report.entries_after_checkpoints),
        (&[][..], 2)
    );
    assert_eq!(report.chains[1].after_checkpoints, 2);
}

#[tokio::test]
async fn what_is_done_to_one_chain_is_told_of_that_chain() {
    let other = ChainId(OTHER);
    for (alteration, finding, code) in [
        (
            "DELETE FROM entries WHERE place = 3",
            Finding::Gap {
                chain: other,
                first: 3,
                last: 3,
            },
            10,
        ),
        (
            "UPDATE entries SET time = 0 WHERE place = 3",
            Finding::Altered {
                chain: other,
                sequence: 3,
            },
            11,
        ),
        (
            "UPDATE chains SET sequence = 5 WHERE number = 0",
            Finding::HeadAltered { chain: other },
            11,
        ),
    ] {
        let (ledger, _own) = sample().await;
        let report = ledger.after(alteration);
        assert_eq!(
            (report.findings.as_slice(), report.exit_code()),
            (&[finding][..], code)
        );
    }
}

#[tokio::test]
async fn a_chain_that_is_gone_is_missed_and_told_apart() {
    let (ledger, own) = sample().await;
    let report =
        ledger.after("DELETE FROM entries WHERE place < 1099511627776; DELETE FROM chains WHERE number = 0;");
    let [
        Finding::MissingChain {
            chain,
            known: ENTRIES,
            place,
        },
    ] = report.findings.as_slice()
    else {
        panic!("{:?}", report.findings)
    };
    assert_eq!((*chain, place.line, report.exit_code()), (ChainId(OTHER), 4, 16));
    assert!(report.findings[0].to_string().starts_with("missing chain: "));
    // The other is whole, and can be looked at by itself.
    let alone = Subject {
        chain: Some(own),
        ..ledger.subject()
    };
    assert_eq!(verify(&alone).unwrap().findings, []);
}

#[tokio::test]
async fn a_tail_of_one_chain_that_was_cut_off_with_its_head_is_a_truncation() {
    let (ledger, _own) = sample().await;
    let report = ledger.after(
        "DELETE FROM entries WHERE place IN (5, 6);
         UPDATE chains SET sequence = 4, hash = (SELECT hash FROM entries WHERE place = 4) WHERE number = 0;",
    );
    let [
        Finding::Truncated {
            chain,
            last: 4,
            known: ENTRIES,
            ..
        },
    ] = report.findings.as_slice()
    else {
        panic!("{:?}", report.findings)
    };
    assert_eq!((*chain, report.exit_code()), (ChainId(OTHER), 13));
}

#[tokio::test]
async fn entries_of_a_chain_that_the_store_does_not_name_are_found() {
    let (ledger, _own) = sample().await;
    for (number, at) in [(2, 2_199_023_255_557_i64), (-1, -5)] {
        let report = ledger.after(&format!(
            "INSERT INTO entries SELECT {at}, NULL, 0, time, kind, payload, hash FROM entries WHERE place = 3"
        ));
        assert_eq!(
            (report.findings.as_slice(), report.exit_code()),
            (&[Finding::Unnamed { number }][..], 11)
        );
        let refused = ledger
            .directory
            .open_with(ledger.directory.settings())
            .await
            .err();
        assert!(
            matches!(refused, Some(OpenError::BrokenLedger { .. })),
            "{refused:?}"
        );
        ledger.after(&format!("DELETE FROM entries WHERE place = {at}"));
    }
    let report = ledger.after("DELETE FROM chains WHERE number = 0");
    assert_eq!(sorts(&report), ["alteration", "missing chain"]);
}

#[tokio::test]
async fn entries_that_changed_places_between_chains_are_a_reordering() {
    let (ledger, own) = sample().await;
    let there = (1_i64 << 40) + 3;
    let report = ledger.after(&format!(
        "UPDATE entries SET place = 99 WHERE place = 2;
         UPDATE entries SET place = 2 WHERE place = {there};
         UPDATE entries SET place = {there} WHERE place = 99;"
    ));
    let other = ChainId(OTHER);
    let moved = |chain, sequence, found_in, found_at| Finding::Reordered {
        chain,
        sequence,
        found_in,
        found_at,
    };
    assert_eq!(
        report.findings,
        [moved(other, 2, own, 3), moved(own, 3, other, 2)]
    );
    assert_eq!(report.exit_code(), 12);
}

#[tokio::test]
async fn a_part_is_looked_at_of_the_chain_that_is_named() {
    let (ledger, own) = sample().await;
    let part = |chain, from, to| Subject {
        chain,
        from,
        to,
        ..ledger.subject()
    };
    let refused = verify(&part(None, Some(2), None));
    let chains = vec![ChainId(OTHER), own];
    assert!(matches!(refused, Err(AuditError::WhichChain(which)) if which == chains));
    let refused = verify(&part(Some(ChainId([9; 16])), None, None));
    assert!(matches!(refused, Err(AuditError::NoSuchChain(_))));
    let refused = verify(&part(Some(ChainId(OTHER)), Some(7), None));
    assert!(matches!(
        refused,
        Err(AuditError::NoSuchEntries { last: ENTRIES, .. })
    ));
    for (chain, from, to, entries) in [
        (ChainId(OTHER), Some(2), Some(4), 3),
        (own, Some(8), None, 3),
        (own, None, None, 10),
    ] {
        let report = verify(&part(Some(chain), from, to)).unwrap();
        assert_eq!((report.findings.as_slice(), report.entries), (&[][..], entries));
    }
}

#[tokio::test]
async fn a_store_with_a_broken_end_of_any_chain_is_not_opened() {
    for alteration in [
        "DELETE FROM entries WHERE place = 6",
        "UPDATE entries SET time = 0 WHERE place = 6",
        "UPDATE chains SET hash = randomblob(32) WHERE number = 0",
        "DELETE FROM chains WHERE number = 0",
    ] {
        let (ledger, _own) = sample().await;
        ledger.directory.stranger().execute_batch(alteration).unwrap();
        let refused = ledger
            .directory
            .open_with(ledger.directory.settings())
            .await
            .err();
        assert!(
            matches!(refused, Some(OpenError::BrokenLedger { .. })),
            "{alteration}: {refused:?}"
        );
    }
}

/// Heads as a test says them.
struct Told(Vec<ChainHead>);

#[async_trait]
impl Heads for Told {
    fn ledger(&self) -> LedgerId {
        LedgerId([1; 16])
    }

    fn own(&self) -> Chain {
        Chain([2; 16])
    }

    async fn heads(&self) -> Result<Vec<ChainHead>, ReadError> {
        Ok(self.0.clone())
    }
}

fn told(count: usize) -> Arc<dyn Heads> {
    let head = Head {
        sequence: i64::MAX,
        hash: [0xff; 32],
    };
    let end = |n: usize| ChainHead {
        chain: Chain(u128::try_from(n).unwrap().to_be_bytes()),
        head,
    };
    Arc::new(Told((0..count).rev().map(end).collect()))
}

#[tokio::test]
async fn a_checkpoint_of_all_the_chains_that_there_may_be_is_read_again_and_one_of_more_is_not_made() {
    let (ledger, _own) = sample().await;
    let path: PathBuf = ledger.directory.file("many.checkpoints");
    let notary = |count| {
        let key = SigningKey::load(&ledger.directory.file("signing.key"))
            .ok()
            .unwrap();
        let settings = NotarySettings {
            path: path.clone(),
            ..NotarySettings::beside(&path)
        };
        Notary::new(
            told(count),
            key,
            settings,
            Arc::new(ManualClock::at(samples::start())),
        )
    };
    let refused = notary(HEADS_MAX + 1).look().await;
    assert!(matches!(refused, Err(NotaryError::TooManyChains(_))));
    for _each in 0..2 {
        notary(HEADS_MAX).look().await.unwrap();
    }
    let lines = fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().count(), 2);
    let subject = Subject {
        checkpoints: vec![path],
        ..ledger.subject()
    };
    // They are of another ledger, which shows that they were read and their signatures found right.
    assert_eq!(
        sorts(&verify(&subject).unwrap()),
        ["rewritten history", "rewritten history"]
    );
}
