//! Orders about due times, on the wire.

use std::time::Duration;

use statuscheck_domain::case_clock::{Extension, Reason};
use statuscheck_domain::check::Violation;
use statuscheck_domain::due_order::OrderContent;
use statuscheck_domain::ids::AgreementId;
use statuscheck_domain::recount::RecountContent;
use statuscheck_domain::sla::WorkingDays;
use statuscheck_proto::ops::v1 as wire;

use crate::error::Error;
use crate::upkeep::{Extended, RecountDone, RecountedLine};

/// What is ordered.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn order(request: &wire::ExtendDueRequest) -> Result<OrderContent, Error> {
    let mut faults = Vec::new();
    let department = named(&request.department).map(|name| name.parse()).transpose();
    if department.is_err() {
        faults.push(fault(
            "department",
            "must be home-office, dwp, hmrc or dfe, or empty for all",
        ));
    }
    let agreement = agreement(&request.agreement_id, &mut faults);
    let by = extension(request);
    if let Err((field, description)) = by {
        faults.push(fault(field, description));
    }
    let reason = reason(&request.reason, &mut faults);
    match (department, agreement, by, reason) {
        (Ok(department), Some(agreement), Ok(by), Some(reason)) => Ok(OrderContent {
            department,
            agreement,
            by,
            reason,
        }),
        _ => Err(Error::Invalid(faults)),
    }
}

/// What is ordered to be counted anew.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn recount_order(request: &wire::RecountDueRequest) -> Result<RecountContent, Error> {
    let mut faults = Vec::new();
    let agreement = agreement(&request.agreement_id, &mut faults);
    let reason = reason(&request.reason, &mut faults);
    match (agreement, reason) {
        (Some(agreement), Some(reason)) => Ok(RecountContent { agreement, reason }),
        _ => Err(Error::Invalid(faults)),
    }
}

fn fault(field: &str, description: &str) -> Violation {
    Violation {
        field: field.to_owned(),
        description: description.to_owned(),
    }
}

fn named(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The agreement that is named, or none for all; nothing at all where the name is none.
fn agreement(text: &str, faults: &mut Vec<Violation>) -> Option<Option<AgreementId>> {
    let agreement = named(text).map(str::parse).transpose();
    if agreement.is_err() {
        faults.push(fault(
            "agreement_id",
            "must be the id of an agreement, or empty for all",
        ));
    }
    agreement.ok()
}

fn reason(text: &str, faults: &mut Vec<Violation>) -> Option<Reason> {
    let reason = text.parse();
    if reason.is_err() {
        faults.push(fault(
            "reason",
            "must be a sentence of 1 to 200 characters in one line; it must name no person",
        ));
    }
    reason.ok()
}

fn extension(request: &wire::ExtendDueRequest) -> Result<Extension, (&'static str, &'static str)> {
    match (&request.by, request.working_days) {
        (Some(by), 0) => {
            let seconds = u64::try_from(by.seconds).ok().filter(|_| by.nanos == 0);
            let by = seconds.map(Duration::from_secs);
            by.filter(|by| !by.is_zero() && *by <= Extension::ELAPSED_MAX)
                .map(Extension::Elapsed)
                .ok_or(("by", "must be whole seconds, at least one and at most 365 days"))
        }
        (None, days @ 1..) => u16::try_from(days)
            .ok()
            .and_then(|days| WorkingDays::new(days).ok())
            .map(Extension::Working)
            .ok_or(("working_days", "must be 1 to 260")),
        (None, 0) => Err(("by", "give by or working_days")),
        (Some(_), _) => Err(("working_days", "give by or working_days, not both")),
    }
}

/// What was, or would be, extended.
pub(crate) fn extended(extended: &Extended) -> wire::ExtendDueResponse {
    let line = |(agreement, cases): (&_, &u64)| wire::ExtendedLine {
        agreement_id: ToString::to_string(agreement),
        cases: *cases,
    };
    wire::ExtendDueResponse {
        cases: extended.cases(),
        lines: extended.by_agreement.iter().map(line).collect(),
        refused: extended.refused,
    }
}

/// What was, or would be, counted anew.
pub(crate) fn recounted(done: &RecountDone) -> wire::RecountDueResponse {
    let line = |(agreement, line): (&AgreementId, &RecountedLine)| wire::RecountedLine {
        agreement_id: agreement.to_string(),
        cases: line.cases,
        earlier: line.earlier,
        later: line.later,
    };
    wire::RecountDueResponse {
        cases: done.cases(),
        lines: done.by_agreement.iter().map(line).collect(),
        refused: done.refused,
    }
}
