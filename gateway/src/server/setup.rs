//! What a gateway is made of, and why it does not start.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use statuscheck_domain::agreement::Register;
use statuscheck_domain::clock::SharedClock;

use crate::admission::AdmissionSettings;
use crate::again::AgainSettings;
use crate::audit::Subject;
use crate::batch::BatchSettings;
use crate::calendars::CalendarsError;
use crate::config::ConfiguredCalendars;
use crate::dashboard::DashboardSettings;
use crate::departments::Departments;
use crate::desk::DeskSettings;
use crate::following::WatchSettings;
use crate::limits::LimitSettings;
use crate::listener::ConnectionLimits;
use crate::measures::MeasureSettings;
use crate::peer::TrustDomain;
use crate::probing::ProbingSettings;
use crate::quota::QuotaSettings;
use crate::referrals::ReferralSettings;
use crate::register::{ChangeSettings, TakeUpError};
use crate::store::notary::Notary;
use crate::store::pulse::Pulse;
use crate::store::upkeep::Upkeep;
use crate::store::{ReadError, Store};
use crate::telemetry::Telemetry;
use crate::timekeeper::TimekeeperSettings;
use crate::tls::Tls;
use crate::webhook::WebhookSettings;

/// Time that a check may take, and how it is spent.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct CheckSettings {
    /// How long a check may take where the caller gives more time; then it is pending. 2 s: a person at a desk waits that
    /// long without turning away.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub budget: Duration,
    /// How long an established answer waits for a trace that went out with it. 50 ms: supporting replies are not waited
    /// for, but which of two replies of the same moment comes first must not decide whether a wrong number is noticed.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub trace_grace: Duration,
    /// How often DfE's feeds are loaded; a record older than two intervals is not relied on. A week (report 6.132).
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub feed_interval: Duration,
    /// How long checks may still be asked once the gateway stops and every connection has gone. 3 s: more than the budget,
    /// so that a check whose caller hung up is recorded too. What is not recorded by then is pending after the next start.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub drain: Duration,
    /// How long calls are taken as before once the gateway was told to stop and says so on its health pages. 0 s: where nothing
    /// looks at those it would only make stopping slow. Behind a load balancer give it twice what lies between two looks.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub notice: Duration,
    /// How departments are asked again once the call has ended.
    pub again: AgainSettings,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(2),
            trace_grace: Duration::from_millis(50),
            feed_interval: Duration::from_hours(7 * 24),
            drain: Duration::from_secs(3),
            notice: Duration::ZERO,
            again: AgainSettings::default(),
        }
    }
}

/// What a gateway is made of.
pub struct Setup {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificates.
    pub tls: Tls,
    /// How often the files of certificates and of bank holidays are looked at.
    pub reload_every: Duration,
    /// What connections may cost.
    pub connections: ConnectionLimits,
    /// What organisations may ask.
    pub limits: LimitSettings,
    /// Who is let in when more is asked than can be answered at once.
    pub admission: AdmissionSettings,
    /// How often one person may be checked.
    pub probing: ProbingSettings,
    /// How quotas are watched.
    pub quotas: QuotaSettings,
    /// What counting measures may cost.
    pub measures: MeasureSettings,
    /// What checks may take.
    pub checks: CheckSettings,
    /// What a batch may take.
    pub batch: BatchSettings,
    /// What following cases may cost.
    pub watch: WatchSettings,
    /// How due work is done.
    pub timekeeper: TimekeeperSettings,
    /// How departments follow their worklists.
    pub desk: DeskSettings,
    /// Where the dashboard is served.
    pub dashboard: DashboardSettings,
    /// Where notices may go, and how they get there.
    pub webhooks: WebhookSettings,
    /// The first part of every identity, and the source of every notice.
    pub trust_domain: TrustDomain,
    /// How people are referred to the Windrush taskforce.
    pub referrals: ReferralSettings,
    /// Who may ask what, until another register is applied.
    pub register: Register,
    /// How the register is changed.
    pub register_changes: ChangeSettings,
    /// Which days and hours are working time, until another list of bank holidays takes the place of the file.
    pub calendars: ConfiguredCalendars,
    /// Who is asked.
    pub departments: Departments,
    /// Where everything is recorded.
    pub store: Arc<dyn Store>,
    /// The same store, as operators keep it in order.
    pub upkeep: Arc<dyn Upkeep>,
    /// Who signs where the store's ledger ends.
    pub notary: Notary,
    /// What is looked at when an operator has the ledger verified.
    pub audited: Subject,
    /// What the store tells of its writer.
    pub pulse: Pulse,
    /// What is measured, and who is told.
    pub telemetry: Telemetry,
    /// What the time is.
    pub clock: SharedClock,
}

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address of the dashboard is taken, or not ours.
    #[error("cannot listen on the address of the dashboard")]
    Dashboard(#[source] io::Error),
    /// The version of the register that was applied last cannot be served.
    #[error("the register that was applied last cannot be served")]
    Register(#[from] TakeUpError),
    /// The calendars of open cases are not known, or another list has counted under the version of one.
    #[error("calendar")]
    Calendars(#[from] CalendarsError),
    /// Which departments are closed by hand cannot be read.
    #[error("it cannot be read which departments are closed by hand")]
    Closures(#[source] ReadError),
    /// The descriptor set of this build is broken.
    #[error("the contract's descriptor set cannot be served")]
    Reflection(#[source] tonic_reflection::server::Error),
}
