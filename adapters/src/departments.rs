//! From settings to a department that can be asked.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Certificate, Client, Identity, Url};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;
use zeroize::Zeroizing;

use crate::BoxDepartment;
use crate::adapter::Adapter;
use crate::dfe::Dfe;
use crate::dwp::Dwp;
use crate::hmrc::Hmrc;
use crate::home_office::HomeOffice;
use crate::http::Api;
use crate::oauth::{Credentials, Tokens};
use crate::settings::{ClientSecret, DepartmentSettings, RateSettings};
use crate::share::Share;
use crate::stack::{Bounds, Rate, stack};
use crate::vitals::Vitals;

/// Why a department cannot be set up: something in its settings, which the operator can mend.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// An address is none, or carries a user name or a query.
    #[error("{key} of {department} must be an http or https address without user name or query")]
    Address {
        /// Which department.
        department: DepartmentId,
        /// The key at fault.
        key: &'static str,
    },
    /// An address is plain `http` to another machine.
    #[error("{key} of {department} must begin with https; set plain_http on a closed test network only")]
    PlainHttp {
        /// Which department.
        department: DepartmentId,
        /// The key at fault.
        key: &'static str,
    },
    /// A file cannot be read.
    #[error("{key} of {department} cannot be read: {}", file.display())]
    File {
        /// Which department.
        department: DepartmentId,
        /// The key at fault.
        key: &'static str,
        /// The file it names.
        file: PathBuf,
        /// What the machine says.
        source: std::io::Error,
    },
    /// A value cannot be used.
    #[error("{key} of {department} {fault}")]
    Value {
        /// Which department.
        department: DepartmentId,
        /// The key at fault.
        key: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The certificates do not make a connection.
    #[error("the tls settings of {department} cannot be used")]
    Tls {
        /// Which department.
        department: DepartmentId,
        /// What the TLS library says.
        source: reqwest::Error,
    },
}

/// The department behind its whole stack, ready to be asked. Files are read here; nothing is sent yet. Its tokens, its
/// connections and its limits are shared by every clone.
///
/// # Errors
/// Says which setting is at fault.
pub fn connect(
    id: DepartmentId,
    settings: &DepartmentSettings,
    clock: SharedClock,
) -> Result<BoxDepartment, ConnectError> {
    let share = Share::whole(clock.clone());
    connect_watched(id, settings, share, clock).map(|(department, _vitals)| department)
}

/// [`connect`] where other gateways ask the department too: its figures are held to this one's share of them. With it comes
/// how it is doing.
///
/// # Errors
/// As there.
pub fn connect_watched(
    id: DepartmentId,
    settings: &DepartmentSettings,
    share: Share,
    clock: SharedClock,
) -> Result<(BoxDepartment, Vitals), ConnectError> {
    let reading = Reading {
        department: id,
        settings,
    };
    reading.figures()?;
    let rate = Arc::new(Rate::of(reading.rate(), share.clone(), &clock));
    let bounds = Bounds {
        breaker: settings.breaker,
        concurrency: settings.concurrency,
        retry: settings.retry,
        rate: rate.clone(),
        share,
    };
    let api = reading.api(rate, &clock)?;
    Ok(match id {
        DepartmentId::HomeOffice => stack(Adapter::new(HomeOffice::new(api)), bounds, clock),
        DepartmentId::Dwp => stack(Adapter::new(Dwp::new(api, settings.dwp.clone())), bounds, clock),
        DepartmentId::Hmrc => stack(Adapter::new(Hmrc::new(api, settings.hmrc)), bounds, clock),
        DepartmentId::Dfe => stack(Adapter::new(Dfe::new(api)), bounds, clock),
    })
}

/// The settings of one department, while they are read.
struct Reading<'a> {
    department: DepartmentId,
    settings: &'a DepartmentSettings,
}

impl Reading<'_> {
    fn api(&self, rate: Arc<Rate>, clock: &SharedClock) -> Result<Api, ConnectError> {
        let base = self.address("url", &self.settings.url)?;
        let token_url = match &self.settings.token_url {
            Some(url) => self.address("token_url", url)?,
            None => self.token_url(&base),
        };
        let client = self.client(&base)?;
        let credentials = Credentials {
            client_id: self.settings.client_id.clone(),
            client_secret: self.client_secret()?,
            scope: self.scope(),
        };
        let timeout = self.settings.timeouts.token;
        let tokens = Tokens::new(client.clone(), token_url, credentials, timeout, clock.clone());
        Ok(Api::new(client, base, tokens, rate, clock.clone()))
    }

    fn address(&self, key: &'static str, text: &str) -> Result<Url, ConnectError> {
        let department = self.department;
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        let url = url.ok_or(ConnectError::Address { department, key })?;
        if url.scheme() == "http" && !self.settings.plain_http && !is_this_machine(&url) {
            return Err(ConnectError::PlainHttp { department, key });
        }
        Ok(url)
    }

    /// HMRC has its tokens at `/oauth/token`, as it publishes; the others at `/oauth2/token`, as DfE does.
    fn token_url(&self, base: &Url) -> Url {
        let folder = match self.department {
            DepartmentId::Hmrc => "oauth",
            DepartmentId::HomeOffice | DepartmentId::Dwp | DepartmentId::Dfe => "oauth2",
        };
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend([folder, "token"]);
        }
        url
    }

    /// The given scope, or the department's for what we ask of it. DWP's tokens have none.
    fn scope(&self) -> Option<String> {
        let authority = &self.settings.dfe.local_authority;
        let of_department = match self.department {
            DepartmentId::HomeOffice => Some("status section-95".to_owned()),
            DepartmentId::Dwp => None,
            DepartmentId::Hmrc => Some(
                "read:individuals-matching-ho-v2 read:individuals-employments-ho-v2 \
                 read:national-insurance-record-ho-v2"
                    .to_owned(),
            ),
            DepartmentId::Dfe => Some(format!("check local_authority:{authority}")),
        };
        self.settings.scope.clone().or(of_department)
    }

    /// The given limits, or the published ones where none is given.
    fn rate(&self) -> RateSettings {
        let given = self.settings.rate;
        if given.per_second.or(given.per_minute).or(given.per_hour).is_some() {
            return given;
        }
        let (per_second, per_minute, per_hour) = match self.department {
            DepartmentId::Hmrc => (3, 0, 0),
            DepartmentId::Dfe => (0, 250, 5_000),
            DepartmentId::HomeOffice | DepartmentId::Dwp => (100, 0, 0),
        };
        RateSettings {
            per_second: NonZeroU32::new(per_second),
            per_minute: NonZeroU32::new(per_minute),
            per_hour: NonZeroU32::new(per_hour),
        }
    }

    fn client_secret(&self) -> Result<Zeroizing<String>, ConnectError> {
        match &self.settings.client_secret {
            ClientSecret::Given(secret) => Ok(secret.clone()),
            ClientSecret::File(file) => {
                let bytes = self.file("client_secret_file", file)?;
                let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
                if text.is_empty() {
                    return Err(self.fault("client_secret_file", "holds no text"));
                }
                Ok(Zeroizing::new(text.to_owned()))
            }
        }
    }

    fn client(&self, base: &Url) -> Result<Client, ConnectError> {
        let timeouts = self.settings.timeouts;
        let mut builder = Client::builder()
            // A redirect would carry a person to an address that nobody agreed to.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // What the environment of the process says must not reroute a person's data.
            .no_proxy()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.request)
            .pool_idle_timeout(timeouts.idle)
            .pool_max_idle_per_host(self.settings.concurrency.open_max as usize);
        if base.scheme() == "https" {
            builder = self.certificates(builder.https_only(!self.settings.plain_http))?;
        } else {
            // Without TLS nobody need be trusted, and a machine without authorities can still run the demo.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|source| self.tls(source))
    }

    fn certificates(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, ConnectError> {
        let tls = &self.settings.tls;
        let mut builder = builder;
        if let Some(file) = &tls.ca_file {
            let pem = self.file("tls.ca_file", file)?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(|source| self.tls(source))?;
            builder = builder.tls_certs_merge(authorities);
        }
        match (&tls.certificate_file, &tls.key_file) {
            (Some(certificate), Some(key)) => {
                let mut pem = self.file("tls.certificate_file", certificate)?;
                pem.push(b'\n');
                pem.extend_from_slice(&self.file("tls.key_file", key)?);
                let identity = Identity::from_pem(&pem).map_err(|source| self.tls(source))?;
                Ok(builder.identity(identity))
            }
            (None, None) if self.department == DepartmentId::Dwp => {
                Err(self.fault("tls.certificate_file", "must be given: DWP demands it"))
            }
            (None, None) => Ok(builder),
            (Some(_), None) => Err(self.fault("tls.key_file", "must be given with the certificate")),
            (None, Some(_)) => Err(self.fault("tls.certificate_file", "must be given with the key")),
        }
    }

    /// Figures that would stop every question, or none.
    fn figures(&self) -> Result<(), ConnectError> {
        let settings = self.settings;
        let figures = [
            (
                "concurrency.open_max",
                settings.concurrency.open_max > 0,
                "must be at least 1",
            ),
            (
                "hmrc.name_variants_max",
                settings.hmrc.name_variants_max > 0,
                "must be at least 1",
            ),
            (
                "breaker.failures_percent",
                (1..=100).contains(&settings.breaker.failures_percent),
                "must be 1 to 100",
            ),
            (
                "breaker.asks_min",
                settings.breaker.asks_min > 0,
                "must be at least 1",
            ),
            (
                "breaker.window",
                !settings.breaker.window.is_zero(),
                "must not be zero",
            ),
            (
                "retry.budget_percent",
                settings.retry.budget_percent <= 100,
                "must be 0 to 100",
            ),
            (
                "timeouts.connect",
                !settings.timeouts.connect.is_zero(),
                "must not be zero",
            ),
            (
                "timeouts.request",
                !settings.timeouts.request.is_zero(),
                "must not be zero",
            ),
            (
                "timeouts.token",
                !settings.timeouts.token.is_zero(),
                "must not be zero",
            ),
        ];
        match figures.into_iter().find(|(_, fits, _)| !fits) {
            Some((key, _, fault)) => Err(self.fault(key, fault)),
            None => Ok(()),
        }
    }

    fn file(&self, key: &'static str, file: &Path) -> Result<Zeroizing<Vec<u8>>, ConnectError> {
        let read = std::fs::read(file).map(Zeroizing::new);
        read.map_err(|source| ConnectError::File {
            department: self.department,
            key,
            file: file.to_owned(),
            source,
        })
    }

    fn tls(&self, source: reqwest::Error) -> ConnectError {
        ConnectError::Tls {
            department: self.department,
            source,
        }
    }

    fn fault(&self, key: &'static str, fault: &'static str) -> ConnectError {
        ConnectError::Value {
            department: self.department,
            key,
            fault,
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
#[path = "departments_tests.rs"]
mod tests;
