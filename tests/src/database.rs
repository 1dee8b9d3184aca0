//! How programs come to a PostgreSQL database that they share.

use std::path::Path;

use statuscheck::store::postgres::{self, Settings};

use crate::postgres::{Database, LocalPostgres, Role};

/// How a store of the gateway's own comes to the database as `role`.
pub fn settings(postgres: &LocalPostgres, database: &Database<'_>, role: Role) -> Settings {
    Settings {
        password_file: Some(postgres.password_file(role)),
        ca_file: Some(postgres.ca_file()),
        ..Settings::at(database.url(role).parse().expect("an address"))
    }
}

/// Makes the tables.
pub async fn migrate(postgres: &LocalPostgres, database: &Database<'_>) {
    let settings = settings(postgres, database, Role::Owner);
    postgres::migrate(&settings).await.expect("tables");
}

/// Keys of `[store]` for a gateway whose checkpoints go into that file, with commas between. `url` is [`Database::url`] of
/// [`Role::Gateway`], or that by way of a proxy.
pub fn store_at(url: &str, postgres: &LocalPostgres, checkpoints: &Path) -> String {
    format!(
        r#"url = "{url}", password_file = "{}", ca_file = "{}", checkpoint_file = "{}""#,
        postgres.password_file(Role::Gateway).display(),
        postgres.ca_file().display(),
        checkpoints.display(),
    )
}
