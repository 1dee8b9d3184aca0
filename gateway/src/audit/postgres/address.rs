//! The address of a database: a URL as `libpq` has it, taken apart.

use std::path::PathBuf;

use super::PostgresError;

/// Where a PostgreSQL database is, and where its password is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// `postgres://USER@HOST:PORT/DATABASE?sslrootcert=FILE`, without a password, which others could see in the list of
    /// processes.
    ///
    /// Its `sslmode` is `verify-full` unless it says `disable`, or the host is a socket's folder (`?host=/run/postgresql`);
    /// `require` and `verify-ca` mean `verify-full` as well. `sslrootcert` names the PEM file of the authorities.
    pub url: String,
    /// PEM file of the authorities, in the place of `sslrootcert`.
    pub ca_file: Option<PathBuf>,
    /// A file with the password alone, mode 0600.
    pub password_file: Option<PathBuf>,
    /// A file of passwords as `libpq` has it (`HOST:PORT:DATABASE:USER:PASSWORD`), mode 0600; looked into where there is no
    /// password file.
    pub pass_file: Option<PathBuf>,
}

/// What the URL says of TLS, which the driver leaves to us.
pub(super) struct Tls {
    pub(super) is_off: bool,
    pub(super) roots: Option<PathBuf>,
}

impl Address {
    /// The address is one of a database, and not the name of a file.
    pub fn is_meant_by(text: &str) -> bool {
        ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
    }

    /// What the driver understands, and what is ours.
    pub(super) fn parse(&self) -> Result<(tokio_postgres::Config, Tls), PostgresError> {
        let (base, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let mut tls = Tls {
            is_off: false,
            roots: self.ca_file.clone(),
        };
        let mut mode = None;
        let mut rest = Vec::new();
        for setting in query.split('&').filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", _)) if self.ca_file.is_some() => {}
                Some(("sslrootcert", value)) => {
                    let path = decoded(value).ok_or(PostgresError::Address("sslrootcert is no path"))?;
                    tls.roots = Some(path.into());
                }
                _ => rest.push(setting),
            }
        }
        // Said here, so that the driver does not try without where TLS is refused.
        let url = format!("{base}?{}", rest.join("&"));
        let mut config: tokio_postgres::Config = url.parse().map_err(PostgresError::Syntax)?;
        if config.get_password().is_some() {
            return Err(PostgresError::Address(
                "it has a password, which others can see; put it into a file",
            ));
        }
        let is_socket =
            |host: &tokio_postgres::config::Host| matches!(host, tokio_postgres::config::Host::Unix(_));
        tls.is_off = match mode {
            Some("disable") => true,
            None | Some("require" | "verify-ca" | "verify-full") => {
                !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_socket)
            }
            Some(_) => {
                return Err(PostgresError::Address(
                    "sslmode is verify-full (also for require and verify-ca) or disable",
                ));
            }
        };
        config.ssl_mode(if tls.is_off {
            tokio_postgres::config::SslMode::Disable
        } else {
            tokio_postgres::config::SslMode::Require
        });
        Ok((config, tls))
    }
}

/// Text of a URL without its percent signs.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<(tokio_postgres::Config, Tls), PostgresError> {
        let address = Address {
            url: url.to_owned(),
            ca_file: None,
            password_file: None,
            pass_file: None,
        };
        address.parse()
    }

    #[test]
    fn tls_is_off_only_for_sockets_and_where_it_is_said() {
        for (url, is_off) in [
            ("postgres://auditor@db.example/status", false),
            ("postgres://auditor@db.example/status?sslmode=require", false),
            (
                "postgresql://auditor@127.0.0.1:5433/status?sslmode=verify-full",
                false,
            ),
            ("postgres://auditor@127.0.0.1/status?sslmode=disable", true),
            ("postgres:///status?host=/run/postgresql&user=auditor", true),
        ] {
            let (config, tls) = parsed(url).unwrap();
            assert_eq!(tls.is_off, is_off, "{url}");
            assert_eq!(
                (config.get_user(), config.get_dbname()),
                (Some("auditor"), Some("status"))
            );
        }
        let (_, tls) = parsed("postgres://a@h/d?sslrootcert=/etc/my%20roots.pem&connect_timeout=5").unwrap();
        assert_eq!(tls.roots.unwrap().to_str(), Some("/etc/my roots.pem"));
    }

    #[test]
    fn an_address_with_a_password_or_a_mode_that_gives_way_is_refused() {
        for url in [
            "postgres://auditor:secret@db.example/status",
            "postgres://auditor@db.example/status?password=secret",
            "postgres://auditor@db.example/status?sslmode=prefer",
            "postgres://auditor@db.example/status?sslrootcert=%2",
            "postgres://auditor@db.example/status?unheard=of",
        ] {
            let refused = parsed(url).err().unwrap().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
