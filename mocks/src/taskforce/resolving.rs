//! Resolving a referral at the gateway, over mutual TLS, as somebody of the taskforce does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use statuscheck_proto::referral::v1::referral_service_client::ReferralServiceClient;
use statuscheck_proto::referral::v1::resolve_request::Finding as WireFinding;
use statuscheck_proto::referral::v1::{
    GetReferralRequest, NeedsLonger, NotConfirmed, ReferralState, ResolveRequest,
};
use statuscheck_proto::v1::established::Facts;
use statuscheck_proto::v1::{
    CheckKind, Entitlement, Established, IecasFacts, RightToRentFacts, RightToWorkFacts, Section95Facts,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// How long the gateway may take: more than it allows itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the gateway is, and who the taskforce is to it. PEM files.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// `HOST:PORT`
    pub address: String,
    /// The authority of the gateway's certificate.
    pub ca: PathBuf,
    /// A certificate of the taskforce.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What the taskforce finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// The person has a status: the whole of what the check asks for, with no end.
    Confirmed,
    /// Not a Windrush case.
    NotConfirmed,
    /// More time is needed.
    NeedsLonger(Timestamp),
}

/// A referral after a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// Which.
    pub referral_id: String,
    /// Where it stands, as the contract names it.
    pub state: &'static str,
}

/// Why nothing was resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Say where the gateway is.
    #[error("the taskforce does not know where the gateway is")]
    NoGateway,
    /// A certificate or key cannot be read.
    #[error("{path}: cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The address, or a certificate or key, cannot be used.
    #[error("the gateway's address or the certificates cannot be used")]
    Transport(#[from] tonic::transport::Error),
    /// The gateway refuses, or cannot be reached.
    #[error("the gateway says {code:?}: {message}")]
    Refused {
        /// Its code.
        code: tonic::Code,
        /// Its words, which name nobody.
        message: String,
    },
    /// The gateway's answer has no referral, or one about a check that nobody knows.
    #[error("the gateway's answer is not one of the contract")]
    Answer,
}

impl From<tonic::Status> for ResolveError {
    fn from(status: tonic::Status) -> Self {
        Self::Refused {
            code: status.code(),
            message: status.message().to_owned(),
        }
    }
}

/// Resolves at the gateway that it was told of last.
pub(super) struct Resolver(Mutex<Option<Gateway>>);

impl Resolver {
    pub(super) fn new(gateway: Option<Gateway>) -> Self {
        Self(Mutex::new(gateway))
    }

    pub(super) fn turn_to(&self, gateway: Gateway) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(gateway);
    }

    pub(super) async fn resolve(
        &self,
        referral: &str,
        finding: Finding,
        note: &str,
    ) -> Result<Resolved, ResolveError> {
        let gateway = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut client = ReferralServiceClient::new(gateway.ok_or(ResolveError::NoGateway)?.channel()?);
        let request = GetReferralRequest {
            referral_id: referral.to_owned(),
        };
        // Nobody decides about a person whose referral they have not read.
        let read = client.get_referral(request).await?.into_inner().referral;
        let check = read.ok_or(ResolveError::Answer)?.check();
        let request = ResolveRequest {
            referral_id: referral.to_owned(),
            finding: Some(finding.on_the_wire(check).ok_or(ResolveError::Answer)?),
            note: note.to_owned(),
        };
        let resolved = client.resolve(request).await?.into_inner().referral;
        let resolved = resolved.ok_or(ResolveError::Answer)?;
        Ok(Resolved {
            state: ReferralState::as_str_name(&resolved.state()),
            referral_id: resolved.referral_id,
        })
    }
}

impl Gateway {
    fn channel(&self) -> Result<Channel, ResolveError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| ResolveError::File {
                path: path.to_owned(),
                source,
            })
        };
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(read(&self.ca)?))
            .identity(Identity::from_pem(read(&self.certificate)?, read(&self.key)?));
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address))?
            .tls_config(tls)?
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE);
        Ok(endpoint.connect_lazy())
    }
}

impl Finding {
    /// None where nobody knows the check.
    fn on_the_wire(self, check: CheckKind) -> Option<WireFinding> {
        Some(match self {
            Self::Confirmed => WireFinding::Confirmed(Established {
                facts: Some(settled(check)?),
                withheld_fields: Vec::new(),
            }),
            Self::NotConfirmed => WireFinding::NotConfirmed(NotConfirmed {}),
            Self::NeedsLonger(until) => WireFinding::NeedsLonger(NeedsLonger {
                until: Some(timestamp(until)?),
            }),
        })
    }
}

/// What a person who is settled here may do.
fn settled(check: CheckKind) -> Option<Facts> {
    let entitlement = Entitlement::Unlimited.into();
    Some(match check {
        CheckKind::Unspecified => return None,
        CheckKind::RightToWork => Facts::RightToWork(RightToWorkFacts {
            entitlement,
            ..RightToWorkFacts::default()
        }),
        CheckKind::RightToRent => Facts::RightToRent(RightToRentFacts {
            entitlement,
            ..RightToRentFacts::default()
        }),
        CheckKind::Section95 => Facts::Section95(Section95Facts {
            supported: true,
            supported_since: None,
        }),
        CheckKind::Iecas => Facts::Iecas(IecasFacts {
            immigration_status: "indefinite leave to remain".to_owned(),
            ..IecasFacts::default()
        }),
    })
}

fn timestamp(time: Timestamp) -> Option<prost_types::Timestamp> {
    // Nanoseconds count forward from the second, also before 1970.
    let seconds = time.as_nanosecond().div_euclid(1_000_000_000);
    let nanos = time.as_nanosecond().rem_euclid(1_000_000_000);
    Some(prost_types::Timestamp {
        seconds: i64::try_from(seconds).ok()?,
        nanos: i32::try_from(nanos).ok()?,
    })
}
