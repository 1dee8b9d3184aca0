//! What tests of any crate stand on. It depends on none of ours, so that the gateway's own tests can use it as well as the
//! end-to-end tests, and neither waits for the other to be built.

pub mod postgres;
pub mod processor;
pub mod proxy;
