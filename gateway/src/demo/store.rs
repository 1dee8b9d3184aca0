//! The demo's store, its keys, and who signs its ledger.

use jiff::{SignedDuration, Timestamp};

use super::*;

/// The demo's database.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("statuscheck.db")
}

pub(super) fn signing_key(folder: &Path) -> Result<SigningKey, DemoError> {
    let key_file = folder.join("signing.key");
    Ok(if key_file.exists() {
        SigningKey::load(&key_file)?
    } else {
        SigningKey::create(&key_file)?
    })
}

pub(super) fn audited(folder: &Path, key: &SigningKey) -> Subject {
    Subject {
        store: database(folder).into(),
        known_keys: vec![key.public()],
        ..Subject::default()
    }
}

pub(super) fn notary(folder: &Path, store: &EmbeddedStore, key: SigningKey, clock: SharedClock) -> Notary {
    let settings = NotarySettings::beside(&database(folder));
    Notary::new(store.ledger_end(), key, settings, clock)
}

/// How far the clock may be behind what was recorded last: time servers put machines right by less.
const BACK_MAX: SignedDuration = SignedDuration::from_mins(1);

/// When the last entry was recorded in the demo of `folder`; none where there is none.
///
/// # Errors
/// [`DemoError`]; also where another demo holds the folder.
pub async fn last_recorded(folder: &Path) -> Result<Option<Timestamp>, DemoError> {
    if !database(folder).exists() {
        return Ok(None);
    }
    let store = open_store(folder, NonZeroU32::MIN).await?;
    let last = store.last_recorded().await;
    store.close().await;
    last.map_err(DemoError::Unreadable)
}

/// Refuses a clock that is behind what was recorded in `store`: steps would be fired again that were, and cases that wait would wait
/// for days.
pub(super) async fn must_not_go_back(
    folder: &Path,
    store: &EmbeddedStore,
    clock: &SharedClock,
) -> Result<(), DemoError> {
    let last = store.last_recorded().await.map_err(DemoError::Unreadable)?;
    match last.filter(|last| clock.now() + BACK_MAX < *last) {
        None => Ok(()),
        Some(until) => Err(DemoError::Past {
            folder: folder.to_owned(),
            until,
        }),
    }
}

/// What was not decided in time by a clock of that `rate` is judged by real time too.
pub(super) async fn open_store(folder: &Path, rate: NonZeroU32) -> Result<EmbeddedStore, DemoError> {
    let key_file = folder.join("store.key");
    let key = if key_file.exists() {
        Kek::load(&key_file)?
    } else {
        Kek::create(&key_file)?
    };
    let mut settings = StoreSettings::at(database(folder));
    settings.undecided_after = settings.undecided_after.saturating_mul(rate.get());
    Ok(EmbeddedStore::open(settings, key).await?)
}
