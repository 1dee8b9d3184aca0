//! Departments' worklists: a row for each question that is or was on one.

use async_trait::async_trait;
use statuscheck_domain::ids::{CaseId, DepartmentId, QuestionId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::PostgresStore;
use super::fault::DatabaseError;
use super::readers::Readers;
use super::tables::rows_max;
use crate::store::rows::SealedChange;
use crate::store::{ReadError, WorkQuery, WorkRow, Worklists};

const PAGE: &str = "
    SELECT id, case_id, due FROM statuscheck.questions
    WHERE department = $1 AND due IS NOT NULL AND (due, id) > ($2, $3) ORDER BY due, id LIMIT $4";

const ONE: &str = "SELECT id, case_id, due FROM statuscheck.questions WHERE id = $1 AND department = $2";

const OF_CASES: &str = "
    SELECT id, case_id, due FROM statuscheck.questions WHERE case_id = ANY ($1) AND department = $2 ORDER BY id";

/// Questions that stand otherwise after a batch, a column each.
#[derive(Default)]
pub(super) struct Listing {
    ids: Vec<Uuid>,
    cases: Vec<Uuid>,
    departments: Vec<&'static str>,
    dues: Vec<Option<i64>>,
}

impl Listing {
    /// Adds those of `change`.
    pub(super) fn add(&mut self, change: &SealedChange) {
        for question in &change.listed {
            self.ids.push(question.id.0);
            self.cases.push(change.case_id.0);
            self.departments.push(question.department.as_str());
            self.dues.push(question.due);
        }
    }

    /// Runs `statement` on them, unless there are none.
    pub(super) async fn run(
        &self,
        client: &Client,
        statement: &Statement,
    ) -> Result<Vec<Row>, DatabaseError> {
        if self.ids.is_empty() {
            return Ok(Vec::new());
        }
        let columns: [&(dyn ToSql + Sync); 4] = [&self.ids, &self.cases, &self.departments, &self.dues];
        Ok(client.query(statement, &columns).await?)
    }
}

/// A page of a worklist, at most `limit`.
pub(super) async fn page(
    readers: &Readers,
    query: &WorkQuery,
    limit: usize,
) -> Result<Vec<WorkRow>, ReadError> {
    let (due, id) = query.start();
    let department = query.department.as_str();
    let values: [&(dyn ToSql + Sync); 4] = [&department, &due, &id.0, &rows_max(limit)];
    readers.rows(PAGE, &values).await?.iter().map(row).collect()
}

/// One question of a department.
pub(super) async fn one(
    readers: &Readers,
    department: DepartmentId,
    id: QuestionId,
) -> Result<Option<WorkRow>, ReadError> {
    let rows = readers.rows(ONE, &[&id.0, &department.as_str()]).await?;
    rows.first().map(row).transpose()
}

/// A department's questions of some cases.
pub(super) async fn of_cases(
    readers: &Readers,
    department: DepartmentId,
    cases: &[CaseId],
) -> Result<Vec<WorkRow>, ReadError> {
    let cases: Vec<_> = cases.iter().map(|id| id.0).collect();
    let rows = readers.rows(OF_CASES, &[&cases, &department.as_str()]).await?;
    rows.iter().map(row).collect()
}

fn row(row: &Row) -> Result<WorkRow, ReadError> {
    let read = || {
        let id = QuestionId(row.try_get(0)?);
        Ok::<_, DatabaseError>((id, CaseId(row.try_get(1)?), row.try_get(2)?))
    };
    let (id, case_id, due) = read()?;
    WorkRow::of(id, case_id, due)
}

#[async_trait]
impl Worklists for PostgresStore {
    async fn worklist(&self, query: WorkQuery) -> Result<Vec<WorkRow>, ReadError> {
        let limit = query.limit.clamp(1, self.limits.page_max);
        page(&self.readers, &query, limit).await
    }

    async fn question(&self, department: DepartmentId, id: QuestionId) -> Result<Option<WorkRow>, ReadError> {
        one(&self.readers, department, id).await
    }

    async fn questions_of(
        &self,
        department: DepartmentId,
        cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError> {
        of_cases(&self.readers, department, cases).await
    }
}
