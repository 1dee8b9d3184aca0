//! TLS with client certificates, as DWP demands it, and without, as receivers of hooks speak it.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::settings::{ServerTls, TlsSettings};

/// What is wrong with TLS files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The server's certificate cannot be read.
    #[error("the certificate cannot be read")]
    Certificate(#[source] pem::Error),
    /// The server's key cannot be read.
    #[error("the key cannot be read")]
    Key(#[source] pem::Error),
    /// The file of client authorities cannot be read.
    #[error("the client authorities cannot be read")]
    ClientCa(#[source] pem::Error),
    /// There is no usable client authority.
    #[error("the client authorities cannot be used")]
    Verifier(#[from] VerifierBuilderError),
    /// Certificate and key do not fit each other, or a certificate is not one.
    #[error("the certificate or the key cannot be used")]
    Rustls(#[from] rustls::Error),
}

/// Accepts connections of clients whose certificate one of the authorities issued.
pub(crate) fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (certificates, key) = identity(&settings.certificate, &settings.key)?;
    let mut authorities = RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(&settings.client_ca).map_err(TlsError::ClientCa)? {
        authorities.add(authority.map_err(TlsError::ClientCa)?)?;
    }
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider.clone()).build()?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(certificates, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections of anybody.
pub(crate) fn open_acceptor(settings: &ServerTls) -> Result<TlsAcceptor, TlsError> {
    let (certificates, key) = identity(&settings.certificate, &settings.key)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn identity(
    certificate: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let certificates = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(TlsError::Certificate)?;
    Ok((
        certificates,
        PrivateKeyDer::from_pem_file(key).map_err(TlsError::Key)?,
    ))
}
