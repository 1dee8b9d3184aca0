//! What is left of quotas, between asking whether there is any left and recording what was used.
//!
//! What was used is in the ledger: a charge is part of the step that says that the question is put. Before that step is on
//! disk, its units are reserved in memory, for the case that will use them. Recording the step turns them into used ones, in
//! one go; whatever is left of a reservation when it is dropped is given back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use statuscheck_domain::ids::CaseId;
use statuscheck_domain::quota::{QuotaKey, Spent};

use super::ReadError;

/// Units of a quota that are set aside for a case. Those that the case's recorded steps did not use are given back when it
/// is dropped.
#[must_use = "what is dropped is given back"]
pub struct Reserved {
    tallies: Arc<Tallies>,
    case_id: CaseId,
    key: QuotaKey,
    number: u64,
}

impl Reserved {
    /// Of which quota. Its month is the one that the questions are charged to.
    pub const fn key(&self) -> &QuotaKey {
        &self.key
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.tallies.give_back(self.case_id, self.number);
    }
}

/// Why no units were reserved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QuotaError {
    /// Ask in the next month, or for a larger quota: not so much is left.
    #[error("the quota is spent")]
    Spent {
        /// Units that are left.
        left: u64,
    },
    /// Try again a little later: too many checks have units set aside.
    #[error("too many units are set aside")]
    Full,
    /// The store cannot tell now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The tally of every quota, in memory.
pub(super) struct Tallies {
    state: Mutex<State>,
    held_max: usize,
}

#[derive(Default)]
struct State {
    tallies: HashMap<QuotaKey, Tally>,
    held: HashMap<CaseId, Vec<Held>>,
    /// How many there are in `held`.
    count: usize,
    /// Number of the last reservation.
    number: u64,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    /// As recorded.
    used: i64,
    reserved: u64,
}

struct Held {
    number: u64,
    key: QuotaKey,
    units: u64,
    /// It lost what it was set aside from.
    is_void: bool,
}

impl Held {
    /// What it was of, and how much.
    fn void(&mut self) -> (QuotaKey, u64) {
        self.is_void = true;
        (self.key.clone(), std::mem::take(&mut self.units))
    }
}

impl Tally {
    fn used(self) -> u64 {
        u64::try_from(self.used).unwrap_or(0)
    }
}

impl State {
    fn unreserve(&mut self, key: &QuotaKey, units: u64) {
        if let Some(tally) = self.tallies.get_mut(key) {
            tally.reserved = tally.reserved.saturating_sub(units);
        }
    }

    /// Takes up to `wanted` units out of what is set aside for a case, and tells how many.
    fn settle(&mut self, case_id: CaseId, key: &QuotaKey, mut wanted: u64) -> u64 {
        let mut settled = 0;
        for held in self.held.get_mut(&case_id).into_iter().flatten() {
            if held.key == *key {
                let taken = held.units.min(wanted);
                held.units -= taken;
                wanted -= taken;
                settled += taken;
            }
        }
        self.unreserve(key, settled);
        settled
    }
}

impl Tallies {
    /// `held_max`: how many reservations there may be at a time; 0 counts as 1.
    pub(super) fn new(held_max: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            held_max: held_max.max(1),
        })
    }

    /// What is recorded as used is `used`, and nothing else.
    pub(super) fn load(&self, used: impl IntoIterator<Item = (QuotaKey, i64)>) {
        let mut state = self.state();
        for tally in state.tallies.values_mut() {
            tally.used = 0;
        }
        for (key, units) in used {
            state.tallies.entry(key).or_default().used = units;
        }
    }

    /// Units recorded as used.
    pub(super) fn used(&self, key: &QuotaKey) -> u64 {
        self.state().tallies.get(key).map_or(0, |tally| tally.used())
    }

    /// Sets `units` aside, so that with all that is used and set aside they are within `limit`.
    pub(super) fn reserve(
        self: &Arc<Self>,
        case_id: CaseId,
        key: &QuotaKey,
        units: u64,
        limit: u64,
    ) -> Result<Reserved, QuotaError> {
        let mut state = self.state();
        let tally = state.tallies.get(key).copied().unwrap_or_default();
        let left = limit.saturating_sub(tally.used().saturating_add(tally.reserved));
        if units > left {
            return Err(QuotaError::Spent { left });
        }
        if state.count >= self.held_max {
            return Err(QuotaError::Full);
        }
        state.tallies.entry(key.clone()).or_default().reserved += units;
        state.count += 1;
        state.number += 1;
        let number = state.number;
        state.held.entry(case_id).or_default().push(Held {
            number,
            key: key.clone(),
            units,
            is_void: false,
        });
        Ok(Reserved {
            tallies: Arc::clone(self),
            case_id,
            key: key.clone(),
            number,
        })
    }

    /// Steps of a case that use and give back `spent` are on disk.
    pub(super) fn record(&self, case_id: CaseId, spent: &[Spent]) {
        if spent.is_empty() {
            return;
        }
        let mut state = self.state();
        for Spent { key, units } in spent {
            let tally = state.tallies.entry(key.clone()).or_default();
            tally.used = tally.used.saturating_add(*units);
            state.settle(case_id, key, u64::try_from(*units).unwrap_or(0));
        }
    }

    /// Units set aside, for whichever case.
    pub(super) fn reserved(&self, key: &QuotaKey) -> u64 {
        self.state().tallies.get(key).map_or(0, |tally| tally.reserved)
    }

    /// Takes up to `wanted` units out of what is set aside for a case, which is about to use them, and tells how many. None
    /// where it is not enough and some of it is void.
    pub(super) fn take(&self, case_id: CaseId, key: &QuotaKey, wanted: u64) -> Option<u64> {
        let mut state = self.state();
        let taken = state.settle(case_id, key, wanted);
        let mut held = state.held.get(&case_id).into_iter().flatten();
        let is_void = taken < wanted && held.any(|held| held.is_void && held.key == *key);
        (!is_void).then_some(taken)
    }

    /// Sets `units` aside again that were taken for nothing, where what they were taken from is still held.
    pub(super) fn put_back(&self, case_id: CaseId, key: &QuotaKey, units: u64) {
        let mut state = self.state();
        let mut held = state.held.get_mut(&case_id).into_iter().flatten();
        if let Some(held) = held.find(|held| held.key == *key && !held.is_void) {
            held.units += units;
            state.tallies.entry(key.clone()).or_default().reserved += units;
        }
    }

    /// What is set aside for a case is so no more.
    pub(super) fn void(&self, case_id: CaseId) {
        let mut state = self.state();
        let held = state.held.get_mut(&case_id).into_iter().flatten();
        let void: Vec<_> = held.map(Held::void).collect();
        for (key, units) in void {
            state.unreserve(&key, units);
        }
    }

    /// What is set aside for any case is so no more.
    pub(super) fn void_all(&self) {
        let mut state = self.state();
        for held in state.held.values_mut().flatten() {
            held.void();
        }
        for tally in state.tallies.values_mut() {
            tally.reserved = 0;
        }
    }

    fn give_back(&self, case_id: CaseId, number: u64) {
        let mut state = self.state();
        let Some(held) = state.held.get_mut(&case_id) else {
            return;
        };
        let Some(place) = held.iter().position(|held| held.number == number) else {
            return;
        };
        let Held { key, units, .. } = held.swap_remove(place);
        if held.is_empty() {
            state.held.remove(&case_id);
        }
        state.count -= 1;
        state.unreserve(&key, units);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
