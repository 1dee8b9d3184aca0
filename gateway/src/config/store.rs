//! `[store]`: where everything is recorded, and under which keys. One file, or a PostgreSQL database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use statuscheck_adapters::share::ShareKeeper;

use super::ConfigError;
use crate::store::embedded::{EmbeddedStore, Settings as FileSettings};
use crate::store::notary::{Heads, NotarySettings};
use crate::store::postgres::{Address, Limits, PostgresStore, Settings as DatabaseSettings};
use crate::store::pulse::Pulse;
use crate::store::seal::Kek;
use crate::store::signing::{SigningKey, SigningKeyError};
use crate::store::upkeep::Upkeep;
use crate::store::{Location, Store};

/// The store. Where it is no table but a text, that is its `url`, where it begins as one, or else its `path`, and everything
/// else is as by default.
pub struct StoreSection {
    pub(super) table: Table,
}

/// What is in the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    pub(super) path: Option<PathBuf>,
    pub(super) url: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) migrate: bool,
    pub(super) limits: Limits,
    pub(super) key_file: PathBuf,
    pub(super) signing_key_file: PathBuf,
    pub(super) former_public_keys: Vec<PathBuf>,
    pub(super) checkpoint_file: Option<PathBuf>,
    pub(super) anchor: Option<PathBuf>,
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub(super) checkpoint_every: Duration,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            path: None,
            url: None,
            password_file: None,
            ca_file: None,
            migrate: false,
            limits: Limits::default(),
            key_file: "store.key".into(),
            signing_key_file: "signing.key".into(),
            former_public_keys: Vec::new(),
            checkpoint_file: None,
            anchor: None,
            checkpoint_every: NotarySettings::EVERY,
        }
    }
}

/// Where checkpoints of a store in a database go, beside the configuration. Those of a file lie beside that.
const CHECKPOINT_FILE: &str = "statuscheck.checkpoints";

/// Where a store is.
enum Place<'a> {
    File(&'a Path),
    Database(&'a str),
}

/// A store that is open.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    pub(super) upkeep: Arc<dyn Upkeep>,
    pub(super) heads: Arc<dyn Heads>,
    pub(super) pulse: Pulse,
}

impl<'de> Deserialize<'de> for StoreSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Section)
    }
}

struct Section;

impl<'de> Visitor<'de> for Section {
    type Value = StoreSection;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table, the path of a database file, or the URL of a database")
    }

    fn visit_str<E: Error>(self, place: &str) -> Result<StoreSection, E> {
        let mut table = Table::default();
        if Address::is_meant(place) {
            table.url = Some(place.to_owned());
        } else {
            table.path = Some(place.into());
        }
        Ok(StoreSection { table })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<StoreSection, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(table)).map(|table| StoreSection { table })
    }
}

impl StoreSection {
    /// The database file; none where the store is in a database.
    pub fn path(&self) -> Option<&Path> {
        self.table.path.as_deref()
    }

    /// The limits of a store in a database.
    pub fn limits(&self) -> &Limits {
        &self.table.limits
    }

    /// Where the store is.
    ///
    /// # Errors
    /// It is said twice or not at all, or its URL is none.
    pub fn location(&self) -> Result<Location, ConfigError> {
        Ok(match self.place()? {
            Place::File(path) => Location::file(FileSettings::at(path)),
            Place::Database(url) => Location::database(self.database(url)?),
        })
    }

    /// The file of its key-encryption key.
    pub fn key_file(&self) -> &Path {
        &self.table.key_file
    }

    pub(super) fn rebase(&mut self, folder: &Path) {
        let table = &mut self.table;
        if table.url.is_some() && table.checkpoint_file.is_none() {
            table.checkpoint_file = Some(CHECKPOINT_FILE.into());
        }
        let given = [
            &mut table.path,
            &mut table.password_file,
            &mut table.ca_file,
            &mut table.checkpoint_file,
            &mut table.anchor,
        ];
        let keys = [&mut table.key_file, &mut table.signing_key_file];
        let given = given.into_iter().flatten().chain(&mut table.former_public_keys);
        for path in given.chain(keys) {
            *path = folder.join(&*path);
        }
    }

    fn place(&self) -> Result<Place<'_>, ConfigError> {
        match (&self.table.path, &self.table.url) {
            (Some(path), None) => Ok(Place::File(path)),
            (None, Some(url)) => Ok(Place::Database(url)),
            (Some(_), Some(_)) | (None, None) => Err(ConfigError::StorePlace),
        }
    }

    /// Everything that can be wrong without opening it.
    pub(super) fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        match self.place() {
            Ok(Place::File(path)) => faults.extend(folder(path).err()),
            Ok(Place::Database(url)) => {
                let checked = self.database(url).and_then(|settings| {
                    settings
                        .check()
                        .map_err(|error| ConfigError::Database(error.into()))
                });
                faults.extend(checked.err());
            }
            Err(fault) => faults.push(fault),
        }
        faults.extend(self.load_key().err());
        faults.extend(self.load_signing_key().err());
        faults.extend(self.check_notary().err());
        faults.extend(self.check_former_keys().err());
        faults
    }

    fn database(&self, url: &str) -> Result<DatabaseSettings, ConfigError> {
        let address = url.parse().map_err(ConfigError::StoreUrl)?;
        let table = &self.table;
        if table.limits.renew_every >= table.limits.lease {
            return Err(ConfigError::Figure {
                key: "store.limits.renew_every",
                fault: "must be less than the lease",
            });
        }
        Ok(DatabaseSettings {
            password_file: table.password_file.clone(),
            ca_file: table.ca_file.clone(),
            migrate: table.migrate,
            limits: table.limits.clone(),
            ..DatabaseSettings::at(address)
        })
    }

    fn load_key(&self) -> Result<Kek, ConfigError> {
        Kek::load(&self.table.key_file).map_err(ConfigError::Key)
    }

    pub(super) fn load_signing_key(&self) -> Result<SigningKey, ConfigError> {
        let loaded: Result<_, SigningKeyError> = SigningKey::load(&self.table.signing_key_file);
        loaded.map_err(ConfigError::SigningKey)
    }

    /// The notary's part.
    ///
    /// # Errors
    /// It could not do what it is there for.
    pub(super) fn notary(&self) -> Result<NotarySettings, ConfigError> {
        self.check_notary()?;
        let table = &self.table;
        let mut settings = match self.place()? {
            Place::File(path) => NotarySettings::beside(path),
            Place::Database(_) => NotarySettings::beside(Path::new(CHECKPOINT_FILE)),
        };
        if let Some(path) = &table.checkpoint_file {
            settings.path.clone_from(path);
        }
        settings.anchor.clone_from(&table.anchor);
        settings.every = table.checkpoint_every;
        Ok(settings)
    }

    fn check_notary(&self) -> Result<(), ConfigError> {
        let every = self.table.checkpoint_every;
        if every > NotarySettings::EVERY_MAX || every.is_zero() {
            return Err(ConfigError::CheckpointEvery);
        }
        match &self.table.anchor {
            Some(anchor) if !anchor.is_dir() => Err(ConfigError::Anchor { path: anchor.clone() }),
            Some(_) | None => Ok(()),
        }
    }

    /// Opens it, and has the gateway's share of departments' figures kept there: the whole, where it is a file.
    pub(super) async fn open(&self, share: ShareKeeper) -> Result<Opened, ConfigError> {
        let key = self.load_key()?;
        match self.place()? {
            Place::File(path) => {
                let store = EmbeddedStore::open(FileSettings::at(path), key).await;
                let store = Arc::new(store.map_err(ConfigError::Store)?);
                share.set_whole();
                let (heads, pulse) = (store.ledger_end(), store.pulse());
                let upkeep = Arc::clone(&store) as Arc<dyn Upkeep>;
                Ok(Opened {
                    store,
                    upkeep,
                    heads,
                    pulse,
                })
            }
            Place::Database(url) => {
                let store = PostgresStore::open(self.database(url)?, key).await;
                let store = Arc::new(store.map_err(ConfigError::Database)?);
                store.keep_share(share);
                let (heads, pulse) = (store.ledger_end(), store.pulse());
                let upkeep = Arc::clone(&store) as Arc<dyn Upkeep>;
                Ok(Opened {
                    store,
                    upkeep,
                    heads,
                    pulse,
                })
            }
        }
    }
}

fn folder(path: &Path) -> Result<(), ConfigError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    Err(ConfigError::StoreFolder {
        folder: folder.to_owned(),
    })
}
