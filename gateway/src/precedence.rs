//! Threads that give way: where processors are short, they are left to whoever answers calls.
//!
//! A lower priority alone does not do it: a thread that has a processor keeps it for a slice of a millisecond or more, whoever wakes
//! meanwhile, and a check is handed from thread to thread some twenty times. So such a thread also rests, often and shortly.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

/// How far such a thread steps back, as systems count it. 10: beside a thread that answers calls it gets a tenth of a processor where
/// both want all of it, so what it does goes on in any rush, and all of it where nobody else does.
#[cfg(target_os = "linux")]
const STEP_BACK: i32 = 10;

/// The shortest rest there is, some fifty microseconds as systems keep it. To yield would be shorter, and costs the thread the rest of
/// its slice each time: where all processors are busy, next to nothing would go on.
const REST: Duration = Duration::from_micros(1);

thread_local! {
    static GIVES_WAY: Cell<bool> = const { Cell::new(false) };
}

/// Has the calling thread give way from now on. Where a system does not let one thread have a priority alone, it only rests.
pub(crate) fn give_way() {
    GIVES_WAY.set(true);
    // Linux keeps this for each thread; elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, STEP_BACK) {
        tracing::debug!(%error, "a thread cannot give way");
    }
}

/// Lets others have the processor for a moment, where the calling thread gives way. To be called after each tenth of a millisecond or
/// so of work.
#[expect(
    clippy::disallowed_methods,
    reason = "only a thread that gave way sleeps, and no worker of the runtime does that"
)]
pub(crate) fn rest() {
    if GIVES_WAY.get() {
        thread::sleep(REST);
    }
}
