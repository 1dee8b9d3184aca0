//! Gateways that die at a moment of their own: before or after an operation of their store. From then on nothing that the gateway
//! began comes back to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use statuscheck::rpc::works::{Around, Operation};
use tokio::sync::watch;

/// When a gateway dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Death {
    /// At the so manieth operation from now.
    pub(super) operation: u32,
    /// Once that is done, or before it is begun.
    pub(super) is_after: bool,
    /// How long nobody is there then.
    pub(super) down: Duration,
}

/// Where gateways died: by operation, how often before and how often after it.
pub(super) type Deaths = BTreeMap<String, (u32, u32)>;

/// What lies ahead of one gateway after another.
#[derive(Clone, Default)]
pub(super) struct Fate(Arc<Lot>);

#[derive(Default)]
struct Lot {
    state: Mutex<State>,
    is_dead: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    ahead: VecDeque<Death>,
    down: Duration,
    operations: u64,
    deaths: Deaths,
}

impl Fate {
    /// A gateway will die so, once those that are to die before it have.
    pub(super) fn decree(&self, death: Death) {
        self.state().ahead.push_back(death);
    }

    /// The next gateway lives; says how long nobody was there.
    pub(super) fn next_life(&self) -> Duration {
        self.0.is_dead.send_replace(false);
        std::mem::take(&mut self.state().down)
    }

    /// Ends when the gateway is dead.
    pub(super) async fn death(&self) {
        let mut is_dead = self.0.is_dead.subscribe();
        // The sender is here, so this ends in no other way.
        is_dead.wait_for(|is_dead| *is_dead).await.ok();
    }

    pub(super) fn deaths(&self) -> Deaths {
        self.state().deaths.clone()
    }

    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// One more operation; how the gateway dies, where it does at this one.
    fn count(&self) -> Option<Death> {
        let mut state = self.state();
        state.operations += 1;
        let death = state.ahead.front_mut()?;
        death.operation = death.operation.saturating_sub(1);
        state.ahead.pop_front_if(|death| death.operation == 0)
    }

    async fn die<T>(&self, operation: &Operation, death: Death) -> T {
        let name = match operation {
            Operation::Record { kinds, .. } => format!("record {}", kinds.join(" ")),
            Operation::Other(name) => (*name).to_owned(),
        };
        {
            let mut state = self.state();
            let (before, after) = state.deaths.entry(name).or_default();
            *(if death.is_after { after } else { before }) += 1;
            state.down = death.down;
        }
        self.0.is_dead.send_replace(true);
        std::future::pending().await
    }

    fn is_dead(&self) -> bool {
        *self.0.is_dead.borrow()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Around for Fate {
    async fn pass<T: Send>(&self, operation: Operation, doing: impl Future<Output = T> + Send) -> T {
        if self.is_dead() {
            return std::future::pending().await;
        }
        let death = self.count();
        if let Some(death) = death.filter(|death| !death.is_after) {
            return self.die(&operation, death).await;
        }
        let done = doing.await;
        if let Some(death) = death {
            return self.die(&operation, death).await;
        }
        if self.is_dead() {
            return std::future::pending().await;
        }
        done
    }
}
