//! The departments' HTTP APIs over a synthetic population, with faults.

pub mod behaviour;
pub mod person;
pub mod population;
mod text;
