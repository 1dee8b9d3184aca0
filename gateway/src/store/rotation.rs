//! What rotations of the key-encryption key have in common on every engine.

use std::sync::Arc;

use super::key_file::KeyFileError;
use super::sealed::Sealer;
use super::upkeep::RotationError;
use super::{CommitError, HouseEntry};

/// Changes the key file, away from the runtime's own threads.
pub(super) async fn key_file(
    sealer: &Arc<Sealer>,
    change: fn(&Sealer) -> Result<(), KeyFileError>,
) -> Result<(), RotationError> {
    let sealer = Arc::clone(sealer);
    tokio::task::spawn_blocking(move || change(&sealer))
        .await
        .map_err(|_panicked| RotationError::Commit(CommitError::Unavailable))?
        .map_err(RotationError::KeyFile)
}

/// `entry` as the entry of one stage of a rotation to the key `generation`, with so many `cases` behind it.
pub(super) fn stage(entry: &HouseEntry, stage: &str, generation: u32, cases: u64) -> HouseEntry {
    let mut entry = entry.clone();
    entry.details.insert("stage".to_owned(), stage.into());
    entry.details.insert("generation".to_owned(), generation.into());
    entry.details.insert("cases".to_owned(), cases.into());
    entry
}
