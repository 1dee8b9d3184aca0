//! How open cases stand: counted, and listed with the most urgent first.

use async_trait::async_trait;
use jiff::Timestamp;
use statuscheck_domain::case::{Standing, Whose};
use statuscheck_domain::check::CheckKind;
use statuscheck_domain::ids::{AgreementId, CaseId, DepartmentId};

use super::rows::nanoseconds;
use super::{CommitError, ReadError};

/// The open cases of a store: those that are not over and about which something was decided. One that is being asked about
/// in its call is not among them.
#[async_trait]
pub trait Standings {
    /// The open cases counted, a line for each agreement, check and whose turn it is; each case is in one line.
    ///
    /// It reads the rows of all open cases in an index: a million take a fraction of a second.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn lines(&self, marks: Marks) -> Result<Vec<Line>, ReadError>;

    /// One page of open cases, most urgent first: by due time, and those whose clocks stand still behind all others.
    ///
    /// # Errors
    /// [`ReadError`]
    async fn most_urgent(&self, query: UrgentQuery) -> Result<Vec<OpenCase>, ReadError>;
}

/// The instants by which cases are counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marks {
    /// What is late and what is at risk is so at this one.
    pub now: Timestamp,
    /// Later ones, in order.
    pub ahead: Vec<Timestamp>,
}

/// Open cases that have everything in common but their times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Which check.
    pub check: CheckKind,
    /// Whose turn it is.
    pub whose: Whose,
    /// How many.
    pub open: u64,
    /// Of these, how many are late, or were when their clocks last ran: [`Standing::is_breached`].
    pub late: u64,
    /// How many are not late, and have most of their time gone: [`Standing::is_at_risk`].
    pub at_risk: u64,
    /// How many are due after `now` or at it and until each of the marks; none of those whose clocks stand still.
    pub due_by: Vec<u64>,
    /// The earliest due time among them; none where their clocks stand still.
    pub next_due: Option<Timestamp>,
}

/// Which open cases to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UrgentQuery {
    /// Only those that wait for this department.
    pub department: Option<DepartmentId>,
    /// Only those that are late at this instant, or were when their clocks last ran.
    pub late_at: Option<Timestamp>,
    /// Only cases after this one: the last of the page before.
    pub after: Option<Urgency>,
    /// At most so many, and at least one; the store has a limit of its own, that of its pages of cases.
    pub limit: usize,
}

/// Where a case stands in the order of urgency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Urgency {
    /// Its clock stands still.
    pub is_paused: bool,
    /// When it is due.
    pub due_at: Timestamp,
    /// Which.
    pub case_id: CaseId,
}

/// An open case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenCase {
    /// Which.
    pub case_id: CaseId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// Which check.
    pub check: CheckKind,
    /// How it stands.
    pub standing: Standing,
}

impl OpenCase {
    /// Where it stands in the order of urgency.
    pub fn urgency(&self) -> Urgency {
        Urgency {
            is_paused: self.standing.whose.is_paused(),
            due_at: self.standing.due_at,
            case_id: self.case_id,
        }
    }

    pub(super) fn of(
        case_id: CaseId,
        [agreement, kind, turn]: [&str; 3],
        due: i64,
        risk: Option<i64>,
    ) -> Result<Self, ReadError> {
        Ok(Self {
            case_id,
            agreement: agreement.parse().map_err(|_slug| ReadError::Corrupt)?,
            check: CheckKind::named(kind).ok_or(ReadError::Corrupt)?,
            standing: Standing {
                whose: turn.parse().map_err(|_unknown| ReadError::Corrupt)?,
                due_at: instant(due)?,
                risk_at: risk.map(instant).transpose()?,
            },
        })
    }
}

impl UrgentQuery {
    /// The names of those whose turn it may be, where clocks run or where they stand still.
    pub(super) fn turns(&self, paused: bool) -> Vec<String> {
        let department = self.department;
        Whose::all()
            .filter(|whose| whose.is_paused() == paused)
            .filter(|whose| department.is_none_or(|department| whose.includes(department)))
            .map(|whose| whose.to_string())
            .collect()
    }

    /// What comes after the page before among those whose clocks run, or stand still: due time and id of what came last.
    /// None where all of them came before.
    pub(super) fn start(&self, paused: bool) -> Option<(i64, CaseId)> {
        match self.after {
            Some(after) if after.is_paused == paused => {
                Some((nanoseconds(after.due_at).unwrap_or(i64::MAX), after.case_id))
            }
            Some(after) if after.is_paused => None,
            Some(_) | None => Some((i64::MIN, CaseId(uuid::Uuid::nil()))),
        }
    }

    /// Cases whose clocks run are meant only where they are due before this, in nanoseconds.
    pub(super) fn due_before(&self) -> i64 {
        let late_at = self.late_at.map(nanoseconds);
        late_at.map_or(i64::MAX, |late_at| late_at.unwrap_or(i64::MAX))
    }
}

/// The columns of a case's row that say how it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StandingRow {
    pub(super) turn: String,
    /// Nanoseconds since 1970.
    pub(super) due: i64,
    /// Nanoseconds since 1970.
    pub(super) risk: Option<i64>,
}

impl StandingRow {
    pub(super) fn of(standing: &Standing) -> Result<Self, CommitError> {
        Ok(Self {
            turn: standing.whose.to_string(),
            due: nanoseconds(standing.due_at)?,
            risk: standing.risk_at.map(nanoseconds).transpose()?,
        })
    }
}

/// What an engine counted of one line, with every running case in one of the spans between the instants: before `now`, until
/// the first mark, and so on, the last without end.
pub(super) struct Counted {
    pub(super) agreement: String,
    pub(super) kind: String,
    pub(super) turn: String,
    pub(super) open: u64,
    /// Of those whose clocks stand still.
    pub(super) late: u64,
    pub(super) at_risk: u64,
    pub(super) spans: Vec<u64>,
    pub(super) next_due: Option<i64>,
}

impl Counted {
    pub(super) fn line(self) -> Result<Line, ReadError> {
        let whose: Whose = self.turn.parse().map_err(|_unknown| ReadError::Corrupt)?;
        let overdue = self.spans.first().copied().unwrap_or_default();
        let due_by = self.spans.iter().skip(1).scan(0, |sum, span| {
            *sum += span;
            Some(*sum)
        });
        let mut due_by: Vec<_> = due_by.collect();
        // What is due after the last mark.
        due_by.pop();
        Ok(Line {
            agreement: self.agreement.parse().map_err(|_slug| ReadError::Corrupt)?,
            check: CheckKind::named(&self.kind).ok_or(ReadError::Corrupt)?,
            whose,
            open: self.open,
            late: if whose.is_paused() { self.late } else { overdue },
            at_risk: self.at_risk,
            due_by,
            next_due: self
                .next_due
                .filter(|_| !whose.is_paused())
                .map(instant)
                .transpose()?,
        })
    }
}

impl Marks {
    /// `now`, and the first instant after each of the marks, in nanoseconds: a case is in the span before the first of these
    /// that is later than its due time.
    pub(super) fn bounds(&self) -> Vec<i64> {
        let bound = |at: &Timestamp| nanoseconds(*at).unwrap_or(i64::MAX).saturating_add(1);
        let now = nanoseconds(self.now).unwrap_or(i64::MAX);
        std::iter::once(now).chain(self.ahead.iter().map(bound)).collect()
    }
}

fn instant(nanoseconds: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).map_err(|_range| ReadError::Corrupt)
}
