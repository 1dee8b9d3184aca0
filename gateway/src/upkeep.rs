//! Keeping house: what is not kept any longer, what must be, who is told what is held about them, and keys.
//!
//! Every act is recorded in the ledger with who did it, before it takes effect; the record lies open, so it has no word
//! about a person.

use std::sync::Arc;

use serde_json::{Map, Value};
use statuscheck_domain::clock::SharedClock;
use statuscheck_domain::ids::CaseId;
use tokio::sync::Mutex;

use crate::calendars::ServedCalendars;
use crate::outbox::Outbox;
use crate::register::ServedRegister;
use crate::store::upkeep::{Rotated, RotationError, Upkeep};
use crate::store::{CommitError, HouseEntry, HouseKind, ReadError};

mod copying;
mod extension;
mod holds;
mod hooks;
mod orders;
mod recount;
mod retention;
mod subject_access;
mod verification;

pub use self::copying::{CopyStoreError, Step, copy_store};
pub use self::extension::Extended;
pub use self::holds::{HoldError, Reason, ReasonError};
pub use self::hooks::RetryError;
pub use self::recount::{RecountDone, RecountedLine};
pub use self::retention::{RetentionLine, RetentionRun};
pub use self::subject_access::{Found, FoundCheck, Sought};
pub use self::verification::VerifyError;

/// Why an act of upkeep was not done, or not to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Read(#[from] ReadError),
    /// The act cannot be recorded, so it is not done, or no further.
    #[error("the store cannot record")]
    Commit(#[from] CommitError),
}

/// The upkeep of a store under a register.
pub struct Housekeeping {
    store: Arc<dyn Upkeep>,
    register: Arc<ServedRegister>,
    clock: SharedClock,
    calendars: Arc<ServedCalendars>,
    /// None where nobody can be told of anything: no gateway runs on the store.
    outbox: Option<Outbox>,
    /// Held by whoever moves due times: one order at a time.
    extending: Mutex<()>,
    /// Held by the one look over the ledger that there may be.
    verifying: Arc<Mutex<()>>,
}

impl Housekeeping {
    /// Upkeep of `store`, whose cases were asked under the agreements of `register` and are promised by `calendars`.
    pub fn new(
        store: Arc<dyn Upkeep>,
        register: Arc<ServedRegister>,
        calendars: Arc<ServedCalendars>,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            register,
            clock,
            calendars,
            outbox: None,
            extending: Mutex::default(),
            verifying: Arc::default(),
        }
    }

    /// The same in a gateway, which tells callers of what happens to their cases.
    pub(crate) fn telling(self, outbox: Outbox) -> Self {
        Self {
            outbox: Some(outbox),
            ..self
        }
    }

    /// Changes the key-encryption key while the store goes on. See [`Upkeep::rotate_keys`].
    ///
    /// # Errors
    /// [`RotationError`]
    pub async fn rotate_keys(&self, actor: &str) -> Result<Rotated, RotationError> {
        let entry = self.entry(HouseKind::KeyRotated, actor, []);
        self.store.rotate_keys(entry).await
    }

    fn entry<const N: usize>(&self, kind: HouseKind, actor: &str, details: [(&str, Value); N]) -> HouseEntry {
        let details: Map<_, _> = details
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        HouseEntry {
            time: self.clock.now(),
            kind,
            actor: actor.to_owned(),
            details,
        }
    }
}

fn case_value(id: CaseId) -> Value {
    id.to_string().into()
}
