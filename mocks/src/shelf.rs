//! What a department remembers for a while: tokens, tickets, matches, results.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Things kept under a key for a fixed life; the oldest go first when there are too many. Times are monotonic.
pub(crate) struct Shelf<K, T> {
    life: Duration,
    most: usize,
    kept: Mutex<Kept<K, T>>,
}

struct Kept<K, T> {
    things: HashMap<K, (Duration, T)>,
    oldest_first: VecDeque<(Duration, K)>,
}

impl<K: Clone + Eq + Hash, T: Clone> Shelf<K, T> {
    /// Keeps each thing for `life`, and no more than `most` things.
    pub(crate) fn new(life: Duration, most: usize) -> Self {
        Self {
            life,
            most,
            kept: Mutex::new(Kept {
                things: HashMap::new(),
                oldest_first: VecDeque::new(),
            }),
        }
    }

    /// Keeps the thing from `now`, in place of what was under its key.
    pub(crate) fn keep(&self, key: K, thing: T, now: Duration) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.things.insert(key.clone(), (now, thing));
        kept.oldest_first.push_back((now, key));
        while let Some((since, key)) = kept.oldest_first.front().cloned() {
            let over = kept.oldest_first.len() > self.most || now.saturating_sub(since) >= self.life;
            if !over {
                break;
            }
            kept.oldest_first.pop_front();
            if kept.things.get(&key).is_some_and(|(held, _)| *held == since) {
                kept.things.remove(&key);
            }
        }
    }

    /// The thing, while it lives.
    pub(crate) fn find(&self, key: &K, now: Duration) -> Option<T> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, thing) = kept.things.get(key)?;
        (now.saturating_sub(*since) < self.life).then(|| thing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_thing_is_found_until_its_life_ends() {
        let shelf = Shelf::new(secs(10), 5);
        shelf.keep("a", 1, secs(0));
        assert_eq!(shelf.find(&"a", secs(9)), Some(1));
        assert_eq!(shelf.find(&"a", secs(10)), None);
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let shelf = Shelf::new(secs(10), 2);
        for key in ["a", "b", "c"] {
            shelf.keep(key, 1, secs(0));
        }
        assert_eq!(shelf.find(&"a", secs(0)), None);
        assert_eq!(shelf.find(&"c", secs(0)), Some(1));
    }

    #[test]
    fn a_thing_kept_again_lives_from_then() {
        let shelf = Shelf::new(secs(10), 5);
        shelf.keep("a", 1, secs(0));
        shelf.keep("a", 2, secs(8));
        shelf.keep("b", 3, secs(12));
        assert_eq!(shelf.find(&"a", secs(12)), Some(2));
    }
}
