//! The real program, run as an operator runs it.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]
#![cfg(feature = "demo")]

mod checks;
mod config;
mod demo;
mod desk;
mod house;
mod logs;
mod program;
mod register;
mod sample;
mod serve;
mod webhooks;
