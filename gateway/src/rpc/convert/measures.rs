//! Measures of an agreement, on the wire.

use std::time::Duration;

use jiff::Timestamp;
use statuscheck_domain::check::Violation;
use statuscheck_proto::register::v1 as wire;

use super::timestamp;
use crate::error::Error;
use crate::measures::{Measured, SPAN_MAX, Wanted};

/// What is to be counted.
///
/// # Errors
/// [`Error::Invalid`] with every field at fault.
pub(crate) fn wanted(request: &wire::GetMeasuresRequest) -> Result<Wanted, Error> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, description: &str| {
        faults.push(Violation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
    };
    let agreement = request.agreement_id.parse();
    if agreement.is_err() {
        fault("agreement_id", "must be the id of an agreement");
    }
    let mut read = |field: &str, given: Option<&prost_types::Timestamp>| {
        let time = given.map(instant);
        if time == Some(None) {
            fault(field, "must be a time from 0001 to 9999");
        }
        time.flatten()
    };
    let from = read("from", request.from.as_ref());
    let to = read("to", request.to.as_ref());
    let as_of = read("as_of", request.as_of.as_ref());
    if request.from.is_none() {
        fault("from", "must be given");
    }
    if let (Some(from), Some(to)) = (from, to) {
        if to <= from {
            fault("to", "must be after from");
        } else if to.duration_since(from) > SPAN_MAX {
            fault("to", "must be at most ten years after from");
        }
    }
    if let (Some(from), Some(as_of)) = (from, as_of)
        && as_of < from
    {
        fault("as_of", "must not be before from");
    }
    match (agreement, from) {
        (Ok(agreement), Some(from)) if faults.is_empty() => Ok(Wanted {
            agreement,
            from,
            to,
            as_of,
        }),
        _ => Err(Error::Invalid(faults)),
    }
}

fn instant(time: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// What was counted.
pub(crate) fn measured(measured: &Measured) -> wire::GetMeasuresResponse {
    let Measured {
        figures,
        quota_limit,
        as_of,
    } = measured;
    let turnaround = figures.turnaround;
    let seconds = |duration: Option<Duration>| duration.unwrap_or_default().as_secs_f64();
    let calls = figures.calls;
    wire::GetMeasuresResponse {
        checks: figures.checks,
        answered_at_once: figures.answered_at_once,
        answered_in_time: figures.answered_in_time,
        answered_late: figures.answered_late,
        open: figures.open,
        breached: figures.breached,
        established: figures.established,
        not_established: figures.not_established,
        referred: figures.referred,
        disputed: figures.disputed,
        feedback_given: figures.feedback_given,
        turnaround_p50_seconds: seconds(turnaround.map(|after| after.p50)),
        turnaround_p95_seconds: seconds(turnaround.map(|after| after.p95)),
        turnaround_max_seconds: seconds(turnaround.map(|after| after.max)),
        quota_used: figures.quota_used,
        quota_limit: *quota_limit,
        gateway_p95: calls.gateway_p95.and_then(duration),
        department_p95: calls.department_p95.and_then(duration),
        network_p95: calls.network_p95.and_then(duration),
        as_of: Some(timestamp(*as_of)),
    }
}

fn duration(duration: Duration) -> Option<prost_types::Duration> {
    duration.try_into().ok()
}
