//! Connecting to a database, over TLS with a certificate that is looked at.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Tls;
use super::{Address, PostgresError, password};

/// How long connecting may take where the address says nothing of it. Ten seconds: a server that is there answers in one.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a server may leave what it was sent unacknowledged. A minute: one that is there does it at once, and an audit
/// that waits for one that is gone should end.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// Connects. The connection is worked on by a task of the runtime at hand.
pub(super) async fn connect(address: &Address) -> Result<Client, PostgresError> {
    let (mut config, tls) = address.parse()?;
    if let Some(password) = password::find(address, &config)? {
        config.password(password.as_bytes());
    }
    config.application_name("statuscheck audit");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_MAX);
    }
    config.keepalives_idle(SILENT_MAX).tcp_user_timeout(SILENT_MAX);
    if tls.is_off {
        begin(&config, NoTls).await
    } else {
        begin(&config, MakeRustlsConnect::new(verifying(&tls)?)).await
    }
}

async fn begin<T>(config: &Config, tls: T) -> Result<Client, PostgresError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await.map_err(PostgresError::Connect)?;
    // Its end shows in every later request.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

fn verifying(tls: &Tls) -> Result<ClientConfig, PostgresError> {
    let path = tls.roots.as_ref().ok_or(PostgresError::Address(
        "it needs sslrootcert=FILE, the authorities of the server's certificate (or sslmode=disable)",
    ))?;
    let unusable = || PostgresError::Roots { path: path.clone() };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|_unreadable| unusable())? {
        let certificate = certificate.map_err(|_malformed| unusable())?;
        roots.add(certificate).map_err(|_unfit| unusable())?;
    }
    if roots.is_empty() {
        return Err(unusable());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_no_versions| unusable())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
