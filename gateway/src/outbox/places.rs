//! Which notices are under way in this gateway, and which receivers have just failed.
//!
//! Each receiver has a line of its own, so that one that hangs holds up nobody else's notices.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use statuscheck_domain::ids::NoticeId;
use statuscheck_domain::outbox::{Fault, Receiver};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::webhook::DeliverySettings;

/// A receiver, and the host that it is at: what fails for one of its webhooks says nothing about another.
pub(super) type Address = (Receiver, String);

pub(super) struct Places {
    settings: DeliverySettings,
    /// How long a receiver that failed is left alone.
    rest: SignedDuration,
    /// The lock is held for a look-up only.
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    under_way: HashSet<NoticeId>,
    by_address: HashMap<Address, Line>,
}

struct Line {
    turns: Arc<Semaphore>,
    count: usize,
    /// Until when it is left alone, and why.
    resting: Option<(Timestamp, Fault)>,
}

/// What a notice that is due finds.
pub(super) enum Entered {
    /// It is under way already.
    UnderWay,
    /// There are as many under way as there may be.
    Full,
    /// Its receiver has just failed, which counts for this notice too.
    Resting(Fault),
    /// It is under way from here on.
    Begun(Place),
}

/// A notice's place; it is under way until this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    id: NoticeId,
    address: Address,
    turns: Arc<Semaphore>,
}

impl Places {
    pub(super) fn new(settings: DeliverySettings, rest: SignedDuration) -> Arc<Self> {
        Arc::new(Self {
            settings,
            rest,
            lines: Mutex::default(),
        })
    }

    pub(super) fn enter(self: &Arc<Self>, id: NoticeId, address: Address, now: Timestamp) -> Entered {
        let mut lines = self.lines();
        if lines.under_way.contains(&id) {
            return Entered::UnderWay;
        }
        if lines.under_way.len() >= self.settings.under_way_max {
            return Entered::Full;
        }
        let line = lines.by_address.entry(address.clone()).or_insert_with(|| Line {
            turns: Arc::new(Semaphore::new(self.settings.at_once_per_receiver.max(1))),
            count: 0,
            resting: None,
        });
        if let Some(fault) = line.rests(now) {
            return Entered::Resting(fault);
        }
        if line.count >= self.settings.under_way_per_receiver_max {
            return Entered::Full;
        }
        line.count += 1;
        let turns = Arc::clone(&line.turns);
        lines.under_way.insert(id);
        Entered::Begun(Place {
            places: Arc::clone(self),
            id,
            address,
            turns,
        })
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Why it is left alone at `now`.
    fn rests(&mut self, now: Timestamp) -> Option<Fault> {
        self.resting = self.resting.filter(|(until, _)| now < *until);
        self.resting.map(|(_, fault)| fault)
    }
}

impl Place {
    /// Waits for a turn with the receiver.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes it.
        Arc::clone(&self.turns).acquire_owned().await.ok()
    }

    /// Why the receiver is left alone at `now`: somebody else's attempt failed meanwhile.
    pub(super) fn rests(&self, now: Timestamp) -> Option<Fault> {
        let mut lines = self.places.lines();
        let line = lines.by_address.get_mut(&self.address);
        line.and_then(|line| line.rests(now))
    }

    /// The receiver failed at `now`, whatever it is told: it is left alone for a moment.
    pub(super) fn failed(&self, now: Timestamp, fault: Fault) {
        let mut lines = self.places.lines();
        if let Some(line) = lines.by_address.get_mut(&self.address) {
            let until = now.saturating_add(self.places.rest).unwrap_or(Timestamp::MAX);
            line.resting = Some((until, fault));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.places.lines();
        lines.under_way.remove(&self.id);
        if let Some(line) = lines.by_address.get_mut(&self.address) {
            line.count -= 1;
        }
        // One that rests is kept until somebody is told again: there are no more of them than receivers.
        lines
            .by_address
            .retain(|_, line| line.count > 0 || line.resting.is_some());
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn places() -> Arc<Places> {
        let settings = DeliverySettings {
            at_once_per_receiver: 1,
            under_way_per_receiver_max: 2,
            under_way_max: 3,
            ..DeliverySettings::default()
        };
        Places::new(settings, SignedDuration::from_secs(3))
    }

    fn enter(places: &Arc<Places>, n: u128, host: &str, second: i64) -> Entered {
        let address = (Receiver::Ops, host.to_owned());
        places.enter(NoticeId(Uuid::from_u128(n)), address, at(second))
    }

    fn begin(places: &Arc<Places>, n: u128, host: &str, second: i64) -> Place {
        match enter(places, n, host, second) {
            Entered::Begun(place) => place,
            _ => panic!("there is room for {n}"),
        }
    }

    #[test]
    fn a_notice_is_under_way_once_and_a_receiver_fills_no_other_s_line() {
        let places = places();
        let first = begin(&places, 1, "one", 0);
        assert!(matches!(enter(&places, 1, "one", 0), Entered::UnderWay));
        let _second = begin(&places, 2, "one", 0);
        assert!(matches!(enter(&places, 3, "one", 0), Entered::Full));
        let _other = begin(&places, 3, "other", 0);
        assert!(matches!(enter(&places, 4, "third", 0), Entered::Full));
        drop(first);
        let _again = begin(&places, 1, "one", 0);
    }

    #[test]
    fn what_a_receiver_does_to_one_notice_counts_for_the_others_for_a_moment() {
        let places = places();
        let first = begin(&places, 1, "one", 0);
        let waiting = begin(&places, 2, "one", 0);
        first.failed(at(10), Fault::TimedOut);
        drop(first);
        assert_eq!(waiting.rests(at(12)), Some(Fault::TimedOut));
        let resting = |second| enter(&places, 3, "one", second);
        assert!(matches!(resting(12), Entered::Resting(Fault::TimedOut)));
        let _other = begin(&places, 4, "other", 12);
        assert_eq!(waiting.rests(at(13)), None);
        assert!(matches!(resting(13), Entered::Begun(_)));
    }

    #[tokio::test]
    async fn a_receiver_is_told_so_many_at_once_and_another_meanwhile() {
        let places = places();
        let first = begin(&places, 1, "one", 0);
        let waiting = begin(&places, 2, "one", 0);
        let other = begin(&places, 3, "other", 0);
        let turn = first.turn().await;
        let mut next = std::pin::pin!(waiting.turn());
        assert!(futures_util::poll!(&mut next).is_pending());
        assert!(other.turn().await.is_some());
        drop(turn);
        assert!(next.await.is_some());
    }
}
