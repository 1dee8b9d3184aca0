//! Departments' worklists: a row for each question that is or was on one. A check that is answered in its call has none.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use statuscheck_domain::ids::{CaseId, DepartmentId, QuestionId};
use uuid::Uuid;

use super::EmbeddedStore;
use super::tables::{case_id, key};
use crate::store::rows::ListedRow;
use crate::store::{ReadError, WorkQuery, WorkRow, Worklists};

pub(super) const SCHEMA: &str = "
    CREATE TABLE questions (
        case_id BLOB NOT NULL,
        id BLOB NOT NULL,
        department TEXT NOT NULL,
        due INTEGER,
        PRIMARY KEY (case_id, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX questions_by_due ON questions (department, due, id) WHERE due IS NOT NULL;
    CREATE INDEX questions_by_id ON questions (id);
";

/// Writes into `table` how questions of a case stand.
pub(super) fn write(
    connection: &Connection,
    table: &str,
    case: CaseId,
    listed: &[ListedRow],
) -> rusqlite::Result<()> {
    for question in listed {
        connection
            .prepare_cached(&format!(
                "INSERT INTO {table} (id, case_id, department, due) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (case_id, id) DO UPDATE SET due = excluded.due"
            ))?
            .execute(params![
                question.id.0.as_bytes(),
                key(case),
                question.department.as_str(),
                question.due
            ])?;
    }
    Ok(())
}

/// Removes the questions of a case.
pub(super) fn remove(connection: &Connection, case: CaseId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM questions WHERE case_id = ?1")?
        .execute([key(case)])?;
    Ok(())
}

/// A page of a worklist, at most `limit`.
pub(super) fn page(
    connection: &Connection,
    query: &WorkQuery,
    limit: usize,
) -> Result<Vec<WorkRow>, ReadError> {
    let (due, id) = query.start();
    let mut statement = connection.prepare_cached(
        "SELECT id, case_id, due FROM questions
         WHERE department = ?1 AND due IS NOT NULL AND (due, id) > (?2, ?3) ORDER BY due, id LIMIT ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = params![query.department.as_str(), due, id.0.as_bytes(), limit];
    let rows = statement.query_map(values, |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// One question of a department.
pub(super) fn one(
    connection: &Connection,
    department: DepartmentId,
    id: QuestionId,
) -> Result<Option<WorkRow>, ReadError> {
    connection
        .prepare_cached("SELECT id, case_id, due FROM questions WHERE id = ?1 AND department = ?2")?
        .query_row(params![id.0.as_bytes(), department.as_str()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// A department's questions of some cases.
pub(super) fn of_cases(
    connection: &Connection,
    department: DepartmentId,
    cases: &[CaseId],
) -> Result<Vec<WorkRow>, ReadError> {
    let mut statement = connection
        .prepare_cached("SELECT id, case_id, due FROM questions WHERE case_id = ?1 AND department = ?2")?;
    let mut found = Vec::new();
    for case in cases {
        let rows = statement.query_map(params![key(*case), department.as_str()], |row| Ok(read(row)))?;
        for row in rows {
            found.push(row??);
        }
    }
    found.sort_unstable_by_key(|row| row.id);
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<WorkRow, ReadError> {
    let id = QuestionId(Uuid::from_bytes(row.get(0)?));
    WorkRow::of(id, case_id(row, 1)?, row.get(2)?)
}

#[async_trait]
impl Worklists for EmbeddedStore {
    async fn worklist(&self, query: WorkQuery) -> Result<Vec<WorkRow>, ReadError> {
        let limit = query.limit.clamp(1, self.page_max);
        let read = move |connection: &_| page(connection, &query, limit);
        self.readers.read(read).await
    }

    async fn question(&self, department: DepartmentId, id: QuestionId) -> Result<Option<WorkRow>, ReadError> {
        let read = move |connection: &_| one(connection, department, id);
        self.readers.read(read).await
    }

    async fn questions_of(
        &self,
        department: DepartmentId,
        cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError> {
        let cases = cases.to_vec();
        let read = move |connection: &_| of_cases(connection, department, &cases);
        self.readers.read(read).await
    }
}
