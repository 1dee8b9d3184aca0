//! What can be wrong with a configuration.

use std::io;
use std::path::PathBuf;

use statuscheck_adapters::ConnectError;
use statuscheck_domain::ids::DepartmentId;

use super::calendar::CalendarError;
use crate::audit::AuditError;
use crate::peer::TrustDomainError;
use crate::register::RegisterError;
use crate::store::embedded::OpenError;
use crate::store::key_file::KeyFileError;
use crate::store::postgres::{AddressError, OpenError as DatabaseOpenError};
use crate::store::signing::SigningKeyError;
use crate::telemetry::ExportError;
use crate::tls::TlsError;
use crate::webhook::{CourierError, NotAllowed, SecretError};

/// What is wrong with a configuration, by the section where it is mended; the cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML of this shape.
    #[error("{path}: does not parse")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// A figure with which nobody could be served.
    #[error("{key}: {fault}")]
    Figure {
        /// The key, with its section.
        key: &'static str,
        /// What it must be.
        fault: &'static str,
    },
    /// `trust_domain`
    #[error("trust_domain")]
    TrustDomain(#[source] TrustDomainError),
    /// `departments`
    #[error("departments.{name}: is no department; use home-office, dwp, hmrc or dfe")]
    UnknownDepartment {
        /// The key.
        name: String,
    },
    /// One department under two spellings of its name.
    #[error("departments.{name}: {department} has a section already")]
    RepeatedDepartment {
        /// The key.
        name: String,
        /// Which it means.
        department: DepartmentId,
    },
    /// One department's section.
    #[error("departments.{department}")]
    Department {
        /// Which.
        department: DepartmentId,
        /// Why.
        source: ConnectError,
    },
    /// `tls`
    #[error("tls")]
    Tls(#[source] TlsError),
    /// `register`
    #[error("register")]
    Register(#[source] RegisterError),
    /// `webhooks`
    #[error("webhooks")]
    Webhooks(#[source] CourierError),
    /// An address that nothing may be sent to.
    #[error("{webhook}: url")]
    WebhookAddress {
        /// Whose, and where it is named.
        webhook: String,
        /// Why.
        source: NotAllowed,
    },
    /// A secret that is named, and that cannot be used.
    #[error("{webhook}: secret_files")]
    WebhookSecret {
        /// Whose, and where it is named.
        webhook: String,
        /// Why.
        source: SecretError,
    },
    /// Variables of the environment that begin with `OTEL_`
    #[error("what is to be sent by the variables OTEL_*")]
    Exports(#[source] ExportError),
    /// `calendar`
    #[error("calendar")]
    Calendar(#[source] CalendarError),
    /// `store.key_file`
    #[error("store.key_file")]
    Key(#[source] KeyFileError),
    /// `store.signing_key_file`
    #[error("store.signing_key_file")]
    SigningKey(#[source] SigningKeyError),
    /// `store.former_public_keys`
    #[error("store.former_public_keys")]
    FormerKey(#[source] AuditError),
    /// `store.checkpoint_every`
    #[error("store.checkpoint_every: must be more than nothing and at most 60s")]
    CheckpointEvery,
    /// `store.anchor`
    #[error("store.anchor: {path} is no folder")]
    Anchor {
        /// What was given.
        path: PathBuf,
    },
    /// `store`: neither a file nor a database, or both.
    #[error("store: give either path, for a file, or url, for a PostgreSQL database")]
    StorePlace,
    /// `store.path`
    #[error("store.path")]
    Store(#[source] OpenError),
    /// `store.url`, as it is written
    #[error("store.url")]
    StoreUrl(#[source] AddressError),
    /// `store.url`: the database there, or the way to it
    #[error("store.url")]
    Database(#[source] DatabaseOpenError),
    /// `store.path`: the file may be missing, its folder may not.
    #[error("store.path: {folder} is no folder; make it, for the gateway's user alone")]
    StoreFolder {
        /// Where the store should lie.
        folder: PathBuf,
    },
}
