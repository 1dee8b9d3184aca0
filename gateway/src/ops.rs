//! What operators look at while a gateway runs: how open cases stand, how departments do, and what was closed by hand.
//!
//! No look slows a check: what costs something is counted for everybody who looks at once, and not again before so much time
//! has passed that it stays a small part of it.

pub(crate) mod closures;
mod conditions;
mod feeds;
mod lately;
mod notices;
mod overview;
mod promises;
mod referrals;
mod retrying;
mod views;

use std::sync::Arc;

use jiff::Timestamp;
use statuscheck_domain::clock::SharedClock;
use uuid::Uuid;

pub use self::closures::{Closure, Closures};
pub(crate) use self::conditions::{DepartmentCondition, DeskHours, DeskNow};
pub(crate) use self::feeds::{FeedStanding, Feeds};
pub(crate) use self::notices::{NoticeCount, NoticeState, Notices, written};
pub use self::overview::{Overview, Snapshot};
pub(crate) use self::promises::{Kept, KeptLine, Promises, kept_per_mille};
pub(crate) use self::referrals::{OpenReferrals, ReferralCount};
pub(crate) use self::views::Views;
use crate::calendars::ServedCalendars;
use crate::departments::Departments;
use crate::store::Store;

/// What only a running gateway can tell and do.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) overview: Arc<Overview>,
    pub(crate) departments: Departments,
    pub(crate) closures: Arc<Closures>,
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) referrals: Arc<OpenReferrals>,
    pub(crate) calendars: Arc<ServedCalendars>,
    pub(crate) views: Arc<Views>,
    pub(crate) clock: SharedClock,
}

/// When something was made whose id begins with its time.
fn time_of(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}
