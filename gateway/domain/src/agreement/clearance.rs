//! What of a feed may be shared: row by row, against the orders that pause proactive sharing (report 5.42, 5.43).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Agreement, Register, SuspensionOrder};
use crate::ids::{DepartmentId, OrderId};

/// One feed on one day: what is volunteered to a department under an agreement, and the orders about it.
#[derive(Clone, Debug)]
pub struct Clearance {
    agreement: Agreement,
    to: DepartmentId,
    today: Date,
    orders: Vec<SuspensionOrder>,
    tally: Tally,
}

/// How many rows went which way.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Rows that may be shared.
    pub cleared: u64,
    /// Rows that are held back, by the order that does so: the first of the register where several do.
    pub held_back: BTreeMap<OrderId, u64>,
}

impl Clearance {
    /// A feed to `to` under `agreement`, on `today` in London, with no row yet. Nothing of a reactive agreement is ever held back.
    pub fn of(register: &Register, agreement: &Agreement, to: DepartmentId, today: Date) -> Self {
        let orders = register.orders().iter();
        Self {
            agreement: agreement.clone(),
            to,
            today,
            orders: orders.filter(|order| order.is_in_force(today)).cloned().collect(),
            tally: Tally::default(),
        }
    }

    /// Counts a row about a person born on `born`, and says which order holds it back; none where it may be shared. Where the
    /// birthday is not known, an order about people over some age holds the row back.
    pub fn row(&mut self, born: Option<Date>) -> Option<&OrderId> {
        let stops = |order: &&SuspensionOrder| order.stops(&self.agreement, self.to, born, self.today);
        let order = self.orders.iter().find(stops).map(|order| &order.id);
        match order {
            None => self.tally.cleared += 1,
            Some(id) => *self.tally.held_back.entry(id.clone()).or_default() += 1,
        }
        order
    }

    /// The rows so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

#[cfg(test)]
#[path = "clearance_tests.rs"]
mod tests;
