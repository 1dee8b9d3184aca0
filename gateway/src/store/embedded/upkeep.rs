//! The upkeep of the embedded store.

use std::sync::Arc;

use async_trait::async_trait;
use statuscheck_domain::case::Case;
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::subject::Identity;

use super::EmbeddedStore;
use super::checkpoints::emptied;
use super::opening::connect;
use super::queue::Lane;
use super::retained::{self, Hold};
use super::tables;
use super::writer::Work;
use super::{rotation, shelves};
use crate::store::rows::Note;
use crate::store::upkeep::{ClosedCase, ClosedQuery, OpenQuery, Rotated, RotationError, Terms, Upkeep};
use crate::store::{CommitError, HouseEntry, ReadError};

#[async_trait]
impl Upkeep for EmbeddedStore {
    async fn terms(&self) -> Result<Vec<Terms>, ReadError> {
        self.readers.read(shelves::terms).await
    }

    async fn closed(&self, query: ClosedQuery) -> Result<Vec<ClosedCase>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        self.readers
            .read(move |connection| shelves::closed(connection, &query, limit))
            .await
    }

    async fn open(&self, query: OpenQuery) -> Result<Vec<CaseId>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        self.readers
            .read(move |connection| Ok(shelves::open(connection, &query, limit)?))
            .await
    }

    async fn set_hold(&self, case_id: CaseId, held: bool, entry: HouseEntry) -> Result<(), CommitError> {
        let hold = Hold {
            case_id,
            held,
            note: Note::of(&entry)?,
        };
        self.done(Lane::Calls, Work::Hold(hold)).await
    }

    async fn about(&self, identities: &[Identity], limit: usize) -> Result<Vec<Case>, ReadError> {
        let sealer = Arc::clone(&self.sealer);
        let digests: Vec<_> = identities
            .iter()
            .map(|identity| sealer.subject(identity))
            .collect();
        let read = move |connection: &_| {
            let mut found = Vec::new();
            for id in retained::about(connection, &digests, limit)? {
                let stored = tables::stored_case(connection, id)?.ok_or(ReadError::Corrupt)?;
                found.push(sealer.open(stored)?);
            }
            Ok(found)
        };
        self.readers.read(read).await
    }

    async fn empty_log(&self) -> Result<bool, ReadError> {
        // A reader that began before a purge may have put the key at hand again after it.
        self.readers.pause().await;
        self.sealer.forget_all();
        let path = self.path.clone();
        // On a connection of its own: the writer goes on with what waits as soon as the file is free.
        let emptying = move || Ok(emptied(&connect(&path)?)?);
        tokio::task::spawn_blocking(emptying)
            .await
            .map_err(|_panicked| ReadError::Unavailable)?
    }

    async fn rotate_keys(&self, entry: HouseEntry) -> Result<Rotated, RotationError> {
        rotation::rotate(self, entry).await
    }
}
