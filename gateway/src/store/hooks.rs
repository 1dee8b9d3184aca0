//! What receivers have not taken: the notices of all cases that wait or are parked.

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::ids::{CaseId, NoticeId};
use statuscheck_domain::outbox::{Fault, Receiver};

use super::ReadError;
use super::rows::PostedRow;

/// The undelivered notices of a store.
#[async_trait]
pub trait Hooks {
    /// One page of them, oldest first.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn hooks(&self, query: HookQuery) -> Result<Vec<HookRow>, ReadError>;

    /// One of them; none where it was taken, or never was, or its case is purged.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn hook(&self, id: NoticeId) -> Result<Option<HookRow>, ReadError>;
}

/// Which to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HookQuery {
    /// Only those that are parked.
    pub parked_only: bool,
    /// Only those after this one: the last of the page before.
    pub after: Option<NoticeId>,
    /// At most so many, and at least one; the store has a limit of its own, that of its pages of cases.
    pub limit: usize,
}

/// A notice that its receiver has not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HookRow {
    /// Its id.
    pub id: NoticeId,
    /// Its case.
    pub case_id: CaseId,
    /// Who is to be told.
    pub receiver: Receiver,
    /// What happened: the name of it.
    pub happening: String,
    /// Attempts that came to nothing.
    pub attempts: u32,
    /// When it is tried next; none of one that is parked.
    pub next: Option<Timestamp>,
    /// Why the last attempt came to nothing; none before the first.
    pub fault: Option<Fault>,
}

impl HookQuery {
    /// What the rows come after.
    pub(super) fn start(&self) -> NoticeId {
        self.after.unwrap_or(NoticeId(uuid::Uuid::nil()))
    }
}

/// The columns of a row, as an engine finds them.
pub(super) struct Found {
    pub(super) id: NoticeId,
    pub(super) case_id: CaseId,
    pub(super) receiver: String,
    pub(super) happening: String,
    pub(super) attempts: i64,
    /// Nanoseconds since 1970.
    pub(super) next: Option<i64>,
    pub(super) fault: Option<String>,
}

impl Found {
    pub(super) fn row(self) -> Result<HookRow, ReadError> {
        let time = |nanoseconds| Timestamp::from_nanosecond(i128::from(nanoseconds));
        let fault = self.fault.map(|fault| fault.parse());
        Ok(HookRow {
            id: self.id,
            case_id: self.case_id,
            receiver: self.receiver.parse().map_err(|_unknown| ReadError::Corrupt)?,
            happening: self.happening,
            attempts: u32::try_from(self.attempts).map_err(|_range| ReadError::Corrupt)?,
            next: self
                .next
                .map(time)
                .transpose()
                .map_err(|_range| ReadError::Corrupt)?,
            fault: fault.transpose().map_err(|_unknown| ReadError::Corrupt)?,
        })
    }
}

impl PostedRow {
    /// The text of its fault.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.map(|fault| fault.to_string())
    }
}
