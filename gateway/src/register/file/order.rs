//! The shape of a suspension order's file.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use statuscheck_domain::agreement::{Fault, SuspensionOrder};

use super::{Values, unread};

/// One suspension order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::register) struct OrderFile {
    /// Lower-case letters, digits and hyphens.
    pub(in crate::register) id: String,
    /// Why, in a sentence.
    pub(super) reason: String,
    /// Who ordered it.
    pub(super) owner: String,
    /// Departments to which nothing is volunteered.
    pub(super) departments: Vec<String>,
    /// Only about people older than this many years.
    pub(super) over_age: Option<u8>,
    /// First day.
    pub(super) starts_on: String,
    /// When it is looked at again.
    pub(super) review_on: String,
    /// Last day; without it, it goes on until it is ended.
    pub(super) ends_on: Option<String>,
}

impl OrderFile {
    /// The order.
    ///
    /// # Errors
    /// Every value that does not fit; and where each fits, everything that cannot be meant.
    pub(in crate::register) fn order(self) -> Result<SuspensionOrder, Vec<Fault>> {
        let mut values = Values::default();
        let department = |name: &str| name.parse().ok();
        let departments = values.known("departments", &self.departments, department);
        let id = values.one("id", &self.id);
        let starts_on = values.one("starts_on", &self.starts_on);
        let review_on = values.one("review_on", &self.review_on);
        let ends_on = values.optional("ends_on", self.ends_on.as_deref());
        let order = SuspensionOrder {
            id: id.unwrap_or_else(unread),
            reason: self.reason,
            owner: self.owner,
            departments,
            over_age: self.over_age,
            starts_on: starts_on.unwrap_or(Date::ZERO),
            review_on: review_on.unwrap_or(Date::MAX),
            ends_on,
        };
        values.all_fit(order, SuspensionOrder::faults)
    }
}
