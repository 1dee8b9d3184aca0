//! The one event that the taskforce takes: a referral was opened. It says which, and nothing about whom.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use statuscheck_domain::ids::{AgreementId, CaseId, ReferralId};

use super::Refusal;

/// The type of the event.
const REFERRAL_OPENED: &str = "uk.gov.statuscheck.referral.opened.v1";

/// Characters of a text in it: the longest is a trust domain.
const TEXT_LENGTH_MAX: usize = 300;

/// A referral that was opened.
pub(super) struct Opened {
    pub(super) referral_id: ReferralId,
    pub(super) case_id: CaseId,
}

/// CloudEvents 1.0 in JSON. A field that was not agreed may say something about a person, so it is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudEvent {
    specversion: String,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "time")]
    _time: Timestamp,
    subject: String,
    datacontenttype: String,
    data: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    case_id: String,
    state: String,
    #[serde(rename = "version")]
    _version: u64,
    agreement_id: String,
    referral_id: String,
}

/// The referral that the event of the hook `id` is about.
///
/// # Errors
/// [`Refusal`] of its type or its shape.
pub(super) fn opened(body: &[u8], id: &str) -> Result<Opened, Refusal> {
    let event: CloudEvent = serde_json::from_slice(body).map_err(|_quotes| Refusal::NotAnEvent)?;
    if event.kind != REFERRAL_OPENED {
        return Err(Refusal::UnwantedType);
    }
    let data: Data = serde_json::from_value(event.data).map_err(|_quotes| Refusal::NotAnEvent)?;
    let is_sound = event.specversion == "1.0"
        && event.id == id
        && event.source.starts_with("spiffe://")
        && event.source.len() <= TEXT_LENGTH_MAX
        && event.datacontenttype == "application/json"
        && event.subject == data.referral_id
        && data.state == "referred"
        && data.agreement_id.parse::<AgreementId>().is_ok();
    match (data.referral_id.parse(), data.case_id.parse()) {
        (Ok(referral_id), Ok(case_id)) if is_sound => Ok(Opened { referral_id, case_id }),
        _ => Err(Refusal::NotAnEvent),
    }
}
