//! What pages show, made once for all who look at the same.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use statuscheck_domain::clock::SharedClock;

use super::views::{View, ViewError};

/// How long what was made is shown again. A second, as for the counts behind it.
const FRESH: Duration = Duration::from_secs(1);

/// Views that are remembered. 64: the six that everybody looks at, and the agreements and cases that some
/// look at.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// What was made of a view; whoever makes it holds the lock, and the others wait for that instead of making it too.
type Made = Arc<tokio::sync::Mutex<Option<(Duration, Arc<str>)>>>;

/// The views that were made lately.
pub(super) struct Rendered {
    clock: SharedClock,
    made: Mutex<LruCache<View, Made>>,
}

impl Rendered {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            made: Mutex::new(LruCache::new(REMEMBERED_MAX)),
        }
    }

    /// What `view` shows, made by `make` where nothing fresh is there.
    pub(super) async fn of(
        &self,
        view: &View,
        make: impl Future<Output = Result<maud::Markup, ViewError>>,
    ) -> Result<Arc<str>, ViewError> {
        let made = {
            let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.get_or_insert(view.clone(), Made::default))
        };
        let mut made = made.lock().await;
        let now = self.clock.elapsed();
        if let Some((at, text)) = made.as_ref()
            && now.saturating_sub(*at) < FRESH
        {
            return Ok(Arc::clone(text));
        }
        let text: Arc<str> = make.await?.into_string().into();
        *made = Some((now, Arc::clone(&text)));
        Ok(text)
    }
}
