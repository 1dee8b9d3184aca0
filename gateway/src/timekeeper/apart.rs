//! A thread for what is due.

use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::Timekeeper;
use crate::precedence::give_way;

impl Timekeeper {
    /// Runs it on a thread of its own, which gives way to those that answer calls: a flood of due clocks is thousands of cases to
    /// step and seal. What it has asked and told goes on in the runtime, for departments' connections are there. The future ends
    /// when it has stopped; it runs also where nobody waits for that.
    pub(crate) fn run_apart(self: Arc<Self>, stopped: watch::Receiver<bool>) -> impl Future<Output = ()> {
        let (end, ended) = oneshot::channel::<()>();
        let (timekeeper, runtime) = (Arc::clone(&self), Handle::current());
        let stop = stopped.clone();
        let run = move || {
            give_way();
            runtime.block_on(timekeeper.run(stop));
            drop(end);
        };
        if let Err(error) = thread::Builder::new().name("timekeeper".to_owned()).spawn(run) {
            tracing::error!(%error, "what is due has no thread of its own; it is done among the calls");
            tokio::spawn(self.run(stopped));
        }
        async move {
            ended.await.unwrap_or_default();
        }
    }
}
