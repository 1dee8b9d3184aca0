//! The auditor on a PostgreSQL database: what strangers do to its tables is found, and told apart.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use async_trait::async_trait;
use statuscheck::audit::{self, Address, AuditError, ChainId, Finding, Report, StoreAt, Subject};
use statuscheck::store::ReadError;
use statuscheck::store::chain::{ChainHead, ChainId as Chain, Head, LedgerId};
use statuscheck::store::notary::{Heads, Notary, NotarySettings};
use statuscheck::store::signing::SigningKey;
use statuscheck_domain::clock::ManualClock;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::ledgers::{Written, genesis};
use crate::postgres_server::{PASSWORD, Server};
use crate::samples;

const LEDGER: [u8; 16] = [1; 16];
const ONE: [u8; 16] = [2; 16];
const TWO: [u8; 16] = [3; 16];
/// Entries of the first chain: more than the driver reads at a time.
const ENTRIES: i64 = 2_000;
/// Of the second.
const FEW: i64 = 5;

const TABLES: &str = "
    CREATE SCHEMA statuscheck;
    CREATE TABLE statuscheck.store (secret bytea, ledger bytea);
    CREATE TABLE statuscheck.chains (number int PRIMARY KEY, id bytea, sequence bigint, hash bytea);
    CREATE TABLE statuscheck.entries (
        chain int, sequence bigint, case_id uuid, version bigint, time bigint, kind text, payload bytea, hash bytea,
        PRIMARY KEY (chain, sequence));";

/// A ledger of two chains in a database, with one checkpoint of both in an anchor.
struct Filled {
    server: Server,
    stranger: Client,
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
    async fn new() -> Self {
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

    fn subject(&self) -> Subject {
        Subject {
            store: StoreAt::Postgres(Address {
                url: self.server.socket_url(),
                password_file: None,
                pass_file: None,
            }),
            checkpoints: vec![self.server.file("store.checkpoints")],
            public_keys: vec![self.server.file("signing.key.pub")],
            anchor: Some(self.server.file("anchor")),
            ..Subject::default()
        }
    }

    async fn verify(&self) -> Report {
        verify(self.subject()).await.unwrap()
    }

    /// What is found after `alteration`, which is then taken back.
    async fn after(&self, alteration: &str) -> Report {
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

    async fn stop(self) {
        drop(self.stranger);
        tokio::task::spawn_blocking(move || drop(self.server))
            .await
            .unwrap();
    }
}

async fn verify(subject: Subject) -> Result<Report, AuditError> {
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_the_tables_is_found_and_told_apart() {
    let filled = Filled::new().await;
    let report = filled.verify().await;
    assert_eq!((report.findings.as_slice(), report.exit_code()), (&[][..], 0));
    assert_eq!((report.entries, report.house_entries), (2_005, 401));
    // Each of two chains, in each of two places.
    assert_eq!((report.checkpoints, report.entries_after_checkpoints), (4, 0));

    let chain = ChainId(ONE);
    let altered = Finding::Altered { chain, sequence: 4 };
    for (alteration, findings, code) in [
        (
            "DELETE FROM statuscheck.entries WHERE chain = 1 AND sequence BETWEEN 4 AND 6",
            vec![Finding::Gap {
                chain,
                first: 4,
                last: 6,
            }],
            10,
        ),
        (
            "UPDATE statuscheck.entries SET payload = '\\x00' WHERE chain = 1 AND sequence = 4",
            vec![altered.clone()],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET time = 0 WHERE chain = 1 AND sequence = 4",
            vec![altered.clone()],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET version = 9 WHERE chain = 1 AND sequence = 4",
            vec![altered.clone()],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET kind = '' WHERE chain = 1 AND sequence = 4",
            vec![altered.clone()],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET kind = NULL WHERE chain = 1 AND sequence = 4",
            vec![altered.clone()],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET hash = '\\x00' WHERE chain = 1 AND sequence = 4",
            vec![altered.clone()],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET case_id = NULL WHERE chain = 1 AND sequence = 4",
            vec![altered],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET case_id = '00000000-0000-0000-0000-000000000000' WHERE chain = 2 AND sequence = 5",
            vec![Finding::Altered {
                chain: ChainId(TWO),
                sequence: 5,
            }],
            11,
        ),
        (
            "UPDATE statuscheck.chains SET hash = '\\x00' WHERE number = 1",
            vec![Finding::HeadAltered { chain }],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET chain = 3 WHERE chain = 1 AND sequence = 4",
            vec![
                Finding::Unnamed { number: 3 },
                Finding::Gap {
                    chain,
                    first: 4,
                    last: 4,
                },
            ],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET sequence = -4 WHERE chain = 1 AND sequence = 4",
            vec![
                Finding::Altered { chain, sequence: -4 },
                Finding::Gap {
                    chain,
                    first: 4,
                    last: 4,
                },
            ],
            11,
        ),
    ] {
        let report = filled.after(alteration).await;
        assert_eq!(
            (report.findings.as_slice(), report.exit_code()),
            (findings.as_slice(), code),
            "{alteration}"
        );
    }
    filled.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_moved_cut_off_or_taken_away_as_a_whole_is_told_apart() {
    let filled = Filled::new().await;
    let (one, two) = (ChainId(ONE), ChainId(TWO));
    let moved = |chain, sequence, found_in, found_at| Finding::Reordered {
        chain,
        sequence,
        found_in,
        found_at,
    };
    let report = filled
        .after(
            "UPDATE statuscheck.entries SET sequence = 99999 WHERE chain = 1 AND sequence = 1500;
             UPDATE statuscheck.entries SET chain = 1, sequence = 1500 WHERE chain = 2 AND sequence = 2;
             UPDATE statuscheck.entries SET chain = 2, sequence = 2 WHERE sequence = 99999;",
        )
        .await;
    assert_eq!(
        report.findings,
        [moved(one, 1500, two, 2), moved(two, 2, one, 1500)]
    );
    assert_eq!(report.exit_code(), 12);

    for head in [
        "",
        "UPDATE statuscheck.chains SET sequence = 3, hash = (SELECT hash FROM statuscheck.entries
        WHERE chain = 2 AND sequence = 3) WHERE number = 2;",
    ] {
        let report = filled
            .after(&format!(
                "DELETE FROM statuscheck.entries WHERE chain = 2 AND sequence > 3; {head}"
            ))
            .await;
        let [
            Finding::Truncated {
                chain,
                last: 3,
                known: FEW,
                ..
            },
        ] = report.findings.as_slice()
        else {
            panic!("{:?}", report.findings)
        };
        assert_eq!((*chain, report.exit_code()), (two, 13));
    }

    let report = filled
        .after("DELETE FROM statuscheck.entries WHERE chain = 2; DELETE FROM statuscheck.chains WHERE number = 2")
        .await;
    let [
        Finding::MissingChain {
            chain, known: FEW, ..
        },
    ] = report.findings.as_slice()
    else {
        panic!("{:?}", report.findings)
    };
    assert_eq!((*chain, report.exit_code(), report.entries), (two, 16, 2_000));

    let part = Subject {
        chain: Some(two),
        from: Some(2),
        to: Some(4),
        ..filled.subject()
    };
    assert_eq!(verify(part.clone()).await.unwrap().entries, 3);
    let unsaid = Subject { chain: None, ..part };
    assert!(matches!(verify(unsaid).await, Err(AuditError::WhichChain(_))));

    let drop_tables = "DROP SCHEMA statuscheck CASCADE";
    filled.stranger.batch_execute(drop_tables).await.unwrap();
    assert!(matches!(
        verify(filled.subject()).await,
        Err(AuditError::NotALedger { .. })
    ));
    filled.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_connects_over_tls_with_a_password_from_a_file() {
    let filled = Filled::new().await;
    let server = &filled.server;
    let secret = |name: &str, text: &str| -> PathBuf {
        let file = server.file(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    };
    let right = secret("password", &format!("{PASSWORD}\n"));
    let wrong = secret("wrong", "another");
    let escaped = PASSWORD.replace(':', "\\:");
    let pass_file = secret(
        "pgpass",
        &format!("127.0.0.1:{}:*:postgres:{escaped}\n", server.port),
    );
    let base = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    let over_tls = format!("{base}?sslrootcert={}", server.authority().display());
    // Its own certificate is signed by the authority, and is none.
    let distrusting = format!("{base}?sslrootcert={}", server.file("signing.key").display());
    let by_another_name = over_tls.replace("127.0.0.1", "localhost");
    let run = |url: &str, password: Option<&PathBuf>, pass_file: Option<&PathBuf>| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_statuscheck"));
        command
            .args(["audit", "verify", "--store", url])
            .env_remove("PGPASSFILE");
        command.arg("--anchor").arg(server.file("anchor"));
        command.arg("--public-key").arg(server.file("signing.key.pub"));
        if let Some(file) = password {
            command.arg("--password-file").arg(file);
        }
        if let Some(file) = pass_file {
            command.env("PGPASSFILE", file);
        }
        command.output().unwrap()
    };
    for (password, pass_file) in [(Some(&right), None), (None, Some(&pass_file))] {
        let done = run(&over_tls, password, pass_file);
        let text = String::from_utf8(done.stdout).unwrap();
        assert_eq!(done.status.code(), Some(0), "{text}");
        assert!(
            text.contains("2005 entries") && text.contains("signatures checked"),
            "{text}"
        );
    }
    let with_password = base.replace('@', ":hidden@");
    for (url, password, words) in [
        (&over_tls, Some(&wrong), "password authentication failed"),
        (&over_tls, None, "password"),
        (&base, Some(&right), "needs sslrootcert=FILE"),
        (&distrusting, Some(&right), "no root certificates"),
        (&by_another_name, Some(&right), "certificate"),
        (&with_password, None, "put it into a file"),
    ] {
        let refused = run(url, password, None);
        let text = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{text}");
        assert!(
            text.contains(words) && !text.contains("hidden"),
            "{words}: {text}"
        );
    }
    fs::set_permissions(&right, fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = run(&over_tls, Some(&right), None);
    assert!(
        String::from_utf8(exposed.stderr)
            .unwrap()
            .contains("make it 0600")
    );
    filled.stop().await;
}
