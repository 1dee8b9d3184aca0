//! The upkeep of a store: retention, holds, subject access, keys and projections, on real files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "upkeep/bench.rs"]
mod bench;
#[path = "upkeep/extension.rs"]
mod extension;
#[path = "upkeep/living.rs"]
mod living;
#[cfg(feature = "demo")]
#[path = "upkeep/ops.rs"]
mod ops;
#[path = "upkeep/rebuild.rs"]
mod rebuild;
#[path = "upkeep/remanence.rs"]
mod remanence;
#[path = "upkeep/retention.rs"]
mod retention;
#[path = "upkeep/rotation.rs"]
mod rotation;
#[path = "upkeep/served_register.rs"]
mod served_register;
#[path = "upkeep/subject_access.rs"]
mod subject_access;
