//! What the dashboard may cost.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as span;
use serde::Deserialize;

/// Where the dashboard is served, and within what limits.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DashboardSettings {
    /// Where, e.g. `127.0.0.1:8444`. Without it there is no dashboard.
    pub listen: Option<SocketAddr>,
    /// Connections at once. 128: twenty operators with six each, which is what a browser opens.
    pub connections: usize,
    /// From accepting the socket to the end of the TLS handshake. 5 s, as for callers.
    #[serde(with = "span")]
    pub handshake: Duration,
    /// For the headers of a request, also of the next one on the same connection. 30 s: a browser that keeps a connection opens
    /// another without a word.
    #[serde(with = "span")]
    pub headers: Duration,
    /// From the headers of a request to its answer. 10 s: more than any page takes.
    #[serde(with = "span")]
    pub answer: Duration,
    /// How long a connection lasts, updates included; the browser connects again. 15 min: a certificate that was revoked is looked
    /// at again by then.
    #[serde(with = "span")]
    pub age: Duration,
    /// How long somebody who signed in by a link stays signed in. 12 h: a shift.
    #[serde(with = "span")]
    pub session: Duration,
    /// Sessions at once. 64: more operators than there are.
    pub sessions: usize,
    /// How long a link to sign in can be used, once. 10 min: time to copy it from a terminal.
    #[serde(with = "span")]
    pub link: Duration,
    /// Between two updates that are sent to an open page. 2 s: as fast as anybody reads.
    #[serde(with = "span")]
    pub update: Duration,
}

impl Default for DashboardSettings {
    fn default() -> Self {
        Self {
            listen: None,
            connections: 128,
            handshake: Duration::from_secs(5),
            headers: Duration::from_secs(30),
            answer: Duration::from_secs(10),
            age: Duration::from_secs(15 * 60),
            session: Duration::from_hours(12),
            sessions: 64,
            link: Duration::from_secs(10 * 60),
            update: Duration::from_secs(2),
        }
    }
}
