//! Opening a file of many open cases to the first answer, against reading the file once from end to end.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use statuscheck::store::Store as _;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::{Clock as _, SystemClock};
use statuscheck_domain::ids::CaseId;

use crate::changes::{Course, OneCheck};
use crate::{directory, median};

/// As many as the store lets wait.
const AT_ONCE: u32 = 4_000;
const ROUNDS: u32 = 5;
/// As a program that copies a file reads it.
const BLOCK: usize = 1 << 20;

/// Measures and prints. All is read from the system's memory, on both sides.
pub(crate) async fn measure(clock: SystemClock, cases: u32) -> anyhow::Result<()> {
    let directory = directory()?;
    let key = directory.path().join("store.key");
    Kek::create(&key)?;
    let believed = Settings {
        look_over_pages_max: 0,
        ..Settings::at(directory.path().join("store.db"))
    };
    let looked_over = Settings {
        look_over_pages_max: u32::MAX,
        ..believed.clone()
    };
    let start = clock.elapsed();
    let newest = fill(&believed, &key, clock, cases).await?;
    let filled = clock.elapsed() - start;
    let bytes = std::fs::metadata(&believed.path)?.len();
    let (mut reads, mut without, mut with) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        reads.push(read(&believed.path, clock)?.as_secs_f64());
        without.push(open(&believed, &key, newest, clock).await?.as_secs_f64());
        reads.push(read(&believed.path, clock)?.as_secs_f64());
        with.push(open(&looked_over, &key, newest, clock).await?.as_secs_f64());
    }
    println!(
        "opening a file of {cases} open cases ({} MiB, filled in {filled:.0?}) to the first answer",
        bytes >> 20
    );
    let read = median(reads);
    println!("  one reading from end to end: {:.1} ms", read * 1e3);
    for (name, times) in [("believed", without), ("looked over for damage", with)] {
        let time = median(times);
        println!(
            "  {name}: {:.1} ms, {:.3} of a reading (target: at most 1)",
            time * 1e3,
            time / read
        );
    }
    let pages_max = Settings::at(&believed.path).look_over_pages_max;
    let default = if bytes / 4096 > u64::from(pages_max) {
        "believed"
    } else {
        "looked over"
    };
    println!(
        "  by default it is {default}: files of up to {} MiB are looked over",
        pages_max >> 8
    );
    Ok(())
}

async fn fill(settings: &Settings, key: &Path, clock: SystemClock, cases: u32) -> anyhow::Result<CaseId> {
    let store = EmbeddedStore::open(settings.clone(), Kek::load(key)?).await?;
    let mut newest = None;
    for first in (0..cases).step_by(AT_ONCE as usize) {
        let checks = (first..cases.min(first.saturating_add(AT_ONCE)))
            .map(|number| OneCheck::new(number, clock.now(), Course::Usual))
            .collect::<anyhow::Result<Vec<_>>>()?;
        newest = checks.last().map(|check| check.id).or(newest);
        try_join_all(
            checks
                .into_iter()
                .map(|check| store.receive(check.receipt, check.content)),
        )
        .await?;
    }
    store.close().await;
    newest.context("there is a case")
}

async fn open(settings: &Settings, key: &Path, id: CaseId, clock: SystemClock) -> anyhow::Result<Duration> {
    let kek = Kek::load(key)?;
    let start = clock.elapsed();
    let store = EmbeddedStore::open(settings.clone(), kek).await?;
    let case = store.case(id).await?;
    let took = clock.elapsed() - start;
    store.close().await;
    case.context("the case is there")?;
    Ok(took)
}

fn read(path: &Path, clock: SystemClock) -> anyhow::Result<Duration> {
    let mut block = vec![0; BLOCK];
    let start = clock.elapsed();
    let mut file = File::open(path)?;
    while file.read(&mut block)? > 0 {}
    Ok(clock.elapsed() - start)
}
