//! The demo's store, its keys, and who signs its ledger.

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
