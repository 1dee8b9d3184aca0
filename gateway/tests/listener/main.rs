//! The door, over real sockets: who gets in, how long, how many, and how it closes.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod authority;
mod files;
mod frames;
mod handshake;
mod house;
mod limits;
mod reload;
mod shutdown;
