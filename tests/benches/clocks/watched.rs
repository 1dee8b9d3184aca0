//! How late each clock's last step was on disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use statuscheck::rpc::works::{Around, Operation};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::CaseId;
use tokio::sync::Notify;

/// Sees when breaches are recorded.
#[derive(Clone)]
pub(crate) struct Watch {
    clock: SharedClock,
    state: Arc<Mutex<State>>,
    all: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// Clocks that are to be fired, with their times.
    due: HashMap<CaseId, Timestamp>,
    late: Vec<Duration>,
}

impl Watch {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            state: Arc::default(),
            all: Arc::default(),
        }
    }

    /// These are to be fired.
    pub(crate) fn expect(&self, due: HashMap<CaseId, Timestamp>) {
        let late = Vec::with_capacity(due.len());
        *self.state() = State { due, late };
    }

    /// How late each was, once all are fired.
    pub(crate) async fn all_fired(&self) -> Vec<Duration> {
        self.all.notified().await;
        std::mem::take(&mut self.state().late)
    }

    /// How many are still to be fired.
    pub(crate) fn left(&self) -> usize {
        self.state().due.len()
    }

    fn recorded(&self, id: CaseId) {
        let now = self.clock.now();
        let mut state = self.state();
        if let Some(due) = state.due.remove(&id) {
            // Nothing is fired early, which tests see to.
            state.late.push(now.duration_since(due).unsigned_abs());
            if state.due.is_empty() {
                self.all.notify_one();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Around for Watch {
    async fn pass<T: Send>(&self, operation: Operation, doing: impl Future<Output = T> + Send) -> T {
        let done = doing.await;
        if let Operation::Record { case_id, kinds } = operation
            && kinds.contains(&"breached")
        {
            self.recorded(case_id);
        }
        done
    }
}
