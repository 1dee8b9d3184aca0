//! The parts of an agreement.

use std::fmt;
use std::num::NonZeroU32;

use jiff::civil::Date;

use crate::ids::DepartmentId;

/// Someone to turn to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Name of the post, which outlasts whoever holds it (report 6.123).
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// One side of an agreement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Party {
    /// A department's id, or the name of those who ask.
    pub name: String,
    /// The senior owner, who answers for it (recommendation 2c).
    pub owner: Contact,
    /// The working contact (report 6.134: a generic inbox helped nobody).
    pub contact: Contact,
}

impl Party {
    /// The department that it is; none where it is those who ask.
    pub fn department(&self) -> Option<DepartmentId> {
        self.name.parse().ok()
    }
}

/// How often one organisation may ask one check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Checks a minute over time.
    pub per_minute: NonZeroU32,
    /// Checks at once after a quiet while.
    pub burst: NonZeroU32,
}

/// Most questions of a calendar month in London.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quota {
    /// Who is asked.
    pub department: DepartmentId,
    /// How many questions a month.
    pub monthly: u64,
    /// More for a time.
    pub uplifts: Vec<Uplift>,
}

impl Quota {
    /// How many questions the month of `day`, in London, has on that day: the most that an uplift in force grants. When one
    /// ends before its month does, what was asked under it stays asked, and counts.
    pub fn on(&self, day: Date) -> u64 {
        let granted = self
            .uplifts
            .iter()
            .filter(|uplift| uplift.starts_on <= day && day <= uplift.ends_on);
        granted.map(|uplift| uplift.monthly).fold(self.monthly, u64::max)
    }
}

/// A larger quota for a time, such as 309 in July 2017 where 300 was agreed (report 6.112).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Uplift {
    /// How many questions a month instead.
    pub monthly: u64,
    /// First day.
    pub starts_on: Date,
    /// Last day.
    pub ends_on: Date,
    /// Post that approved it.
    pub approved_by: String,
    /// Why.
    pub reason: String,
}

/// Why a signed agreement is not in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspension {
    /// From that day on.
    pub since: Date,
    /// Who ordered it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it is looked at again: the suspension of 2018 had no such day (report 5.43).
    pub review_on: Date,
}

/// Where an agreement stands on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing<'a> {
    /// Checks may be asked under it.
    InForce,
    /// Signed, not expired, and not in force for now.
    Suspended(&'a Suspension),
    /// Its last day is over.
    Expired,
    /// It is a draft, or is signed later.
    NotSigned,
    /// This gateway does not serve it.
    ListedOnly,
}

impl Standing<'_> {
    /// As people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Suspended(_) => "suspended",
            Self::Expired => "expired",
            Self::NotSigned => "not signed",
            Self::ListedOnly => "listed only",
        }
    }
}

/// As in a list of contacts: `Head of Checking <checking@example.test>`.
impl fmt::Display for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} <{}>", self.name, self.email)
    }
}

/// Such as "309 a month from 2017-07-01 to 2017-07-31, approved by Head of Statistics: one more safeguarding request".
impl fmt::Display for Uplift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            monthly,
            starts_on,
            ends_on,
            approved_by,
            reason,
        } = self;
        write!(
            formatter,
            "{monthly} a month from {starts_on} to {ends_on}, approved by {approved_by}: {reason}"
        )
    }
}

/// Such as "suspended since 2026-01-01 by Head of Policy, to be reviewed on 2026-04-01: accuracy is looked into".
impl fmt::Display for Suspension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            since,
            owner,
            reason,
            review_on,
        } = self;
        write!(
            formatter,
            "suspended since {since} by {owner}, to be reviewed on {review_on}: {reason}"
        )
    }
}
