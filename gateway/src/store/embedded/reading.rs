//! Cases, and their keys, as they are read on a connection.

use std::sync::Arc;

use rusqlite::Connection;
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::CaseId;

use super::{EmbeddedStore, tables};
use crate::store::ReadError;
use crate::store::seal::DataKey;

impl EmbeddedStore {
    /// The key of a case, at hand or unwrapped; none where there is no such case.
    pub(super) async fn key_of(&self, case_id: CaseId) -> Result<Option<Arc<DataKey>>, ReadError> {
        if let Some(key) = self.sealer.key(case_id) {
            return Ok(Some(key));
        }
        let sealer = Arc::clone(&self.sealer);
        let unwrap = move |connection: &Connection| {
            let wrapped = tables::wrapped_key(connection, case_id)?;
            Ok(wrapped
                .map(|wrapped| sealer.unwrap_key(case_id, wrapped))
                .transpose()?)
        };
        self.readers.read(unwrap).await
    }

    /// Several cases in one reading, for who takes up what is due: one turn of a connection, one hand-over to its thread and back. One that is damaged holds up
    /// none of the others.
    pub(super) async fn read_several(&self, ids: &[CaseId]) -> Vec<Result<Option<Case>, ReadError>> {
        let (sealer, wanted) = (Arc::clone(&self.sealer), ids.to_vec());
        let read = move |connection: &Connection| {
            let one = |id| {
                let stored = tables::stored_case(connection, id)?;
                stored.map(|stored| sealer.open(stored)).transpose()
            };
            Ok(wanted.into_iter().map(one).collect::<Vec<_>>())
        };
        let read = self.readers.due.read(read).await;
        read.unwrap_or_else(|error| ids.iter().map(|_| Err(error)).collect())
    }
}
