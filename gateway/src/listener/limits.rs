//! What one connection may cost, and how many there may be.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as span;
use serde::Deserialize;

/// A limit on everything a connection holds. The defaults are right for one gateway on one machine.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionLimits {
    /// Connections in all, those in their handshake included. 1,024: with `connection_window_bytes` a quarter of a
    /// gigabyte at worst, and far more than there are organisations. Allow more open files than this.
    pub connections: usize,
    /// Connections from one IPv4 address or one IPv6 /64 network. 256: organisations behind one address and a load test
    /// with 100 connections fit, and no single address fills the house.
    pub connections_per_address: usize,
    /// From accepting the socket to the end of the TLS handshake. 5 s: a handshake takes two round trips and half a
    /// millisecond of work, so this is many times a bad mobile network.
    #[serde(with = "span")]
    pub handshake: Duration,
    /// From the handshake to the first complete request. 10 s: clients connect because they have something to ask;
    /// before the HTTP/2 preface no other timer runs.
    #[serde(with = "span")]
    pub first_request: Duration,
    /// Between keep-alive pings. 30 s: under the idle time of usual NATs and load balancers, so that they keep the
    /// connection, and a vanished client is noticed.
    #[serde(with = "span")]
    pub ping_interval: Duration,
    /// From a ping to its answer; then the connection is closed. 10 s: many round trips.
    #[serde(with = "span")]
    pub ping_timeout: Duration,
    /// Streams open at once on a connection; clients wait for a free one. 100: what RFC 9113, section 6.5.2, recommends
    /// as the least, and what is left unlimited otherwise.
    pub streams: u32,
    /// Size of a request's headers, counted as RFC 9113, section 6.5.2, does. 16 KiB: ours take under one.
    pub header_list_bytes: u32,
    /// Streams that the client reset before we took them up; above, the connection is closed. 20: honest clients cancel
    /// now and then, the rapid-reset attack (CVE-2023-44487) all the time.
    pub pending_reset_streams: usize,
    /// Streams that we reset for the client's protocol errors; above, the connection is closed. 100: correct clients
    /// cause none.
    pub error_reset_streams: usize,
    /// Received and not yet read, of one stream. 64 KiB: the size of the largest check.
    pub stream_window_bytes: u32,
    /// Received and not yet read, of one connection. 256 KiB: a few uploads at once at full speed.
    pub connection_window_bytes: u32,
    /// Written and not yet sent, of one stream. 64 KiB: above, the answer waits for the client to read.
    pub send_buffer_bytes: usize,
    /// Age at which a connection is asked to go, up to a tenth earlier so that clients do not come back all at once.
    /// 1 h: bounds how long an expired certificate stays, and lets load spread over replicas.
    #[serde(with = "span")]
    pub age: Duration,
    /// From asking a connection to go to dropping it. 5 s: over twice what a check may take, so that every call under way
    /// is answered; followers of cases resume elsewhere. Together with `checks.drain` it stays under the 10 s after which
    /// `docker stop` kills. Keep it above `checks.budget`.
    #[serde(with = "span")]
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            connections_per_address: 256,
            handshake: Duration::from_secs(5),
            first_request: Duration::from_secs(10),
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
            streams: 100,
            header_list_bytes: 16 * 1024,
            pending_reset_streams: 20,
            error_reset_streams: 100,
            stream_window_bytes: 64 * 1024,
            connection_window_bytes: 256 * 1024,
            send_buffer_bytes: 64 * 1024,
            age: Duration::from_secs(60 * 60),
            drain: Duration::from_secs(5),
        }
    }
}
