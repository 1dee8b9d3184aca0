//! Mirrors of answers.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use statuscheck_domain::answer::{Answer, Entitlement, Facts, Negative, Outcome, PendingReason};
use statuscheck_domain::ids::{AgreementId, DepartmentId, ReferralId};
use statuscheck_domain::sla::SlaClock;
use statuscheck_domain::subject::Field;

use super::referral::ReferralIdRecord;
use super::{SlaClockRecord, text};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Answer")]
pub(super) struct AnswerRecord {
    #[serde(with = "OutcomeRecord")]
    outcome: Outcome,
    legal_basis: String,
    #[serde(with = "text::one")]
    agreement_id: AgreementId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "snake_case")]
enum OutcomeRecord {
    Established {
        #[serde(with = "FactsRecord")]
        facts: Facts,
        withheld: Vec<String>,
    },
    Pending {
        #[serde(with = "text::one")]
        reason: PendingReason,
        #[serde(with = "text::many")]
        departments: Vec<DepartmentId>,
    },
    MoreInformation {
        #[serde(with = "text::many")]
        fields: Vec<Field>,
    },
    Referred {
        #[serde(with = "ReferralIdRecord")]
        referral_id: ReferralId,
        contact: String,
        #[serde(with = "text::many")]
        fields: Vec<Field>,
        #[serde(with = "SlaClockRecord")]
        due: SlaClock,
    },
    NotEstablished(#[serde(with = "text::one")] Negative),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Facts", rename_all = "snake_case")]
pub(super) enum FactsRecord {
    RightToWork {
        #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
        entitlement: Option<Entitlement>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Date>,
        conditions: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_up_on: Option<Date>,
    },
    RightToRent {
        #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
        entitlement: Option<Entitlement>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_up_on: Option<Date>,
    },
    #[serde(rename = "section_95")]
    Section95 { supported_since: Option<Date> },
    Iecas {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        immigration_status: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_from: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        health_surcharge_paid: Option<bool>,
    },
}
