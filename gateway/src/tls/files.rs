//! The files behind the door's keys: reading them, and saying which one is wrong and how.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use x509_parser::error::X509Error;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};
use zeroize::Zeroizing;

/// The most that is read of one file: a revocation list of half a million entries is under this.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Mode bits that a private key must not have: all that 0640 has not.
const KEY_MODE_REFUSED: u32 = 0o777 & !0o640;

/// Where certificates and keys lie. Certificates and the key are PEM; a list is PEM (one or several) or DER.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The gateway's certificate, then its intermediates.
    pub certificate: PathBuf,
    /// The private key of that certificate; mode 0600 or 0640, or stricter.
    pub key: PathBuf,
    /// The authorities that sign our clients' certificates.
    pub client_ca: PathBuf,
    /// Their revocation lists. Empty: revocation is not checked. Otherwise each authority needs a list, and so does
    /// each intermediate authority that clients present.
    pub crl: Vec<PathBuf>,
}

/// A file of [`TlsFiles`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TlsFile {
    /// The gateway's certificate.
    Certificate,
    /// Its private key.
    Key,
    /// The clients' authorities.
    ClientCa,
    /// A revocation list.
    Crl,
}

impl fmt::Display for TlsFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Certificate => "gateway certificate",
            Self::Key => "private key",
            Self::ClientCa => "client authorities",
            Self::Crl => "revocation list",
        })
    }
}

/// A file that cannot be used. Says which and why, and never what stands in it.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{file} {}: {fault}", path.display())]
pub struct TlsError {
    /// Which of the files.
    pub file: TlsFile,
    /// Where it lies.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: TlsFault,
}

/// What is wrong with a file.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum TlsFault {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The file is there and cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// Over 32 MiB.
    #[error("is larger than 32 MiB")]
    TooLarge,
    /// The key's mode lets others read it, or the group change it; holds the mode.
    #[error("has mode {0:04o}; set 0600, or 0640 for a group that may read it")]
    ReadableByOthers(u32),
    /// Nothing of the kind stands in the file.
    #[error("has none in it; expected PEM")]
    Empty,
    /// Something of the kind stands in the file and does not parse.
    #[error("has one in it that cannot be parsed")]
    Malformed,
    /// The private key belongs to another certificate.
    #[error("does not fit the gateway certificate")]
    KeyDoesNotFit,
    /// The TLS library refuses it.
    #[error("is refused: {0}")]
    Refused(rustls::Error),
    /// The list's next update was due; get a newer one.
    #[error("is out of date")]
    OutOfDate,
    /// The list's signature is not that of the authority it names.
    #[error("is not signed by its authority")]
    NotSigned,
    /// Lists are kept, and an authority has none: all its clients would be refused.
    #[error("has an authority without a revocation list")]
    NoListForAuthority,
}

/// The files' bytes, of one reading.
pub(super) struct Contents {
    files: TlsFiles,
    certificate: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
    client_ca: Zeroizing<Vec<u8>>,
    pub(super) lists: Vec<(PathBuf, CertificateRevocationListDer<'static>)>,
    /// SHA-256 over all of them.
    pub(super) digest: [u8; 32],
}

impl TlsFiles {
    /// Reads all files. Blocks.
    pub(super) fn read(self) -> Result<Contents, TlsError> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut bytes_of = |file: TlsFile, path: &Path| {
            let bytes = read_file(file, path).map_err(|fault| error(file, path, fault))?;
            // With its length first, so that no two sets of files run together alike.
            hash.update(&bytes.len().to_be_bytes());
            hash.update(&bytes);
            Ok::<_, TlsError>(bytes)
        };
        let certificate = bytes_of(TlsFile::Certificate, &self.certificate)?;
        let key = bytes_of(TlsFile::Key, &self.key)?;
        let client_ca = bytes_of(TlsFile::ClientCa, &self.client_ca)?;
        let mut lists = Vec::new();
        for path in &self.crl {
            let bytes = bytes_of(TlsFile::Crl, path)?;
            let found = lists_in(&bytes).map_err(|fault| error(TlsFile::Crl, path, fault))?;
            lists.extend(found.into_iter().map(|list| (path.clone(), list)));
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(hash.finish().as_ref());
        Ok(Contents {
            files: self,
            certificate,
            key,
            client_ca,
            lists,
            digest,
        })
    }
}

impl Contents {
    /// The gateway's chain and key.
    pub(super) fn identity(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let chain = certificates_in(&self.certificate)
            .map_err(|fault| error(TlsFile::Certificate, &self.files.certificate, fault))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_no_key| error(TlsFile::Key, &self.files.key, TlsFault::Empty))?;
        Ok((chain, key))
    }

    /// The clients' authorities.
    pub(super) fn authorities(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in self.authority_certificates()? {
            roots
                .add(authority)
                .map_err(|_not_usable| self.ca_fault(TlsFault::Malformed))?;
        }
        Ok(roots)
    }

    /// Looks at the revocation lists: each in date at `now`, and one for each authority at least. Gives the earliest
    /// next update.
    pub(super) fn check_lists(&self, now: Timestamp) -> Result<Option<Timestamp>, TlsError> {
        let mut parsed = Vec::new();
        let mut earliest: Option<Timestamp> = None;
        for (path, der) in &self.lists {
            let Ok((_, list)) = CertificateRevocationList::from_der(der) else {
                return Err(error(TlsFile::Crl, path, TlsFault::Malformed));
            };
            // RFC 5280, section 5.1.2.5: a list must say when the next is due.
            let due = list
                .next_update()
                .and_then(|time| Timestamp::from_second(time.timestamp()).ok())
                .ok_or_else(|| error(TlsFile::Crl, path, TlsFault::Malformed))?;
            if due <= now {
                return Err(error(TlsFile::Crl, path, TlsFault::OutOfDate));
            }
            earliest = Some(earliest.map_or(due, |other| other.min(due)));
            parsed.push((path, list));
        }
        if !parsed.is_empty() {
            for der in self.authority_certificates()? {
                self.check_covered(&der, &parsed)?;
            }
        }
        Ok(earliest)
    }

    fn check_covered(
        &self,
        der: &CertificateDer<'_>,
        lists: &[(&PathBuf, CertificateRevocationList<'_>)],
    ) -> Result<(), TlsError> {
        let Ok((_, authority)) = X509Certificate::from_der(der) else {
            return Err(self.ca_fault(TlsFault::Malformed));
        };
        let mut fault = None;
        for (path, list) in lists {
            if list.issuer().as_raw() != authority.subject().as_raw() {
                continue;
            }
            match list.verify_signature(authority.public_key()) {
                // The TLS library knows more algorithms than the parser, and has the last word.
                Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => return Ok(()),
                // Another authority may have the same name while keys are rolled over.
                Err(_) => fault = Some(error(TlsFile::Crl, path, TlsFault::NotSigned)),
            }
        }
        Err(fault.unwrap_or_else(|| self.ca_fault(TlsFault::NoListForAuthority)))
    }

    /// The error for a key or certificate that the TLS library refuses.
    pub(super) fn unusable_key(&self, source: rustls::Error) -> TlsError {
        match source {
            rustls::Error::InconsistentKeys(_) => {
                error(TlsFile::Key, &self.files.key, TlsFault::KeyDoesNotFit)
            }
            rustls::Error::InvalidCertificate(_) => error(
                TlsFile::Certificate,
                &self.files.certificate,
                TlsFault::Refused(source),
            ),
            other => error(TlsFile::Key, &self.files.key, TlsFault::Refused(other)),
        }
    }

    /// The error for a list that the TLS library refuses: delta and indirect lists, and those of version 1.
    pub(super) fn unusable_list(&self, path: &Path) -> TlsError {
        error(TlsFile::Crl, path, TlsFault::Malformed)
    }

    fn authority_certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        certificates_in(&self.client_ca).map_err(|fault| self.ca_fault(fault))
    }

    pub(super) fn ca_fault(&self, fault: TlsFault) -> TlsError {
        error(TlsFile::ClientCa, &self.files.client_ca, fault)
    }
}

fn error(file: TlsFile, path: &Path, fault: TlsFault) -> TlsError {
    let path = path.to_owned();
    TlsError { file, path, fault }
}

fn read_file(file: TlsFile, path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsFault> {
    let unreadable = |source: io::Error| TlsFault::Unreadable(source.kind());
    let opened = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => TlsFault::Missing,
        kind => TlsFault::Unreadable(kind),
    })?;
    if file == TlsFile::Key {
        // Of the opened file, not of the path, which may be exchanged in between.
        let mode = opened.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & KEY_MODE_REFUSED != 0 {
            return Err(TlsFault::ReadableByOthers(mode));
        }
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let read = opened
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(TlsFault::TooLarge);
    }
    Ok(bytes)
}

fn certificates_in(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_bad_pem| TlsFault::Malformed)?;
    if found.is_empty() {
        return Err(TlsFault::Empty);
    }
    Ok(found)
}

/// Authorities publish lists in DER (RFC 5280, section 4.2.1.13), which begins with a SEQUENCE; PEM never does.
fn lists_in(bytes: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFault> {
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(vec![bytes.to_vec().into()]);
    }
    let found: Vec<_> = CertificateRevocationListDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|_bad_pem| TlsFault::Malformed)?;
    if found.is_empty() {
        return Err(TlsFault::Empty);
    }
    Ok(found)
}

/// When a certificate ends.
pub(super) fn expires_at(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
