//! The gateway's door: who may call what, and how a call is refused.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod agreements;
mod guard;
mod limits;
mod refusals;
mod register;
mod register_changes;
mod register_effects;
mod services;
mod strangers;
mod wire;
