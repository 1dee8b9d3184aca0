//! The real program, run as an operator runs it.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]
#![cfg(feature = "demo")]

mod batches;
mod calendar;
mod cases;
mod checks;
mod config;
mod config_defaults;
mod demo;
mod desk;
mod due;
mod fast_clock;
mod house;
mod logs;
mod ops;
mod program;
mod referral;
mod register;
mod sample;
mod serve;
mod watching;
mod webhooks;
