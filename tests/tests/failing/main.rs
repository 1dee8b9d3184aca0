//! How the real program behaves when it is told to stop, when the disk is full or fails, when its files are not its own,
//! when too much is waiting, and to others on its machine.

#![allow(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod damaged_files;
mod drain;
mod failing_disk;
mod full_disk;
mod full_queue;
mod mounted;
mod private_memory;
mod setting;
mod stranger;
