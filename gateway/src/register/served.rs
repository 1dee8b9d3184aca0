//! The register that a gateway serves, which changes while it runs: the version that was applied last, and where none ever
//! was, the files that the gateway was started with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use statuscheck_domain::agreement::{Register, plan};

use super::versions::{Applied, EntryError};
use super::{RegisterError, parse_whole};
use crate::store::{HouseKind, HouseQuery, ReadError, Store};

/// One version of the register.
pub struct Version {
    /// 0 of the files; from 1 on those that were applied.
    pub number: u64,
    /// What it says.
    pub register: Arc<Register>,
    /// The gateway's files say something else, and do not count.
    pub files_differ: bool,
    pub(super) applied: Option<Applied>,
}

impl Version {
    /// When it was applied; none of the files.
    pub fn applied_at(&self) -> Option<Timestamp> {
        self.applied.as_ref().map(|applied| applied.time)
    }
}

/// Why the version that was applied last cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum TakeUpError {
    /// The ledger cannot be read now.
    #[error("the ledger cannot be read")]
    Read(#[from] ReadError),
    /// Start the program that recorded it, or a newer one.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Start the program that applied it, and apply one that this program can serve.
    #[error("version {version} of the register, which was applied, is at fault for this program")]
    AtFault {
        /// Which.
        version: u64,
        /// Why.
        source: Box<RegisterError>,
    },
    /// A fault of the program.
    #[error("reading the register broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

/// The register as it stands now.
pub struct ServedRegister {
    files: Arc<Register>,
    now: ArcSwap<Version>,
    /// Versions can be followed, so that `now` is the one that counts.
    is_current: AtomicBool,
}

/// A register without an agreement.
impl Default for ServedRegister {
    fn default() -> Self {
        Self::of_files(Register::default())
    }
}

impl ServedRegister {
    /// The files, where nothing is known of any version.
    pub fn of_files(files: Register) -> Self {
        let files = Arc::new(files);
        Self {
            now: ArcSwap::from_pointee(Version {
                number: 0,
                register: Arc::clone(&files),
                files_differ: false,
                applied: None,
            }),
            files,
            is_current: AtomicBool::new(true),
        }
    }

    /// The version that the ledger of `store` knows as the last one, or the files where it knows none.
    ///
    /// # Errors
    /// [`TakeUpError`]
    pub async fn load(store: &dyn Store, files: Register) -> Result<Self, TakeUpError> {
        let served = Self::of_files(files);
        served.take_up(store).await?;
        let now = served.now();
        if now.files_differ {
            tracing::warn!(
                version = now.number,
                "the register's files differ from the version that was applied last; that version counts, and the files \
                 do not; `statuscheck register plan` brings them in"
            );
        }
        Ok(served)
    }

    /// The version that is served.
    pub fn now(&self) -> Arc<Version> {
        self.now.load_full()
    }

    /// The version under which something may be asked; none while it is not known whether it still is the one that counts.
    pub fn to_ask_under(&self) -> Option<Arc<Version>> {
        self.is_current().then(|| self.now())
    }

    /// It is known that the version is the one that counts.
    pub fn is_current(&self) -> bool {
        self.is_current.load(Ordering::Acquire)
    }

    pub(super) fn files(&self) -> Arc<Register> {
        Arc::clone(&self.files)
    }

    pub(super) fn set_current(&self, is_current: bool) {
        self.is_current.store(is_current, Ordering::Release);
    }

    /// Takes up the version that was applied last, where it is a newer one.
    pub(super) async fn take_up(&self, store: &dyn Store) -> Result<Arc<Version>, TakeUpError> {
        let newest = HouseQuery {
            kind: HouseKind::RegisterApplied,
            after: self.now().applied_at(),
            before: None,
            limit: 1,
        };
        if let Some(entry) = store.noted(newest).await?.pop() {
            self.serve(Applied::read(entry)?).await?;
        }
        Ok(self.now())
    }

    /// Serves a version that the ledger has.
    pub(super) async fn serve(&self, applied: Applied) -> Result<(), TakeUpError> {
        let files = self.files();
        // Four megabytes take longer than a thread of the runtime may be held.
        let reading = move || {
            let register = parse_whole(&applied.details.register).map_err(|error| TakeUpError::AtFault {
                version: applied.version(),
                source: Box::new(error),
            })?;
            Ok::<_, TakeUpError>(Version {
                number: applied.version(),
                files_differ: !plan(&files, &register).is_empty(),
                register: Arc::new(register),
                applied: Some(applied),
            })
        };
        let version = Arc::new(tokio::task::spawn_blocking(reading).await??);
        self.now.rcu(|now| {
            let newer = if version.number > now.number {
                &version
            } else {
                now
            };
            Arc::clone(newer)
        });
        Ok(())
    }
}
