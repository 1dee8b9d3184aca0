//! Opening a store: whether the tables fit, whether the key is its key, and which chain to write to.

use std::sync::Arc;

use tokio_postgres::Client;
use uuid::Uuid;

use super::Settings;
use super::batch::Session;
use super::connect::{ConnectError, Connector};
use super::fault::DatabaseError;
use super::lease::{self, Holding, LeaseError};
use super::migrations::{self, Fit, MigrateError};
use super::readers::Readers;
use crate::store::chain::{ChainId, LedgerId};
use crate::store::seal::{Kek, SealError, StoreSecret};
use crate::store::sealed::Sealer;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Mend the settings of the connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Look at the database and at the way to it.
    #[error("cannot open the store in the database")]
    Database(#[from] DatabaseError),
    /// Make the tables.
    #[error("the database holds no store; run `statuscheck store migrate`")]
    NotMigrated,
    /// Bring the tables up to date.
    #[error(
        "the store's tables are too old (tables {found}, needed {needed}); run `statuscheck store migrate`"
    )]
    Older {
        /// Version of the tables.
        found: i32,
        /// The oldest that this program works on.
        needed: i32,
    },
    /// Use the newer program.
    #[error(
        "the store's tables were made by a newer version of this program (tables {found}, known {known}); \
         start that version"
    )]
    Newer {
        /// Version of the tables.
        found: i32,
        /// Newest version that this program knows.
        known: i32,
    },
    /// The tables were to be brought up to date first.
    #[error("the store's tables cannot be brought up to date")]
    Migrate(#[from] MigrateError),
    /// Copy into it again.
    #[error(
        "the store in the database is a copy that was broken off; run `statuscheck store copy` into it again"
    )]
    Unfinished,
    /// Give the key with which the store was made.
    #[error("the key does not open the store in the database")]
    WrongKey,
    /// Find out what was done to the database, then restore a backup that ends where the last checkpoint says.
    #[error(
        "chain {chain} of the ledger does not end where it says: entries at its end were removed or altered; \
         restore a backup"
    )]
    BrokenLedger {
        /// The chain.
        chain: ChainId,
    },
    /// The system gives no random numbers, or the library fails.
    #[error("cannot make the keys of the store")]
    Seal(#[source] SealError),
}

impl From<LeaseError> for OpenError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Broken(chain) => Self::BrokenLedger { chain },
            LeaseError::Database(error) => Self::Database(error),
            LeaseError::Seal(error) => Self::Seal(error),
        }
    }
}

/// All that an open store works with.
pub(super) struct Opened {
    pub(super) connector: Connector,
    pub(super) readers: Readers,
    pub(super) sealer: Arc<Sealer>,
    pub(super) holder: Uuid,
    pub(super) holding: Holding,
    pub(super) ledger: LedgerId,
}

impl Opened {
    pub(super) async fn new(settings: &Settings, kek: Kek) -> Result<Self, OpenError> {
        if settings.migrate {
            migrations::migrate(settings).await?;
        }
        let connector = Connector::new(settings)?;
        // Looked at before any statement is prepared: they name tables that need not be there.
        {
            let connected = connector.connect().await?;
            fit(&connected.client).await?;
            finished(&connected.client).await?;
        }
        let session = Session::open(&connector, settings.limits.answer_max, settings.limits.lease).await?;
        warn_of_loss(session.client()).await?;
        let holder = Uuid::new_v4();
        // Before the secret is read: see `rotation`.
        let (holding, _head) = session.claim(holder).await?;
        let (ledger, secret) = match secret(session.client(), &kek).await {
            Ok(found) => found,
            Err(error) => {
                lease::release(session.client(), holding).await.ok();
                return Err(error);
            }
        };
        let sealer = Sealer::new(kek, &secret, settings.limits.data_keys_max).map_err(OpenError::Seal)?;
        Ok(Self {
            readers: Readers::new(connector.clone(), settings)?,
            connector,
            sealer: Arc::new(sealer),
            holder,
            holding,
            ledger,
        })
    }
}

pub(super) async fn fit(client: &Client) -> Result<(), OpenError> {
    match migrations::fit(client).await? {
        Fit::Known => Ok(()),
        Fit::Missing => Err(OpenError::NotMigrated),
        Fit::Older { found, needed } => Err(OpenError::Older { found, needed }),
        Fit::Newer { found, known } => Err(OpenError::Newer { found, known }),
    }
}

/// Looked at before a chain is taken: a copy that is being made, or was broken off, gets no chain of ours.
pub(super) async fn finished(client: &Client) -> Result<Option<(LedgerId, Vec<u8>)>, OpenError> {
    match stored(client).await? {
        Some((_ledger, secret)) if secret.is_empty() => Err(OpenError::Unfinished),
        stored => Ok(stored),
    }
}

/// A server may be set to forget on a power failure what it acknowledged. That is the operator's to decide, and to know.
async fn warn_of_loss(client: &Client) -> Result<(), DatabaseError> {
    for setting in ["fsync", "full_page_writes"] {
        let row = client
            .query_one("SELECT current_setting($1)", &[&setting])
            .await?;
        if row.try_get::<_, &str>(0)? == "off" {
            tracing::warn!(
                setting,
                "the database is set so that a crash of its machine may lose or damage what it holds"
            );
        }
    }
    Ok(())
}

/// The store's secret, which only the right key opens. The first gateway makes it.
async fn secret(client: &Client, kek: &Kek) -> Result<(LedgerId, StoreSecret), OpenError> {
    let stored = stored(client).await?;
    let (ledger, wrapped) = match stored {
        Some(stored) => stored,
        None => {
            let (_secret, wrapped) = StoreSecret::create(kek).map_err(OpenError::Seal)?;
            let ledger = LedgerId::random().map_err(OpenError::Seal)?;
            client
                .execute(
                    "INSERT INTO statuscheck.store (ledger, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    &[&ledger.0.as_slice(), &wrapped],
                )
                .await
                .map_err(DatabaseError::from)?;
            // Another gateway may have been first.
            self::stored(client).await?.ok_or(OpenError::NotMigrated)?
        }
    };
    if wrapped.is_empty() {
        return Err(OpenError::Unfinished);
    }
    let secret = StoreSecret::unwrap_under(kek, wrapped).map_err(|_not_this_key| OpenError::WrongKey)?;
    Ok((ledger, secret))
}

async fn stored(client: &Client) -> Result<Option<(LedgerId, Vec<u8>)>, DatabaseError> {
    let row = client
        .query_opt("SELECT ledger, secret FROM statuscheck.store", &[])
        .await?;
    row.map(|row| Ok((LedgerId(lease::array(&row, 0)?), row.try_get(1)?)))
        .transpose()
}
