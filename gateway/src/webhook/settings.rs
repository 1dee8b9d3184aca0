//! What an operator may say about webhooks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as span;
use serde::Deserialize;

use super::{HostPattern, Network, RetrySchedule};

/// Where notices may go, and what an attempt may take.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// Hosts that notices may go to. None by default: a register alone opens no way out.
    pub allow_hosts: Vec<HostPattern>,
    /// Networks that are not public, and that notices may go to all the same. None by default: nobody outside is to reach
    /// what is inside through the gateway.
    pub allow_networks: Vec<Network>,
    /// Plain `http` is taken, too. For tests and demos only.
    pub allow_http: bool,
    /// Folder of the files that hold receivers' secrets.
    pub secrets: PathBuf,
    /// Authorities trusted beside the machine's own, PEM, for receivers with private ones.
    pub ca_file: Option<PathBuf>,
    /// Bytes of an answer that are read before the connection is closed. 4 KiB: what is thrown away is read only so that a
    /// connection can be used again.
    pub answer_bytes_max: usize,
    /// How long an attempt may take.
    pub timeouts: WebhookTimeouts,
    /// When it is repeated.
    pub retry: RetrySchedule,
}

/// How long an attempt may take.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookTimeouts {
    /// To look the name up and to connect, handshake included. 5 s: many round trips to anywhere.
    #[serde(with = "span")]
    pub connect: Duration,
    /// All of it. 15 s: the least that Standard Webhooks recommends to grant a receiver.
    #[serde(with = "span")]
    pub total: Duration,
    /// How long an unused connection is kept. 30 s: less than the 60 s after which common proxies drop it.
    #[serde(with = "span")]
    pub idle: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            allow_hosts: Vec::new(),
            allow_networks: Vec::new(),
            allow_http: false,
            secrets: "secrets/webhooks".into(),
            ca_file: None,
            answer_bytes_max: 4096,
            timeouts: WebhookTimeouts::default(),
            retry: RetrySchedule::default(),
        }
    }
}

impl Default for WebhookTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
            idle: Duration::from_secs(30),
        }
    }
}

impl WebhookSettings {
    /// Takes every relative path in it from `folder`.
    pub(crate) fn rebase(&mut self, folder: &Path) {
        for path in [&mut self.secrets].into_iter().chain(&mut self.ca_file) {
            *path = folder.join(&*path);
        }
    }
}
