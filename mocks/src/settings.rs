//! What the mock departments are started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::DepartmentId;

use crate::person::Feed;
use crate::population::Population;
use crate::taskforce::{Gateway, Order};

/// Settings of all four departments, and of the taskforce. [`Settings::new`] has the defaults.
pub struct Settings {
    /// The people that all departments know.
    pub population: Population,
    /// Dates, deferrals and desk hours go by its wall clock; tokens, matches and rate limits by its monotonic one.
    pub clock: SharedClock,
    /// What the gateway proves itself with at each token endpoint; default [`Credentials::default`].
    pub credentials: PerDepartment<Credentials>,
    /// Where each department listens; default a free port of 127.0.0.1.
    pub listen: PerDepartment<SocketAddr>,
    /// Where given, DWP speaks TLS and demands a client certificate.
    pub dwp_tls: Option<TlsSettings>,
    /// Where given, there is a taskforce beside the departments.
    pub taskforce: Option<TaskforceSettings>,
    /// Age of each of DfE's weekly feeds when a check is processed; default 2 days.
    pub feeds: FeedAges,
    /// How long DfE keeps a check queued, by the clock; default none: the first poll has the result.
    pub processing: Duration,
    /// Life of an access token; default 4 hours, as HMRC's.
    pub token_life: Duration,
    /// Longest wait of a `slow` behaviour, in real time; default 60 s, longer than any caller waits.
    pub slow_max: Duration,
    /// Connections open at once to one department; more wait in the system's queue. Default 1,024.
    pub connections_max: usize,
    /// Time for a TLS handshake, and for the head of a request; default 10 s, so that a silent connection is closed.
    pub patience: Duration,
    /// How long open requests may go on when the departments are shut down; default 5 s.
    pub drain: Duration,
    /// Tokens, tickets, matches or checks kept per department; the oldest go first. Default 1,000,000, some hundred
    /// megabytes at most.
    pub kept_max: usize,
}

impl Settings {
    /// The defaults, over these people.
    pub fn new(population: Population, clock: SharedClock) -> Self {
        Self {
            population,
            clock,
            credentials: PerDepartment::all(Credentials::default()),
            listen: PerDepartment::all(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            dwp_tls: None,
            taskforce: None,
            feeds: FeedAges::default(),
            processing: Duration::ZERO,
            token_life: Duration::from_secs(4 * 3600),
            slow_max: Duration::from_secs(60),
            connections_max: 1024,
            patience: Duration::from_secs(10),
            drain: Duration::from_secs(5),
            kept_max: 1_000_000,
        }
    }
}

/// One of each department's.
#[derive(Clone)]
pub struct PerDepartment<T> {
    /// The Home Office's.
    pub home_office: T,
    /// DWP's.
    pub dwp: T,
    /// HMRC's.
    pub hmrc: T,
    /// DfE's.
    pub dfe: T,
}

impl<T> PerDepartment<T> {
    /// The same for all.
    pub fn all(value: T) -> Self
    where
        T: Clone,
    {
        Self {
            home_office: value.clone(),
            dwp: value.clone(),
            hmrc: value.clone(),
            dfe: value,
        }
    }

    /// The department's.
    pub const fn of(&self, department: DepartmentId) -> &T {
        match department {
            DepartmentId::HomeOffice => &self.home_office,
            DepartmentId::Dwp => &self.dwp,
            DepartmentId::Hmrc => &self.hmrc,
            DepartmentId::Dfe => &self.dfe,
        }
    }

    /// The department's, to change it.
    pub const fn of_mut(&mut self, department: DepartmentId) -> &mut T {
        match department {
            DepartmentId::HomeOffice => &mut self.home_office,
            DepartmentId::Dwp => &mut self.dwp,
            DepartmentId::Hmrc => &mut self.hmrc,
            DepartmentId::Dfe => &mut self.dfe,
        }
    }
}

/// OAuth 2.0 client credentials. No `Debug`: it holds a secret.
#[derive(Clone)]
pub struct Credentials {
    /// `client_id`
    pub client_id: String,
    /// `client_secret`
    pub client_secret: String,
}

impl Default for Credentials {
    /// `statuscheck` and `mock-secret`: they open nothing but mocks.
    fn default() -> Self {
        Self {
            client_id: "statuscheck".to_owned(),
            client_secret: "mock-secret".to_owned(),
        }
    }
}

/// TLS with client certificates, from PEM files.
#[derive(Clone)]
pub struct TlsSettings {
    /// The server's certificate, and any between it and its authority.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
    /// The authorities whose client certificates are accepted.
    pub client_ca: PathBuf,
}

/// TLS without client certificates, as receivers of hooks speak it: what a hook says is believed by its signature. PEM files.
#[derive(Clone)]
pub struct ServerTls {
    /// The server's certificate, and any between it and its authority.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

/// Settings of the Windrush taskforce. [`TaskforceSettings::new`] has the defaults.
pub struct TaskforceSettings {
    /// Where it takes hooks; default a free port of 127.0.0.1.
    pub listen: SocketAddr,
    /// Where it is told what to do, and says what came in; default a free port of 127.0.0.1.
    pub control: SocketAddr,
    /// Where given, hooks come over TLS.
    pub tls: Option<ServerTls>,
    /// Files of the secrets that it shares with the gateway: one, or two while one takes the place of the other.
    pub secrets: Vec<PathBuf>,
    /// What it does with the first hooks; default nothing but taking them.
    pub orders: Vec<Order>,
    /// Where it resolves referrals; it can be told later.
    pub gateway: Option<Gateway>,
    /// Hooks that it knows again; the oldest go first. Default 100,000, some thirty megabytes.
    pub hooks_max: usize,
}

impl TaskforceSettings {
    /// The defaults, with these secrets.
    pub fn new(secrets: Vec<PathBuf>) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: anywhere,
            control: anywhere,
            tls: None,
            secrets,
            orders: Vec::new(),
            gateway: None,
            hooks_max: 100_000,
        }
    }
}

/// How long ago each feed was loaded into DfE's engine.
#[derive(Clone, Copy)]
pub struct FeedAges {
    /// The Home Office's.
    pub home_office: Duration,
    /// HMRC's.
    pub hmrc: Duration,
    /// DWP's.
    pub dwp: Duration,
}

impl FeedAges {
    /// The feed's.
    pub const fn of(&self, feed: Feed) -> Duration {
        match feed {
            Feed::HomeOffice => self.home_office,
            Feed::Hmrc => self.hmrc,
            Feed::Dwp => self.dwp,
        }
    }
}

impl Default for FeedAges {
    fn default() -> Self {
        const TWO_DAYS: Duration = Duration::from_secs(2 * 24 * 3600);
        Self {
            home_office: TWO_DAYS,
            hmrc: TWO_DAYS,
            dwp: TWO_DAYS,
        }
    }
}
