//! Orders to give cases more time, on the wire.

use std::time::Duration;

use statuscheck_domain::case_clock::Extension;
use statuscheck_domain::check::Violation;
use statuscheck_domain::due_order::OrderContent;
use statuscheck_domain::sla::WorkingDays;
use statuscheck_proto::ops::v1 as wire;

use crate::error::Error;
use crate::upkeep::Extended;

/// What is ordered.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn order(request: &wire::ExtendDueRequest) -> Result<OrderContent, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, description: &str| {
        faults.push(Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
    };
    let named = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let department = named(&request.department).map(|name| name.parse()).transpose();
    if department.is_err() {
        fault(
            "department",
            "must be home-office, dwp, hmrc or dfe, or empty for all",
        );
    }
    let agreement = named(&request.agreement_id).map(|id| id.parse()).transpose();
    if agreement.is_err() {
        fault("agreement_id", "must be the id of an agreement, or empty for all");
    }
    let by = extension(request);
    if let Err((field, description)) = by {
        fault(field, description);
    }
    let reason = request.reason.parse();
    if reason.is_err() {
        fault(
            "reason",
            "must be a sentence of 1 to 200 characters in one line; it must name no person",
        );
    }
    match (department, agreement, by, reason) {
        (Ok(department), Ok(agreement), Ok(by), Ok(reason)) => Ok(OrderContent {
            department,
            agreement,
            by,
            reason,
        }),
        _ => Err(Error::Invalid(faults)),
    }
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
