//! Who follows cases now: no more than there may be, and each woken when something happened to its organisation's cases.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use statuscheck_domain::ids::OrganisationId;
use tokio::sync::watch;

use super::WatchRefusal;
use crate::store::Position;

pub(super) struct Watchers {
    max: usize,
    per_organisation_max: usize,
    /// The lock is held for a look-up only.
    seated: Mutex<HashMap<OrganisationId, Seated>>,
    count: watch::Sender<usize>,
}

/// Those of one organisation; there is at least one.
struct Seated {
    count: usize,
    signal: watch::Sender<Signal>,
}

/// Something may have happened to an organisation's cases.
#[derive(Clone, Default)]
struct Signal {
    /// Grows by one with every signal.
    number: u64,
    /// Since the signal before, nothing did up to here; none where that is not known.
    before: Option<Arc<Position>>,
}

impl Watchers {
    pub(super) fn new(max: usize, per_organisation_max: usize) -> Self {
        Self {
            max,
            per_organisation_max,
            seated: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }

    /// Lets one more follow that organisation's cases, for as long as it keeps the seat.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub(super) fn admit(self: &Arc<Self>, organisation: &OrganisationId) -> Result<Seat, WatchRefusal> {
        let mut seated = self.seated();
        let own = seated.get(organisation).map_or(0, |seated| seated.count);
        if own >= self.per_organisation_max {
            return Err(WatchRefusal::TooManyOfYours);
        }
        if *self.count.borrow() >= self.max {
            return Err(WatchRefusal::TooMany);
        }
        let entry = seated.entry(organisation.clone()).or_insert_with(|| Seated {
            count: 0,
            signal: watch::Sender::default(),
        });
        entry.count += 1;
        let signal = entry.signal.subscribe();
        self.count.send_modify(|count| *count += 1);
        let looked_at = signal.borrow().number;
        Ok(Seat {
            watchers: Arc::clone(self),
            organisation: organisation.clone(),
            signal,
            looked_at,
        })
    }

    /// How many there are, whenever it changes.
    pub(super) fn count(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    /// Wakes those of `organisation`, to whose cases nothing happened since the last signal up to `before`.
    pub(super) fn wake(&self, organisation: &OrganisationId, before: &Arc<Position>) {
        if let Some(seated) = self.seated().get(organisation) {
            seated.wake(Some(Arc::clone(before)));
        }
    }

    /// Wakes everybody.
    pub(super) fn wake_all(&self) {
        self.seated().values().for_each(|seated| seated.wake(None));
    }

    fn leave(&self, organisation: &OrganisationId) {
        let mut seated = self.seated();
        if let Some(own) = seated.get_mut(organisation) {
            own.count -= 1;
            if own.count == 0 {
                seated.remove(organisation);
            }
        }
        self.count.send_modify(|count| *count -= 1);
    }

    fn seated(&self) -> MutexGuard<'_, HashMap<OrganisationId, Seated>> {
        self.seated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seated {
    fn wake(&self, before: Option<Arc<Position>>) {
        self.signal.send_modify(|signal| {
            *signal = Signal {
                number: signal.number + 1,
                before,
            };
        });
    }
}

/// The right to follow, given back when it is dropped.
pub(super) struct Seat {
    watchers: Arc<Watchers>,
    organisation: OrganisationId,
    signal: watch::Receiver<Signal>,
    /// Number of the signal before the last look.
    looked_at: u64,
}

impl Seat {
    /// To be called before each look: what is recorded after is signalled.
    pub(super) fn looks(&mut self) {
        self.looked_at = self.signal.borrow_and_update().number;
    }

    /// Waits until something may have happened since the last look. Up to the position, where there is one, nothing did.
    pub(super) async fn signalled(&mut self) -> Option<Arc<Position>> {
        if self.signal.changed().await.is_err() {
            // The sender goes with the last seat, so it is there as long as this one is.
            std::future::pending::<()>().await;
        }
        let signal = self.signal.borrow().clone();
        signal.before.filter(|_| signal.number == self.looked_at + 1)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.watchers.leave(&self.organisation);
    }
}
