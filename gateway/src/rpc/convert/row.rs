//! Why a row of a batch was not taken.

use std::time::Duration;

use statuscheck_proto::v1 as wire;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::error::Error;

/// What the call with this row alone would have said: made from that, so that the two cannot differ.
pub(crate) fn row_error(error: Error) -> wire::RowError {
    let status = Status::from(error);
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice());
    let violation = |fault: &tonic_types::FieldViolation| wire::FieldViolation {
        field: fault.field.clone(),
        description: fault.description.clone(),
    };
    wire::RowError {
        code: status.code().into(),
        reason: details
            .error_info()
            .map(|info| info.reason.clone())
            .unwrap_or_default(),
        message: status.message().to_owned(),
        violations: violations.unwrap_or_default().iter().map(violation).collect(),
        retry_after: details
            .retry_info()
            .and_then(|retry| retry.retry_delay)
            .map(duration),
    }
}

fn duration(delay: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(delay.as_secs()).unwrap_or(i64::MAX),
        // Below a thousand million, so it fits.
        nanos: i32::try_from(delay.subsec_nanos()).unwrap_or_default(),
    }
}
