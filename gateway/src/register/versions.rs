//! What the ledger keeps of plans and of versions of the register: entries of the house, each with the whole register in it,
//! so that the newest one alone is enough to go on from.
//!
//! The register is open to every peer and names posts, not persons, so that it may lie open in the ledger too.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use statuscheck_domain::ids::PlanId;
use uuid::Uuid;

use crate::store::{HouseEntry, HouseKind};

/// An entry of the ledger that is not what its kind says. Whoever recorded it was another program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an entry of the ledger about the register cannot be read; was it recorded by a newer program?")]
pub struct EntryError;

/// A plan as it was recorded.
pub(super) struct Planned {
    pub(super) time: Timestamp,
    pub(super) planned_by: String,
    pub(super) details: PlannedDetails,
}

#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedDetails {
    pub(super) plan_id: Uuid,
    /// The version that it was compared with.
    pub(super) replaces: u64,
    /// In words.
    pub(super) changes: Vec<String>,
    /// Open cases under agreements that would change or go.
    pub(super) cases_affected: u64,
    /// The whole new register as TOML.
    pub(super) register: String,
}

/// A version of the register as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// When it was applied.
    pub time: Timestamp,
    /// Who applied it: `ops/<id>`.
    pub applied_by: String,
    pub(super) details: AppliedDetails,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct AppliedDetails {
    pub(super) version: u64,
    pub(super) plan_id: Uuid,
    pub(super) planned_by: String,
    pub(super) changes: Vec<String>,
    pub(super) register: String,
}

impl Applied {
    /// Its number; 1 is the first that was ever applied.
    pub fn version(&self) -> u64 {
        self.details.version
    }

    /// The plan that was applied.
    pub fn plan_id(&self) -> PlanId {
        PlanId(self.details.plan_id)
    }

    /// Who planned it: `ops/<id>`.
    pub fn planned_by(&self) -> &str {
        &self.details.planned_by
    }

    /// What it changed, in words.
    pub fn changes(&self) -> &[String] {
        &self.details.changes
    }

    pub(super) fn read(entry: HouseEntry) -> Result<Self, EntryError> {
        Ok(Self {
            time: entry.time,
            applied_by: entry.actor,
            details: details(entry.details)?,
        })
    }

    pub(super) fn entry(&self) -> Result<HouseEntry, EntryError> {
        let (time, actor) = (self.time, self.applied_by.clone());
        entry(HouseKind::RegisterApplied, time, actor, &self.details)
    }
}

impl Planned {
    pub(super) fn id(&self) -> PlanId {
        PlanId(self.details.plan_id)
    }

    pub(super) fn read(entry: HouseEntry) -> Result<Self, EntryError> {
        Ok(Self {
            time: entry.time,
            planned_by: entry.actor,
            details: details(entry.details)?,
        })
    }

    pub(super) fn entry(&self) -> Result<HouseEntry, EntryError> {
        let (time, actor) = (self.time, self.planned_by.clone());
        entry(HouseKind::RegisterPlanned, time, actor, &self.details)
    }
}

fn entry(
    kind: HouseKind,
    time: Timestamp,
    actor: String,
    details: &impl Serialize,
) -> Result<HouseEntry, EntryError> {
    match serde_json::to_value(details) {
        Ok(Value::Object(details)) => Ok(HouseEntry {
            time,
            kind,
            actor,
            details,
        }),
        _ => Err(EntryError),
    }
}

fn details<T: DeserializeOwned>(details: Map<String, Value>) -> Result<T, EntryError> {
    serde_json::from_value(Value::Object(details)).map_err(|_shape| EntryError)
}
