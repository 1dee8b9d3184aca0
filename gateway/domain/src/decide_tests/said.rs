//! What departments say in the rows, in short.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use super::row::noon;
use crate::ids::DepartmentId;
use crate::reply::{
    EducationEligibility, Facts, ImmigrationStatus, Outcome, Period, Reply, Section95Support, Unavailable,
};
use crate::route::Standing;
use crate::subject::Field;

/// First day of leave and of support where a row names no other.
pub(super) const STARTED: Date = date(2020, 1, 1);

/// The age that the Home Office states in every row: an hour before noon.
pub(super) fn stated_age() -> Timestamp {
    noon() - SignedDuration::from_hours(1)
}

fn found(facts: Facts) -> Standing {
    Standing::Replied(Reply {
        outcome: Outcome::Found(facts),
        as_of: Some(stated_age()),
    })
}

fn replied(outcome: Outcome) -> Standing {
    Standing::Replied(Reply::of(outcome))
}

pub(super) fn out() -> Standing {
    Standing::Out
}

pub(super) fn no_record() -> Standing {
    replied(Outcome::NoRecord)
}

pub(super) fn ambiguous(fields: &[Field]) -> Standing {
    let would_settle = fields.to_vec();
    replied(Outcome::Ambiguous { would_settle })
}

pub(super) fn deferred() -> Standing {
    replied(Outcome::Deferred {
        expected_by: None,
        ticket: "T-1".to_owned(),
    })
}

pub(super) fn closed() -> Standing {
    replied(Outcome::Closed { until: None })
}

pub(super) fn unavailable(cause: Unavailable) -> Standing {
    replied(Outcome::Unavailable(cause))
}

pub(super) fn failed() -> Standing {
    unavailable(Unavailable::Failed)
}

/// Every cause for which a department gives no usable reply.
pub(super) const CAUSES: [Unavailable; 6] = [
    Unavailable::Failed,
    Unavailable::Slow,
    Unavailable::Garbage,
    Unavailable::Throttled,
    Unavailable::Refused,
    Unavailable::BreakerOpen,
];

/// DWP: the number belongs to the person, or to somebody else.
pub(super) fn trace(matches: bool) -> Standing {
    found(Facts::NinoTrace { matches })
}

/// HMRC or DWP: the person was here from that day.
pub(super) fn seen_from(from: Date) -> Standing {
    found(Facts::Residence(vec![Period { from, to: None }]))
}

/// Leave; where nothing else is said it is in force without an end or conditions, and carries work and renting.
#[derive(Clone)]
pub(super) struct Leave(ImmigrationStatus);

pub(super) fn leave() -> Leave {
    Leave(ImmigrationStatus {
        leave: "leave to remain".to_owned(),
        valid_from: STARTED,
        valid_until: None,
        may_work: true,
        may_rent: true,
        conditions: Vec::new(),
        health_surcharge_paid: None,
        arrived_on: None,
        document_valid_until: None,
    })
}

impl Leave {
    pub(super) fn starting(mut self, day: Date) -> Self {
        self.0.valid_from = day;
        self
    }

    pub(super) fn until(mut self, day: Date) -> Self {
        self.0.valid_until = Some(day);
        self
    }

    pub(super) fn without_work(mut self) -> Self {
        self.0.may_work = false;
        self
    }

    pub(super) fn without_renting(mut self) -> Self {
        self.0.may_rent = false;
        self
    }

    pub(super) fn on(mut self, condition: &str) -> Self {
        self.0.conditions.push(condition.to_owned());
        self
    }

    pub(super) fn arrived(mut self, day: Date) -> Self {
        self.0.arrived_on = Some(day);
        self
    }

    pub(super) fn document_until(mut self, day: Date) -> Self {
        self.0.document_valid_until = Some(day);
        self
    }

    pub(super) fn surcharge_paid(mut self) -> Self {
        self.0.health_surcharge_paid = Some(true);
        self
    }
}

impl From<Leave> for Standing {
    fn from(leave: Leave) -> Self {
        found(Facts::ImmigrationStatus(leave.0))
    }
}

/// Support; where nothing else is said it is in force under Part VI, section 95.
#[derive(Clone)]
pub(super) struct Support(Section95Support);

pub(super) fn support() -> Support {
    Support(Section95Support {
        in_force: true,
        since: Some(STARTED),
        legal_basis: Some("Part VI, section 95".to_owned()),
    })
}

impl Support {
    pub(super) fn under(mut self, basis: &str) -> Self {
        self.0.legal_basis = Some(basis.to_owned());
        self
    }

    pub(super) fn without_basis(mut self) -> Self {
        self.0.legal_basis = None;
        self
    }

    pub(super) fn since(mut self, day: Option<Date>) -> Self {
        self.0.since = day;
        self
    }

    pub(super) fn not_in_force(mut self) -> Self {
        self.0.in_force = false;
        self
    }
}

impl From<Support> for Standing {
    fn from(support: Support) -> Self {
        found(Facts::Section95Support(support.0))
    }
}

/// DfE's entry; where nothing else is said it came a day ago by the Home Office's feed.
#[derive(Clone)]
pub(super) struct Entry(EducationEligibility);

pub(super) fn eligible() -> Entry {
    Entry(EducationEligibility {
        eligible: true,
        source: Some(DepartmentId::HomeOffice),
        loaded_at: Some(noon() - SignedDuration::from_hours(24)),
    })
}

pub(super) fn not_eligible() -> Entry {
    let mut entry = eligible();
    entry.0.eligible = false;
    entry
}

impl Entry {
    pub(super) fn by(mut self, source: Option<DepartmentId>) -> Self {
        self.0.source = source;
        self
    }

    pub(super) fn aged(mut self, age: SignedDuration) -> Self {
        self.0.loaded_at = Some(noon() - age);
        self
    }

    pub(super) fn of_unknown_age(mut self) -> Self {
        self.0.loaded_at = None;
        self
    }
}

impl From<Entry> for Standing {
    fn from(entry: Entry) -> Self {
        found(Facts::EducationEligibility(entry.0))
    }
}
