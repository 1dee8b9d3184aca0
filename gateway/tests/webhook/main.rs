//! Notices, delivered over real sockets to a receiver that checks them as receivers do.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]
#![cfg(feature = "demo")]

mod addresses;
mod answers;
mod receiver;
mod signed;
mod site;
