//! Where a database is: a URL without a password.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// PostgreSQL's own port.
const PORT: u16 = 5432;

/// A database, as `postgres://user@host:port/database?sslmode=verify-full`.
///
/// Several hosts may be given, with commas between; all are tried at once, and the one that takes writes is used. `sslmode` is one of
/// - `verify-full`: TLS 1.3, and the server's certificate is by the given authority and for this host. What counts where
///   nothing is said.
/// - `require`: TLS 1.3, and the certificate is by the given authority, for whatever host.
/// - `disable`: no TLS. Only for a Unix socket, for which it counts where nothing is said, or a loopback address.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// One for each host.
    hosts: Vec<Config>,
    pub(super) tls: TlsMode,
    text: String,
}

/// How the server shows who it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsMode {
    Disable,
    Require,
    VerifyFull,
}

/// Why a text is no address of a database. The text itself is not told again: it may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// Write it as a URL.
    #[error("is not of the form postgres://user@host:port/database")]
    Form,
    /// Put the password into a file of its own, mode 0600, and name it in `password_file`.
    #[error("holds a password; put it into a file of mode 0600 and name that in password_file")]
    Password,
    /// Choose one.
    #[error("sslmode must be verify-full, require or disable")]
    SslMode,
    /// Use TLS.
    #[error("sslmode=disable is for a Unix socket or a loopback address alone; use verify-full")]
    Exposed,
}

impl Address {
    /// The text is meant to be one: it begins as a URL of PostgreSQL does.
    pub fn is_meant(text: &str) -> bool {
        ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
    }

    /// The URL as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What a driver connects with, a host each.
    pub(super) fn hosts(&self) -> &[Config] {
        &self.hosts
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let whole = text;
        if !Self::is_meant(text) {
            return Err(AddressError::Form);
        }
        let (text, tls) = take_tls(text)?;
        let config: Config = text.parse().map_err(|_quotes| AddressError::Form)?;
        if config.get_password().is_some() {
            return Err(AddressError::Password);
        }
        let hosts = config.get_hosts();
        if hosts.is_empty() || config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(AddressError::Form);
        }
        let is_socket = hosts.iter().all(|host| matches!(host, Host::Unix(_)));
        let tls = tls.unwrap_or(if is_socket {
            TlsMode::Disable
        } else {
            TlsMode::VerifyFull
        });
        if tls == TlsMode::Disable && !hosts.iter().all(is_here) {
            return Err(AddressError::Exposed);
        }
        let mut hosts = each_host(&text)
            .map(|text| text.parse().map_err(|_quotes| AddressError::Form))
            .collect::<Result<Vec<Config>, _>>()?;
        for config in &mut hosts {
            config.ssl_mode(match tls {
                TlsMode::Disable => SslMode::Disable,
                TlsMode::Require | TlsMode::VerifyFull => SslMode::Require,
            });
            // A standby takes no writes, and what was just written need not be there yet.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(Self {
            hosts,
            tls,
            text: whole.to_owned(),
        })
    }
}

/// User, hosts and database; nothing else that the URL may have said.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.hosts.first();
        let user = first.and_then(Config::get_user).unwrap_or_default();
        write!(formatter, "postgres://{user}@")?;
        for (number, config) in self.hosts.iter().enumerate() {
            if number > 0 {
                formatter.write_str(",")?;
            }
            let host = config.get_hosts().first();
            match host {
                Some(Host::Tcp(name)) if name.contains(':') => write!(formatter, "[{name}]")?,
                Some(Host::Tcp(name)) => formatter.write_str(name)?,
                Some(Host::Unix(folder)) => {
                    formatter.write_str(&folder.display().to_string().replace('/', "%2F"))?;
                }
                None => {}
            }
            // The usual port of a socket is no part of its path.
            let is_socket = matches!(host, Some(Host::Unix(_)));
            if let Some(port) = config.get_ports().first()
                && !(is_socket && *port == PORT)
            {
                write!(formatter, ":{port}")?;
            }
        }
        let database = first.and_then(Config::get_dbname).unwrap_or_default();
        write!(formatter, "/{database}")
    }
}

/// The URL once for each host that stands before its path. One that does not take its hosts from there stays whole.
fn each_host(text: &str) -> impl Iterator<Item = String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let place = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(place);
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    hosts
        .split(',')
        .map(move |host| format!("{scheme}://{user}@{host}{path}"))
}

/// The driver knows no `verify-full`, so it does not see `sslmode` at all.
fn take_tls(text: &str) -> Result<(String, Option<TlsMode>), AddressError> {
    let Some((place, parameters)) = text.split_once('?') else {
        return Ok((text.to_owned(), None));
    };
    let mut tls = None;
    let mut others = Vec::new();
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.strip_prefix("sslmode=") {
            Some("verify-full") => tls = Some(TlsMode::VerifyFull),
            Some("require") => tls = Some(TlsMode::Require),
            Some("disable") => tls = Some(TlsMode::Disable),
            Some(_) => return Err(AddressError::SslMode),
            None => others.push(parameter),
        }
    }
    Ok((format!("{place}?{}", others.join("&")), tls))
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(text: &str) -> Result<TlsMode, AddressError> {
        text.parse::<Address>().map(|address| address.tls)
    }

    #[test]
    fn tls_is_as_the_address_says_and_full_where_it_says_nothing() {
        for (text, expected) in [
            ("postgres://gateway@db.example:5432/cases", TlsMode::VerifyFull),
            (
                "postgresql://gateway@one.example,two.example/cases",
                TlsMode::VerifyFull,
            ),
            (
                "postgres://gateway@db.example/cases?sslmode=require",
                TlsMode::Require,
            ),
            ("postgres://gateway@127.0.0.1/cases", TlsMode::VerifyFull),
            ("postgres://gateway@[::1]/cases?sslmode=disable", TlsMode::Disable),
            (
                "postgres://gateway@localhost/cases?sslmode=disable",
                TlsMode::Disable,
            ),
            ("postgres://gateway@%2Frun%2Fpostgresql/cases", TlsMode::Disable),
        ] {
            assert!(tls(text).is_ok_and(|tls| tls == expected), "{text}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_is_about_how_to_connect() {
        for (text, shown) in [
            (
                "postgres://gateway@one.example:5432,two.example:5433/cases?sslmode=require",
                "postgres://gateway@one.example:5432,two.example:5433/cases",
            ),
            (
                "postgresql://gateway@[::1]:5432/cases?sslmode=disable",
                "postgres://gateway@[::1]:5432/cases",
            ),
            (
                "postgres://gateway@%2Frun%2Fpostgresql/cases",
                "postgres://gateway@%2Frun%2Fpostgresql/cases",
            ),
        ] {
            let address: Option<Address> = text.parse().ok();
            assert_eq!(address.map(|address| address.to_string()).as_deref(), Some(shown));
        }
    }

    #[test]
    fn each_host_is_a_place_of_its_own() {
        let text = "postgresql://gateway@one.example:5433,[::1],two.example/cases?sslmode=require";
        let address: Address = text.parse().unwrap();
        let places: Vec<_> = address
            .hosts()
            .iter()
            .map(|host| (host.get_hosts(), host.get_ports()))
            .collect();
        let tcp = |name: &str| Host::Tcp(name.to_owned());
        assert_eq!(
            places,
            [
                (&[tcp("one.example")][..], &[5433][..]),
                (&[tcp("::1")], &[5432]),
                (&[tcp("two.example")], &[5432]),
            ]
        );
        assert!(
            address
                .hosts()
                .iter()
                .all(|host| host.get_dbname() == Some("cases"))
        );
    }

    #[test]
    fn an_address_that_will_not_do_says_why_without_quoting_itself() {
        for (text, expected) in [
            (
                "postgres://gateway:hunter2@db.example/cases",
                AddressError::Password,
            ),
            (
                "postgres://gateway@db.example/cases?password=hunter2",
                AddressError::Password,
            ),
            (
                "postgres://gateway@db.example/cases?sslmode=prefer",
                AddressError::SslMode,
            ),
            (
                "postgres://gateway@db.example/cases?sslmode=disable",
                AddressError::Exposed,
            ),
            ("postgres://db.example/cases", AddressError::Form),
            ("postgres://gateway@db.example", AddressError::Form),
            ("postgres://gateway@db.example:hunter2/cases", AddressError::Form),
            ("mysql://gateway@db.example/cases", AddressError::Form),
        ] {
            let error = tls(text).err();
            assert_eq!(error, Some(expected), "{text}");
            assert!(!error.is_some_and(|error| error.to_string().contains("hunter2")));
        }
    }
}
