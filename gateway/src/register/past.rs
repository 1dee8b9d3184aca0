//! The register as it was.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};
use statuscheck_domain::agreement::Register;

use super::change::{ChangeError, RegisterChanges};
use super::parse_whole;

impl RegisterChanges {
    /// The register that was in force at `time`: the version that was applied last by then, or the files that this gateway was
    /// started with where there was none.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub(crate) async fn as_of(&self, time: Timestamp) -> Result<Arc<Register>, ChangeError> {
        let served = self.served().now();
        if served.applied_at().is_some_and(|applied_at| applied_at <= time) {
            return Ok(Arc::clone(&served.register));
        }
        let before = time.saturating_add(1.nanosecond()).unwrap_or(time);
        let Some(applied) = self.versions(Some(before), 1).await?.pop() else {
            return Ok(self.served().files());
        };
        let reading = tokio::task::spawn_blocking(move || parse_whole(&applied.details.register));
        Ok(Arc::new(reading.await??))
    }
}
