//! Processes that are not our children, and when they are gone.

use std::fs;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// When a test gives up waiting: many times what the slowest machine needs.
const PATIENCE: Timespec = Timespec {
    tv_sec: 30,
    tv_nsec: 0,
};

/// A process, held by a descriptor, so that its number cannot come to mean another one.
pub(super) struct Ended(OwnedFd);

impl Ended {
    /// None where it has ended already.
    pub(super) fn of(id: i32) -> Option<Self> {
        let id = Pid::from_raw(id)?;
        pidfd_open(id, PidfdFlags::empty()).ok().map(Self)
    }

    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Waits until it has ended.
    pub(super) fn wait(&self) {
        let mut ended = [PollFd::new(&self.0, PollFlags::IN)];
        let ready = poll(&mut ended, Some(&PATIENCE)).expect("a process");
        assert!(ready == 1, "a killed process does not end");
    }
}

/// The ids of the children of the process.
pub(super) fn children(of: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).expect("its children");
    let ids = children.split_whitespace().filter_map(|id| id.parse().ok());
    ids.collect()
}
