//! What the caller is told.

use jiff::Timestamp;
use jiff::civil::Date;
use statuscheck_domain::answer::{
    self, Answer, Facts, PendingReason, advice_with, explain_fields, statutory_excuse_reference,
};
use statuscheck_domain::case::Case;
use statuscheck_domain::sla::SlaClock;
use statuscheck_proto::v1 as wire;

use super::timestamp;

/// The answer of `case` as it stands at `now`.
pub(super) fn answer(case: &Case, now: Timestamp) -> wire::Answer {
    let told = case.told();
    let Answer {
        outcome,
        legal_basis,
        agreement_id,
        as_of,
    } = told.as_ref();
    let kind = case.receipt.check.kind();
    wire::Answer {
        may_refuse: told.may_refuse(kind),
        legal_basis: legal_basis.clone(),
        agreement_id: agreement_id.to_string(),
        as_of: as_of.map(timestamp),
        next_step: told.next_step(kind).to_owned(),
        outcome: Some(self::outcome(outcome, case, now)),
    }
}

fn outcome(outcome: &answer::Outcome, case: &Case, now: Timestamp) -> wire::answer::Outcome {
    match outcome {
        answer::Outcome::Established { facts, withheld } => {
            wire::answer::Outcome::Established(wire::Established {
                facts: Some(self::facts(facts, case)),
                withheld_fields: withheld.clone(),
            })
        }
        answer::Outcome::Pending { reason, departments } => {
            let reason = match reason {
                PendingReason::DepartmentWorking => wire::PendingReason::DepartmentWorking,
                PendingReason::DepartmentUnavailable => wire::PendingReason::DepartmentUnavailable,
                PendingReason::DepartmentClosed => wire::PendingReason::DepartmentClosed,
                PendingReason::Disputed => wire::PendingReason::Disputed,
            };
            wire::answer::Outcome::Pending(wire::Pending {
                reason: reason.into(),
                departments: departments.iter().map(ToString::to_string).collect(),
                sla: Some(sla(case, now)),
            })
        }
        answer::Outcome::MoreInformation { fields } => {
            wire::answer::Outcome::MoreInformationNeeded(wire::MoreInformationNeeded {
                fields: fields.iter().map(|field| field.as_str().to_owned()).collect(),
                explanation: explain_fields(fields).to_owned(),
                sla: Some(sla(case, now)),
            })
        }
        answer::Outcome::Referred {
            referral_id,
            contact,
            advice,
            fields,
            due,
        } => wire::answer::Outcome::Referred(wire::Referred {
            referral_id: referral_id.to_string(),
            advice: advice_with(advice, fields),
            sla: Some(finding(due, now > due.due_at)),
            contact: contact.clone(),
            fields: fields.iter().map(|field| field.as_str().to_owned()).collect(),
        }),
        answer::Outcome::NotEstablished(negative) => {
            wire::answer::Outcome::NotEstablished(wire::NotEstablished {
                reason: negative.as_str().to_owned(),
                explanation: negative.explanation().to_owned(),
            })
        }
    }
}

fn facts(facts: &Facts, case: &Case) -> wire::established::Facts {
    let reference = || statutory_excuse_reference(case.receipt.check.kind(), case.id);
    match facts {
        Facts::RightToWork {
            entitlement,
            valid_until,
            conditions,
            follow_up_on,
        } => wire::established::Facts::RightToWork(wire::RightToWorkFacts {
            entitlement: self::entitlement(*entitlement).into(),
            valid_until: day(*valid_until),
            conditions: conditions.clone(),
            follow_up_on: day(*follow_up_on),
            statutory_excuse_reference: reference(),
        }),
        Facts::RightToRent {
            entitlement,
            valid_until,
            follow_up_on,
        } => wire::established::Facts::RightToRent(wire::RightToRentFacts {
            entitlement: self::entitlement(*entitlement).into(),
            valid_until: day(*valid_until),
            follow_up_on: day(*follow_up_on),
            statutory_excuse_reference: reference(),
        }),
        Facts::Section95 { supported_since } => wire::established::Facts::Section95(wire::Section95Facts {
            supported: true,
            supported_since: day(*supported_since),
        }),
        Facts::Iecas {
            immigration_status,
            valid_from,
            valid_until,
            health_surcharge_paid,
        } => wire::established::Facts::Iecas(wire::IecasFacts {
            immigration_status: immigration_status.clone().unwrap_or_default(),
            valid_from: day(*valid_from),
            valid_until: day(*valid_until),
            health_surcharge_paid: *health_surcharge_paid,
        }),
    }
}

const fn entitlement(entitlement: Option<answer::Entitlement>) -> wire::Entitlement {
    match entitlement {
        None => wire::Entitlement::Unspecified,
        Some(answer::Entitlement::Unlimited) => wire::Entitlement::Unlimited,
        Some(answer::Entitlement::TimeLimited) => wire::Entitlement::TimeLimited,
        Some(answer::Entitlement::Restricted) => wire::Entitlement::Restricted,
    }
}

/// What is promised about `case`, as it stands at `now`.
pub(super) fn sla(case: &Case, now: Timestamp) -> wire::Sla {
    let clock = case.promise();
    wire::Sla {
        started_at: Some(timestamp(clock.started_at)),
        due_at: Some(timestamp(clock.due_at)),
        paused: case.is_paused(),
        breached: case.is_breached(now),
        explanation: clock.explanation,
    }
}

/// When the taskforce's finding is due.
pub(super) fn finding(due: &SlaClock, breached: bool) -> wire::Sla {
    wire::Sla {
        started_at: Some(timestamp(due.started_at)),
        due_at: Some(timestamp(due.due_at)),
        paused: false,
        breached,
        explanation: due.explanation.clone(),
    }
}

pub(super) fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}
