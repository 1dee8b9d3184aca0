//! Who is at the other end of a connection: read from the client certificate, once per connection.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use statuscheck_domain::ids::{DepartmentId, OrganisationId};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The far end of a connection. Every request carries one as `Arc<Connected>` in its extensions.
#[derive(Debug)]
pub struct Connected {
    /// The socket's far end.
    pub address: SocketAddr,
    /// Who the client certificate names. The certificate was verified; only its name may be unusable, which the RPC
    /// layer answers with `UNAUTHENTICATED`.
    pub peer: Result<Peer, PeerError>,
}

/// An identity, from the one SAN URI of a client certificate: `spiffe://<trust-domain>/<kind>/<id>`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Peer {
    /// `organisation/<id>`: a service provider.
    Organisation(OrganisationId),
    /// `department/<id>`: a department of state.
    Department(DepartmentId),
    /// `taskforce/<id>`: a taskforce that resolves referrals.
    Taskforce(TaskforceId),
    /// `ops/<id>`: an operator of the gateway, a person or a program.
    Ops(OperatorId),
}

/// What kind of peer it is; which kind may call which service is decided on this alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PeerKind {
    /// A service provider.
    Organisation,
    /// A department of state.
    Department,
    /// A taskforce.
    Taskforce,
    /// An operator.
    Ops,
}

impl PeerKind {
    /// The kind as it stands in the certificate: `organisation`, `department`, `taskforce` or `ops`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Department => "department",
            Self::Taskforce => "taskforce",
            Self::Ops => "ops",
        }
    }
}

/// Why a verified certificate names nobody. None of these quotes the certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PeerError {
    /// No URI among the subject alternative names.
    #[error("the certificate has no URI among its subject alternative names")]
    NoUri,
    /// Several URIs; SPIFFE allows one, and choosing would be guessing.
    #[error("the certificate has several URIs among its subject alternative names; it must have one")]
    SeveralUris,
    /// A `spiffe:` URI of somebody else's trust domain.
    #[error("the certificate belongs to another trust domain")]
    ForeignTrustDomain,
    /// Any other shape, an unknown kind or department, or names that do not parse.
    #[error(
        "the certificate's URI is not spiffe://<trust-domain>/(organisation|department|taskforce|ops)/<id>"
    )]
    Malformed,
}

impl Peer {
    /// Reads the peer from a certificate in DER that was verified already.
    ///
    /// # Errors
    /// The certificate names nobody of this trust domain.
    pub fn from_certificate(der: &[u8], trust_domain: &TrustDomain) -> Result<Self, PeerError> {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return Err(PeerError::Malformed);
        };
        let names = match certificate.subject_alternative_name() {
            Ok(Some(names)) => &names.value.general_names,
            Ok(None) => return Err(PeerError::NoUri),
            Err(_) => return Err(PeerError::Malformed),
        };
        let mut uris = names.iter().filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
        match (uris.next(), uris.next()) {
            (None, _) => Err(PeerError::NoUri),
            (Some(uri), None) => Self::from_uri(uri, trust_domain),
            (Some(_), Some(_)) => Err(PeerError::SeveralUris),
        }
    }

    /// Byte for byte: another case, an escape, a port, a query or a trailing slash is another name.
    fn from_uri(uri: &str, trust_domain: &TrustDomain) -> Result<Self, PeerError> {
        let (domain, path) = uri
            .strip_prefix("spiffe://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(PeerError::Malformed)?;
        if domain != trust_domain.0 {
            return Err(PeerError::ForeignTrustDomain);
        }
        let peer = match path.split_once('/') {
            Some(("organisation", id)) => id.parse().ok().map(Self::Organisation),
            // Population files may spell a department with an underscore; certificates may not.
            Some(("department", id)) => id
                .parse()
                .ok()
                .filter(|department: &DepartmentId| department.as_str() == id)
                .map(Self::Department),
            Some(("taskforce", id)) => slug(id).map(TaskforceId).map(Self::Taskforce),
            Some(("ops", id)) => slug(id).map(OperatorId).map(Self::Ops),
            _ => None,
        };
        peer.ok_or(PeerError::Malformed)
    }

    /// What kind of peer it is.
    pub const fn kind(&self) -> PeerKind {
        match self {
            Self::Organisation(_) => PeerKind::Organisation,
            Self::Department(_) => PeerKind::Department,
            Self::Taskforce(_) => PeerKind::Taskforce,
            Self::Ops(_) => PeerKind::Ops,
        }
    }
}

/// `<kind>/<id>`, as in the certificate; names an institution or an operator's account, never a person checked.
impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = match self {
            Self::Organisation(id) => id.as_str(),
            Self::Department(id) => id.as_str(),
            Self::Taskforce(id) => id.as_str(),
            Self::Ops(id) => id.as_str(),
        };
        write!(formatter, "{}/{id}", self.kind().as_str())
    }
}

/// A taskforce, as its certificate names it: 1 to 64 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TaskforceId(String);

impl TaskforceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An operator, as their certificate names them: 1 to 64 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OperatorId(String);

impl OperatorId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All ids in certificates have one shape, and the domain keeps its rule with the organisation's.
fn slug(id: &str) -> Option<String> {
    id.parse().ok().map(|id: OrganisationId| id.as_str().to_owned())
}

/// The trust domain whose certificates name our peers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// Its own SPIFFE ID, `spiffe://<name>`.
    pub fn uri(&self) -> String {
        format!("spiffe://{}", self.0)
    }
}

/// Not a trust domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a trust domain is 1 to 255 lower-case letters, digits, dots, hyphens and underscores")]
pub struct TrustDomainError;

impl FromStr for TrustDomain {
    type Err = TrustDomainError;

    /// The rule is that of the SPIFFE ID specification, section 2.1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=255).contains(&text.len())
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(TrustDomainError)
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn peer_named(uris: &[&str]) -> Result<Peer, PeerError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::DnsName("spiffe.example".try_into().unwrap())];
        for uri in uris {
            params
                .subject_alt_names
                .push(SanType::URI((*uri).try_into().unwrap()));
        }
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Peer::from_certificate(certificate.der(), &"gateway.test".parse().unwrap())
    }

    #[test]
    fn every_kind_of_peer_is_read_from_its_uri() {
        for (path, kind) in [
            ("organisation/acme-ltd", PeerKind::Organisation),
            ("department/home-office", PeerKind::Department),
            ("taskforce/windrush", PeerKind::Taskforce),
            ("ops/duty-1", PeerKind::Ops),
        ] {
            let peer = peer_named(&[&format!("spiffe://gateway.test/{path}")]).unwrap();
            assert_eq!(peer.kind(), kind);
            assert_eq!(peer.to_string(), path);
        }
    }

    #[test]
    fn a_certificate_without_a_uri_or_with_several_names_nobody() {
        let one = "spiffe://gateway.test/ops/duty";
        assert_eq!(peer_named(&[]), Err(PeerError::NoUri));
        assert_eq!(
            peer_named(&[one, "https://elsewhere.test/"]),
            Err(PeerError::SeveralUris)
        );
        assert_eq!(peer_named(&[one, one]), Err(PeerError::SeveralUris));
    }

    #[test]
    fn another_trust_domain_is_foreign_even_when_it_looks_alike() {
        for domain in [
            "other.test",
            "gateway.test.",
            "Gateway.test",
            "gateway.test:443",
            "x@gateway.test",
            "sub.gateway.test",
            "",
        ] {
            let uri = format!("spiffe://{domain}/ops/duty");
            assert_eq!(peer_named(&[&uri]), Err(PeerError::ForeignTrustDomain), "{uri}");
        }
    }

    #[test]
    fn any_other_shape_is_malformed() {
        let long = format!("ops/{}", "a".repeat(65));
        for path in [
            "",
            "ops",
            "ops/",
            "ops/a/b",
            "ops/a/",
            "/ops/a",
            "ops/A",
            "ops/a%20b",
            "ops/a?b",
            "ops/a#b",
            "ops/a_b",
            "Ops/a",
            "user/a",
            "department/ministry-of-magic",
            "department/home_office",
            "organisation/..",
            &long,
        ] {
            let uri = format!("spiffe://gateway.test/{path}");
            assert_eq!(peer_named(&[&uri]), Err(PeerError::Malformed), "{uri}");
        }
        for uri in [
            "https://gateway.test/ops/duty",
            "SPIFFE://gateway.test/ops/duty",
            "spiffe:gateway.test/ops/duty",
            "spiffe://gateway.test",
        ] {
            assert_eq!(peer_named(&[uri]), Err(PeerError::Malformed), "{uri}");
        }
    }

    #[test]
    fn an_id_may_have_64_characters_and_a_trust_domain_255() {
        let uri = format!("spiffe://gateway.test/ops/{}", "a".repeat(64));
        assert_eq!(peer_named(&[&uri]).unwrap().kind(), PeerKind::Ops);
        assert!("a".repeat(255).parse::<TrustDomain>().is_ok());
        for text in ["", "A", "a/b", "a b", "a:1", &"a".repeat(256)] {
            assert_eq!(text.parse::<TrustDomain>(), Err(TrustDomainError), "{text}");
        }
    }
}
