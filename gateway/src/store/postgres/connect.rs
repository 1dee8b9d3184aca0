//! Connections: TLS, the password, and what every session is set to.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, select_ok};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;
use zeroize::Zeroizing;

use super::Settings;
use super::address::{Address, TlsMode};
use super::fault::DatabaseError;
use super::verifier::AnyName;
use crate::store::key_file::{self, KeyFileError};

/// Longest password that is read from a file, in bytes; PostgreSQL takes no longer one.
const PASSWORD_MAX: usize = 1_000;

/// How long a connection may be silent before the system asks the other side whether it is there, and between such
/// questions. With three of them a server that is gone is noticed within some 25 s also where nothing is asked of it; where
/// something is, much sooner.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// Why connections to a database cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Look at the password's file.
    #[error("the password cannot be read")]
    Password(#[source] KeyFileError),
    /// Give the certificates of the authority that signed the server's: PEM.
    #[error("{path} holds no certificates of an authority")]
    NoAuthority {
        /// The file.
        path: PathBuf,
    },
    /// Look at the path and its rights.
    #[error("cannot read the certificates {path}")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Give an authority.
    #[error(
        "TLS needs to know who signed the server's certificate; name a file of PEM certificates in ca_file"
    )]
    AuthorityMissing,
    /// The library fails.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    /// One for each host.
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    password_file: Option<PathBuf>,
    statement_max: Duration,
    connect_max: Duration,
}

/// A connection, which ends when this is dropped.
pub(super) struct Connected {
    pub(super) client: Client,
    warnings: Arc<AtomicU64>,
    _driver: AbortOnDropHandle<()>,
}

impl Connected {
    /// How often the server warned so far. What it warned of before it answered is counted when the answer is here.
    pub(super) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::Acquire)
    }
}

pub(super) type Socket = tokio_postgres::Connection<
    tokio_postgres::Socket,
    <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream,
>;

impl Connector {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConnectError> {
        let mut hosts = settings.address.hosts().to_vec();
        for config in &mut hosts {
            config
                .application_name("statuscheck")
                .connect_timeout(settings.limits.connect_max)
                .keepalives_idle(KEEPALIVE_IDLE)
                .keepalives_interval(KEEPALIVE_INTERVAL)
                .keepalives_retries(KEEPALIVE_RETRIES)
                // What was sent and is not acknowledged by then was sent into the void.
                .tcp_user_timeout(settings.limits.answer_max);
        }
        let connector = Self {
            hosts,
            tls: MakeRustlsConnect::new(tls(&settings.address, settings.ca_file.as_deref())?),
            password_file: settings.password_file.clone(),
            statement_max: settings.limits.statement_max,
            connect_max: settings.limits.connect_max,
        };
        // Known now rather than at the first connection.
        connector.password()?;
        Ok(connector)
    }

    fn password(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ConnectError> {
        let Some(path) = &self.password_file else {
            return Ok(None);
        };
        key_file::read_text(path, PASSWORD_MAX)
            .map(|text| Some(Zeroizing::new(text.trim_ascii_end().to_vec())))
            .map_err(ConnectError::Password)
    }

    /// A connection that somebody has to drive, by polling it.
    pub(super) async fn open(&self) -> Result<(Client, Socket), DatabaseError> {
        let hosts = self.hosts_with_password().await?;
        // The driver's own limit is for each address, and does not cover the handshakes.
        timeout(self.connect_max, self.first_of(&hosts))
            .await
            .map_err(|_elapsed| DatabaseError::unanswered())?
            .map_err(DatabaseError::from)
    }

    /// A connection to the first host that takes writes. All are tried at once: one that is gone without a word, as a
    /// machine does, would keep the others waiting until the time is up.
    async fn first_of(&self, hosts: &[Config]) -> Result<(Client, Socket), tokio_postgres::Error> {
        let connecting = hosts.iter().map(|host| host.connect(self.tls.clone()).boxed());
        let (connected, _others) = select_ok(connecting).await?;
        Ok(connected)
    }

    /// A connection that drives itself, with the settings of a session.
    pub(super) async fn connect(&self) -> Result<Connected, DatabaseError> {
        let (client, connection) = self.open().await?;
        let warnings = Arc::<AtomicU64>::default();
        let driver = AbortOnDropHandle::new(tokio::spawn(drive(connection, Arc::clone(&warnings))));
        timeout(self.connect_max, client.batch_execute(&self.session_settings()))
            .await
            .map_err(|_elapsed| DatabaseError::unanswered())??;
        Ok(Connected {
            client,
            warnings,
            _driver: driver,
        })
    }

    /// The password is read each time, so that it may be changed beside a gateway that runs.
    async fn hosts_with_password(&self) -> Result<Vec<Config>, DatabaseError> {
        let own = self.clone();
        let password = tokio::task::spawn_blocking(move || own.password()).await;
        let mut hosts = self.hosts.clone();
        match password {
            Ok(Ok(Some(password))) => {
                for config in &mut hosts {
                    config.password(&*password);
                }
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "no password for the database"
                );
                return Err(DatabaseError::lost("there is no password for it"));
            }
            Err(_panicked) => return Err(DatabaseError::lost("there is no password for it")),
        }
        Ok(hosts)
    }

    /// A time limit on everything; plans that search an index where there is one, however small the table was when they were
    /// made, and are not compiled for being reckoned dear; and commits that are durable: a server that is set to tell of commits before they are
    /// on its disk is overruled, one that waits for its standbys too is not.
    fn session_settings(&self) -> String {
        let milliseconds = self.statement_max.as_millis();
        format!(
            "SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds};
             SET idle_in_transaction_session_timeout = {milliseconds};
             SET enable_seqscan = off; SET jit = off;
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off'"
        )
    }
}

/// For the pool of readers: sessions that cannot write.
impl deadpool_postgres::Connect for Connector {
    fn connect(
        &self,
        _first: &Config,
    ) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), tokio_postgres::Error>> {
        async move {
            // Without its password the server says what is missing.
            let hosts = self.hosts_with_password().await;
            let (client, connection) = self.first_of(hosts.as_ref().unwrap_or(&self.hosts)).await?;
            let driver = tokio::spawn(drive(connection, Arc::default()));
            let settings = self.session_settings();
            client
                .batch_execute(&format!("{settings}; SET default_transaction_read_only = on"))
                .await?;
            Ok((client, driver))
        }
        .boxed()
    }
}

/// Drives a connection until it ends. Warnings are counted; what the server says in them, or otherwise beside its answers,
/// is left out: it may quote.
pub(super) async fn drive(mut connection: Socket, warnings: Arc<AtomicU64>) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.parsed_severity() == Some(Severity::Warning)
        {
            warnings.fetch_add(1, Ordering::AcqRel);
        }
    }
}

fn tls(address: &Address, ca_file: Option<&Path>) -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    match (address.tls, ca_file) {
        (TlsMode::Disable, _) => {}
        (TlsMode::Require | TlsMode::VerifyFull, None) => return Err(ConnectError::AuthorityMissing),
        (TlsMode::Require | TlsMode::VerifyFull, Some(path)) => read_authorities(path, &mut roots)?,
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(ConnectError::Tls)?;
    if address.tls != TlsMode::Require {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let by_authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| ConnectError::Tls(rustls::Error::General(error.to_string())))?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyName(by_authority)))
        .with_no_client_auth())
}

fn read_authorities(path: &Path, roots: &mut RootCertStore) -> Result<(), ConnectError> {
    let pem = fs::read(path).map_err(|source| ConnectError::Authority {
        path: path.to_owned(),
        source,
    })?;
    let none = || ConnectError::NoAuthority {
        path: path.to_owned(),
    };
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots
            .add(certificate.map_err(|_pem| none())?)
            .map_err(|_not_one| none())?;
    }
    if roots.is_empty() { Err(none()) } else { Ok(()) }
}
