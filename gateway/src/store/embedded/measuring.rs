//! Courses: those of cases that are there are read from their entries by way of their shelves, those of purged ones from their
//! last entries.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, params};
use statuscheck_domain::ids::CaseId;

use super::tables::{self, case_id, key};
use super::{EmbeddedStore, shelves};
use crate::store::measuring::Found;
use crate::store::{CoursePage, CourseQuery, Measuring, ReadError};

/// Purged cases by their ids; a check writes nothing here.
pub(super) const SCHEMA: &str = "
    CREATE INDEX entries_purged ON entries (case_id) WHERE kind = 'purged';
";

#[async_trait]
impl Measuring for EmbeddedStore {
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError> {
        let sealer = Arc::clone(&self.sealer);
        let limit = query.limit.clamp(1, self.page_max);
        let read = move |connection: &_| {
            let found = found(connection, &query, limit)?;
            found.page(&query, &sealer, limit)
        };
        self.readers.counts.read(read).await
    }
}

fn found(connection: &Connection, query: &CourseQuery, limit: usize) -> Result<Found, ReadError> {
    let between = query.between();
    let mut kept = Vec::new();
    for id in shelves::under(connection, &query.agreement, between, limit)? {
        kept.push(tables::stored_case(connection, id)?.ok_or(ReadError::Corrupt)?);
    }
    Ok(Found {
        kept,
        purged: purged(connection, between, limit)?,
    })
}

fn purged(
    connection: &Connection,
    (after, to): (CaseId, CaseId),
    limit: usize,
) -> rusqlite::Result<Vec<(CaseId, Vec<u8>)>> {
    connection
        .prepare_cached(
            "SELECT case_id, payload FROM entries INDEXED BY entries_purged
             WHERE kind = 'purged' AND case_id > ?1 AND case_id <= ?2 ORDER BY case_id LIMIT ?3",
        )?
        .query_map(params![key(after), key(to), shelves::rows(limit)], |row| {
            Ok((case_id(row, 0)?, row.get(1)?))
        })?
        .collect()
}
