//! What departments' desks have to do: the questions that are or were on their worklists.

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::ids::{CaseId, DepartmentId, QuestionId};

use super::ReadError;

/// The worklists of a store.
#[async_trait]
pub trait Worklists {
    /// One page of a department's worklist, most urgent first: the questions that need a reply of its desk.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn worklist(&self, query: WorkQuery) -> Result<Vec<WorkRow>, ReadError>;

    /// A question that is or was on the department's worklist; none where it was on no worklist, or on another's, or its
    /// case is purged.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn question(&self, department: DepartmentId, id: QuestionId) -> Result<Option<WorkRow>, ReadError>;

    /// The questions of `cases` that are or were on the department's worklist, by their ids.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn questions_of(
        &self,
        department: DepartmentId,
        cases: &[CaseId],
    ) -> Result<Vec<WorkRow>, ReadError>;
}

/// Which part of a worklist to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkQuery {
    /// Whose.
    pub department: DepartmentId,
    /// Only questions after this one: due time and id of the last of the page before.
    pub after: Option<(Timestamp, QuestionId)>,
    /// At most so many, and at least one; the store has a limit of its own, that of its pages of cases.
    pub limit: usize,
}

/// A question that is or was on a worklist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkRow {
    /// The question.
    pub id: QuestionId,
    /// Its case.
    pub case_id: CaseId,
    /// When its case is to be answered; none where the question needs no reply now.
    pub due: Option<Timestamp>,
}

impl WorkQuery {
    /// What the rows come after: due time in nanoseconds since 1970, and id.
    pub(super) fn start(&self) -> (i64, QuestionId) {
        match self.after {
            // No row is due beyond the times that a row can show.
            Some((due, id)) => (i64::try_from(due.as_nanosecond()).unwrap_or(i64::MAX), id),
            None => (i64::MIN, QuestionId(uuid::Uuid::nil())),
        }
    }
}

impl WorkRow {
    pub(super) fn of(id: QuestionId, case_id: CaseId, due: Option<i64>) -> Result<Self, ReadError> {
        let time = |nanoseconds| Timestamp::from_nanosecond(i128::from(nanoseconds));
        Ok(Self {
            id,
            case_id,
            due: due.map(time).transpose().map_err(|_range| ReadError::Corrupt)?,
        })
    }
}
