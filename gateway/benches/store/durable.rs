//! Durable changes a second with 64 waiting, against `fdatasync` a second on the same disk.

use std::sync::Arc;
use std::time::Duration;

use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::SystemClock;

use crate::changes::Course;
use crate::pace::{Callers, syncs_a_second};
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
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(settings, key).await?);
    let callers = Callers::new(clock, ROUND, Course::Usual);
    let (mut changes, mut syncs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let change = callers.changes_a_second(&[&store], WAITING).await?;
        let sync = syncs_a_second(&directory.path().join("raw"), clock, ROUND)?;
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
