//! Ledgers to audit, and strangers who alter them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::digest;
use rusqlite::{Connection, params};
use statuscheck::audit::{self, AuditError, Report, Subject};
use statuscheck::store::notary::{Notary, NotarySettings};
use statuscheck::store::signing::SigningKey;
use statuscheck::store::{HouseKind, Store};
use statuscheck_domain::clock::ManualClock;
use std::sync::Arc;

use crate::embedded::Directory;
use crate::samples;
use crate::steps::{asking, case_id, house_entry, receive};

/// Entries of the ledger that [`Ledger::sample`] makes.
pub(crate) const ENTRIES: i64 = 10;

/// A closed store with checkpoints at entries 0, 5 and 10, beside it and in an anchor.
pub(crate) struct Ledger {
    pub(crate) directory: Directory,
}

impl Ledger {
    pub(crate) async fn sample() -> Self {
        let ledger = Self {
            directory: Directory::new(),
        };
        fs::create_dir(ledger.anchor()).unwrap();
        assert!(SigningKey::create(&ledger.directory.file("signing.key")).is_ok());
        let clock = ManualClock::at(samples::start());
        let store = ledger.directory.open_default().await;
        let notary = ledger.notary(&store, &clock);
        notary.look().await.unwrap();
        receive(&store, 1).await;
        assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
        assert_eq!(store.note(house_entry(HouseKind::RetentionRun)).await, Ok(()));
        receive(&store, 2).await;
        assert_eq!(store.commit(asking(case_id(2), 1)).await, Ok(()));
        clock.advance(Duration::from_secs(60));
        notary.look().await.unwrap();
        receive(&store, 3).await;
        assert_eq!(store.purge(case_id(3), 1, samples::start()).await, Ok(()));
        assert_eq!(store.commit(asking(case_id(1), 2)).await, Ok(()));
        assert_eq!(store.note(house_entry(HouseKind::KeyRotated)).await, Ok(()));
        assert_eq!(store.commit(asking(case_id(2), 2)).await, Ok(()));
        store.close().await;
        notary.close().await;
        ledger
    }

    pub(crate) fn notary(
        &self,
        store: &statuscheck::store::embedded::EmbeddedStore,
        clock: &ManualClock,
    ) -> Notary {
        let settings = NotarySettings {
            anchor: Some(self.anchor()),
            ..NotarySettings::beside(&self.directory.file("store.db"))
        };
        let key = SigningKey::load(&self.directory.file("signing.key"))
            .ok()
            .unwrap();
        Notary::new(store.ledger_end(), key, settings, Arc::new(clock.clone()))
    }

    pub(crate) fn anchor(&self) -> PathBuf {
        self.directory.file("anchor")
    }

    /// The file of checkpoints in the anchor.
    pub(crate) fn anchored(&self) -> PathBuf {
        let mut files = fs::read_dir(self.anchor()).unwrap();
        files.next().unwrap().unwrap().path()
    }

    /// The file of checkpoints beside the store.
    pub(crate) fn beside(&self) -> PathBuf {
        self.directory.file("store.db.checkpoints")
    }

    pub(crate) fn public_key(&self) -> PathBuf {
        self.directory.file("signing.key.pub")
    }

    /// Everything there is to compare with.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            store: self.directory.file("store.db"),
            public_keys: vec![self.public_key()],
            anchor: Some(self.anchor()),
            from: None,
            to: None,
        }
    }

    pub(crate) fn verify(&self) -> Report {
        verify(&self.subject()).unwrap()
    }

    /// What is found after a stranger did `alteration` in the database.
    pub(crate) fn after(&self, alteration: &str) -> Report {
        self.directory.stranger().execute_batch(alteration).unwrap();
        self.verify()
    }
}

pub(crate) fn verify(subject: &Subject) -> Result<Report, AuditError> {
    audit::verify(subject, |_done, _of| {})
}

/// What the findings say, each in its first word.
pub(crate) fn sorts(report: &Report) -> Vec<String> {
    let first = |finding: &audit::Finding| finding.to_string().split(':').next().unwrap().to_owned();
    report.findings.iter().map(first).collect()
}

/// Writes every hash anew, as someone would who knows `docs/ledger.md` and has no key.
pub(crate) fn rehash(connection: &Connection) {
    let id: [u8; 16] = connection
        .query_row("SELECT id FROM ledger", [], |row| row.get(0))
        .unwrap();
    let sha256 = |bytes: &[u8]| digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
    let mut hash = sha256(&[b"statuscheck.ledger.v1.genesis".as_slice(), &id].concat());
    let mut last = 0;
    let sequences: Vec<i64> = connection
        .prepare("SELECT sequence FROM entries ORDER BY sequence")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for sequence in sequences {
        let entry = connection.query_row(
            "SELECT time, ifnull(case_id, zeroblob(16)), version, CAST(kind AS BLOB), payload FROM entries
             WHERE sequence = ?1",
            [sequence],
            |row| {
                let (time, version): (i64, i64) = (row.get(0)?, row.get(2)?);
                let (case_id, kind, payload): (Vec<u8>, Vec<u8>, Vec<u8>) =
                    (row.get(1)?, row.get(3)?, row.get(4)?);
                let length = |part: &Vec<u8>| (part.len() as u64).to_be_bytes();
                Ok([
                    b"statuscheck.ledger.v1".as_slice(),
                    &hash,
                    &sequence.to_be_bytes(),
                    &time.to_be_bytes(),
                    &case_id,
                    &version.to_be_bytes(),
                    &length(&kind),
                    &kind,
                    &length(&payload),
                    &payload,
                ]
                .concat())
            },
        );
        hash = sha256(&entry.unwrap());
        connection
            .execute(
                "UPDATE entries SET hash = ?2 WHERE sequence = ?1",
                params![sequence, hash],
            )
            .unwrap();
        last = sequence;
    }
    connection
        .execute("UPDATE ledger SET sequence = ?1, hash = ?2", params![last, hash])
        .unwrap();
}
