//! Notices that receivers have not taken: a row for each that waits or is parked.

use async_trait::async_trait;
use statuscheck_domain::ids::{CaseId, NoticeId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::statements::Statements;
use super::tables::rows_max;
use crate::store::hooks::Found;
use crate::store::rows::{HookedRow, SealedChange};
use crate::store::{HookQuery, HookRow, Hooks, ReadError};

const PAGE: &str = "
    SELECT id, case_id, receiver, happening, attempts, next, fault FROM statuscheck.hooks
    WHERE id > $1 ORDER BY id LIMIT $2";

const PARKED_PAGE: &str = "
    SELECT id, case_id, receiver, happening, attempts, next, fault FROM statuscheck.hooks
    WHERE next IS NULL AND id > $1 ORDER BY id LIMIT $2";

const ONE: &str = "
    SELECT id, case_id, receiver, happening, attempts, next, fault FROM statuscheck.hooks WHERE id = $1";

/// Of notices as they are to stand, how many rows are not there, and how many there should be.
pub(super) const MISSING: &str = "
    WITH posted AS (
        SELECT * FROM unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[]
        ) AS posted (id, case_id, receiver, happening, attempts, next, fault)
    )
    SELECT (SELECT count(*) FROM (
                SELECT id, case_id, receiver, happening, attempts, next, fault FROM posted
                EXCEPT
                SELECT id, case_id, receiver, happening, attempts, next, fault FROM statuscheck.hooks
                WHERE id = ANY ($1)
            ) AS missing),
           (SELECT count(*) FROM posted)";

/// Notices that stand otherwise after a batch: those that are left, a column each, and those that were taken.
#[derive(Default)]
pub(super) struct Posting {
    ids: Vec<Uuid>,
    cases: Vec<Uuid>,
    receivers: Vec<String>,
    happenings: Vec<&'static str>,
    attempts: Vec<i64>,
    nexts: Vec<Option<i64>>,
    faults: Vec<Option<String>>,
    taken: Vec<Uuid>,
}

impl Posting {
    /// Adds those of `change`.
    pub(super) fn add(&mut self, change: &SealedChange) {
        for hooked in &change.hooked {
            match hooked {
                HookedRow::Taken(id) => self.taken.push(id.0),
                HookedRow::Left(posted) => {
                    self.ids.push(posted.id.0);
                    self.cases.push(change.case_id.0);
                    self.receivers.push(posted.receiver.to_string());
                    self.happenings.push(posted.happening);
                    self.attempts.push(posted.attempts);
                    self.nexts.push(posted.next);
                    self.faults.push(posted.fault());
                }
            }
        }
    }

    /// Writes them, unless there are none.
    pub(super) async fn write(&self, client: &Client, statements: &Statements) -> Result<(), DatabaseError> {
        let taken = async {
            if self.taken.is_empty() {
                return Ok(());
            }
            client.execute(&statements.taken, &[&self.taken]).await.map(drop)
        };
        let (taken, left) = tokio::join!(taken, self.run(client, &statements.post));
        taken?;
        left?;
        Ok(())
    }

    /// Runs `statement` on those that are left, unless there are none.
    pub(super) async fn run(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        if self.ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns: [&(dyn ToSql + Sync); 7] = [
            &self.ids,
            &self.cases,
            &self.receivers,
            &self.happenings,
            &self.attempts,
            &self.nexts,
            &self.faults,
        ];
        Ok(client.query(statement, &columns).await?)
    }
}

fn row(row: &Row) -> Result<HookRow, ReadError> {
    let read = || {
        Ok::<_, DatabaseError>(Found {
            id: NoticeId(row.try_get(0)?),
            case_id: CaseId(row.try_get(1)?),
            receiver: row.try_get(2)?,
            happening: row.try_get(3)?,
            attempts: row.try_get(4)?,
            next: row.try_get(5)?,
            fault: row.try_get(6)?,
        })
    };
    read()?.row()
}

#[async_trait]
impl Hooks for PostgresStore {
    async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError> {
        let limit = query.limit.clamp(1, self.limits.page_max);
        let statement = if query.parked_only { PARKED_PAGE } else { PAGE };
        let values: [&(dyn ToSql + Sync); 2] = [&query.start().0, &rows_max(limit)];
        self.readers
            .rows(statement, &values)
            .await?
            .iter()
            .map(row)
            .collect()
    }

    async fn hook(&self, id: NoticeId) -> Result<Option<HookRow>, ReadError> {
        let rows = self.readers.rows(ONE, &[&id.0]).await?;
        rows.first().map(row).transpose()
    }
}
