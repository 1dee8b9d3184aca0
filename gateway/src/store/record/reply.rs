//! Mirrors of replies.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use statuscheck_domain::ids::DepartmentId;
use statuscheck_domain::reply::{
    EducationEligibility, Facts, ImmigrationStatus, Outcome, Period, Reply, Section95Support, Unavailable,
};
use statuscheck_domain::subject::Field;

use super::text;

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reply")]
pub(super) struct ReplyRecord {
    #[serde(with = "OutcomeRecord")]
    outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "snake_case")]
enum OutcomeRecord {
    Found(#[serde(with = "FactsRecord")] Facts),
    NoRecord,
    Ambiguous {
        #[serde(with = "text::many")]
        would_settle: Vec<Field>,
    },
    Deferred {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_by: Option<Timestamp>,
        ticket: String,
    },
    Unavailable(#[serde(with = "UnavailableRecord")] Unavailable),
    Closed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Unavailable", rename_all = "snake_case")]
enum UnavailableRecord {
    Failed,
    Slow,
    Garbage,
    Throttled,
    Refused,
    BreakerOpen,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Facts", rename_all = "snake_case")]
enum FactsRecord {
    ImmigrationStatus(#[serde(with = "ImmigrationStatusRecord")] ImmigrationStatus),
    #[serde(rename = "section_95_support")]
    Section95Support(#[serde(with = "Section95SupportRecord")] Section95Support),
    NinoTrace {
        matches: bool,
    },
    Residence(#[serde(with = "periods")] Vec<Period>),
    EducationEligibility(#[serde(with = "EducationEligibilityRecord")] EducationEligibility),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ImmigrationStatus")]
struct ImmigrationStatusRecord {
    leave: String,
    valid_from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<Date>,
    may_work: bool,
    may_rent: bool,
    conditions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    health_surcharge_paid: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arrived_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document_valid_until: Option<Date>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Section95Support")]
struct Section95SupportRecord {
    in_force: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal_basis: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "EducationEligibility")]
struct EducationEligibilityRecord {
    eligible: bool,
    #[serde(with = "text::maybe", default, skip_serializing_if = "Option::is_none")]
    source: Option<DepartmentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loaded_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Period")]
struct PeriodRecord {
    from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
}

/// Each period by its mirror.
mod periods {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use statuscheck_domain::reply::Period;

    use super::PeriodRecord;

    #[derive(Serialize)]
    struct Written<'a>(#[serde(serialize_with = "PeriodRecord::serialize")] &'a Period);

    #[derive(Deserialize)]
    struct Read(#[serde(deserialize_with = "PeriodRecord::deserialize")] Period);

    pub(super) fn serialize<S: Serializer>(periods: &[Period], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(periods.iter().map(Written))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Period>, D::Error> {
        let periods = Vec::<Read>::deserialize(deserializer)?;
        Ok(periods.into_iter().map(|period| period.0).collect())
    }
}
