//! Threads that give way: where processors are short, they are left to whoever answers calls.

/// How far such a thread steps back, as systems count it. 10: beside a thread that answers calls it gets a tenth of a processor where
/// both want all of it, so what it does goes on in any rush, and all of it where nobody else does.
#[cfg(target_os = "linux")]
const STEP_BACK: i32 = 10;

/// Has the calling thread give way from now on. Where a system does not let one thread do so alone, nothing changes.
pub(crate) fn give_way() {
    // Linux keeps this for each thread; elsewhere it would be the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, STEP_BACK) {
        tracing::debug!(%error, "a thread cannot give way");
    }
}
