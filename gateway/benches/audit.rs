//! How many entries a second `statuscheck audit verify` looks at, on one core: `cargo bench -p statuscheck --bench audit`.
//!
//! The ledger is of entries of the house of some 560 bytes each, about the mean of a check's sealed entries. It is read twice;
//! the second reading is from the system's memory, as it is for an auditor whose disk keeps up.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::try_join_all;
use serde_json::{Map, Value};
use statuscheck::audit::{self, Subject};
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck::store::{HouseEntry, HouseKind, Store as _};
use statuscheck_domain::clock::{Clock as _, SystemClock};

const ENTRIES: u64 = 500_000;
/// As many as the store lets wait.
const AT_ONCE: u64 = 4_000;

fn main() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let clock = SystemClock::new();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(fill(directory.path(), &clock))?;
    let filled = clock.elapsed();
    println!("{ENTRIES} entries written in {filled:.1?}");
    let subject = Subject {
        store: directory.path().join("store.db").into(),
        ..Subject::default()
    };
    for reading in ["first", "second"] {
        let (start, at_work) = (clock.elapsed(), at_work()?);
        let report = audit::verify(&subject, |_done, _of| {})?;
        let (took, worked) = (clock.elapsed() - start, self::at_work()? - at_work);
        anyhow::ensure!(
            report.is_intact() && report.entries == ENTRIES,
            "the ledger is intact"
        );
        let rate = |time: Duration| (report.entries as f64 / time.as_secs_f64()).round();
        println!(
            "{reading} reading: {} entries a second; {} for each second of the core",
            rate(took),
            rate(worked)
        );
    }
    Ok(())
}

/// How long this thread has been on a core: where others take turns on it, that is less than the time that passed.
fn at_work() -> anyhow::Result<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = times
        .split_whitespace()
        .next()
        .context("the system tells no times")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

async fn fill(folder: &Path, clock: &SystemClock) -> anyhow::Result<()> {
    let key = Kek::create(&folder.join("store.key"))?;
    let store = EmbeddedStore::open(Settings::at(folder.join("store.db")), key).await?;
    let padding = Value::from("x".repeat(500));
    let entry = |n: u64| HouseEntry {
        time: clock.now(),
        kind: HouseKind::RetentionRun,
        actor: "bench".to_owned(),
        details: Map::from_iter([
            ("n".to_owned(), n.into()),
            ("padding".to_owned(), padding.clone()),
        ]),
    };
    for first in (0..ENTRIES).step_by(usize::try_from(AT_ONCE)?) {
        try_join_all((first..first + AT_ONCE).map(|n| store.note(entry(n))))
            .await
            .context("the store takes an entry")?;
    }
    store.close().await;
    Ok(())
}
