//! What operators look at while a gateway runs: how open cases stand, how departments do, and what was closed by hand.
//!
//! No look slows a check: what costs something is counted for everybody who looks at once, and not again before so much time
//! has passed that it stays a small part of it.

pub(crate) mod closures;
mod conditions;
mod overview;
mod promises;
mod views;

use std::sync::Arc;

use statuscheck_domain::clock::SharedClock;

pub use self::closures::{Closure, Closures};
pub(crate) use self::conditions::DepartmentCondition;
pub use self::overview::{Overview, Snapshot};
pub(crate) use self::promises::{Kept, KeptLine, Promises, kept_per_mille};
pub(crate) use self::views::Views;
use crate::departments::Departments;
use crate::store::Store;

/// What only a running gateway can tell and do.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) overview: Arc<Overview>,
    pub(crate) departments: Departments,
    pub(crate) closures: Arc<Closures>,
    pub(crate) views: Arc<Views>,
    pub(crate) clock: SharedClock,
}
