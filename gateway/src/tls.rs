//! The door's keys: TLS 1.3 with client certificates, from files that may change while the gateway runs.
//!
//! Only TLS 1.3, only HTTP/2 by ALPN, and no resumption: a resumed session would skip the look at the client's
//! certificate, and callers keep their connections anyway.
//!
//! Where revocation lists are given, every authority needs one in date, and a client that no list covers is refused. A
//! list past its next update refuses the clients of its authority until a newer one is loaded: who withholds the list
//! must not gain by it. [`Tls::lists_due`] is for an alarm well before that.

mod files;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ServerConfig, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use statuscheck_domain::clock::SharedClock;
use tokio::sync::{Mutex, watch};
use tokio::time::MissedTickBehavior;

use self::files::Contents;
pub use self::files::{TlsError, TlsFault, TlsFile, TlsFiles};
use crate::peer::TrustDomain;

/// The protocol that the gateway speaks, as ALPN names it.
pub(crate) const ALPN_H2: &[u8] = b"h2";

/// The protocol of pages.
const ALPN_HTTP1: &[u8] = b"http/1.1";

/// Certificates and keys as loaded, shared by all who hold a clone; reloading replaces them for all.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: TlsFiles,
    trust_domain: TrustDomain,
    clock: SharedClock,
    // One place for both the value and the news of it: a connection cannot miss a reload between reading and listening.
    loaded: watch::Sender<Arc<Loaded>>,
    // One reload at a time, so that an older reading never replaces a newer one.
    reloading: Mutex<()>,
}

/// What a reload found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reload {
    /// New contents, in use from now on for new connections. Open ones whose client no longer passes are closed.
    Changed,
    /// The same contents as before.
    Unchanged,
}

/// One reading of the files, checked and ready.
pub(crate) struct Loaded {
    pub(crate) config: Arc<ServerConfig>,
    /// For pages: a client may have a certificate, and need not.
    browsers: Arc<ServerConfig>,
    verifier: Arc<dyn ClientCertVerifier>,
    clock: SharedClock,
    digest: [u8; 32],
    lists_due: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl Tls {
    /// Reads and checks the files. `trust_domain` is the one whose clients are ours. `clock` judges every certificate:
    /// give the machine's, even where case clocks run faster for a demonstration.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub async fn load(
        files: TlsFiles,
        trust_domain: TrustDomain,
        clock: SharedClock,
    ) -> Result<Self, TlsError> {
        let contents = read(files.clone()).await?;
        let loaded = Loaded::from_contents(&contents, clock.clone())?;
        Ok(Self(Arc::new(Shared {
            files,
            trust_domain,
            clock,
            loaded: watch::Sender::new(Arc::new(loaded)),
            reloading: Mutex::new(()),
        })))
    }

    /// Reads the files again; for a SIGHUP.
    ///
    /// # Errors
    /// The new files are bad, as at [`Tls::load`]; what was loaded before stays in use.
    pub async fn reload(&self) -> Result<Reload, TlsError> {
        let _one_at_a_time = self.0.reloading.lock().await;
        let contents = read(self.0.files.clone()).await?;
        if contents.digest == self.0.loaded.borrow().digest {
            return Ok(Reload::Unchanged);
        }
        let loaded = Loaded::from_contents(&contents, self.0.clock.clone())?;
        self.0.loaded.send_replace(Arc::new(loaded));
        Ok(Reload::Changed)
    }

    /// Reloads whenever the files' contents have changed, for ever: spawn it, and drop it to stop. Polls, because
    /// files that are mounted or linked do not notify reliably. Bad files and lists out of date are logged at each
    /// look until they are mended.
    pub async fn watch(&self, reload_every: Duration) -> Infallible {
        let mut looks = tokio::time::interval(reload_every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            match self.reload().await {
                Ok(Reload::Changed) => tracing::info!("certificates reloaded"),
                Ok(Reload::Unchanged) => {}
                Err(error) => {
                    tracing::error!(%error, "new certificates are bad; the old ones stay in use");
                }
            }
            if self.lists_due().is_some_and(|due| due <= self.0.clock.now()) {
                tracing::error!("a revocation list is out of date; its authority's clients are refused");
            }
        }
    }

    /// When the first of the revocation lists goes out of date; none where no lists are kept.
    pub fn lists_due(&self) -> Option<Timestamp> {
        self.0.loaded.borrow().lists_due
    }

    /// Terms for whoever may come without a certificate.
    pub(crate) fn for_browsers(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.loaded.borrow().browsers)
    }

    /// A client with that chain would be let in now.
    pub(crate) fn admits(&self, chain: &[CertificateDer<'_>]) -> bool {
        self.0.loaded.borrow().admits(chain)
    }

    /// When the gateway's own certificate ends; none where the file does not say.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.loaded.borrow().expires_at
    }

    pub(crate) fn trust_domain(&self) -> &TrustDomain {
        &self.0.trust_domain
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Loaded>> {
        self.0.loaded.subscribe()
    }
}

async fn read(files: TlsFiles) -> Result<Contents, TlsError> {
    match tokio::task::spawn_blocking(move || files.read()).await {
        Ok(contents) => contents,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

impl Loaded {
    fn from_contents(contents: &Contents, clock: SharedClock) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let lists_due = contents.check_lists(clock.now())?;
        let verifier = client_verifier(contents, &provider, Without::Refused)?;
        let perhaps = client_verifier(contents, &provider, Without::LetIn)?;
        let terms = |verifier, protocol: &[u8]| {
            let (chain, key) = contents.identity()?;
            let time = Arc::new(ClockTime(clock.clone()));
            let mut config = ServerConfig::builder_with_details(provider.clone(), time)
                .with_protocol_versions(&[&TLS13])
                .map_err(|source| contents.unusable_key(source))?
                .with_client_cert_verifier(verifier)
                .with_single_cert(chain, key)
                .map_err(|source| contents.unusable_key(source))?;
            config.alpn_protocols = vec![protocol.to_vec()];
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            Ok(Arc::new(config))
        };
        let expires_at = contents.identity()?.0.first().and_then(files::expires_at);
        Ok(Self {
            config: terms(verifier.clone(), ALPN_H2)?,
            browsers: terms(perhaps, ALPN_HTTP1)?,
            verifier,
            clock,
            digest: contents.digest,
            lists_due,
            expires_at,
        })
    }

    /// The chain of an open connection would be let in now.
    pub(crate) fn admits(&self, chain: &[CertificateDer<'_>]) -> bool {
        chain.split_first().is_some_and(|(client, intermediates)| {
            self.verifier
                .verify_client_cert(client, intermediates, unix_time(&self.clock))
                .is_ok()
        })
    }
}

/// What becomes of a client without a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Without {
    Refused,
    LetIn,
}

fn client_verifier(
    contents: &Contents,
    provider: &Arc<CryptoProvider>,
    without: Without,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let authorities = Arc::new(contents.authorities()?);
    let begun = || WebPkiClientVerifier::builder_with_provider(authorities.clone(), provider.clone());
    // Each list by itself first, so that the error names the right file.
    for (path, list) in &contents.lists {
        let alone = begun().with_crls([list.clone()]).build();
        alone.map_err(|_refused| contents.unusable_list(path))?;
    }
    let verifier = begun()
        .with_crls(contents.lists.iter().map(|(_, list)| list.clone()))
        .enforce_revocation_expiration();
    let verifier = match without {
        Without::Refused => verifier,
        Without::LetIn => verifier.allow_unauthenticated(),
    };
    verifier
        .build()
        .map_err(|_refused| contents.ca_fault(TlsFault::Malformed))
}

/// Our clock, as rustls asks for it.
struct ClockTime(SharedClock);

impl fmt::Debug for ClockTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClockTime")
    }
}

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(&self.0))
    }
}

fn unix_time(clock: &SharedClock) -> UnixTime {
    let seconds = u64::try_from(clock.now().as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
