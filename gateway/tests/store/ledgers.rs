//! Ledgers to audit, and strangers who alter them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::digest;
use rusqlite::{Connection, params};
use statuscheck::audit::{self, AuditError, ChainId, Report, Subject};
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
            store: self.directory.file("store.db").into(),
            public_keys: vec![self.public_key()],
            anchor: Some(self.anchor()),
            ..Subject::default()
        }
    }

    pub(crate) fn verify(&self) -> Report {
        verify(&self.subject()).unwrap()
    }

    /// The one chain of the store.
    pub(crate) fn chain(&self) -> ChainId {
        ChainId(first_chain(&self.directory.stranger()))
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

fn first_chain(connection: &Connection) -> [u8; 16] {
    let first = "SELECT id FROM chains WHERE number = 0";
    connection.query_row(first, [], |row| row.get(0)).unwrap()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes)
        .as_ref()
        .try_into()
        .unwrap()
}

/// The hash before the first entry, as `docs/ledger.md` has it.
pub(crate) fn genesis(chain: &[u8; 16]) -> [u8; 32] {
    sha256(&[b"statuscheck.ledger.v1.genesis".as_slice(), chain].concat())
}

/// An entry as a test writes it.
pub(crate) struct Written<'a> {
    pub(crate) sequence: i64,
    pub(crate) time: i64,
    pub(crate) case_id: [u8; 16],
    pub(crate) version: i64,
    pub(crate) kind: &'a str,
    pub(crate) payload: &'a [u8],
}

impl Written<'_> {
    /// Its hash after the one before, as `docs/ledger.md` has it.
    pub(crate) fn hash(&self, before: &[u8; 32]) -> [u8; 32] {
        let length = |part: &[u8]| (part.len() as u64).to_be_bytes();
        sha256(
            &[
                b"statuscheck.ledger.v1".as_slice(),
                before,
                &self.sequence.to_be_bytes(),
                &self.time.to_be_bytes(),
                &self.case_id,
                &self.version.to_be_bytes(),
                &length(self.kind.as_bytes()),
                self.kind.as_bytes(),
                &length(self.payload),
                self.payload,
            ]
            .concat(),
        )
    }
}

/// Writes every hash of the first chain anew, as someone would who knows `docs/ledger.md` and has no key.
pub(crate) fn rehash(connection: &Connection) {
    let mut hash = genesis(&first_chain(connection));
    let mut last = 0;
    let places: Vec<i64> = connection
        .prepare("SELECT place FROM entries WHERE place < 1099511627776 ORDER BY place")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for place in places {
        let sql = "SELECT time, ifnull(case_id, zeroblob(16)), version, kind, payload FROM entries WHERE place = ?1";
        hash = connection
            .query_row(sql, [place], |row| {
                let (kind, payload): (String, Vec<u8>) = (row.get(3)?, row.get(4)?);
                let entry = Written {
                    sequence: place,
                    time: row.get(0)?,
                    case_id: row.get(1)?,
                    version: row.get(2)?,
                    kind: &kind,
                    payload: &payload,
                };
                Ok(entry.hash(&hash))
            })
            .unwrap();
        let sql = "UPDATE entries SET hash = ?2 WHERE place = ?1";
        connection.execute(sql, params![place, hash]).unwrap();
        last = place;
    }
    let sql = "UPDATE chains SET sequence = ?1, hash = ?2 WHERE number = 0";
    connection.execute(sql, params![last, hash]).unwrap();
}
