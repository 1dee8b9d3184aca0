//! Where the chains of the ledger end, as the notary is told.

use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::Row;

use super::batch::in_time;
use super::connect::Connector;
use super::fault::DatabaseError;
use super::lease::{array, head};
use crate::store::ReadError;
use crate::store::chain::{ChainHead, ChainId, LedgerId};
use crate::store::notary::Heads;

/// All chains, whichever gateway adds to them.
pub(super) struct DatabaseHeads {
    pub(super) ledger: LedgerId,
    /// The first chain that this store held.
    pub(super) own: ChainId,
    /// Twice a minute, and after the store is closed: on a connection of its own.
    pub(super) connector: Connector,
    pub(super) answer_max: Duration,
}

impl DatabaseHeads {
    async fn read(&self) -> Result<Vec<ChainHead>, DatabaseError> {
        let connected = self.connector.connect().await?;
        let rows = connected
            .client
            .query("SELECT id, sequence, hash FROM statuscheck.chains", &[])
            .await?;
        rows.iter().map(chain_head).collect()
    }
}

pub(super) fn chain_head(row: &Row) -> Result<ChainHead, DatabaseError> {
    Ok(ChainHead {
        chain: ChainId(array(row, 0)?),
        head: head(row, 1)?,
    })
}

#[async_trait]
impl Heads for DatabaseHeads {
    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn own(&self) -> ChainId {
        self.own
    }

    async fn heads(&self) -> Result<Vec<ChainHead>, ReadError> {
        Ok(in_time(self.answer_max, self.read()).await?)
    }
}
