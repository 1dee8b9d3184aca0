//! A call that was not answered: what the gateway said, or why it could not be asked.

use super::{complain, say};
use std::error::Error as _;
use std::process::ExitCode;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Shows a status with its details, and gives the exit code that goes with it.
pub(super) fn show(status: &Status, json: bool) -> anyhow::Result<ExitCode> {
    let details = status.get_error_details();
    // A status of our own making has a cause; one that the gateway sent has none.
    let cause = status.source();
    let reason = match (details.error_info(), cause) {
        (Some(info), _) => info.reason.as_str(),
        (None, Some(_)) => "NO_ANSWER",
        (None, None) => "",
    };
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.as_slice())
        .unwrap_or_default();
    if json {
        let violations = violations
            .iter()
            .map(|fault| serde_json::json!({"field": fault.field, "description": fault.description}));
        let error = serde_json::json!({"error": {
            "code": code_name(status.code()),
            "reason": reason,
            "message": status.message(),
            "violations": violations.collect::<Vec<_>>(),
            "retry_after_seconds": retry.map(|delay| delay.as_secs_f64()),
        }});
        say!("{}", serde_json::to_string_pretty(&error)?)?;
    } else {
        complain!("{}: {} [{reason}]", status.code().description(), status.message());
        let causes = std::iter::successors(cause, |&error| error.source());
        let mut causes: Vec<_> = causes.map(ToString::to_string).collect();
        causes.dedup();
        for cause in causes {
            complain!("  because: {cause}");
        }
        for fault in violations {
            complain!("  {}: {}", fault.field, fault.description);
        }
        for link in details
            .help()
            .map(|help| help.links.as_slice())
            .unwrap_or_default()
        {
            complain!("  {}: {}", link.description, link.url);
        }
        if let Some(delay) = retry {
            complain!("  try again in {:.1} s", delay.as_secs_f64());
        }
    }
    Ok(ExitCode::from(match status.code() {
        _ if cause.is_some() => 4,
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted => 4,
        Code::InvalidArgument
        | Code::PermissionDenied
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Unauthenticated
        | Code::Unimplemented => 3,
        _ => 1,
    }))
}

/// The code as gRPC names it, such as `INVALID_ARGUMENT`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for symbol in format!("{code:?}").chars() {
        if symbol.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(symbol.to_ascii_uppercase());
    }
    name
}
