//! The writer at work, on a thread of its own. Among the tasks of the checks, an answer of the server would wait until some of
//! them had sealed what they are to record, with the server idle meanwhile.

use std::thread::{Builder, JoinHandle};

use tokio::runtime;

use super::{DatabaseError, Writer};

/// A writer that was started.
pub(in crate::store::postgres) struct Running(JoinHandle<()>);

impl Writer {
    pub(in crate::store::postgres) fn start(self) -> Result<Running, DatabaseError> {
        let start = || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let thread = Builder::new().name("store-writer".to_owned());
            thread.spawn(move || runtime.block_on(Box::pin(self.run())))
        };
        let failed = |error: std::io::Error| DatabaseError::lost(&error.to_string());
        start().map(Running).map_err(failed)
    }
}

impl Running {
    /// Waits until it has ended.
    pub(in crate::store::postgres) async fn ended(self) {
        let joined = tokio::task::spawn_blocking(move || self.0.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the store's writer panicked");
        }
    }
}
