//! A PostgreSQL with the settings and roles that are shipped, one for all tests here, and a database of it for each.

use std::path::PathBuf;
use std::sync::LazyLock;

use statuscheck::audit::{Address, StoreAt};
use statuscheck::store::Location;
use statuscheck::store::postgres::{PostgresStore, Settings, migrate};
use statuscheck::store::seal::Kek;
use statuscheck_rig::postgres::{Database, LocalPostgres, Role};

static CLUSTER: LazyLock<LocalPostgres> = LazyLock::new(LocalPostgres::up);

/// A database, and how its roles come in.
pub(crate) struct Site {
    pub(crate) database: Database<'static>,
}

impl Site {
    /// An empty one.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            database: CLUSTER.database(name),
        }
    }

    /// One with the tables in it.
    pub(crate) async fn migrated(name: &str) -> Self {
        let site = Self::new(name);
        migrate(&site.settings(Role::Owner)).await.unwrap();
        site
    }

    pub(crate) fn settings(&self, role: Role) -> Settings {
        Settings {
            password_file: (role != Role::Admin).then(|| CLUSTER.password_file(role)),
            ca_file: Some(CLUSTER.ca_file()),
            ..Settings::at(self.database.url(role).parse().unwrap())
        }
    }

    pub(crate) fn location(&self, role: Role) -> Location {
        Location::database(self.settings(role))
    }

    pub(crate) async fn open(&self, key: Kek) -> PostgresStore {
        PostgresStore::open(self.settings(Role::Gateway), key)
            .await
            .unwrap()
    }

    /// The store as the auditor's role comes to it.
    pub(crate) fn audited(&self) -> StoreAt {
        StoreAt::Postgres(Address {
            url: self.database.url(Role::Auditor),
            ca_file: Some(CLUSTER.ca_file()),
            password_file: Some(CLUSTER.password_file(Role::Auditor)),
            pass_file: None,
        })
    }

    /// What a command is given beside the URL.
    pub(crate) fn credentials(role: Role) -> [(&'static str, PathBuf); 2] {
        [
            ("--password-file", CLUSTER.password_file(role)),
            ("--ca-file", CLUSTER.ca_file()),
        ]
    }

    /// The first column of what the statement finds, as the superuser sees it.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.database.sql(Role::Admin, statement).unwrap()
    }
}
