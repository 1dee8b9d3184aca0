//! How every department is doing, put together from its stack, from what operators closed, and from the open cases.

use jiff::Timestamp;
use statuscheck_adapters::vitals::Condition;
use statuscheck_domain::ids::DepartmentId;

use super::{Closure, Live, Snapshot};

/// How a department is doing.
pub(crate) struct DepartmentCondition {
    pub(crate) department: DepartmentId,
    /// As this gateway sees it; none where the department is not configured.
    pub(crate) condition: Option<Condition>,
    /// Closed by hand.
    pub(crate) closure: Option<Closure>,
    /// Open cases that wait for it.
    pub(crate) waiting: u64,
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
    pub(crate) fn condition(&self, department: DepartmentId, open: &Snapshot) -> DepartmentCondition {
        DepartmentCondition {
            department,
            condition: self.departments.condition(department, &self.clock),
            closure: self.closures.of(department),
            waiting: open.waiting_for(department),
        }
    }

    /// How every department is doing, in the order in which they are listed.
    pub(crate) fn conditions(&self, open: &Snapshot) -> Vec<DepartmentCondition> {
        DepartmentId::ALL
            .into_iter()
            .map(|department| self.condition(department, open))
            .collect()
    }
}
