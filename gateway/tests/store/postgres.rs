//! What is the PostgreSQL engine's own: leases, fences, commits whose outcome nobody told.

use std::path::PathBuf;
use std::sync::Arc;

use statuscheck::store::Store;
use statuscheck::store::postgres::{OpenError, PostgresStore, Settings};
use statuscheck::store::seal::Kek;
use tempfile::TempDir;

use crate::conformance::{Place, conformance};
use crate::postgres_server::Database;

/// A database with a key and, once opened, a store.
pub(crate) struct Ground {
    pub(crate) database: Database,
    folder: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let ground = Self {
            database: Database::new(),
            folder: TempDir::new().unwrap(),
        };
        assert!(Kek::create(&ground.key_file()).is_ok());
        ground
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    pub(crate) fn key(&self) -> Kek {
        Kek::load(&self.key_file()).ok().unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            migrate: true,
            ..Settings::at(self.database.url().parse().unwrap())
        }
    }

    pub(crate) async fn open_with(&self, settings: Settings) -> Result<PostgresStore, OpenError> {
        PostgresStore::open(settings, self.key()).await
    }

    pub(crate) async fn open_default(&self) -> PostgresStore {
        self.open_with(self.settings()).await.unwrap()
    }
}

impl Place for Ground {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.open_default().await)
    }
}

conformance!(Ground::new());
