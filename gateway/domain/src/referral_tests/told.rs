//! What is asked, replied and found in a world.

use jiff::civil::date;

use super::world::Said;
use crate::answer::{Entitlement, Facts};
use crate::check::{Check, CheckKind, Draft};
use crate::reply::{self, ImmigrationStatus};
use crate::subject::Field;

pub(super) fn check(kind: CheckKind, in_time: bool) -> Check {
    let draft = Draft {
        given_names: "Ada",
        family_name: "Example",
        date_of_birth: if in_time { "1958-03-04" } else { "1990-05-17" },
        tenancy_start: "2026-06-10",
        ..Draft::default()
    };
    match draft.parse(kind, date(2026, 6, 10)) {
        Ok(check) => check,
        Err(faults) => panic!("{}", faults[0].field),
    }
}

pub(super) fn outcome(said: Said) -> reply::Outcome {
    let until = match said {
        Said::Nothing => return reply::Outcome::NoRecord,
        Said::Later => {
            return reply::Outcome::Deferred {
                expected_by: None,
                ticket: "t-1".to_owned(),
            };
        }
        Said::Several => {
            return reply::Outcome::Ambiguous {
                would_settle: vec![Field::HomeOfficeReference],
            };
        }
        Said::Ended => Some(date(2025, 12, 31)),
        Said::Settled => None,
    };
    reply::Outcome::Found(reply::Facts::ImmigrationStatus(ImmigrationStatus {
        leave: "leave to remain".to_owned(),
        valid_from: date(2020, 1, 1),
        valid_until: until,
        may_work: true,
        may_rent: true,
        conditions: Vec::new(),
        health_surcharge_paid: None,
        arrived_on: None,
        document_valid_until: None,
    }))
}

pub(super) fn unlimited(kind: CheckKind) -> Facts {
    let entitlement = Some(Entitlement::Unlimited);
    match kind {
        CheckKind::RightToRent => Facts::RightToRent {
            entitlement,
            valid_until: None,
            follow_up_on: None,
        },
        CheckKind::Iecas => Facts::Iecas {
            immigration_status: Some("indefinite leave to remain".to_owned()),
            valid_from: None,
            valid_until: None,
            health_surcharge_paid: None,
        },
        CheckKind::RightToWork | CheckKind::Section95 => Facts::RightToWork {
            entitlement,
            valid_until: None,
            conditions: Vec::new(),
            follow_up_on: None,
        },
    }
}
