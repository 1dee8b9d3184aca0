//! The notary: it signs from time to time where the ledger ends, and puts that where whoever alters the ledger later
//! cannot reach it. `docs/ledger.md` has the format of a checkpoint.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use statuscheck_domain::clock::SharedClock;
use tokio::sync::{Mutex, watch};
use tokio::time::MissedTickBehavior;

use super::chain::{Head, LedgerId};
use super::hex;
use super::signing::SigningKey;

mod lines;

/// What a checkpoint's signed bytes begin with.
const DOMAIN: &[u8] = b"statuscheck.checkpoint.v1";

/// How often the notary looks whether a checkpoint is due. A second: next to nothing, and next to the interval short.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it lets a place be that could not be written. Five seconds: long enough that a full disk does not fill the log
/// too, short enough for several attempts within the longest interval.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long a place may take to write one line. Five seconds: a disk that is busy needs less, and with two places a stop of
/// the gateway still ends within the usual ten.
const WRITE_MAX: Duration = Duration::from_secs(5);

/// Where checkpoints go, and how often.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotarySettings {
    /// The file beside the store, made where it is missing.
    pub path: PathBuf,
    /// The folder to which every checkpoint goes as well, in a file named for the ledger. It must be there.
    pub anchor: Option<PathBuf>,
    /// How long entries may be without a checkpoint. [`NotarySettings::EVERY`]
    pub every: Duration,
}

impl NotarySettings {
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
    /// The clock shows a year that the format does not have (after 2262).
    #[error("the clock shows no time that a checkpoint can carry")]
    Clock,
}

/// Signs where one ledger ends.
pub struct Notary {
    ledger: LedgerId,
    head: watch::Receiver<Head>,
    key: SigningKey,
    places: Vec<Place>,
    every: Duration,
    clock: SharedClock,
    /// One checkpoint at a time, so that they stand in order.
    last: Mutex<Last>,
    /// [`Clock::elapsed`] at the last checkpoint, or at the start.
    ///
    /// [`Clock::elapsed`]: statuscheck_domain::clock::Clock::elapsed
    made_at: watch::Sender<Duration>,
}

/// What was last done.
struct Last {
    /// None before the first checkpoint of this run, which is made at once.
    sequence: Option<i64>,
    /// Not before this time by the clock.
    due_at: Duration,
}

impl Notary {
    /// A notary of the ledger `ledger`, whose end `head` shows.
    pub fn new(
        (ledger, head): (LedgerId, watch::Receiver<Head>),
        key: SigningKey,
        settings: NotarySettings,
        clock: SharedClock,
    ) -> Self {
        let now = clock.elapsed();
        let anchored = settings
            .anchor
            .map(|folder| folder.join(format!("{ledger}.checkpoints")));
        let places = std::iter::once(settings.path).chain(anchored).map(Place::at);
        Self {
            ledger,
            head,
            key,
            places: places.collect(),
            every: settings.every,
            clock,
            last: Mutex::new(Last {
                sequence: None,
                due_at: now,
            }),
            made_at: watch::Sender::new(now),
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

    /// How long ago the last checkpoint was made, or this notary where it has made none. Entries may be without a
    /// signature for as long; without new entries there is none to be made.
    pub fn age(&self) -> Duration {
        self.clock.elapsed().saturating_sub(*self.made_at.borrow())
    }

    async fn sign(&self, last: &mut Last, now: Duration) -> Result<(), NotaryError> {
        let head = *self.head.borrow();
        if last.sequence == Some(head.sequence) {
            return Ok(());
        }
        last.due_at = now + RETRY_AFTER.min(self.every);
        let line = line(self.ledger, head, self.clock.now(), &self.key)?;
        self.put(line).await?;
        last.sequence = Some(head.sequence);
        last.due_at = now + self.every;
        self.made_at.send_replace(now);
        Ok(())
    }

    /// Writes to each place even where another fails.
    async fn put(&self, line: String) -> Result<(), NotaryError> {
        let mut all = Ok(());
        for place in &self.places {
            all = all.and(place.append(line.clone()).await);
        }
        all
    }
}

/// A file that takes checkpoints.
struct Place {
    path: PathBuf,
    /// Held while something is written, by the writing itself: nobody can call that back, but it can be left alone.
    writing: Arc<Mutex<()>>,
}

impl Place {
    fn at(path: PathBuf) -> Self {
        Self {
            path,
            writing: Arc::default(),
        }
    }

    async fn append(&self, line: String) -> Result<(), NotaryError> {
        let path = self.path.clone();
        let stuck = || NotaryError::Stuck { path: path.clone() };
        let failed = |source| NotaryError::Io {
            path: path.clone(),
            source,
        };
        let writing = Arc::clone(&self.writing)
            .try_lock_owned()
            .map_err(|_still_at_it| stuck())?;
        let path = self.path.clone();
        let write = move || {
            let _writing = writing;
            lines::append(&path, line.as_bytes())
        };
        match tokio::time::timeout(WRITE_MAX, tokio::task::spawn_blocking(write)).await {
            Ok(Ok(written)) => written.map_err(failed),
            Ok(Err(panicked)) => Err(failed(panicked.into())),
            Err(_elapsed) => Err(stuck()),
        }
    }
}

fn log(error: &NotaryError) {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "no checkpoint of the ledger could be made"
    );
}

/// A checkpoint as it is written: one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    ledger: &'a str,
    sequence: i64,
    hash: &'a str,
    time: Timestamp,
    signature: &'a str,
}

/// The checkpoint of `head`, with its line end.
pub(super) fn line(
    ledger: LedgerId,
    head: Head,
    time: Timestamp,
    key: &SigningKey,
) -> Result<String, NotaryError> {
    let nanoseconds = i64::try_from(time.as_nanosecond()).map_err(|_year_2262| NotaryError::Clock)?;
    let mut message = Vec::with_capacity(DOMAIN.len() + 64);
    message.extend_from_slice(DOMAIN);
    message.extend_from_slice(&ledger.0);
    message.extend_from_slice(&head.sequence.to_be_bytes());
    message.extend_from_slice(&head.hash);
    message.extend_from_slice(&nanoseconds.to_be_bytes());
    let line = Line {
        v: 1,
        ledger: &ledger.to_string(),
        sequence: head.sequence,
        hash: &hex::digits(&head.hash),
        time,
        signature: &hex::digits(&key.sign(&message)),
    };
    serde_json::to_string(&line)
        .map(|json| json + "\n")
        .map_err(|_unwritable| NotaryError::Clock)
}
