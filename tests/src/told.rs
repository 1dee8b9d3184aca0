//! What the gateway said, as JSON: messages have no `Debug`, and whole answers are compared.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;
use statuscheck_proto::DESCRIPTOR_SET;
use statuscheck_proto::v1::{Case, CheckResponse, answer};

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

/// A case as JSON.
pub fn case(case: &Case) -> Value {
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
