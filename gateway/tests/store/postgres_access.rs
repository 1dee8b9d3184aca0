//! The way into the database: TLS, passwords, and what each role may do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use statuscheck::store::postgres::{OpenError, Settings, migrate};
use statuscheck::store::{HouseKind, Store as _};
use tokio_postgres::error::SqlState;

use crate::postgres::Ground;
use crate::samples;
use crate::steps::{asking, case_id, house_entry, receive, version};

impl Ground {
    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// As the gateway's own role over TCP, which the server lets in with a password alone.
    async fn over_tcp(&self, host: &str, mode: &str) -> Settings {
        let role = self
            .database
            .sql("SELECT 'gateway_of_' || current_database()")
            .await;
        let make = format!(
            "DO $$ BEGIN
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                     CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'correct horse';
                 END IF;
             END $$"
        );
        self.database.sql(&make).await;
        self.write("password", "correct horse\n");
        self.write("authority.pem", &self.database.certificate());
        Settings {
            migrate: true,
            password_file: Some(self.file("password")),
            ca_file: Some(self.file("authority.pem")),
            ..Settings::at(self.database.tcp_url(&role, host, mode).parse().unwrap())
        }
    }
}

#[tokio::test]
async fn the_store_is_reached_over_tls_with_a_password_from_a_file() {
    let ground = Ground::new();
    for (host, mode) in [("localhost", "verify-full"), ("127.0.0.1", "require")] {
        let store = ground.open_with(ground.over_tcp(host, mode).await).await.unwrap();
        let encrypted = "
            SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE datname = current_database() AND usename <> 'postgres' AND ssl AND version = 'TLSv1.3'";
        let n = ground.count("cases").await;
        receive(&store, n).await;
        assert_eq!(version(&store, n).await, Some(1));
        assert!(ground.database.sql(encrypted).await.parse::<u32>().unwrap() >= 2);
        store.close().await;
    }
}

/// Every word of an error and its causes.
fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

#[tokio::test]
async fn a_server_that_is_not_the_one_meant_is_not_spoken_to() {
    let ground = Ground::new();
    let wrong_name = ground.over_tcp("127.0.0.1", "verify-full").await;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    ground.write("other.pem", &other.cert.pem());
    let other_authority = Settings {
        ca_file: Some(ground.file("other.pem")),
        ..ground.over_tcp("127.0.0.1", "require").await
    };
    for settings in [wrong_name, other_authority] {
        let refused = ground.open_with(settings).await.err().unwrap();
        assert!(words(&refused).contains("certificate"), "{}", words(&refused));
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_repeated() {
    let ground = Ground::new();
    let settings = Settings {
        migrate: false,
        ..ground.over_tcp("localhost", "verify-full").await
    };
    ground.write("password", "hunter2\n");
    let refused = ground.open_with(settings.clone()).await.err().unwrap();
    let told = words(&refused);
    assert!(told.contains(SqlState::INVALID_PASSWORD.code()), "{told}");
    assert!(!told.contains("hunter2"));

    fs::set_permissions(ground.file("password"), fs::Permissions::from_mode(0o640)).unwrap();
    let refused = ground.open_with(settings).await.err().unwrap();
    assert!(matches!(refused, OpenError::Connect(_)));
    assert!(words(&refused).contains("mode 0640"), "{}", words(&refused));
}

#[tokio::test]
async fn the_gateways_role_does_its_work_and_cannot_alter_the_ledger() {
    let ground = Ground::new();
    // Roles belong to the whole server; there is this one test of them.
    ground
        .database
        .sql("CREATE ROLE statuscheck_gateway LOGIN; CREATE ROLE statuscheck_auditor LOGIN")
        .await;
    migrate(&ground.settings()).await.unwrap();
    let as_gateway = ground.database.url().replace("postgres@", "statuscheck_gateway@");
    let settings = Settings::at(as_gateway.parse().unwrap());
    let store = ground.open_with(settings.clone()).await.unwrap();
    receive(&store, 1).await;
    receive(&store, 2).await;
    assert_eq!(store.commit(asking(case_id(1), 1)).await, Ok(()));
    assert_eq!(store.note(house_entry(HouseKind::RetentionRun)).await, Ok(()));
    assert_eq!(store.purge(case_id(2), 1, samples::start()).await, Ok(()));
    store.close().await;
    ground.open_with(settings).await.unwrap().close().await;

    let may_not = async |role: &str, statement: &str| {
        let stranger = ground.database.stranger().await;
        stranger.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
        let refused = stranger.batch_execute(statement).await.err();
        let code = refused.as_ref().and_then(tokio_postgres::Error::code);
        assert_eq!(
            code,
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{role}: {statement}"
        );
    };
    for statement in [
        "UPDATE statuscheck.entries SET time = 0",
        "DELETE FROM statuscheck.entries",
        "TRUNCATE statuscheck.entries",
        "DELETE FROM statuscheck.chains",
        "DROP TABLE statuscheck.cases",
        "CREATE TABLE statuscheck.other ()",
        "UPDATE statuscheck.migrations SET version = 999",
    ] {
        may_not("statuscheck_gateway", statement).await;
    }
    for statement in [
        "SELECT wrapped FROM statuscheck.case_keys",
        "SELECT secret FROM statuscheck.store",
        "SELECT subjects FROM statuscheck.requests",
        "INSERT INTO statuscheck.entries SELECT * FROM statuscheck.entries",
    ] {
        may_not("statuscheck_auditor", statement).await;
    }
    let auditor = ground.database.stranger().await;
    auditor
        .batch_execute(
            "SET ROLE statuscheck_auditor; SELECT * FROM statuscheck.entries; SELECT * FROM statuscheck.chains;
             SELECT ledger FROM statuscheck.store",
        )
        .await
        .unwrap();
}
