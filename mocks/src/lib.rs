//! The departments' HTTP APIs over a synthetic population, with faults, and the Windrush taskforce.
//!
//! [`serve::start`] serves the Home Office, DWP, HMRC and DfE, each on an address of its own and each as strict about
//! headers, scopes, media types, formats and error codes as the real one. What they know is a
//! [`population::Population`]; how they fail about a person, that person's [`behaviour::Behaviours`]. Nobody in it is
//! real: [`samples::samples`] are sixteen invented people, [`generator::generate`] draws as many more as are wanted.
//!
//! Beside them stands the Windrush [`taskforce`], where it is wanted: it takes the gateway's hooks and resolves referrals.

pub mod behaviour;
pub mod cli;
pub mod generator;
pub mod person;
pub mod population;
pub mod samples;
pub mod serve;
pub mod settings;
pub mod taskforce;
pub mod tls;
pub mod turnaround;

mod desk;
mod dfe;
mod dwp;
mod hmrc;
mod home_office;
mod oauth;
mod own_time;
mod shelf;
mod text;
mod variants;

pub use serve::{Mocks, StartError, start};
pub use settings::Settings;
