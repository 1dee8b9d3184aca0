//! Courses: those of cases that are there are read from their entries, those of purged ones from their last entries.

use std::sync::Arc;

use async_trait::async_trait;
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::CaseId;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::tables::{self, rows_max};
use crate::store::measuring::Found;
use crate::store::{CoursePage, CourseQuery, Measuring, ReadError};

const PURGED: &str = "
    SELECT case_id, payload FROM statuscheck.entries
    WHERE kind = 'purged' AND case_id > $1 AND case_id <= $2 ORDER BY case_id LIMIT $3";

#[async_trait]
impl Measuring for PostgresStore {
    async fn courses(&self, query: CourseQuery) -> Result<CoursePage, ReadError> {
        let limit = query.limit.clamp(1, self.limits.page_max);
        let (after, to) = query.between();
        let kinds = CheckKind::ALL.map(CheckKind::as_str).to_vec();
        let kept = tables::under(&self.readers, (&query.agreement, kinds), (after, to), limit).await?;
        let values: [&(dyn ToSql + Sync); 3] = [&after.0, &to.0, &rows_max(limit)];
        let rows = self.readers.rows(PURGED, &values).await?;
        let found = Found {
            kept,
            purged: rows.iter().map(purged).collect::<Result<_, _>>()?,
        };
        let sealer = Arc::clone(&self.sealer);
        // Several thousand entries are to be opened: too long for a thread that others wait for.
        tokio::task::spawn_blocking(move || found.page(&query, &sealer, limit))
            .await
            .map_err(|_panicked| ReadError::Unavailable)?
    }
}

fn purged(row: &Row) -> Result<(CaseId, Vec<u8>), DatabaseError> {
    Ok((CaseId(row.try_get(0)?), row.try_get(1)?))
}
