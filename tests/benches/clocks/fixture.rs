//! A folder of many open cases, made once and kept beside the build.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use statuscheck::store::Store;
use statuscheck::store::embedded::{EmbeddedStore, Settings};
use statuscheck::store::seal::Kek;
use statuscheck_domain::clock::{Clock as _, SystemClock};
use tempfile::TempDir;

use crate::cases::Maker;

/// When every gateway on it starts: a Wednesday, 10:00 in London.
pub(crate) const START: Timestamp = Timestamp::constant(1_773_223_200, 0);

/// Cases on their way into the store at once: as many as fill the writer's batches, and fewer than may wait.
pub(crate) const AT_ONCE: usize = 1_024;

/// Says that the folder is whole; written last.
const MADE: &str = "made";

/// The folder, which may still have to be made.
#[derive(Clone)]
pub(crate) struct Fixture {
    folder: PathBuf,
    pub(crate) cases: u32,
}

impl Fixture {
    /// Of that many cases.
    pub(crate) fn of(cases: u32) -> Self {
        let beside_the_build = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Self {
            folder: beside_the_build.join(format!("open-cases-{cases}")),
            cases,
        }
    }

    /// Makes the folder, unless it is there and this program can read it.
    pub(crate) async fn make(&self) -> anyhow::Result<()> {
        if self.folder.join(MADE).exists()
            && let Ok(store) = self.store().await
        {
            store.close().await;
            return Ok(());
        }
        // What is there is half made, or of another version of the tables.
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(&self.folder)?;
        Kek::create(&self.folder.join("store.key"))?;
        let clock = SystemClock::new();
        let began = clock.elapsed();
        let store: Arc<dyn Store> = Arc::new(self.store().await?);
        let maker = Arc::new(Maker::new()?);
        let all = self.cases;
        let one = |number| {
            let (store, maker) = (Arc::clone(&store), Arc::clone(&maker));
            tokio::spawn(async move { maker.of_fixture(number, all, START)?.record(store).await })
        };
        let mut making = stream::iter(0..all).map(one).buffered(AT_ONCE);
        while let Some(made) = making.next().await {
            made.context("the task ends")??;
        }
        drop(making);
        store.close().await;
        fs::write(self.folder.join(MADE), "")?;
        println!(
            "{all} open cases were made in {:.0} s: {} MiB in {}",
            (clock.elapsed() - began).as_secs_f64(),
            fs::metadata(self.database())?.len() >> 20,
            self.folder.display()
        );
        Ok(())
    }

    /// A copy to be used up, on the same disk.
    pub(crate) fn copy(&self) -> anyhow::Result<TempDir> {
        let copy = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
        for file in ["statuscheck.db", "store.key"] {
            fs::copy(self.folder.join(file), copy.path().join(file))?;
        }
        Ok(copy)
    }

    fn database(&self) -> PathBuf {
        self.folder.join("statuscheck.db")
    }

    async fn store(&self) -> anyhow::Result<EmbeddedStore> {
        let settings = Settings {
            // What this program wrote is believed.
            look_over_pages_max: 0,
            ..Settings::at(self.database())
        };
        let key = Kek::load(&self.folder.join("store.key"))?;
        Ok(EmbeddedStore::open(settings, key).await?)
    }
}
