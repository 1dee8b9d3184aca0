//! Counting the measures of an agreement: what a case costs that is there, and one that was purged.

use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::store::{CourseQuery, Measuring as _, Store as _};
use statuscheck_domain::clock::{Clock as _, SystemClock};
use statuscheck_domain::ids::CaseId;
use statuscheck_domain::measures::Tally;

use crate::changes::{Course, OneCheck};
use crate::{directory, median, microseconds};

/// Answered in their call, with a question and its reply. Enough that a count takes a second.
const CASES: u32 = 20_000;
/// As many as the store lets wait.
const AT_ONCE: u32 = 4_000;
const ROUNDS: u32 = 5;
/// As the gateway reads them.
const PAGE: usize = 200;

/// Measures and prints.
pub(crate) async fn measure(clock: SystemClock) -> anyhow::Result<()> {
    let directory = directory()?;
    let key = directory.path().join("store.key");
    let settings = Settings::at(directory.path().join("store.db"));
    let store = EmbeddedStore::open(settings, Kek::create(&key)?).await?;
    let begun = clock.now();
    let mut ids = Vec::new();
    for first in (0..CASES).step_by(AT_ONCE as usize) {
        let checks = (first..CASES.min(first.saturating_add(AT_ONCE)))
            .map(|number| OneCheck::new(number, clock.now(), Course::Usual))
            .collect::<anyhow::Result<Vec<_>>>()?;
        ids.extend(checks.iter().map(|check| check.id));
        try_join_all(checks.into_iter().map(|check| async {
            store.receive(check.receipt, check.content).await?;
            store.commit(check.answer).await
        }))
        .await?;
    }
    println!("counting the measures of {CASES} answered checks, {PAGE} a page");
    tell("that are there", &store, clock, begun).await?;
    purge(&store, &ids, clock.now()).await?;
    tell("that were purged", &store, clock, begun).await?;
    store.close().await;
    Ok(())
}

async fn tell(what: &str, store: &EmbeddedStore, clock: SystemClock, begun: Timestamp) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(microseconds(count(store, clock, begun).await?));
    }
    println!("  {what}: {:.1} µs a case", median(times) / f64::from(CASES));
    Ok(())
}

async fn count(store: &EmbeddedStore, clock: SystemClock, begun: Timestamp) -> anyhow::Result<Duration> {
    let start = clock.elapsed();
    let now = clock.now();
    let mut tally = Tally::as_of(now);
    let mut query = CourseQuery {
        agreement: "letting-2026".parse()?,
        from: begun,
        to: now,
        after: None,
        limit: PAGE,
    };
    loop {
        let page = store.courses(query.clone()).await?;
        page.courses.iter().for_each(|course| tally.add(course));
        if page.next.is_none() {
            break;
        }
        query.after = page.next;
    }
    let checks = tally.figures().checks;
    anyhow::ensure!(checks == u64::from(CASES), "{checks} checks were counted");
    Ok(clock.elapsed() - start)
}

async fn purge(store: &EmbeddedStore, ids: &[CaseId], now: Timestamp) -> anyhow::Result<()> {
    for ids in ids.chunks(64) {
        try_join_all(ids.iter().map(|id| async move {
            let version = store.case(*id).await?.map_or(0, |case| case.version);
            store.purge(*id, version, now).await
        }))
        .await?;
    }
    Ok(())
}
