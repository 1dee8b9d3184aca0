//! What costs something to find out, found out for everybody who looks at once, and not again while it is fresh.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use statuscheck_domain::clock::SharedClock;
use tokio::sync::Mutex;

/// How old it may be before it is found out anew. A second: nobody reads faster.
const FRESH: Duration = Duration::from_secs(1);

/// Of the time, finding it out takes one part in so many at the most: a million open cases are counted in a fraction of a second,
/// and then not again for some.
const REST_FACTOR: u32 = 20;

/// The newest of something, found out at most once a second however many look.
pub(crate) struct Lately<T> {
    clock: SharedClock,
    newest: ArcSwapOption<Found<T>>,
    /// Held by whoever finds it out.
    finding: Mutex<()>,
}

struct Found<T> {
    what: Arc<T>,
    /// On the clock's `elapsed`.
    at: Duration,
    took: Duration,
}

impl<T> Lately<T> {
    /// Nothing is found out before somebody looks.
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            newest: ArcSwapOption::empty(),
            finding: Mutex::default(),
        }
    }

    /// The newest, or what `find` says where that is old. While somebody finds it out, the others get the one before.
    ///
    /// # Errors
    /// What `find` says where there is none that may still be shown.
    pub(crate) async fn or<E>(&self, find: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E> {
        let before = self.newest.load_full();
        if let Some(fresh) = before.as_ref().filter(|found| self.is_fresh(found)) {
            return Ok(Arc::clone(&fresh.what));
        }
        let _turn = match (self.finding.try_lock(), before) {
            (Ok(turn), _) => turn,
            (Err(_finding), Some(before)) => return Ok(Arc::clone(&before.what)),
            (Err(_finding), None) => self.finding.lock().await,
        };
        if let Some(fresh) = self.newest.load_full().filter(|found| self.is_fresh(found)) {
            return Ok(Arc::clone(&fresh.what));
        }
        let began = self.clock.elapsed();
        let what = Arc::new(find.await?);
        let at = self.clock.elapsed();
        self.newest.store(Some(Arc::new(Found {
            what: Arc::clone(&what),
            at,
            took: at.saturating_sub(began),
        })));
        Ok(what)
    }

    fn is_fresh(&self, found: &Found<T>) -> bool {
        let age = self.clock.elapsed().saturating_sub(found.at);
        age < FRESH.max(found.took.saturating_mul(REST_FACTOR))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;
    use statuscheck_domain::clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn it_is_found_out_once_a_second_and_rests_twenty_times_as_long_as_it_took() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let lately = Lately::new(Arc::new(clock.clone()));
        let times = AtomicU32::new(0);
        let look = async |takes: Duration| {
            let find = async {
                clock.advance(takes);
                Ok::<_, Infallible>(times.fetch_add(1, Ordering::Relaxed))
            };
            lately.or(find).await.map(|found| *found)
        };
        assert_eq!(look(Duration::ZERO).await, Ok(0));
        clock.advance(Duration::from_millis(999));
        assert_eq!(look(Duration::ZERO).await, Ok(0), "it is fresh");
        clock.advance(Duration::from_millis(1));
        assert_eq!(look(Duration::from_secs(1)).await, Ok(1));
        clock.advance(Duration::from_millis(19_999));
        assert_eq!(look(Duration::ZERO).await, Ok(1), "it took a second");
        clock.advance(Duration::from_millis(1));
        assert_eq!(look(Duration::ZERO).await, Ok(2));
    }

    #[tokio::test]
    async fn what_cannot_be_found_out_is_tried_again_by_who_looks_next() {
        let lately = Lately::new(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)));
        assert!(lately.or(async { Err::<u32, _>("not now") }).await.is_err());
        let found = lately.or(async { Ok::<_, &str>(7) }).await;
        assert_eq!(found.map(|found| *found), Ok(7));
    }
}
