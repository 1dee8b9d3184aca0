//! gateway

pub mod listener;
pub mod peer;
pub mod tls;
