//! The auditor on a PostgreSQL database: what strangers do to its tables is found, and told apart.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use statuscheck::audit::{AuditError, ChainId, Finding, Subject};

use crate::ledger_server::PASSWORD;
use crate::postgres_ledger::{FEW, Filled, ONE, TWO, verify};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_the_tables_is_found_and_told_apart() {
    let filled = Filled::new().await;
    let report = filled.verify().await;
    assert_eq!((report.findings.as_slice(), report.exit_code()), (&[][..], 0));
    assert_eq!((report.entries, report.house_entries), (2_005, 401));
    // Each of two chains, in each of two places.
    assert_eq!((report.checkpoints, report.entries_after_checkpoints), (4, 0));

    let chain = ChainId(ONE);
    let altered = |sequence| Finding::Altered { chain, sequence };
    let gap = |first, last| Finding::Gap { chain, first, last };
    for alteration in [
        "payload = '\\x00'",
        "time = 0",
        "version = 9",
        "kind = ''",
        "kind = NULL",
        "hash = '\\x00'",
        "case_id = NULL",
        "case_id = '00000000-0000-0000-0000-000000000000'",
    ] {
        let entry = "WHERE chain = 1 AND sequence = 4";
        let report = filled
            .after(&format!("UPDATE statuscheck.entries SET {alteration} {entry}"))
            .await;
        assert_eq!(
            (report.findings.as_slice(), report.exit_code()),
            (&[altered(4)][..], 11),
            "{alteration}"
        );
    }
    for (alteration, findings, code) in [
        (
            "DELETE FROM statuscheck.entries WHERE chain = 1 AND sequence BETWEEN 4 AND 6",
            vec![gap(4, 6)],
            10,
        ),
        (
            "UPDATE statuscheck.chains SET hash = '\\x00' WHERE number = 1",
            vec![Finding::HeadAltered { chain }],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET chain = 3 WHERE chain = 1 AND sequence = 4",
            vec![Finding::Unnamed { number: 3 }, gap(4, 4)],
            11,
        ),
        (
            "UPDATE statuscheck.entries SET sequence = -4 WHERE chain = 1 AND sequence = 4",
            vec![altered(-4), gap(4, 4)],
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
