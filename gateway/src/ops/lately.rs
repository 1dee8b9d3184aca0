//! What costs something to find out, found out for everybody who looks at once, and not again while it is fresh.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use statuscheck_domain::clock::SharedClock;
use tokio::sync::Mutex;

/// How old it may be before it is found out anew. A second: nobody reads faster.
const FRESH: Duration = Duration::from_secs(1);

/// What takes longer than this is not waited for where there is one before it. A tenth of a second: a page is to be there within
/// two.
const WAITED_FOR: Duration = Duration::from_millis(100);

/// Of the time, finding it out takes one part in so many at the most: a million open cases are counted in a fraction of a second,
/// and then not again for some.
const REST_FACTOR: u32 = 20;

/// What is older than this is shown to nobody: a duty manager acts on it. A minute, in which hardly anything becomes late.
const SHOWN_FOR: Duration = Duration::from_secs(60);

/// The newest of something, found out at most once a second however many look.
pub(crate) struct Lately<T> {
    clock: SharedClock,
    newest: ArcSwapOption<Found<T>>,
    /// Held by whoever finds it out.
    finding: Mutex<()>,
}

struct Found<T> {
    what: Arc<T>,
    /// When it was begun to be found out, on the clock's `elapsed`: what came later may not be in it.
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
        let shown = before.filter(|found| self.may_be_shown(found));
        let _turn = match (self.finding.try_lock(), shown) {
            (Ok(turn), _) => turn,
            (Err(_finding), Some(before)) => return Ok(Arc::clone(&before.what)),
            (Err(_finding), None) => self.finding.lock().await,
        };
        if let Some(fresh) = self.newest.load_full().filter(|found| self.is_fresh(found)) {
            return Ok(Arc::clone(&fresh.what));
        }
        let found = Arc::new(self.timed(find).await?);
        self.newest.store(Some(Arc::clone(&found)));
        Ok(Arc::clone(&found.what))
    }

    /// As [`Lately::or`], and where finding it out takes long, whoever looks gets the one before, and it is found out behind them.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn or_before<E>(
        self: &Arc<Self>,
        find: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
        E: Error + Send + 'static,
    {
        let is_slow = |found: &Arc<Found<T>>| found.took > WAITED_FOR && self.may_be_shown(found);
        let Some(before) = self.newest.load_full().filter(is_slow) else {
            return self.or(find).await;
        };
        if !self.is_fresh(&before) {
            let lately = Arc::clone(self);
            tokio::spawn(async move {
                if let Err(error) = lately.or(find).await {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        "what operators look at is not the newest"
                    );
                }
            });
        }
        Ok(Arc::clone(&before.what))
    }

    /// Finds it out before anybody looks, and keeps it where that takes long: who looks first after a start does not wait for it
    /// either.
    ///
    /// # Errors
    /// What `find` says.
    pub(crate) async fn begin<E>(&self, find: impl Future<Output = Result<T, E>>) -> Result<(), E> {
        let found = self.timed(find).await?;
        if found.took > WAITED_FOR {
            self.newest.store(Some(Arc::new(found)));
        }
        Ok(())
    }

    async fn timed<E>(&self, find: impl Future<Output = Result<T, E>>) -> Result<Found<T>, E> {
        let at = self.clock.elapsed();
        let what = Arc::new(find.await?);
        let took = self.clock.elapsed().saturating_sub(at);
        Ok(Found { what, at, took })
    }

    fn age(&self, found: &Found<T>) -> Duration {
        self.clock.elapsed().saturating_sub(found.at)
    }

    fn may_be_shown(&self, found: &Found<T>) -> bool {
        self.age(found) < SHOWN_FOR
    }

    fn is_fresh(&self, found: &Found<T>) -> bool {
        let rest = found.took.saturating_mul(REST_FACTOR).min(SHOWN_FOR);
        self.age(found) < FRESH.max(rest)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

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
        clock.advance(Duration::from_millis(18_999));
        assert_eq!(look(Duration::ZERO).await, Ok(1), "it took a second");
        clock.advance(Duration::from_millis(1));
        assert_eq!(look(Duration::ZERO).await, Ok(2));
    }

    #[tokio::test]
    async fn what_takes_long_is_found_out_behind_who_looks() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let lately = Arc::new(Lately::new(Arc::new(clock.clone())));
        let says = |number: u32| async move { Ok::<_, Infallible>(number) };
        lately.begin(says(0)).await.unwrap();
        assert_eq!(
            *lately.or_before(says(1)).await.unwrap(),
            1,
            "what is quick was not kept"
        );

        let slow = Arc::new(Lately::new(Arc::new(clock.clone())));
        let slowly = async {
            clock.advance(Duration::from_millis(101));
            Ok::<_, Infallible>(2)
        };
        slow.begin(slowly).await.unwrap();
        assert_eq!(*slow.or_before(says(3)).await.unwrap(), 2, "it is fresh");
        clock.advance(Duration::from_secs(3));
        assert_eq!(*slow.or_before(says(4)).await.unwrap(), 2, "nobody waits for it");
        tokio::task::yield_now().await;
        assert_eq!(
            *slow.or_before(says(5)).await.unwrap(),
            4,
            "it was found out meanwhile"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_found_out_is_tried_again_by_who_looks_next() {
        let lately = Lately::new(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)));
        assert!(lately.or(async { Err::<u32, _>("not now") }).await.is_err());
        let found = lately.or(async { Ok::<_, &str>(7) }).await;
        assert_eq!(found.map(|found| *found), Ok(7));
    }
}
