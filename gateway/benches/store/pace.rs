//! How many changes a store records in a second, and how often a disk syncs.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use statuscheck::store::Store;
use statuscheck_domain::clock::{Clock as _, SystemClock};

use crate::changes::{Course, OneCheck};

/// Callers that bring one check after the other, for a while.
pub(crate) struct Callers {
    clock: SystemClock,
    during: Duration,
    course: Course,
    /// The next check's, over all rounds: no two are alike.
    numbers: Arc<AtomicU32>,
}

impl Callers {
    pub(crate) fn new(clock: SystemClock, during: Duration, course: Course) -> Self {
        Self {
            clock,
            during,
            course,
            numbers: Arc::default(),
        }
    }

    /// With that many at once, dealt out over the stores. A check is two changes.
    pub(crate) async fn changes_a_second(
        &self,
        stores: &[&Arc<dyn Store>],
        waiting: u32,
    ) -> anyhow::Result<f64> {
        let Self {
            clock,
            during,
            course,
            ..
        } = *self;
        let start = clock.elapsed();
        let callers = stores.iter().cycle().take(waiting as usize).map(|store| {
            let (store, numbers) = (Arc::clone(store), Arc::clone(&self.numbers));
            tokio::spawn(async move {
                let mut recorded = 0;
                while clock.elapsed() - start < during {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    let check = OneCheck::new(number, clock.now(), course)?;
                    store.receive(check.receipt, check.content).await?;
                    store.commit(check.answer).await?;
                    recorded += 2;
                }
                anyhow::Ok(recorded)
            })
        });
        let recorded: u32 = try_join_all(callers)
            .await?
            .into_iter()
            .sum::<anyhow::Result<_>>()?;
        Ok(f64::from(recorded) / (clock.elapsed() - start).as_secs_f64())
    }
}

/// Each of 4 KiB appended to the file at `path`.
pub(crate) fn syncs_a_second(path: &Path, clock: SystemClock, during: Duration) -> anyhow::Result<f64> {
    let mut file = File::create(path)?;
    let page = [7; 4096];
    let (start, mut syncs) = (clock.elapsed(), 0_u32);
    while clock.elapsed() - start < during {
        file.write_all(&page)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / (clock.elapsed() - start).as_secs_f64())
}
