//! Rotation of the key-encryption key, beside the work of the store.
//!
//! The order makes it safe to stop anywhere. The file gets the new key before anything is wrapped under it; it loses the
//! old one after nothing is wrapped under that any more. In between both are at hand, also after a restart.
//!
//! Another gateway on the same database has the old key alone at hand, and could open nothing that is wrapped anew. So a
//! rotation is refused while there is one. Who starts meanwhile takes a chain first and reads the store's secret then;
//! here the secret is wrapped first and the chains are looked at after it. So either the newcomer is seen, or the newcomer
//! finds a secret that only the new key opens.

use std::sync::{Arc, PoisonError};

use statuscheck_domain::ids::CaseId;
use uuid::Uuid;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::tables::rows_max;
use super::work::{Rewrapped, Work};
use crate::store::rotation::{key_file, stage};
use crate::store::upkeep::{Rotated, RotationError};
use crate::store::{CommitError, HouseEntry, ReadError, Store as _};

/// Keys in one batch: a few milliseconds, so that no check waits for it noticeably.
const BATCH: usize = 256;

pub(super) async fn rotate(store: &PostgresStore, entry: HouseEntry) -> Result<Rotated, RotationError> {
    let _alone = store
        .rotating
        .try_lock()
        .map_err(|_rotating| RotationError::Running)?;
    alone(store).await?;
    let sealer = Arc::clone(&store.sealer);
    key_file(&sealer, |sealer| sealer.kek().begin_rotation()).await?;
    // Whoever sealed under the old key before this line has its change in the writer's queue; whoever comes after seals
    // under the new one. The entry goes to the end of the queue, so once it is recorded, so are all before it.
    drop(store.sealing.write().unwrap_or_else(PoisonError::into_inner));
    let generation = sealer.kek().generation();
    store.note(stage(&entry, "begun", generation, 0)).await?;

    rewrap_secret(store).await?;
    alone(store).await?;
    let cases = rewrap_cases(store).await?;
    store.note(stage(&entry, "done", generation, cases)).await?;
    // A reader may hold what it read before it was wrapped anew.
    store.readers.pause().await;
    key_file(&sealer, |sealer| sealer.kek().end_rotation()).await?;
    Ok(Rotated { generation, cases })
}

async fn alone(store: &PostgresStore) -> Result<(), RotationError> {
    let rows = store
        .readers
        .rows(
            "SELECT FROM statuscheck.chains WHERE holder <> $1 AND lease_until >= clock_timestamp() LIMIT 1",
            &[&store.holder],
        )
        .await?;
    if rows.is_empty() {
        Ok(())
    } else {
        Err(RotationError::Others)
    }
}

async fn rewrap_secret(store: &PostgresStore) -> Result<(), RotationError> {
    let rows = store
        .readers
        .rows("SELECT secret FROM statuscheck.store", &[])
        .await?;
    let row = rows.first().ok_or(ReadError::Corrupt)?;
    let secret: Vec<u8> = row.try_get(0).map_err(read_error)?;
    if store.sealer.kek().is_current(&secret) {
        return Ok(());
    }
    let secret = store.sealer.rewrap_secret(secret).map_err(CommitError::from)?;
    Ok(store.done(Work::Rewrap(Rewrapped::Secret(secret))).await?)
}

async fn rewrap_cases(store: &PostgresStore) -> Result<u64, RotationError> {
    let mut after = Uuid::nil();
    let mut count = 0;
    loop {
        let rows = store
            .readers
            .rows(
                "SELECT case_id, wrapped FROM statuscheck.case_keys WHERE case_id > $1 ORDER BY case_id LIMIT $2",
                &[&after, &rows_max(BATCH)],
            )
            .await?;
        let Some(last) = rows.last() else {
            return Ok(count);
        };
        after = last.try_get(0).map_err(read_error)?;
        let mut cases = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = CaseId(row.try_get(0).map_err(read_error)?);
            let old: Vec<u8> = row.try_get(1).map_err(read_error)?;
            if !store.sealer.kek().is_current(&old) {
                let anew = store.sealer.rewrap(id, old.clone()).map_err(CommitError::from)?;
                cases.push((id, old, anew));
            }
        }
        if !cases.is_empty() {
            count += cases.len() as u64;
            store.done(Work::Rewrap(Rewrapped::Cases(cases))).await?;
        }
    }
}

fn read_error(error: tokio_postgres::Error) -> ReadError {
    DatabaseError::from(error).into()
}
