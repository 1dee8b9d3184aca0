//! The house that every end-to-end test lives in: a real gateway behind real mutual TLS, real mock departments over HTTP,
//! the shipped register, a store of its own, and a clock that stands still.

pub mod asking;
pub mod batching;
pub mod crash;
pub mod database;
pub mod faults;
pub mod hooks;
pub mod house;
pub mod likeness;
pub mod patient;
pub mod person;
pub mod program;
pub mod receiver;
pub mod registering;
pub mod site;
pub mod told;
pub mod year;

pub use statuscheck_rig::{postgres, processor, proxy};

/// What most tests need.
pub mod prelude {
    pub use crate::asking::{
        COUNCIL, EMPLOYER, LANDLORD, STRANGER, Subject, TRUST, by_code, by_name, by_nass, by_nino, iecas,
        request, right_to_rent, right_to_work, section_95,
    };
    pub use crate::house::{House, NOW, Plan, agreement_like, until};
    pub use crate::person::{Resident, person};
    pub use crate::told::{case_json, json, json_of, outcome, reason, refusal, refused, violations};
    pub use serde_json::json;
    pub use statuscheck_domain::ids::DepartmentId;
    pub use statuscheck_proto::v1;
    pub use std::time::Duration;
}
