//! The notary: it signs from time to time where the ledger ends, with all its chains at once, and puts that where whoever
//! alters the ledger later cannot reach it. `docs/ledger.md` has the format of a checkpoint.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use statuscheck_domain::clock::SharedClock;
use tokio::sync::{Mutex, watch};
use tokio::time::MissedTickBehavior;

use super::ReadError;
use super::chain::{ChainHead, ChainId, LedgerId};
use super::signing::SigningKey;

mod checkpoint;
mod places;

pub(super) use self::checkpoint::line;
#[cfg(test)]
pub(super) use self::checkpoint::signed;
use self::places::Place;

/// Chains that a checkpoint can name. 256: a writer takes over a chain that another has let go, so there are as many as
/// there ever were writers at one time; and a line of 256 heads, some 38 KB, is still read as one.
pub const HEADS_MAX: usize = 256;

/// How often the notary looks whether a checkpoint is due. A second: next to nothing, and next to the interval short.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it lets a place be that could not be written. Five seconds: long enough that a full disk does not fill the log
/// too, short enough for several attempts within the longest interval.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long the store may take to say where its chains end. Five seconds: it is one statement.
const READ_MAX: Duration = Duration::from_secs(5);

/// Where a ledger ends, as its store knows it.
#[async_trait]
pub trait Heads: Send + Sync {
    /// Which ledger.
    fn ledger(&self) -> LedgerId;

    /// The chain that this process adds to. The files in the anchor are named for it, so that no two processes write one.
    fn own(&self) -> ChainId;

    /// The ends of all chains at one moment, those without entries too, in any order. They are on disk for good. It can
    /// be asked after [`Store::close`] as well, and then tells the last end.
    ///
    /// # Errors
    /// [`ReadError`]
    ///
    /// [`Store::close`]: super::Store::close
    async fn heads(&self) -> Result<Vec<ChainHead>, ReadError>;
}

/// Where checkpoints go, and how often.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotarySettings {
    /// The file beside the store, made where it is missing. When it has [`NotarySettings::bytes_max`] bytes it becomes
    /// `<path>.old`, in place of the one before, and a new one is begun.
    pub path: PathBuf,
    /// The folder to which every checkpoint goes as well, in a file named for the ledger, the chain and the month. It must
    /// be there. Nothing is ever removed from it.
    pub anchor: Option<PathBuf>,
    /// How long entries may be without a checkpoint. [`NotarySettings::EVERY`]
    pub every: Duration,
    /// Bytes of the file beside the store. [`NotarySettings::BYTES_MAX`]
    pub bytes_max: u64,
}

impl NotarySettings {
    /// 8 MiB: some twenty thousand checkpoints of one chain, a week of them at one every thirty seconds. The newest one
    /// alone speaks for all entries before it; the others narrow down where a fault begins.
    pub const BYTES_MAX: u64 = 8 << 20;

    /// Thirty seconds: half of the minute within which every entry is to be under a signature, so that an attempt may fail.
    pub const EVERY: Duration = Duration::from_secs(30);

    /// The longest interval allowed.
    pub const EVERY_MAX: Duration = Duration::from_secs(60);

    /// The checkpoints of the store `store` beside it, and nowhere else.
    pub fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(".checkpoints");
        Self {
            path: PathBuf::from(path),
            anchor: None,
            every: Self::EVERY,
            bytes_max: Self::BYTES_MAX,
        }
    }
}

/// Why a checkpoint was not made. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// Look at the place: its rights, its room, whether it is mounted.
    #[error("the checkpoint cannot be written to {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Look at the place: it neither takes the checkpoint nor refuses it, as a share whose server is gone. Nothing more is
    /// sent there until it does one of the two.
    #[error("{path} has not taken the checkpoint for a long time")]
    Stuck {
        /// The file.
        path: PathBuf,
    },
    /// Look at the store: it does not say where its chains end.
    #[error("the store does not tell where the ledger ends")]
    Heads(#[from] ReadError),
    /// Look at the writers: more chains were begun than a checkpoint has room for.
    #[error("the ledger has {0} chains, and a checkpoint has room for 256")]
    TooManyChains(usize),
    /// The clock shows a year that the format does not have (after 2262).
    #[error("the clock shows no time that a checkpoint can carry")]
    Clock,
}

/// Signs where one ledger ends.
pub struct Notary {
    heads: Arc<dyn Heads>,
    key: SigningKey,
    beside: Place,
    anchor: Option<Place>,
    every: Duration,
    clock: SharedClock,
    /// One checkpoint at a time, so that they stand in order.
    last: Mutex<Last>,
    /// [`Clock::elapsed`] when every entry was last known to be under a signature, or at the start.
    ///
    /// [`Clock::elapsed`]: statuscheck_domain::clock::Clock::elapsed
    signed_at: watch::Sender<Duration>,
}

/// What was last done.
struct Last {
    /// What the last checkpoint names. None before the first of this run, which is made at once.
    heads: Option<Vec<ChainHead>>,
    /// Not before this time by the clock.
    due_at: Duration,
}

impl Notary {
    /// A notary of the ledger whose ends `heads` tells.
    pub fn new(heads: Arc<dyn Heads>, key: SigningKey, settings: NotarySettings, clock: SharedClock) -> Self {
        let now = clock.elapsed();
        Self {
            heads,
            key,
            beside: Place::file(settings.path, settings.bytes_max),
            anchor: settings.anchor.map(Place::folder),
            every: settings.every,
            clock,
            last: Mutex::new(Last {
                heads: None,
                due_at: now,
            }),
            signed_at: watch::Sender::new(now),
        }
    }

    /// Makes checkpoints as they become due, for ever: drop it to stop. Failures are logged, and the next look tries
    /// again.
    pub async fn run(&self) -> Infallible {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Err(error) = self.look().await {
                log(&error);
            }
        }
    }

    /// Makes a checkpoint if one is due: where none was made yet, or where entries were added and the interval is over.
    ///
    /// # Errors
    /// [`NotaryError`]; the next attempt is due five seconds later.
    pub async fn look(&self) -> Result<(), NotaryError> {
        let mut last = self.last.lock().await;
        let now = self.clock.elapsed();
        if now < last.due_at {
            return Ok(());
        }
        self.sign(&mut last, now).await
    }

    /// Makes the last checkpoint, where the ledger went on after the one before. To be called when the store is closed.
    pub async fn close(&self) {
        let mut last = self.last.lock().await;
        let now = self.clock.elapsed();
        if let Err(error) = self.sign(&mut last, now).await {
            log(&error);
        }
    }

    /// How long ago every entry was last known to be under a signature, or this notary was made: entries may be without one for
    /// as long.
    pub fn age(&self) -> Duration {
        self.clock.elapsed().saturating_sub(*self.signed_at.borrow())
    }

    async fn sign(&self, last: &mut Last, now: Duration) -> Result<(), NotaryError> {
        last.due_at = now + RETRY_AFTER.min(self.every);
        let mut heads = tokio::time::timeout(READ_MAX, self.heads.heads())
            .await
            .unwrap_or(Err(ReadError::Unavailable))?;
        heads.sort_unstable_by_key(|end| end.chain);
        if last.heads.as_ref() == Some(&heads) {
            // The next look asks again: what is added then is signed at once.
            last.due_at = now;
            self.signed_at.send_replace(now);
            return Ok(());
        }
        let time = self.clock.now();
        let line = line(self.heads.ledger(), &heads, time, &self.key)?;
        let month = time.strftime("%Y-%m");
        let name = format!("{}.{}.{month}.checkpoints", self.heads.ledger(), self.heads.own());
        // Each place even where the other fails.
        let beside = self.beside.append("", line.clone()).await;
        if let Some(anchor) = &self.anchor {
            anchor.append(&name, line).await?;
        }
        beside?;
        last.heads = Some(heads);
        last.due_at = now + self.every;
        self.signed_at.send_replace(now);
        Ok(())
    }
}

fn log(error: &NotaryError) {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "no checkpoint of the ledger could be made"
    );
}
