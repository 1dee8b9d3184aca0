//! The record of what receivers are to be told of a case, and of what became of that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statuscheck_domain::case::CaseState;
use statuscheck_domain::ids::{NoticeId, ReferralId};
use statuscheck_domain::outbox::{Fault, Happening, Notice, NoticeEvent, Receiver};
use uuid::Uuid;

use super::clock::written;
use super::text;

#[derive(Serialize, Deserialize)]
#[serde(remote = "NoticeEvent", rename_all = "snake_case")]
pub(super) enum NoticeEventRecord {
    Queued(#[serde(with = "boxed_notice")] Box<Notice>),
    PutOff {
        #[serde(with = "NoticeIdRecord")]
        id: NoticeId,
        until: Timestamp,
    },
    Failed {
        #[serde(with = "NoticeIdRecord")]
        id: NoticeId,
        #[serde(with = "written")]
        fault: Fault,
        again: Timestamp,
    },
    Delivered {
        #[serde(with = "NoticeIdRecord")]
        id: NoticeId,
    },
    Parked {
        #[serde(with = "NoticeIdRecord")]
        id: NoticeId,
        #[serde(with = "written")]
        fault: Fault,
    },
    Retried {
        #[serde(with = "NoticeIdRecord")]
        id: NoticeId,
        by: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NoticeId")]
struct NoticeIdRecord(Uuid);

#[derive(Serialize, Deserialize)]
#[serde(remote = "ReferralId")]
struct ReferralIdRecord(Uuid);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Notice")]
struct NoticeRecord {
    #[serde(with = "NoticeIdRecord")]
    id: NoticeId,
    #[serde(with = "written")]
    receiver: Receiver,
    #[serde(with = "HappeningRecord")]
    happening: Happening,
    #[serde(with = "text::one")]
    state: CaseState,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Happening", rename_all = "snake_case")]
enum HappeningRecord {
    Changed,
    AtRisk {
        percent: u8,
        due_at: Timestamp,
    },
    Breached {
        due_at: Timestamp,
    },
    DueExtended {
        due_at: Timestamp,
    },
    ReferralOpened {
        #[serde(with = "ReferralIdRecord")]
        referral_id: ReferralId,
    },
}

boxed!(boxed_notice: Notice as NoticeRecord);
