//! How much may be asked: quotas of a month, of a person, and whose turn it is.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod alike;
mod probing;
mod quotas;
mod restarts;
mod turns;
