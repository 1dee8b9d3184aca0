//! A certificate authority of a test, and the files that a gateway reads.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use statuscheck::tls::TlsFiles;
use tempfile::TempDir;

/// An authority that signs certificates and revokes them.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key.
pub(crate) struct Leaf {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
    serial: SerialNumber,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A client's certificate with these URIs.
    pub(crate) fn client(&self, uris: &[&str]) -> Leaf {
        self.leaf(|params| {
            params.subject_alt_names = uris
                .iter()
                .map(|uri| SanType::URI((*uri).try_into().unwrap()))
                .collect();
        })
    }

    /// A gateway's certificate.
    pub(crate) fn gateway(&self) -> Leaf {
        self.leaf(|params| params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())])
    }

    pub(crate) fn leaf(&self, adjust: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let serial = SerialNumber::from(key.public_key_raw()[1..9].to_vec());
        let mut params = CertificateParams::default();
        params.serial_number = Some(serial.clone());
        adjust(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            serial,
        }
    }

    /// A list that is in date until July 2026, revoking these certificates.
    pub(crate) fn list(&self, revoked: &[&Leaf]) -> rcgen::CertificateRevocationList {
        let revoked = revoked.iter().map(|leaf| RevokedCertParams {
            serial_number: leaf.serial.clone(),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2026, 7, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)
        .unwrap()
    }
}

/// The gateway's files, in a directory of their own.
pub(crate) struct Folder {
    folder: TempDir,
    pub(crate) files: TlsFiles,
}

impl Folder {
    /// A gateway certificate, its authority as the clients' too, and no list.
    pub(crate) fn of(authority: &Authority) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let files = TlsFiles {
            certificate: path("gateway.pem"),
            key: path("gateway.key"),
            client_ca: path("clients.pem"),
            crl: Vec::new(),
        };
        let written = Self { folder, files };
        written.put_gateway(&authority.gateway());
        fs::write(&written.files.client_ca, authority.pem()).unwrap();
        written
    }

    /// Writes the gateway's certificate and key.
    pub(crate) fn put_gateway(&self, gateway: &Leaf) {
        fs::write(&self.files.certificate, &gateway.certificate_pem).unwrap();
        self.put_key(&gateway.key_pem, 0o600);
    }

    pub(crate) fn put_key(&self, pem: &str, mode: u32) {
        fs::write(&self.files.key, pem).unwrap();
        fs::set_permissions(&self.files.key, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Writes a list, and has the gateway read it.
    pub(crate) fn put_list(&mut self, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join("clients.crl");
        fs::write(&path, contents).unwrap();
        self.files.crl = vec![path.clone()];
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}
