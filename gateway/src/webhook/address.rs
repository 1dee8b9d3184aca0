//! Where notices may go: hosts that an operator named, at addresses of the public internet or of networks that he named.

use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;
use serde::Deserialize;

use super::WebhookSettings;
use super::network::{Network, is_public, reached};

/// Hosts that are allowed: one by its name or address, or all below a name, as `*.council.example`.
#[derive(Clone, Deserialize, PartialEq, Eq, Debug)]
#[serde(try_from = "String")]
pub struct HostPattern(Pattern);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Pattern {
    Name(String),
    /// With the dot that it begins with.
    Below(String),
    Address(IpAddr),
}

/// Not a pattern of hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "must be a host in lower case such as hooks.example.org, all below a name of two parts at least such as *.example.org, \
     or an address"
)]
pub struct HostPatternError;

/// Why nothing is sent there. Look at the address in the register, or at what `webhooks` allows.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAllowed {
    /// Not an address of the web.
    #[error("is no http or https address")]
    NoUrl,
    /// `http`, which anybody on the way reads.
    #[error("must begin with https, unless webhooks.allow_http is set")]
    PlainHttp,
    /// A user name or a password, which end up in logs.
    #[error("must have no user name and no password")]
    Credentials,
    /// The host is on no list.
    #[error("host {host} is not among webhooks.allow_hosts")]
    Host {
        /// Which.
        host: String,
    },
    /// The host is, or has been looked up to be, at an address that is not public.
    #[error("{address} is no public address, and in none of webhooks.allow_networks")]
    Network {
        /// Which; an IPv4 address where that is what IPv6 is written for.
        address: IpAddr,
    },
}

/// What is allowed.
#[derive(Clone)]
pub(super) struct Allowed {
    hosts: Vec<HostPattern>,
    networks: Vec<Network>,
    http: bool,
}

impl Allowed {
    pub(super) fn of(settings: &WebhookSettings) -> Self {
        Self {
            hosts: settings.allow_hosts.clone(),
            networks: settings.allow_networks.clone(),
            http: settings.allow_http,
        }
    }

    /// Parses an address to send to. A host that is itself an address is judged as one; a name is judged again whenever it
    /// has been looked up, by [`Self::address`].
    pub(super) fn url(&self, text: &str) -> Result<Url, NotAllowed> {
        let url = Url::parse(text).map_err(|_fault| NotAllowed::NoUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            "http" => return Err(NotAllowed::PlainHttp),
            _ => return Err(NotAllowed::NoUrl),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAllowed::Credentials);
        }
        let host = url.host_str().ok_or(NotAllowed::NoUrl)?;
        let bare = bare(host);
        if !self.hosts.iter().any(|pattern| pattern.fits(bare)) {
            return Err(NotAllowed::Host {
                host: host.to_owned(),
            });
        }
        if let Ok(address) = bare.parse() {
            self.address(address)?;
        }
        Ok(url)
    }

    /// Whether a connection to `address` may be opened.
    pub(super) fn address(&self, address: IpAddr) -> Result<(), NotAllowed> {
        let address = reached(address);
        let is_named = || self.networks.iter().any(|network| network.contains(address));
        if is_public(address) || is_named() {
            return Ok(());
        }
        Err(NotAllowed::Network { address })
    }
}

/// A host of a URL without the brackets that an IPv6 address has there.
fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

impl HostPattern {
    fn fits(&self, host: &str) -> bool {
        match &self.0 {
            Pattern::Name(name) => host == name,
            Pattern::Below(suffix) => host
                .strip_suffix(suffix.as_str())
                .is_some_and(|front| !front.is_empty()),
            Pattern::Address(address) => host.parse().is_ok_and(|host: IpAddr| host == *address),
        }
    }
}

/// Letters, digits and hyphens in parts of 1 to 63, as in RFC 1123, 2.1; 253 at most in all.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&part.len())
            && part.bytes().all(known)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = bare(text).parse() {
            return Ok(Self(Pattern::Address(address)));
        }
        let pattern = match text.strip_prefix('*') {
            Some(suffix) => {
                let below = suffix.strip_prefix('.').ok_or(HostPatternError)?;
                let fits = is_name(below) && below.contains('.');
                fits.then(|| Pattern::Below(suffix.to_owned()))
            }
            None => is_name(text).then(|| Pattern::Name(text.to_owned())),
        };
        pattern.map(Self).ok_or(HostPatternError)
    }
}

impl TryFrom<String> for HostPattern {
    type Error = HostPatternError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
