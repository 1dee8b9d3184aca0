//! One attempt to deliver one letter.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, Url};
use statuscheck_domain::agreement::Webhook;
use statuscheck_domain::clock::SharedClock;

use super::address::Allowed;
use super::lookup::{Guard, SystemLookup};
use super::secret::signatures;
use super::{DeliveryError, Failure, Letter, Lookup, NotAllowed, Secret, SecretError, WebhookSettings};

/// Takes letters to receivers. Its connections are shared by every clone.
#[derive(Clone)]
pub struct Courier {
    client: Client,
    allowed: Arc<Allowed>,
    secrets: PathBuf,
    answer_bytes_max: usize,
    clock: SharedClock,
}

/// Why no letters can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// The authorities' file cannot be read.
    #[error("ca_file {path} cannot be read")]
    CaFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The authorities, or the machine's own, do not make a connection.
    #[error("the certificates cannot be used")]
    Tls(#[source] reqwest::Error),
}

/// Where a letter goes, and the files of the secrets that it is signed with. Only a [`Courier`] makes one, of an address that
/// it may send to. It has no `Debug`: the address can hold what lets one in.
#[derive(Clone)]
pub struct Destination {
    url: Url,
    secret_files: Vec<PathBuf>,
}

impl Destination {
    /// The secrets as they are now: a receiver may change them at any time.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn secrets(&self) -> Result<Vec<Secret>, SecretError> {
        self.secret_files.iter().map(|file| Secret::read(file)).collect()
    }
}

impl Courier {
    /// A courier that looks names up as the machine does. Nothing is sent yet.
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn new(settings: &WebhookSettings, clock: SharedClock) -> Result<Self, CourierError> {
        Self::looking_up(Arc::new(SystemLookup), settings, clock)
    }

    /// A courier that looks names up by `lookup`.
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn looking_up(
        lookup: Arc<dyn Lookup>,
        settings: &WebhookSettings,
        clock: SharedClock,
    ) -> Result<Self, CourierError> {
        let allowed = Arc::new(Allowed::of(settings));
        let guard = Guard {
            lookup,
            allowed: allowed.clone(),
        };
        Ok(Self {
            client: client(settings, guard)?,
            allowed,
            secrets: settings.secrets.clone(),
            answer_bytes_max: settings.answer_bytes_max,
            clock,
        })
    }

    /// Where `webhook` is.
    ///
    /// # Errors
    /// Nothing may be sent there.
    pub fn destination(&self, webhook: &Webhook) -> Result<Destination, NotAllowed> {
        let files = webhook.secret_files.iter();
        Ok(Destination {
            url: self.allowed.url(&webhook.url)?,
            secret_files: files.map(|file| self.secrets.join(file)).collect(),
        })
    }

    /// Takes `letter` there, once. What the receiver says beside its status is thrown away.
    ///
    /// # Errors
    /// [`DeliveryError`]; it says whether another attempt may help. The receiver may have taken the letter all the same.
    pub async fn deliver(&self, to: &Destination, letter: &Letter) -> Result<(), DeliveryError> {
        let secrets = to.secrets()?;
        let (id, timestamp) = (letter.id.to_string(), self.clock.now().as_second());
        let signatures = signatures(&secrets, &id, timestamp, &letter.body);
        let request = self
            .client
            .post(to.url.clone())
            .header(CONTENT_TYPE, "application/cloudevents+json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures)
            .body(letter.body.clone());
        let response = request.send().await?;
        let verdict = self.verdict(&response);
        self.drain(response).await;
        verdict
    }

    fn verdict(&self, response: &Response) -> Result<(), DeliveryError> {
        let failure = match response.status().as_u16() {
            200..=299 => return Ok(()),
            410 => return Err(DeliveryError::Gone),
            status @ (408 | 429 | 500..=599) => Failure::Busy(status),
            status @ 300..=399 => Failure::Redirect(status),
            status => Failure::Refused(status),
        };
        let retry_after = self.retry_after(response);
        Err(DeliveryError::Again { failure, retry_after })
    }

    /// `Retry-After` in either of its forms (RFC 9110, 10.2.3).
    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let at = rfc2822::parse(text).ok()?.timestamp();
        at.duration_since(self.clock.now()).try_into().ok()
    }

    /// Reads the rest of a short answer, so that its connection can be used again; a long one is broken off.
    async fn drain(&self, mut response: Response) {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > self.answer_bytes_max {
                break;
            }
        }
    }
}

/// Unused connections that are kept to one receiver: notices of one moment are few.
const IDLE_PER_HOST_MAX: usize = 4;

fn client(settings: &WebhookSettings, guard: Guard) -> Result<Client, CourierError> {
    let mut builder = Client::builder()
        .user_agent(concat!("statuscheck-gateway/", env!("CARGO_PKG_VERSION")))
        .https_only(!settings.allow_http)
        // A redirect would lead to where nobody has allowed letters to go.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What the environment of the process says must not reroute letters, and a proxy would look names up itself.
        .no_proxy()
        .dns_resolver(Arc::new(guard))
        // Repeats are the schedule's.
        .retry(reqwest::retry::never())
        .connect_timeout(settings.timeouts.connect)
        .timeout(settings.timeouts.total)
        .pool_idle_timeout(settings.timeouts.idle)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX);
    if let Some(path) = &settings.ca_file {
        let pem = fs::read(path).map_err(|source| CourierError::CaFile {
            path: path.clone(),
            source,
        })?;
        let authorities = Certificate::from_pem_bundle(&pem).map_err(CourierError::Tls)?;
        builder = builder.tls_certs_merge(authorities);
    }
    builder.build().map_err(CourierError::Tls)
}
