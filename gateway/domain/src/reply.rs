//! What a department says to one question.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::subject::Field;

/// One reply. It may carry facts about a person, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// What was said.
    pub outcome: Outcome,
    /// Age of the source, where the department states it.
    pub as_of: Option<Timestamp>,
}

impl Reply {
    /// A reply whose source states no age.
    pub fn of(outcome: Outcome) -> Self {
        Self { outcome, as_of: None }
    }
}

/// The kinds of reply. A department that could not be asked is `Unavailable`, which is never "no".
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A record was found.
    Found(Facts),
    /// No record fits.
    NoRecord,
    /// More than one record fits, or one only in part.
    Ambiguous {
        /// Fields that would settle it.
        would_settle: Vec<Field>,
    },
    /// The department took the question and replies later.
    Deferred {
        /// When, where it says.
        expected_by: Option<Timestamp>,
        /// Its own reference for the work.
        ticket: String,
    },
    /// It failed, was too slow, answered garbage, or was not asked because it had failed before.
    Unavailable(Unavailable),
    /// Its desk is closed.
    Closed {
        /// Until when, where it says.
        until: Option<Timestamp>,
    },
}

impl Outcome {
    /// It says something about the question, so that the question need not be asked again.
    pub const fn settles(&self) -> bool {
        match self {
            Self::Found(_) | Self::NoRecord | Self::Ambiguous { .. } => true,
            Self::Deferred { .. } | Self::Unavailable(_) | Self::Closed { .. } => false,
        }
    }
}

/// Why a department gave no usable reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unavailable {
    /// It could not be reached, or failed.
    Failed,
    /// It did not answer in time.
    Slow,
    /// It answered what cannot be understood, or left out a mandatory fact.
    Garbage,
    /// Its limit, or ours towards it, is reached.
    Throttled,
    /// It refused our credentials or our request.
    Refused,
    /// It failed so often that it is given a rest.
    BreakerOpen,
}

/// What was found.
#[derive(Clone, PartialEq, Eq)]
pub enum Facts {
    /// Home Office: leave.
    ImmigrationStatus(ImmigrationStatus),
    /// Home Office: support under the Immigration and Asylum Act 1999.
    Section95Support(Section95Support),
    /// DWP: does the number belong to the person.
    NinoTrace {
        /// It does.
        matches: bool,
    },
    /// DWP and HMRC: periods in which the department saw the person in the country.
    Residence(Vec<Period>),
    /// DfE: what the Eligibility Checking System holds.
    EducationEligibility(EducationEligibility),
}

/// Leave to enter or remain.
#[derive(Clone, PartialEq, Eq)]
pub struct ImmigrationStatus {
    /// Kind of leave in the Home Office's words.
    pub leave: String,
    /// First day of the leave.
    pub valid_from: Date,
    /// Last day of the leave, included; none where it has no end.
    pub valid_until: Option<Date>,
    /// The person may work.
    pub may_work: bool,
    /// The person may rent.
    pub may_rent: bool,
    /// Conditions in plain words.
    pub conditions: Vec<String>,
    /// The immigration health surcharge was paid for this leave.
    pub health_surcharge_paid: Option<bool>,
    /// First day in the United Kingdom, where recorded.
    pub arrived_on: Option<Date>,
    /// Last day of the document that shows the leave.
    pub document_valid_until: Option<Date>,
}

/// Support of an asylum seeker.
#[derive(Clone, PartialEq, Eq)]
pub struct Section95Support {
    /// Support is in force.
    pub in_force: bool,
    /// First day of the support.
    pub since: Option<Date>,
    /// The part and section in the department's words, e.g. "Part VI, section 95"; none where it was left out.
    pub legal_basis: Option<String>,
}

/// A period of residence, both days included; no end where it goes on.
#[derive(Clone, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Option<Date>,
}

/// An entry of DfE's Eligibility Checking System.
#[derive(Clone, PartialEq, Eq)]
pub struct EducationEligibility {
    /// The family qualifies.
    pub eligible: bool,
    /// The department whose feed the record came from.
    pub source: Option<crate::ids::DepartmentId>,
    /// When that feed was loaded.
    pub loaded_at: Option<Timestamp>,
}
