//! Orders that pause proactive sharing about some people, and never a check that somebody asks (report 5.42, 5.43).

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Agreement;
use crate::ids::{DepartmentId, OrderId};

/// Pauses what is volunteered to departments about people of some age.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuspensionOrder {
    /// Its id.
    pub id: OrderId,
    /// Why, in a sentence.
    pub reason: String,
    /// Who ordered it.
    pub owner: String,
    /// Departments to which nothing goes.
    pub departments: Vec<DepartmentId>,
    /// It is about people older than this many years; none: about everybody.
    pub over_age: Option<u8>,
    /// Its first day.
    pub starts_on: Date,
    /// When it is looked at again.
    pub review_on: Date,
    /// Its last day; none where it goes on until it is ended.
    pub ends_on: Option<Date>,
}

impl SuspensionOrder {
    /// It is in force on `today`.
    pub fn is_in_force(&self, today: Date) -> bool {
        self.starts_on <= today && self.ends_on.is_none_or(|last| today <= last)
    }

    /// It is about what is volunteered under `agreement`, which has one of its departments for a party.
    pub fn is_about(&self, agreement: &Agreement) -> bool {
        let mut parties = agreement.parties.iter();
        let is_named = |department: DepartmentId| self.departments.contains(&department);
        agreement.proactive && parties.any(|party| party.department().is_some_and(is_named))
    }

    /// It stops what goes to `department` under `agreement`, on `today`, about a person born on `born`. Where the rule
    /// is an age and the birthday is not known, it stops it too: unknown means hold.
    ///
    /// "Over 30" begins on the day of the thirty-first birthday.
    pub fn stops(
        &self,
        agreement: &Agreement,
        department: DepartmentId,
        born: Option<Date>,
        today: Date,
    ) -> bool {
        let is_meant = |age: u8| {
            born.is_none_or(|born| {
                let first_day = born.checked_add((i32::from(age) + 1).years());
                first_day.is_ok_and(|first_day| first_day <= today)
            })
        };
        agreement.proactive
            && self.departments.contains(&department)
            && self.is_in_force(today)
            && self.over_age.is_none_or(is_meant)
    }
}
