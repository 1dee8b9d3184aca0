//! Who can connect, and how.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use statuscheck_tests::postgres::{MAIN, Role};
use statuscheck_tests::proxy::FaultProxy;
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::POSTGRES;

/// What may be asked for over TCP.
const REMOTE: [Role; 3] = [Role::Gateway, Role::Owner, Role::Auditor];

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
