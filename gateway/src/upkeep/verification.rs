//! The ledger looked over while the gateway runs, and told in the ledger itself.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Housekeeping;
use crate::audit::{self, AuditError, Report, Subject};
use crate::store::{CommitError, HouseEntry, HouseKind};

/// Why the ledger was not looked over, or not told of.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Wait for the other look: each reads the whole ledger, and there is one at a time.
    #[error("the ledger is being verified already")]
    Running,
    /// Nothing can be said about the ledger.
    #[error("the ledger cannot be verified")]
    Audit(#[from] AuditError),
    /// A fault of the auditor.
    #[error("the audit broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
    /// What was found cannot be recorded; it is in the log.
    #[error("what was found cannot be recorded")]
    Commit(#[from] CommitError),
}

impl Housekeeping {
    /// Looks over the ledger of `subject`, or the part that it names, on a connection of its own, and records what came of
    /// it.
    ///
    /// # Errors
    /// [`VerifyError`]
    pub async fn verify_ledger(&self, actor: &str, subject: Subject) -> Result<Report, VerifyError> {
        let alone = Arc::clone(&self.verifying)
            .try_lock_owned()
            .map_err(|_verifying| VerifyError::Running)?;
        let mut details = asked(&subject);
        let verifying = move || {
            // Held by the work itself, which goes on when nobody waits for it any more.
            let _alone = alone;
            audit::verify(&subject, |_done, _of| {})
        };
        let report = tokio::task::spawn_blocking(verifying).await??;
        if let Some(finding) = report.findings.first() {
            tracing::error!(%finding, findings = report.findings.len(), "the ledger is not intact");
        }
        details.insert("intact".to_owned(), report.is_intact().into());
        details.insert("exit_code".to_owned(), report.exit_code().into());
        details.insert("entries".to_owned(), report.entries.into());
        let entry = HouseEntry {
            details,
            ..self.entry(HouseKind::LedgerVerified, actor, [])
        };
        self.store.note(entry).await?;
        Ok(report)
    }
}

/// The part that was asked for.
fn asked(subject: &Subject) -> Map<String, Value> {
    let chain = subject.chain.map(|chain| Value::from(chain.to_string()));
    let parts = [
        ("chain", chain),
        ("from", subject.from.map(Value::from)),
        ("to", subject.to.map(Value::from)),
    ];
    let given = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}
