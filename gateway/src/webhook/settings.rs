//! What an operator may say about webhooks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as span;
use serde::Deserialize;
use statuscheck_domain::agreement::Webhook;

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
    /// How much is under way at once.
    pub delivery: DeliverySettings,
    /// Where the gateway's operators are told. None by default: thresholds that name them are in the log and the ledger.
    pub ops: Option<ChannelSettings>,
    /// Where the taskforce is told that there is a referral.
    pub taskforce: Option<ChannelSettings>,
}

/// A webhook that belongs to the gateway and to no agreement.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// `https://…`
    pub url: String,
    /// Names of files in the folder of secrets; two while one takes the place of the other.
    pub secret_files: Vec<String>,
}

/// Where those are told who are in no agreement.
#[derive(Clone, Default, Debug)]
pub struct Channels {
    /// Operators.
    pub ops: Option<Webhook>,
    /// The taskforce.
    pub taskforce: Option<Webhook>,
}

/// How much is under way at once.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverySettings {
    /// Attempts at one receiver at once, at least 1. 4: a receiver that takes a tenth of a second is told forty times a second, and
    /// one that hangs holds four connections.
    pub at_once_per_receiver: usize,
    /// Notices to one receiver that are under way, those included that wait for their turn, at least 1. 64: a second's work or two of
    /// a receiver; their cases are known to one gateway meanwhile.
    pub under_way_per_receiver_max: usize,
    /// Notices in all that are under way, at least 1. 256: a quarter of the cases that the store leases to one gateway, so that
    /// clocks and questions never wait for receivers.
    pub under_way_max: usize,
    /// How long a notice waits in the store that finds no room, at the longest; at the shortest half of that. 30 s: twice what an
    /// attempt may take.
    #[serde(with = "span")]
    pub put_off: Duration,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            at_once_per_receiver: 4,
            under_way_per_receiver_max: 64,
            under_way_max: 256,
            put_off: Duration::from_secs(30),
        }
    }
}

impl ChannelSettings {
    fn webhook(&self) -> Webhook {
        Webhook {
            url: self.url.clone(),
            secret_files: self.secret_files.clone(),
        }
    }
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
            delivery: DeliverySettings::default(),
            ops: None,
            taskforce: None,
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
    /// Where those are told who are in no agreement.
    pub fn channels(&self) -> Channels {
        let webhook = |channel: &Option<ChannelSettings>| channel.as_ref().map(ChannelSettings::webhook);
        Channels {
            ops: webhook(&self.ops),
            taskforce: webhook(&self.taskforce),
        }
    }

    /// Takes every relative path in it from `folder`.
    pub(crate) fn rebase(&mut self, folder: &Path) {
        for path in [&mut self.secrets].into_iter().chain(&mut self.ca_file) {
            *path = folder.join(&*path);
        }
    }
}
