//! What the gateway said, as JSON: messages have no `Debug`, and whole answers are compared.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;
use statuscheck_proto::DESCRIPTOR_SET;
use statuscheck_proto::v1::{Case, CheckResponse, answer};
use tonic::Status;
use tonic_types::StatusExt as _;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).expect("the contract"));

/// A message of the contract as JSON: names as in the contract, fields without a value too, absent ones left out.
pub fn json_of(name: &str, message: &impl Message) -> Value {
    let descriptor = POOL.get_message_by_name(&format!("statuscheck.v1.{name}"));
    let bytes = message.encode_to_vec();
    let message = DynamicMessage::decode(descriptor.expect("a message of the contract"), &*bytes)
        .expect("the same message");
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .expect("JSON")
}

/// The whole answer.
pub fn json(response: &CheckResponse) -> Value {
    json_of("Answer", response.answer.as_ref().expect("an answer"))
}

/// The whole case.
pub fn case_json(case: &Case) -> Value {
    json_of("Case", case)
}

/// The kind of outcome: `established`, `pending`, `more_information_needed`, `not_established`.
pub fn outcome(response: &CheckResponse) -> &'static str {
    match response
        .answer
        .as_ref()
        .and_then(|answer| answer.outcome.as_ref())
    {
        Some(answer::Outcome::Established(_)) => "established",
        Some(answer::Outcome::Pending(_)) => "pending",
        Some(answer::Outcome::MoreInformationNeeded(_)) => "more_information_needed",
        Some(answer::Outcome::Referred(_)) => "referred",
        Some(answer::Outcome::NotEstablished(_)) => "not_established",
        None => "nothing",
    }
}

/// The outcome, and why or with what in a few words: `pending DEPARTMENT_WORKING home-office`,
/// `more_information_needed share_code`, `not_established NO_RECORD`, `established`.
pub fn reason(response: &CheckResponse) -> String {
    let why = match response
        .answer
        .as_ref()
        .and_then(|answer| answer.outcome.as_ref())
    {
        Some(answer::Outcome::Pending(pending)) => {
            let name = pending.reason().as_str_name();
            let reason = name.strip_prefix("PENDING_REASON_").unwrap_or(name);
            format!(" {reason} {}", pending.departments.join(","))
        }
        Some(answer::Outcome::MoreInformationNeeded(needed)) => format!(" {}", needed.fields.join(",")),
        Some(answer::Outcome::NotEstablished(negative)) => format!(" {}", negative.reason),
        _ => String::new(),
    };
    format!("{}{why}", outcome(response))
}

/// How a call was refused: gRPC code and stable reason, e.g. `AlreadyExists REQUEST_ID_TAKEN`.
///
/// # Panics
/// The call was answered.
pub fn refusal<T>(called: Result<T, Status>) -> String {
    let status = refused(called);
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| &info.reason);
    format!("{:?} {reason}", status.code())
}

/// The status of a call that was refused.
///
/// # Panics
/// The call was answered.
pub fn refused<T>(called: Result<T, Status>) -> Status {
    called.map(|_| ()).expect_err("a refusal")
}

/// The fields that a call was refused for.
///
/// # Panics
/// The call was answered.
pub fn violations<T>(called: Result<T, Status>) -> Vec<String> {
    let details = refused(called).get_error_details();
    let violations = details.bad_request().map(|request| &request.field_violations);
    let fields = violations.into_iter().flatten();
    fields.map(|violation| violation.field.clone()).collect()
}
