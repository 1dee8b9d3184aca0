//! A ledger of two chains in a PostgreSQL database, written by a test's own reading of `docs/ledger.md`.

use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use statuscheck::audit::{self, Address, AuditError, Report, StoreAt, Subject};
use statuscheck::store::ReadError;
use statuscheck::store::chain::{ChainHead, ChainId as Chain, Head, LedgerId};
use statuscheck::store::notary::{Heads, Notary, NotarySettings};
use statuscheck::store::signing::SigningKey;
use statuscheck_domain::clock::ManualClock;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::ledger_server::Server;
use crate::ledgers::{Written, genesis};
use crate::samples;

const LEDGER: [u8; 16] = [1; 16];
pub(crate) const ONE: [u8; 16] = [2; 16];
pub(crate) const TWO: [u8; 16] = [3; 16];
/// Entries of the first chain: more than the driver reads at a time.
const ENTRIES: i64 = 2_000;
/// Of the second.
pub(crate) const FEW: i64 = 5;

const TABLES: &str = "
    CREATE SCHEMA statuscheck;
    CREATE TABLE statuscheck.store (secret bytea, ledger bytea);
    CREATE TABLE statuscheck.chains (number int PRIMARY KEY, id bytea, sequence bigint, hash bytea);
    CREATE TABLE statuscheck.entries (
        chain int, sequence bigint, case_id uuid, version bigint, time bigint, kind text, payload bytea, hash bytea,
        PRIMARY KEY (chain, sequence));";

/// A ledger of two chains in a database, with one checkpoint of both in an anchor.
pub(crate) struct Filled {
    pub(crate) server: Server,
    pub(crate) stranger: Client,
}

struct Told(Vec<ChainHead>);

#[async_trait]
impl Heads for Told {
    fn ledger(&self) -> LedgerId {
        LedgerId(LEDGER)
    }

    fn own(&self) -> Chain {
        Chain(ONE)
    }

    async fn heads(&self) -> Result<Vec<ChainHead>, ReadError> {
        Ok(self.0.clone())
    }
}

impl Filled {
    pub(crate) async fn new() -> Self {
        let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
        let stranger = server.connect().await;
        stranger.batch_execute(TABLES).await.unwrap();
        let store = "INSERT INTO statuscheck.store VALUES ('', $1)";
        stranger.execute(store, &[&LEDGER.as_slice()]).await.unwrap();
        let one = fill(&stranger, 1, ONE, ENTRIES).await;
        let two = fill(&stranger, 2, TWO, FEW).await;
        stranger
            .batch_execute("ANALYZE statuscheck.entries")
            .await
            .unwrap();
        fs::create_dir(server.file("anchor")).unwrap();
        let key = SigningKey::create(&server.file("signing.key")).ok().unwrap();
        let settings = NotarySettings {
            anchor: Some(server.file("anchor")),
            ..NotarySettings::beside(&server.file("store"))
        };
        let clock = Arc::new(ManualClock::at(samples::start()));
        let heads = Arc::new(Told(vec![two, one]));
        Notary::new(heads, key, settings, clock).look().await.unwrap();
        Self { server, stranger }
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject {
            store: StoreAt::Postgres(Address {
                url: self.server.socket_url(),
                ca_file: None,
                password_file: None,
                pass_file: None,
            }),
            checkpoints: vec![self.server.file("store.checkpoints")],
            public_keys: vec![self.server.file("signing.key.pub")],
            anchor: Some(self.server.file("anchor")),
            ..Subject::default()
        }
    }

    pub(crate) async fn verify(&self) -> Report {
        verify(self.subject()).await.unwrap()
    }

    /// What is found after `alteration`, which is then taken back.
    pub(crate) async fn after(&self, alteration: &str) -> Report {
        let keep = "DROP TABLE IF EXISTS kept_entries, kept_chains;
            CREATE TABLE kept_entries AS SELECT * FROM statuscheck.entries;
            CREATE TABLE kept_chains AS SELECT * FROM statuscheck.chains;";
        self.stranger.batch_execute(keep).await.unwrap();
        self.stranger.batch_execute(alteration).await.unwrap();
        let report = self.verify().await;
        let put_back = "TRUNCATE statuscheck.entries, statuscheck.chains;
            INSERT INTO statuscheck.entries SELECT * FROM kept_entries;
            INSERT INTO statuscheck.chains SELECT * FROM kept_chains;";
        self.stranger.batch_execute(put_back).await.unwrap();
        report
    }

    pub(crate) async fn stop(self) {
        drop(self.stranger);
        tokio::task::spawn_blocking(move || drop(self.server))
            .await
            .unwrap();
    }
}

pub(crate) async fn verify(subject: Subject) -> Result<Report, AuditError> {
    let verifying = move || audit::verify(&subject, |_done, _of| {});
    tokio::task::spawn_blocking(verifying).await.unwrap()
}

/// Writes a chain by a test's own reading of `docs/ledger.md`.
async fn fill(client: &Client, number: i32, chain: [u8; 16], entries: i64) -> ChainHead {
    let row = "INSERT INTO statuscheck.entries SELECT $1, s, nullif(c, '00000000-0000-0000-0000-000000000000'), v, t, k, p, h
        FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::bytea[], $8::bytea[])
            AS rows (s, c, v, t, k, p, h)";
    let mut hash = genesis(&chain);
    let payload = vec![0xa5; 300];
    let (mut sequences, mut cases, mut versions, mut times) = (vec![], vec![], vec![], vec![]);
    let (mut kinds, mut payloads, mut hashes) = (vec![], vec![], vec![]);
    for sequence in 1..=entries {
        let of_house = sequence % 5 == 0;
        let case_id = if of_house {
            [0; 16]
        } else {
            [u8::try_from(sequence % 200).unwrap() + 1; 16]
        };
        let entry = Written {
            sequence,
            time: 1_767_225_600_000_000_000 + sequence * 1_000 + i64::from(number),
            case_id,
            version: i64::from(!of_house),
            kind: if of_house { "retention_run" } else { "received" },
            payload: &payload[..usize::try_from(sequence % 300).unwrap()],
        };
        hash = entry.hash(&hash);
        sequences.push(sequence);
        cases.push(Uuid::from_bytes(case_id));
        versions.push(entry.version);
        times.push(entry.time);
        kinds.push(entry.kind);
        payloads.push(entry.payload);
        hashes.push(hash.to_vec());
    }
    let columns: [&(dyn ToSql + Sync); 8] = [
        &number, &sequences, &cases, &versions, &times, &kinds, &payloads, &hashes,
    ];
    client.execute(row, &columns).await.unwrap();
    let row = "INSERT INTO statuscheck.chains VALUES ($1, $2, $3, $4)";
    let head: [&(dyn ToSql + Sync); 4] = [&number, &chain.as_slice(), &entries, &hash.as_slice()];
    client.execute(row, &head).await.unwrap();
    let head = Head {
        sequence: entries,
        hash,
    };
    ChainHead {
        chain: Chain(chain),
        head,
    }
}
