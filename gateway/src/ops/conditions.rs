//! How every department is doing, put together from its stack, from what operators closed, from the open cases, and from the
//! feeds that it sends.

use std::time::Duration;

use jiff::Timestamp;
use statuscheck_adapters::vitals::Condition;
use statuscheck_domain::calendar::Division;
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::working_time::WorkingHours;

use super::{Closure, FeedStanding, Live, Snapshot};
use crate::store::ReadError;

/// How a department is doing.
pub(crate) struct DepartmentCondition {
    pub(crate) department: DepartmentId,
    /// As this gateway sees it; none where the department is not configured.
    pub(crate) condition: Option<Condition>,
    /// Closed by hand.
    pub(crate) closure: Option<Closure>,
    /// Open cases that wait for it.
    pub(crate) waiting: u64,
    /// The feeds that it sends.
    pub(crate) feeds: Vec<FeedStanding>,
}

/// When desks are open, as clocks count it. What a department's own desk keeps only it can say, and does in its replies.
pub(crate) struct DeskHours {
    /// On every working day.
    pub(crate) hours: WorkingHours,
    /// Whether that is now; none where the calendar does not reach so far.
    pub(crate) now: Option<DeskNow>,
}

/// Whether desks are open.
pub(crate) enum DeskNow {
    Open,
    /// Until then.
    Closed(Timestamp),
}

impl DepartmentCondition {
    /// Its desk is closed, by its hours or by hand.
    pub(crate) fn is_closed(&self) -> bool {
        self.closure.is_some() || self.closed_by_hours().is_some()
    }

    /// When it opens again, where it is closed and that is known.
    pub(crate) fn closed_until(&self) -> Option<Timestamp> {
        match &self.closure {
            Some(closure) => closure.until,
            None => self.closed_by_hours(),
        }
    }

    fn closed_by_hours(&self) -> Option<Timestamp> {
        self.condition
            .as_ref()
            .and_then(|condition| condition.closed_until)
    }
}

impl Live {
    /// How `department` is doing.
    ///
    /// # Errors
    /// [`ReadError`]
    pub(crate) async fn condition(
        &self,
        department: DepartmentId,
        open: &Snapshot,
    ) -> Result<DepartmentCondition, ReadError> {
        Ok(self.of(department, open, &self.feeds.now().await?))
    }

    /// How every department is doing, in the order in which they are listed.
    ///
    /// # Errors
    /// [`ReadError`]
    pub(crate) async fn conditions(&self, open: &Snapshot) -> Result<Vec<DepartmentCondition>, ReadError> {
        let feeds = self.feeds.now().await?;
        let all = DepartmentId::ALL.into_iter();
        Ok(all.map(|department| self.of(department, open, &feeds)).collect())
    }

    /// When desks are open in England and Wales, where the departments have theirs.
    pub(crate) fn desk_hours(&self) -> DeskHours {
        let (calendars, now) = (self.calendars.now(), self.clock.now());
        let calendar = calendars.current();
        let opening = calendar.add(Division::EnglandAndWales, now, Duration::ZERO);
        DeskHours {
            hours: calendar.hours(),
            now: opening.ok().map(|opening| {
                if opening == now {
                    DeskNow::Open
                } else {
                    DeskNow::Closed(opening)
                }
            }),
        }
    }

    fn of(&self, department: DepartmentId, open: &Snapshot, feeds: &[FeedStanding]) -> DepartmentCondition {
        let its = feeds.iter().filter(|feed| feed.from == department);
        DepartmentCondition {
            department,
            condition: self.departments.condition(department, &self.clock),
            closure: self.closures.of(department),
            waiting: open.waiting_for(department),
            feeds: its.cloned().collect(),
        }
    }
}
