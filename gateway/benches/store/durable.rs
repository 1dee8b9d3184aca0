//! Durable changes a second with 64 waiting, against `fdatasync` a second on the same disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use statuscheck::store::Store as _;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::{Clock as _, SystemClock};

use crate::changes::{Course, OneCheck};
use crate::{directory, median, microseconds};

const WAITING: u32 = 64;
const ROUNDS: u32 = 7;
/// Of each side in each round; the whole takes a quarter of a minute.
const ROUND: Duration = Duration::from_secs(1);
/// One change should cost no more than a fifth of a sync where a sync costs this or more. Where it is cheaper, the disk
/// promises less than a sync does, and the work on a change is what counts.
const SLOW_SYNC: Duration = Duration::from_micros(100);
const TARGET: f64 = 5.0;

/// Measures and prints.
pub(crate) async fn measure(clock: SystemClock) -> anyhow::Result<()> {
    let directory = directory()?;
    let key = Kek::create(&directory.path().join("store.key"))?;
    let settings = Settings::at(directory.path().join("store.db"));
    let store = Arc::new(EmbeddedStore::open(settings, key).await?);
    let numbers = Arc::new(AtomicU32::new(0));
    let (mut changes, mut syncs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let change = changes_a_second(&store, &numbers, clock).await?;
        let sync = syncs_a_second(&directory.path().join("raw"), clock)?;
        changes.push(change);
        syncs.push(sync);
        ratios.push(change / sync);
    }
    store.close().await;
    let one_sync = Duration::from_secs_f64(1.0 / median(syncs));
    println!("durable changes, {WAITING} waiting, {ROUNDS} rounds in turns with fdatasync of 4 KiB appended");
    println!(
        "  {:.0} changes a second; one fdatasync {:.0} µs",
        median(changes),
        microseconds(one_sync)
    );
    let target = if one_sync >= SLOW_SYNC {
        format!("at least {TARGET}")
    } else {
        format!("none, for one fdatasync takes less than {SLOW_SYNC:?}")
    };
    println!("  changes to fdatasync: {:.1} (target: {target})", median(ratios));
    Ok(())
}

async fn changes_a_second(
    store: &Arc<EmbeddedStore>,
    numbers: &Arc<AtomicU32>,
    clock: SystemClock,
) -> anyhow::Result<f64> {
    let start = clock.elapsed();
    let callers = (0..WAITING).map(|_| {
        let (store, numbers, clock) = (Arc::clone(store), Arc::clone(numbers), clock);
        tokio::spawn(async move {
            let mut recorded = 0;
            while clock.elapsed() - start < ROUND {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                let check = OneCheck::new(number, clock.now(), Course::Usual)?;
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

fn syncs_a_second(path: &Path, clock: SystemClock) -> anyhow::Result<f64> {
    let mut file = File::create(path)?;
    let page = [7; 4096];
    let (start, mut syncs) = (clock.elapsed(), 0_u32);
    while clock.elapsed() - start < ROUND {
        file.write_all(&page)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / (clock.elapsed() - start).as_secs_f64())
}
