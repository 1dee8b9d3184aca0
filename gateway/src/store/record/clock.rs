//! The record of what happens to a case's clock.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statuscheck_domain::calendar::Division;
use statuscheck_domain::case_clock::{
    Cause, ClockEvent, ClockTerms, Extension, Moved, Movement, Reason, Reckoning, Setting, Step,
};
use statuscheck_domain::ids::{CalendarVersion, DueOrderId, PolicyVersion};
use statuscheck_domain::sla::{Ground, Promise, Target, Thresholds, WorkingDays};

use super::text;

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClockEvent", rename_all = "snake_case")]
pub(super) enum ClockEventRecord {
    Set(#[serde(with = "boxed_setting")] Box<Setting>),
    Moved(#[serde(with = "boxed_moved")] Box<Moved>),
    Stepped(#[serde(with = "percent")] Step),
    Stopped,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Setting")]
struct SettingRecord {
    #[serde(with = "text::one")]
    cause: Cause,
    #[serde(with = "ClockTermsRecord")]
    terms: ClockTerms,
    #[serde(with = "ReckoningRecord")]
    reckoning: Reckoning,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClockTerms")]
struct ClockTermsRecord {
    started_at: Timestamp,
    #[serde(with = "written")]
    promise: Promise,
    #[serde(with = "written")]
    vulnerable: Promise,
    #[serde(with = "text::one")]
    ground: Ground,
    #[serde(with = "text::one")]
    division: Division,
    #[serde(with = "thresholds")]
    thresholds: Thresholds,
    #[serde(with = "written", default = "usual_silence")]
    silence: Target,
    #[serde(with = "text::one")]
    policy: PolicyVersion,
    #[serde(with = "text::one")]
    calendar: CalendarVersion,
    #[serde(with = "reason_or_none")]
    order: Option<Reason>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Moved")]
struct MovedRecord {
    #[serde(with = "MovementRecord")]
    movement: Movement,
    #[serde(with = "ReckoningRecord")]
    reckoning: Reckoning,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Movement", rename_all = "snake_case")]
enum MovementRecord {
    Paused,
    Resumed,
    Extended {
        #[serde(with = "ExtensionRecord")]
        by: Extension,
        #[serde(with = "written")]
        reason: Reason,
        #[serde(with = "written")]
        order: DueOrderId,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Extension", rename_all = "snake_case")]
enum ExtensionRecord {
    Elapsed(Duration),
    Working(#[serde(with = "days")] WorkingDays),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reckoning")]
struct ReckoningRecord {
    early: Vec<Timestamp>,
    due_at: Timestamp,
    explanation: String,
}

/// What is promised of a clock that was started before it was written down.
fn usual_silence() -> Target {
    Target::SILENCE
}

boxed!(boxed_setting: Setting as SettingRecord);
boxed!(boxed_moved: Moved as MovedRecord);

/// A type that is read as it is written. None of these belongs to a person.
pub(super) mod written {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|_other| D::Error::custom("a text is not what it should be"))
    }
}

mod reason_or_none {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use statuscheck_domain::case_clock::Reason;

    pub(super) fn serialize<S: Serializer>(
        reason: &Option<Reason>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        reason.as_ref().map(Reason::as_str).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Reason>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|_other| D::Error::custom("not a reason")))
            .transpose()
    }
}

/// Thresholds as the list of them, each as it is written.
mod thresholds {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use statuscheck_domain::sla::{ThresholdError, Thresholds};

    pub(super) fn serialize<S: Serializer>(
        thresholds: &Thresholds,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(thresholds.iter().map(|threshold| threshold.to_string()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Thresholds, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let parsed: Result<Vec<_>, ThresholdError> = texts.iter().map(|text| text.parse()).collect();
        parsed
            .and_then(Thresholds::new)
            .map_err(|_other| D::Error::custom("not thresholds"))
    }
}

/// A step as how many percent of the time have gone by.
mod percent {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use statuscheck_domain::case_clock::Step;

    pub(super) fn serialize<S: Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(step.percent())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Step, D::Error> {
        let percent = u8::deserialize(deserializer)?;
        if (1..=100).contains(&percent) {
            Ok(Step::at(percent))
        } else {
            Err(D::Error::custom("not a percentage"))
        }
    }
}

mod days {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use statuscheck_domain::sla::WorkingDays;

    pub(super) fn serialize<S: Serializer>(days: &WorkingDays, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(days.count())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WorkingDays, D::Error> {
        WorkingDays::new(u16::deserialize(deserializer)?)
            .map_err(|_other| D::Error::custom("not a number of working days"))
    }
}
