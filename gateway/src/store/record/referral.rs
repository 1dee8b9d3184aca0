//! Mirrors of what happens to referrals.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statuscheck_domain::answer::{Facts, Negative};
use statuscheck_domain::ids::{CaseId, ReferralId, RulesVersion};
use statuscheck_domain::referral::{Finding, Held, Hold, Opening, ReferralEvent, Resolution};
use statuscheck_domain::sla::SlaClock;
use statuscheck_domain::subject::Field;
use statuscheck_domain::windrush::Ground;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::answer::FactsRecord;
use super::{SlaClockRecord, text};

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReferralEvent", rename_all = "snake_case")]
pub(super) enum ReferralEventRecord {
    Opened(#[serde(with = "boxed_opening")] Box<Opening>),
    Held(#[serde(with = "boxed_hold")] Box<Hold>),
    InformationAsked {
        #[serde(with = "text::many")]
        fields: Vec<Field>,
        by: String,
    },
    Viewed {
        by: String,
    },
    Said(#[serde(with = "boxed_resolution")] Box<Resolution>),
    Superseded,
    Released {
        #[serde(with = "ReferralIdRecord")]
        id: ReferralId,
    },
    Late,
    Looked,
    Recalled {
        #[serde(with = "ReferralIdRecord")]
        id: ReferralId,
        #[serde(with = "CaseIdRecord")]
        case_id: CaseId,
        is_confirmed: bool,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Opening")]
struct OpeningRecord {
    #[serde(with = "ReferralIdRecord")]
    id: ReferralId,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "case_or_none")]
    joined: Option<CaseId>,
    #[serde(with = "HoldRecord")]
    hold: Hold,
    #[serde(with = "text::one")]
    rules: RulesVersion,
    #[serde(with = "SlaClockRecord")]
    due: SlaClock,
    is_withheld: bool,
    contact: String,
    #[serde(with = "text::many")]
    asked: Vec<Field>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Hold")]
struct HoldRecord {
    #[serde(with = "HeldRecord")]
    held: Held,
    #[serde(with = "text::many")]
    grounds: Vec<Ground>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Held", rename_all = "snake_case")]
enum HeldRecord {
    Negative(#[serde(with = "text::one")] Negative),
    EndedLeave {
        #[serde(with = "FactsRecord")]
        facts: Facts,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<Timestamp>,
    },
    Silence,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Resolution")]
struct ResolutionRecord {
    #[serde(with = "FindingRecord")]
    finding: Finding,
    note: Zeroizing<String>,
    by: String,
    at: Timestamp,
    tells: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Finding", rename_all = "snake_case")]
enum FindingRecord {
    Confirmed(#[serde(with = "FactsRecord")] Facts),
    NotConfirmed,
    NeedsLonger {
        #[serde(with = "SlaClockRecord")]
        due: SlaClock,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReferralId")]
pub(super) struct ReferralIdRecord(Uuid);

#[derive(Serialize, Deserialize)]
#[serde(remote = "CaseId")]
struct CaseIdRecord(Uuid);

boxed!(boxed_opening: Opening as OpeningRecord);
boxed!(boxed_hold: Hold as HoldRecord);
boxed!(boxed_resolution: Resolution as ResolutionRecord);

/// A case's id, or none.
mod case_or_none {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use statuscheck_domain::ids::CaseId;
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(case: &Option<CaseId>, serializer: S) -> Result<S::Ok, S::Error> {
        case.map(|case| case.0).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<CaseId>, D::Error> {
        Ok(Option::<Uuid>::deserialize(deserializer)?.map(CaseId))
    }
}
