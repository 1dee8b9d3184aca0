//! Rotation of the key-encryption key, beside the work of the store.
//!
//! The order makes it safe to stop anywhere. The file gets the new key before anything is wrapped under it; it loses the
//! old one after nothing is wrapped under that any more. In between both are at hand, also after a restart.

use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, params};
use statuscheck_domain::ids::CaseId;

use super::EmbeddedStore;
use super::queue::Lane;
use super::tables::{self, Recorded, case_id};
use super::writer::Work;
use crate::store::rotation::{key_file, stage};
use crate::store::upkeep::{Rotated, RotationError};
use crate::store::{CommitError, HouseEntry, ReadError, Store as _};

/// Keys in one step of the writer: a fraction of a millisecond, so that no check waits for it noticeably.
const BATCH: usize = 256;

/// Wrapped keys that take the place of others.
pub(super) enum Rewrapped {
    /// Of cases: its place, as it was, as it shall be.
    Cases(Vec<(i64, Vec<u8>, Vec<u8>)>),
    /// The store's secret.
    Secret(Vec<u8>),
}

/// Writes them. A key that changed or went meanwhile is left as it is.
pub(super) fn write(connection: &Connection, rewrapped: &Rewrapped) -> rusqlite::Result<Recorded> {
    match rewrapped {
        Rewrapped::Cases(cases) => {
            let mut update = connection
                .prepare_cached("UPDATE case_keys SET wrapped = ?3 WHERE place = ?1 AND wrapped = ?2")?;
            for (place, old, new) in cases {
                update.execute(params![place, old, new])?;
            }
        }
        Rewrapped::Secret(secret) => {
            connection.execute("UPDATE store SET secret = ?1", [secret])?;
        }
    }
    Ok(Recorded::Done)
}

/// A wrapped key, where it lies and whose it is.
struct Kept {
    place: i64,
    case_id: CaseId,
    wrapped: Vec<u8>,
}

/// Up to `limit` wrapped keys after the place `after`, in order.
fn page(connection: &Connection, after: i64, limit: usize) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(
            "SELECT place, case_id, wrapped FROM case_keys
             WHERE place > ?1 AND wrapped <> zeroblob(length(wrapped)) ORDER BY place LIMIT ?2",
        )?
        .query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(Kept {
                place: row.get(0)?,
                case_id: case_id(row, 1)?,
                wrapped: row.get(2)?,
            })
        })?
        .collect()
}

pub(super) async fn rotate(store: &EmbeddedStore, entry: HouseEntry) -> Result<Rotated, RotationError> {
    let _alone = store
        .rotating
        .try_lock()
        .map_err(|_rotating| RotationError::Running)?;
    let sealer = Arc::clone(&store.sealer);
    key_file(&sealer, |sealer| sealer.kek().begin_rotation()).await?;
    // Whoever sealed under the old key before this line has its change in the writer's queue; whoever comes after seals
    // under the new one. The entry goes to the end of the queue, so once it is recorded, so are all before it.
    drop(store.sealing.write().unwrap_or_else(PoisonError::into_inner));
    let generation = sealer.kek().generation();
    store.note(stage(&entry, "begun", generation, 0)).await?;

    rewrap_secret(store).await?;
    let cases = rewrap_cases(store).await?;
    store.note(stage(&entry, "done", generation, cases)).await?;
    // A reader may hold what it read before it was wrapped anew.
    store.readers.pause().await;
    key_file(&sealer, |sealer| sealer.kek().end_rotation()).await?;
    Ok(Rotated { generation, cases })
}

async fn rewrap_secret(store: &EmbeddedStore) -> Result<(), RotationError> {
    let read = |connection: &Connection| tables::wrapped_secret(connection)?.ok_or(ReadError::Corrupt);
    let secret = store.readers.read(read).await?;
    if store.sealer.kek().is_current(&secret) {
        return Ok(());
    }
    let secret = store.sealer.rewrap_secret(secret).map_err(CommitError::from)?;
    Ok(patiently(store, Rewrapped::Secret(secret)).await?)
}

async fn rewrap_cases(store: &EmbeddedStore) -> Result<u64, RotationError> {
    let mut after = 0;
    let mut count = 0;
    loop {
        let keys = store
            .readers
            .read(move |connection| Ok(page(connection, after, BATCH)?))
            .await?;
        let Some(last) = keys.last() else {
            return Ok(count);
        };
        after = last.place;
        let sealer = &store.sealer;
        let cases = keys
            .into_iter()
            .filter(|kept| !sealer.kek().is_current(&kept.wrapped))
            .map(|kept| {
                let new = sealer.rewrap(kept.case_id, kept.wrapped.clone())?;
                Ok((kept.place, kept.wrapped, new))
            })
            .collect::<Result<Vec<_>, CommitError>>()?;
        if !cases.is_empty() {
            count += cases.len() as u64;
            patiently(store, Rewrapped::Cases(cases)).await?;
        }
    }
}

/// Waits for a place in the queue: a busy store is no reason to stop half-way.
async fn patiently(store: &EmbeddedStore, rewrapped: Rewrapped) -> Result<(), CommitError> {
    // They go behind: after the entry that begins a rotation, and waited for before the one that ends it.
    store.done(Lane::Behind, Work::Rewrap(rewrapped)).await
}
