//! The departments' HTTP APIs over a synthetic population, with faults.

pub mod behaviour;
pub mod generator;
pub mod person;
pub mod population;
pub mod samples;
mod text;
