//! The status-checking gateway: what the program `statuscheck` is made of.
//!
//! A check's way reads along `peer`, `rpc::status_check`, `authorise`, `limits`, `admission`, `cases`, `asking`, `departments`; the
//! rules are in the crate `statuscheck-domain`.

use mimalloc::MiMalloc;

pub mod admission;
pub mod again;
mod asking;
pub mod audit;
mod authorise;
pub mod batch;
pub mod calendars;
pub mod cases;
pub mod cli;
pub mod config;
pub mod dashboard;
#[cfg(feature = "demo")]
pub mod demo;
pub mod departments;
pub mod desk;
pub mod error;
pub mod following;
pub mod limits;
pub mod listener;
pub mod measures;
pub mod ops;
mod outbox;
pub mod peer;
mod precedence;
pub mod probing;
pub mod quota;
mod random;
pub mod referrals;
pub mod register;
pub mod rpc;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod timekeeper;
pub mod tls;
pub mod upkeep;
pub mod webhook;

/// For every program made of this library. What is sealed on one thread is let go on another, which the system's own
/// allocator pays dearly for.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
