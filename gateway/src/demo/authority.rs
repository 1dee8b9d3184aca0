//! Development certificates: an authority of one folder, and what it issued. Never for anything but trying out.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

/// The trust domain of every demo identity.
pub const TRUST_DOMAIN: &str = "demo.statuscheck.example";

/// Who there is in a demo: four callers with an agreement, one without, every department, the taskforce, two operators.
pub const IDENTITIES: [&str; 12] = [
    "organisation/employer",
    "organisation/landlord",
    "organisation/council",
    "organisation/trust",
    "organisation/stranger",
    "department/home-office",
    "department/dwp",
    "department/hmrc",
    "department/dfe",
    "taskforce/windrush",
    "ops/duty-1",
    "ops/duty-2",
];

/// A certificate and its key, PEM files.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub cert: PathBuf,
    /// Its private key, readable by its owner alone.
    pub key: PathBuf,
}

/// Why certificates cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error("{path}: cannot be read or written")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate or key is not well formed.
    #[error("{path}: is not a certificate or key of this authority")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
}

/// An authority in a folder. What it issued before is used again.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Opens the authority of `folder`, or makes one.
    ///
    /// # Errors
    /// The folder's files cannot be read or written, or are not an authority's.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let (cert, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        if !cert.exists() || !key.exists() {
            make_authority(&cert, &key)?;
        }
        let key_pair = KeyPair::from_pem(&read(&key)?).map_err(malformed(&key))?;
        let issuer = Issuer::from_ca_cert_pem(&read(&cert)?, key_pair).map_err(malformed(&cert))?;
        Ok(Self {
            folder: folder.to_owned(),
            issuer,
        })
    }

    /// The authority's own certificate.
    pub fn certificate_path(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A certificate for a server on this machine, which may also be shown as a client's.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn server(&self, name: &str) -> Result<Identity, AuthorityError> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let params = CertificateParams::new(names);
        self.issue(&self.folder, name, params, Vec::new())
    }

    /// Client certificates, one for each name such as `organisation/employer`.
    ///
    /// # Errors
    /// One cannot be made or written.
    pub fn identities(&self, names: &[&str]) -> Result<BTreeMap<String, Identity>, AuthorityError> {
        names
            .iter()
            .map(|name| Ok(((*name).to_owned(), self.client(name)?)))
            .collect()
    }

    /// A client certificate whose SAN URI is `spiffe://<trust domain>/<name>`.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub fn client(&self, name: &str) -> Result<Identity, AuthorityError> {
        self.client_with_uris(name, &[&format!("spiffe://{TRUST_DOMAIN}/{name}")])
    }

    /// A client certificate with those SAN URIs, or none; for trying what is refused.
    ///
    /// # Errors
    /// It cannot be made or written, or a URI is not ASCII.
    pub fn client_with_uris(&self, name: &str, uris: &[&str]) -> Result<Identity, AuthorityError> {
        let folder = self.folder.join("identities");
        fs::create_dir_all(&folder).map_err(file(&folder))?;
        let uri = |uri: &&str| {
            Ia5String::try_from(*uri)
                .map(SanType::URI)
                .map_err(malformed(&folder))
        };
        let uris = uris.iter().map(uri).collect::<Result<Vec<_>, _>>()?;
        self.issue(&folder, &name.replace('/', "-"), CertificateParams::new([]), uris)
    }

    fn issue(
        &self,
        folder: &Path,
        name: &str,
        params: Result<CertificateParams, rcgen::Error>,
        uris: Vec<SanType>,
    ) -> Result<Identity, AuthorityError> {
        let issued = Identity {
            cert: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        };
        if issued.cert.exists() && issued.key.exists() {
            return Ok(issued);
        }
        let mut params = valid(params.map_err(malformed(&issued.cert))?, name);
        params.subject_alt_names.extend(uris);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(malformed(&issued.key))?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(malformed(&issued.cert))?;
        write_secret(&issued.key, &key.serialize_pem())?;
        fs::write(&issued.cert, certificate.pem()).map_err(file(&issued.cert))?;
        Ok(issued)
    }
}

fn make_authority(cert: &Path, key: &Path) -> Result<(), AuthorityError> {
    let params = CertificateParams::new([]).map_err(malformed(cert))?;
    let mut params = valid(params, "statuscheck demo authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key_pair = KeyPair::generate().map_err(malformed(key))?;
    let certificate = params.self_signed(&key_pair).map_err(malformed(cert))?;
    write_secret(key, &key_pair.serialize_pem())?;
    fs::write(cert, certificate.pem()).map_err(file(cert))
}

/// A name and a life that outlasts every demo folder; a real authority would issue for days.
fn valid(mut params: CertificateParams, name: &str) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2044, 1, 1);
    params
}

pub(super) fn write_secret(path: &Path, text: &str) -> Result<(), AuthorityError> {
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    opened
        .and_then(|mut secret| secret.write_all(text.as_bytes()))
        .map_err(file(path))
}

fn read(path: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(path).map_err(file(path))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    let path = path.to_owned();
    move |source| AuthorityError::File { path, source }
}

fn malformed(path: &Path) -> impl FnOnce(rcgen::Error) -> AuthorityError {
    let path = path.to_owned();
    move |source| AuthorityError::Malformed { path, source }
}
