//! What an operator may say about one department. Every duration is text such as `"2s"`; every key has a default but
//! the address and the credentials.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as span;
use serde::Deserialize;
use statuscheck_domain::check::{CheckKind, EducationBenefit};
use zeroize::Zeroizing;

/// One department: where it is, how to prove who we are, and how hard it may be pressed.
///
/// It may hold a secret, so it has no `Debug`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentSettings {
    /// Root of the API, such as `https://api.service.hmrc.gov.uk`; a path in it is kept.
    pub url: String,
    /// Where tokens are had. Default: `/oauth/token` under `url` for HMRC, `/oauth2/token` for the others.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Plain `http` is taken to other machines too; to this machine it always is. For closed test networks only:
    /// names, dates of birth and tokens would travel readable.
    #[serde(default)]
    pub plain_http: bool,
    /// OAuth client id.
    pub client_id: String,
    /// File with the OAuth client secret, read once at start; white space around it is dropped.
    #[serde(rename = "client_secret_file")]
    pub client_secret: ClientSecret,
    /// OAuth scope. Default: what our questions need of the department; for DWP, whose tokens have none, none is sent.
    #[serde(default)]
    pub scope: Option<String>,
    /// Certificates of the connection.
    #[serde(default)]
    pub tls: TlsSettings,
    /// How long parts of a call may take.
    #[serde(default)]
    pub timeouts: TimeoutSettings,
    /// How many requests the department takes; default: what it publishes.
    #[serde(default)]
    pub rate: RateSettings,
    /// How many questions are open with it at once.
    #[serde(default)]
    pub concurrency: ConcurrencySettings,
    /// When a failed question is put again.
    #[serde(default)]
    pub retry: RetrySettings,
    /// When it is given a rest.
    #[serde(default)]
    pub breaker: BreakerSettings,
    /// DWP only.
    #[serde(default)]
    pub dwp: DwpSettings,
    /// HMRC only.
    #[serde(default)]
    pub hmrc: HmrcSettings,
    /// DfE only.
    #[serde(default)]
    pub dfe: DfeSettings,
}

impl DepartmentSettings {
    /// Takes every relative path in it from `folder`.
    pub fn rebase(&mut self, folder: &Path) {
        let secret = match &mut self.client_secret {
            ClientSecret::File(path) => Some(path),
            ClientSecret::Given(_) => None,
        };
        let tls = &mut self.tls;
        let files = [&mut tls.ca_file, &mut tls.certificate_file, &mut tls.key_file];
        for path in files.into_iter().flatten().chain(secret) {
            *path = folder.join(&*path);
        }
    }

    /// Settings in code, with every default: for a demo that started the department itself.
    pub fn new(url: impl Into<String>, client_id: impl Into<String>, client_secret: String) -> Self {
        Self {
            url: url.into(),
            token_url: None,
            plain_http: false,
            client_id: client_id.into(),
            client_secret: ClientSecret::Given(Zeroizing::new(client_secret)),
            scope: None,
            tls: TlsSettings::default(),
            timeouts: TimeoutSettings::default(),
            rate: RateSettings::default(),
            concurrency: ConcurrencySettings::default(),
            retry: RetrySettings::default(),
            breaker: BreakerSettings::default(),
            dwp: DwpSettings::default(),
            hmrc: HmrcSettings::default(),
            dfe: DfeSettings::default(),
        }
    }
}

/// Where the OAuth client secret comes from. No `Debug`; a given secret is wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(from = "PathBuf")]
pub enum ClientSecret {
    /// From a file; the only way in a settings file, so that no secret stands among settings.
    File(PathBuf),
    /// Given in code.
    Given(Zeroizing<String>),
}

impl From<PathBuf> for ClientSecret {
    fn from(file: PathBuf) -> Self {
        Self::File(file)
    }
}

/// Certificates of the connection to a department; all files are PEM, read once at start.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// Authorities trusted beside the machine's own, for a department with a private one.
    pub ca_file: Option<PathBuf>,
    /// Our certificate, with what chains it to its authority. DWP demands one.
    pub certificate_file: Option<PathBuf>,
    /// The certificate's private key.
    pub key_file: Option<PathBuf>,
}

/// How long parts of a call may take. The question's own deadline stands above all of them.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeoutSettings {
    /// To connect, TLS handshake included. Default 1 s: half of the two seconds that a check has.
    #[serde(with = "span")]
    pub connect: Duration,
    /// For one HTTP request and its reply. Default 10 s: a backstop for questions asked in the background.
    #[serde(with = "span")]
    pub request: Duration,
    /// To fetch a token. Default 5 s: it serves many questions, so it may take longer than one of them waits.
    #[serde(with = "span")]
    pub token: Duration,
    /// How long an unused connection is kept. Default 30 s: less than the 60 s after which common proxies drop it.
    #[serde(with = "span")]
    pub idle: Duration,
}

impl Default for TimeoutSettings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            request: Duration::from_secs(10),
            token: Duration::from_secs(5),
            idle: Duration::from_secs(30),
        }
    }
}

/// How many requests a department takes. A key that is left out has the department's published figure: HMRC 3 a second;
/// DfE 250 a minute and 5,000 an hour a local authority; the others publish none and get 100 a second, so that a fault
/// of ours cannot flood them. Gateways of one database share the figures; each may have two requests at once, so that a
/// question fits, however small its share is.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateSettings {
    /// Requests a second.
    pub per_second: Option<NonZeroU32>,
    /// Requests a minute.
    pub per_minute: Option<NonZeroU32>,
    /// Requests an hour.
    pub per_hour: Option<NonZeroU32>,
}

/// How many questions are open with a department at once.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConcurrencySettings {
    /// Open at once, by all gateways of one database together; each has at least one. Default 64: at 50 ms a reply that is
    /// over 1,000 questions a second.
    pub open_max: u32,
    /// Waiting beside those; one more is shed. Default 256: four rounds of the open ones, so a wait stays under a second.
    pub waiting_max: u32,
    /// Longest wait. Default 500 ms: a quarter of the two seconds that a check has.
    #[serde(with = "span")]
    pub wait_max: Duration,
}

impl Default for ConcurrencySettings {
    fn default() -> Self {
        Self {
            open_max: 64,
            waiting_max: 256,
            wait_max: Duration::from_millis(500),
        }
    }
}

/// When a failed question is put once more.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySettings {
    /// Repeats of one question. Default 1: the background asks again where that does not help.
    pub repeats_max: u32,
    /// Least pause before it. Default 50 ms: enough for a restarting instance to leave its load balancer.
    #[serde(with = "span")]
    pub pause: Duration,
    /// Random addition to the pause. Default 50 ms: so that repeats do not come in step.
    #[serde(with = "span")]
    pub jitter: Duration,
    /// Repeats as a share of all questions, in percent, 0 to 100. Default 10: a department in trouble gets a tenth more,
    /// not double.
    pub budget_percent: u8,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            repeats_max: 1,
            pause: Duration::from_millis(50),
            jitter: Duration::from_millis(50),
            budget_percent: 10,
        }
    }
}

/// When a department is given a rest.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// Share of failures that opens it, in percent, 1 to 100. Default 80: a department that fails for some people is worth
    /// asking about the others; one that is down fails for nearly all.
    pub failures_percent: u8,
    /// Fewest questions in the window before it may open. Default 100: fewer cost neither side much, and a handful of
    /// unlucky ones must not close a department to everybody.
    pub asks_min: u32,
    /// Running out of time counts as the department's failure only where it was given at least this long. Default 1 s:
    /// a caller in a hurry says nothing about the department.
    #[serde(with = "span")]
    pub patience: Duration,
    /// The window. Default 10 s.
    #[serde(with = "span")]
    pub window: Duration,
    /// The rest, after which one question probes. Default 5 s: longer than a restart behind a load balancer takes.
    #[serde(with = "span")]
    pub rest: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures_percent: 80,
            asks_min: 100,
            patience: Duration::from_secs(1),
            window: Duration::from_secs(10),
            rest: Duration::from_secs(5),
        }
    }
}

/// What DWP wants to know about the asker, in headers.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DwpSettings {
    /// `policy-id`: the policy under which DWP lets us ask. Default `status-checking`.
    pub policy_id: String,
    /// `instigating-user-id`: the system that asks; never a person. Default `status-checking-gateway`.
    pub instigating_user_id: String,
    /// `access-level`. Default `1`, as DfE's engine sends.
    pub access_level: String,
    /// `context`, by check.
    pub context: ContextSettings,
}

impl Default for DwpSettings {
    fn default() -> Self {
        Self {
            policy_id: "status-checking".to_owned(),
            instigating_user_id: "status-checking-gateway".to_owned(),
            access_level: "1".to_owned(),
            context: ContextSettings::default(),
        }
    }
}

/// The `context` header by check; a Section 95 check has the context that DfE sends for the same benefit.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextSettings {
    /// Default `HO-RTW`.
    pub right_to_work: String,
    /// Default `HO-RTR`.
    pub right_to_rent: String,
    /// Default `HO-IECAS`.
    pub iecas: String,
    /// Default `DFE-FSM`.
    pub free_school_meals: String,
    /// Default `DFE-2EY`.
    pub two_year_old_early_education: String,
    /// Default `DFE-EYPP`.
    pub early_years_pupil_premium: String,
}

impl Default for ContextSettings {
    fn default() -> Self {
        Self {
            right_to_work: "HO-RTW".to_owned(),
            right_to_rent: "HO-RTR".to_owned(),
            iecas: "HO-IECAS".to_owned(),
            free_school_meals: "DFE-FSM".to_owned(),
            two_year_old_early_education: "DFE-2EY".to_owned(),
            early_years_pupil_premium: "DFE-EYPP".to_owned(),
        }
    }
}

impl ContextSettings {
    /// The context of that check. A Section 95 check that names no benefit counts as free school meals.
    pub fn of(&self, check: CheckKind, benefit: Option<EducationBenefit>) -> &str {
        match (check, benefit) {
            (CheckKind::RightToWork, _) => &self.right_to_work,
            (CheckKind::RightToRent, _) => &self.right_to_rent,
            (CheckKind::Iecas, _) => &self.iecas,
            (CheckKind::Section95, Some(EducationBenefit::TwoYearOldEarlyEducation)) => {
                &self.two_year_old_early_education
            }
            (CheckKind::Section95, Some(EducationBenefit::EarlyYearsPupilPremium)) => {
                &self.early_years_pupil_premium
            }
            (CheckKind::Section95, Some(EducationBenefit::FreeSchoolMeals) | None) => &self.free_school_meals,
        }
    }
}

/// What only HMRC has.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HmrcSettings {
    /// Name variants tried for one person. Default 3: each is one of HMRC's three requests a second.
    pub name_variants_max: u32,
}

impl Default for HmrcSettings {
    fn default() -> Self {
        Self { name_variants_max: 3 }
    }
}

/// What only DfE has.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DfeSettings {
    /// Code of the local authority under whose limit we ask. Default `201`, the City of London: DfE's own sample.
    pub local_authority: String,
}

impl Default for DfeSettings {
    fn default() -> Self {
        Self {
            local_authority: "201".to_owned(),
        }
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
