//! The PostgreSQL that is shipped for: its settings, its roles, and the command that starts one of one's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, LazyLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use statuscheck_tests::postgres::{LocalPostgres, MAIN, Role, SECOND};
use statuscheck_tests::proxy::FaultProxy;
use tempfile::TempDir;
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// For what one server is enough.
static POSTGRES: LazyLock<LocalPostgres> = LazyLock::new(LocalPostgres::up);

/// What may be asked for over TCP.
const REMOTE: [Role; 3] = [Role::Gateway, Role::Owner, Role::Auditor];

const LEDGER: &str = "
    CREATE TABLE entries (sequence bigint PRIMARY KEY, hash bytea NOT NULL);
    GRANT SELECT, INSERT ON entries TO statuscheck_gateway;
    GRANT SELECT ON entries TO statuscheck_auditor;
    CREATE TABLE keys (wrapped bytea NOT NULL);
    CREATE FUNCTION all_keys() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM keys);";

/// What the server refuses for want of a right.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[test]
fn every_role_connects_over_tls_and_finds_the_schema() {
    let database = POSTGRES.first_database();
    for role in REMOTE {
        let seen = database.sql(
            role,
            "SELECT current_user, ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid(); SHOW search_path",
        );
        let name = match role {
            Role::Gateway => "statuscheck_gateway",
            Role::Owner => "statuscheck_owner",
            _ => "statuscheck_auditor",
        };
        assert_eq!(
            seen.unwrap(),
            format!("{name}|t|TLSv1.3\nstatuscheck, pg_temp"),
            "{role:?}"
        );
    }
    let superuser = database.sql(Role::Admin, "SELECT current_user, inet_client_addr() IS NULL");
    assert_eq!(superuser.unwrap(), "postgres|t");
}

#[tokio::test]
async fn the_gateways_driver_trusts_the_certificate_and_binds_the_password_to_it() {
    let database = POSTGRES.first_database();
    for role in REMOTE {
        let client = driver(&database.url(role), Path::new(&POSTGRES.password_file(role))).await;
        let row = client
            .query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[])
            .await
            .unwrap();
        assert!(row.get::<_, bool>(0));
    }
}

/// A connection as the gateway makes it: with the shipped authority alone, and SCRAM bound to the TLS channel.
async fn driver(url: &str, password_file: &Path) -> tokio_postgres::Client {
    let mut config: tokio_postgres::Config = url.parse().unwrap();
    config
        .password(std::fs::read_to_string(password_file).unwrap().trim())
        .ssl_mode(SslMode::Require)
        .channel_binding(ChannelBinding::Require);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(POSTGRES.ca_file()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await.unwrap();
    tokio::spawn(connection);
    client
}

#[test]
fn nobody_connects_in_the_open() {
    let database = POSTGRES.first_database();
    let refused = database.sql_by(Role::Gateway, "SELECT 1", &[("PGSSLMODE", "disable")]);
    assert!(refused.unwrap_err().mentions("no pg_hba.conf entry"));
}

#[test]
fn a_wrong_password_and_a_wrong_database_are_refused() {
    let database = POSTGRES.first_database();
    let wrong = [("PGPASSFILE", "/dev/null"), ("PGPASSWORD", "wrong")];
    let refused = database.sql_by(Role::Gateway, "SELECT 1", &wrong);
    assert!(refused.unwrap_err().mentions("password authentication failed"));
    for other in ["postgres", "template1"] {
        let refused = database.sql(Role::Owner, &format!("\\connect {other}\nSELECT 1"));
        assert!(refused.unwrap_err().mentions("permission denied for database"));
    }
    assert_eq!(database.sql(Role::Owner, "SELECT 1").unwrap(), "1");
}

#[test]
fn a_gateway_reads_and_adds_and_changes_nothing_that_was_recorded() {
    let database = POSTGRES.database("entries");
    database.sql(Role::Owner, LEDGER).unwrap();
    let gateway = |statement| database.sql(Role::Gateway, statement);
    gateway("INSERT INTO entries VALUES (1, '\\x00')").unwrap();
    for refused in [
        "UPDATE entries SET hash = '\\x01'",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "INSERT INTO entries VALUES (1, '\\x01') ON CONFLICT (sequence) DO UPDATE SET hash = excluded.hash",
        "SELECT * FROM keys",
        "SELECT all_keys()",
    ] {
        let refusal = gateway(refused).expect_err(refused);
        assert!(refusal.is(INSUFFICIENT_PRIVILEGE), "{refused}: {refusal:?}");
    }
    assert_eq!(gateway("SELECT * FROM entries").unwrap(), "1|\\x00");
}

#[test]
fn a_gateway_defines_nothing() {
    let database = POSTGRES.database("definitions");
    database.sql(Role::Owner, LEDGER).unwrap();
    for refused in [
        "CREATE TABLE mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER TABLE entries DROP COLUMN hash",
        "DROP TABLE entries",
        "CREATE TRIGGER mine BEFORE INSERT ON entries EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "GRANT ALL ON entries TO PUBLIC; CREATE ROLE mine",
        "SET ROLE statuscheck_owner",
        "SET session_replication_role = replica",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY entries TO PROGRAM 'cat'",
    ] {
        let refusal = database.sql(Role::Gateway, refused).expect_err(refused);
        assert!(refusal.is(INSUFFICIENT_PRIVILEGE), "{refused}: {refusal:?}");
    }
}

#[test]
fn an_auditor_reads_the_ledger_and_nothing_else() {
    let database = POSTGRES.database("audits");
    database.sql(Role::Owner, LEDGER).unwrap();
    let auditor = |statement: &str| database.sql(Role::Auditor, statement);
    assert_eq!(auditor("SELECT count(*) FROM entries").unwrap(), "0");
    // Read only is its default, and not what holds it.
    for refused in [
        "SELECT * FROM keys",
        "SELECT all_keys()",
        "CREATE SCHEMA mine",
        "INSERT INTO entries VALUES (1, '\\x00')",
    ] {
        let writing = format!("SET default_transaction_read_only = off; {refused}");
        assert!(
            auditor(&writing).expect_err(refused).is(INSUFFICIENT_PRIVILEGE),
            "{refused}"
        );
    }
}

#[test]
fn an_owner_migrates_and_does_not_own_the_database() {
    let database = POSTGRES.database("migrations");
    database.sql(Role::Owner, LEDGER).unwrap();
    for refused in [
        "DROP DATABASE migrations",
        "GRANT CONNECT ON DATABASE migrations TO PUBLIC; CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE TABLE public.mine (a int)",
    ] {
        assert!(database.sql(Role::Owner, refused).is_err(), "{refused}");
    }
    assert_eq!(
        database
            .sql(Role::Gateway, "SELECT count(*) FROM entries")
            .unwrap(),
        "0"
    );
}

#[test]
fn a_gateways_session_has_its_limits() {
    let database = POSTGRES.first_database();
    let limits = database.sql(
        Role::Gateway,
        "SHOW statement_timeout; SHOW lock_timeout; SHOW idle_in_transaction_session_timeout",
    );
    assert_eq!(limits.unwrap(), "5s\n2s\n5s");
    let ended = database.sql(
        Role::Gateway,
        "SET statement_timeout = '10ms'; SELECT pg_sleep(30)",
    );
    assert!(ended.unwrap_err().is("57014"));
}

#[test]
fn every_shipped_setting_is_taken_and_what_matters_is_on() {
    let database = POSTGRES.first_database();
    let admin = |statement: &str| database.sql(Role::Admin, statement).unwrap();
    let not_taken = "SELECT name FROM pg_file_settings WHERE error IS NOT NULL OR NOT applied";
    assert_eq!(admin(not_taken), "");
    let set = "SELECT count(*) > 30 FROM pg_file_settings WHERE sourcefile LIKE '%/statuscheck.conf'";
    assert_eq!(admin(set), "t");
    assert_eq!(
        admin("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL"),
        "0"
    );
    for setting in [
        "synchronous_commit",
        "fsync",
        "full_page_writes",
        "ssl",
        "data_checksums",
    ] {
        assert_eq!(admin(&format!("SHOW {setting}")), "on", "{setting}");
    }
    let unhashed =
        "SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL AND rolpassword !~ '^SCRAM-SHA-256'";
    assert_eq!(admin(unhashed), "0");
}

#[test]
fn the_log_quotes_no_values() {
    let database = POSTGRES.database("logs");
    database
        .sql(Role::Owner, "CREATE TABLE requests (id text PRIMARY KEY)")
        .unwrap();
    // Put together there, as a parameter is: the statement may be quoted, its values may not.
    let insert = "INSERT INTO requests VALUES ('QQ12' || '3456C')";
    database.sql(Role::Owner, insert).unwrap();
    let refused = database.sql(Role::Owner, insert).unwrap_err();
    assert!(
        refused.is("23505") && refused.mentions("QQ123456C"),
        "{refused:?}"
    );
    let log = POSTGRES.log(MAIN);
    assert!(log.contains("duplicate key value"));
    assert!(!log.contains("QQ123456C"));
}

#[test]
fn what_was_committed_is_there_after_a_restart_and_after_a_kill() {
    let postgres = LocalPostgres::up();
    let database = postgres.first_database();
    let address = postgres.address(MAIN);
    let made = format!("{LEDGER} INSERT INTO entries VALUES (1, '\\x00')");
    database.sql(Role::Owner, &made).unwrap();
    let entries = || database.sql(Role::Auditor, "SELECT count(*) FROM entries");

    postgres.restart(MAIN);
    assert_eq!(entries().unwrap(), "1");

    database
        .sql(Role::Gateway, "INSERT INTO entries VALUES (2, '\\x00')")
        .unwrap();
    postgres.kill(MAIN);
    assert!(entries().unwrap_err().mentions("refused"));
    postgres.start();
    assert_eq!(entries().unwrap(), "2");
    assert_eq!(postgres.address(MAIN), address);

    postgres.stop(MAIN);
    assert!(entries().unwrap_err().mentions("refused"));
}

#[test]
fn a_standby_that_is_promoted_has_everything_that_was_acknowledged() {
    let postgres = LocalPostgres::up_with_standby();
    let database = postgres.first_database();
    database.sql(Role::Owner, LEDGER).unwrap();
    let insert = |number: u32| format!("INSERT INTO entries VALUES ({number}, '\\x00')");
    for number in 1..=20 {
        database.sql(Role::Gateway, &insert(number)).unwrap();
    }
    let state = "SELECT application_name, sync_state FROM pg_stat_replication";
    assert_eq!(
        database.sql(Role::Admin, state).unwrap(),
        format!("{SECOND}|sync")
    );

    postgres.kill(MAIN);
    postgres.promote(SECOND);
    assert_eq!(postgres.primary(), SECOND);
    assert_eq!(
        database
            .sql(Role::Auditor, "SELECT count(*) FROM entries")
            .unwrap(),
        "20"
    );
    database.sql(Role::Gateway, &insert(21)).unwrap();

    // The old one is not started again, or there would be two.
    postgres.start();
    assert!(std::net::TcpStream::connect(postgres.address(MAIN)).is_err());
}

#[tokio::test]
async fn a_gateway_reaches_it_through_the_proxy_and_not_past_a_cut() {
    let database = POSTGRES.first_database();
    let proxy = FaultProxy::to(POSTGRES.address(MAIN)).await.unwrap();
    let url = database.url(Role::Gateway);
    let direct = POSTGRES.address(MAIN).to_string();
    let through = url.replace(&direct, &proxy.address().to_string());
    let client = driver(&through, &POSTGRES.password_file(Role::Gateway)).await;
    assert!(client.simple_query("SELECT 1").await.is_ok());
    proxy.cut();
    assert!(client.simple_query("SELECT 1").await.is_err());
    assert_eq!(proxy.accepted(), 1);
}

/// `deploy/postgres/local` with these arguments.
fn local(arguments: &[&str]) -> Output {
    let command = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/postgres/local");
    Command::new(command).args(arguments).output().unwrap()
}

fn told(output: &Output) -> String {
    let bytes = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    String::from_utf8(bytes.clone()).unwrap()
}

#[test]
fn up_again_says_the_same_and_down_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("postgres");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o711)).unwrap();
    let dir = dir.to_str().unwrap();
    let first = told(&local(&["up", "--dir", dir]));
    assert_eq!(told(&local(&["up", "--dir", dir])), first);
    assert_eq!(told(&local(&["status", "--dir", dir])), first);

    let json: serde_json::Value =
        serde_json::from_slice(&local(&["status", "--dir", dir, "--json"]).stdout).unwrap();
    for line in first.lines() {
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(json[key], value, "{key}");
        if key.ends_with("_file") && !key.starts_with("node") {
            let mode = std::fs::metadata(value).unwrap().permissions().mode();
            let expected = if key == "ca_file" { 0o644 } else { 0o600 };
            assert_eq!(mode & 0o777, expected, "{key}");
        }
    }
    let url = told(&local(&["url", "gateway", "--dir", dir]));
    assert_eq!(json["gateway_url"], url.trim());

    assert!(local(&["down", "--dir", dir]).status.success());
    assert_eq!(local(&["status", "--dir", dir]).status.code(), Some(3));
    assert!(local(&["down", "--delete", "--dir", dir]).status.success());
    assert!(!Path::new(dir).exists());
}

#[test]
fn it_takes_no_directory_that_holds_something_else() {
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("kept");
    std::fs::write(&kept, "mine").unwrap();
    let dir = folder.path().to_str().unwrap();
    let refused = local(&["up", "--hold", "--dir", dir]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told(&refused).contains("holds something else"));
    let refused = local(&["down", "--delete", "--dir", dir]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "mine");
}

#[test]
fn a_wrong_command_line_is_refused_before_anything_is_done() {
    for arguments in [
        &[][..],
        &["frob"],
        &["up", "down"],
        &["up", "--delete"],
        &["down", "--delete", "--node", "main"],
        &["up", "--port", "0"],
        &["up", "--dir"],
        &["promote"],
        &["database", "'; DROP"],
        &["url", "gateway", "extra"],
    ] {
        assert_eq!(local(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let help = local(&["--help"]);
    assert!(help.status.success() && told(&help).contains("Examples:"));
}
