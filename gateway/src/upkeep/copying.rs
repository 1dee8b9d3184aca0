//! A store copied into another, and the copy verified before it may be used.

use crate::audit::{self, Address, AuditError, Finding, StoreAt, Subject};
use crate::store::Location;
use crate::store::copy::{self, Copied, CopyError, Stage};
use crate::store::seal::Kek;

/// Why a store was not copied, or the copy is not to be used. A destination that was begun is left unfinished.
#[derive(Debug, thiserror::Error)]
pub enum CopyStoreError {
    /// It was not copied.
    #[error("the store was not copied")]
    Copy(#[from] CopyError),
    /// Nothing can be said about the copy's ledger.
    #[error("the copy cannot be verified")]
    Audit(#[from] AuditError),
    /// Look at the source with `statuscheck audit verify`.
    #[error("the copy's ledger is not intact: {0}")]
    NotIntact(Finding),
    /// The auditor counts other entries than were copied.
    #[error("{copied} entries were copied, and the auditor finds {found}")]
    Entries {
        /// How many were copied.
        copied: u64,
        /// How many there are.
        found: u64,
    },
    /// A fault of the program.
    #[error("the copy broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

/// What a copy is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It copies.
    Copying(Stage),
    /// It verifies what was copied.
    Verifying,
}

/// Copies the store `from` into the empty place `to`, whose ledger is then verified by the auditor; only after that can a
/// gateway open it. `progress` is told how many of how many are done.
///
/// # Errors
/// [`CopyStoreError`]
pub async fn copy_store(
    from: Location,
    to: Location,
    kek: Kek,
    mut progress: impl FnMut(Step, u64, u64) + Send + 'static,
) -> Result<Copied, CopyStoreError> {
    let copying = move || {
        let mut copying = |stage, done, of| progress(Step::Copying(stage), done, of);
        let unfinished = copy::copy(&from, &to, kek, &mut copying)?;
        let copied = unfinished.copied.entries;
        let subject = Subject {
            store: audited(&to),
            ..Subject::default()
        };
        progress(Step::Verifying, 0, copied);
        let verifying = |done, of| progress(Step::Verifying, done, of);
        let report = audit::verify(&subject, verifying)?;
        if let Some(finding) = report.findings.into_iter().next() {
            return Err(CopyStoreError::NotIntact(finding));
        }
        if report.entries != copied {
            let found = report.entries;
            return Err(CopyStoreError::Entries { copied, found });
        }
        Ok(unfinished.finish()?)
    };
    tokio::task::spawn_blocking(copying).await?
}

/// The store as the auditor is told of it.
fn audited(location: &Location) -> StoreAt {
    match location {
        Location::File(settings) => StoreAt::File(settings.path.clone()),
        Location::Database(settings) => StoreAt::Postgres(Address {
            url: settings.address.as_str().to_owned(),
            ca_file: settings.ca_file.clone(),
            password_file: settings.password_file.clone(),
            pass_file: None,
        }),
    }
}
