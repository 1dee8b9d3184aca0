//! Where the chains of the file end, as the notary is told.

use async_trait::async_trait;
use tokio::sync::watch;

use super::entries::Ends;
use crate::store::ReadError;
use crate::store::chain::{ChainHead, ChainId, Head, LedgerId};
use crate::store::notary::Heads;

/// The one chain that grows, and the others.
pub(super) struct FileHeads {
    ledger: LedgerId,
    own: ChainId,
    /// What it shows is on disk.
    head: watch::Receiver<Head>,
    others: Vec<ChainHead>,
}

impl FileHeads {
    pub(super) fn new(ends: Ends, head: watch::Receiver<Head>) -> Self {
        Self {
            ledger: ends.ledger,
            own: ends.own.chain,
            head,
            others: ends.others,
        }
    }
}

#[async_trait]
impl Heads for FileHeads {
    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn own(&self) -> ChainId {
        self.own
    }

    async fn heads(&self) -> Result<Vec<ChainHead>, ReadError> {
        let own = ChainHead {
            chain: self.own,
            head: *self.head.borrow(),
        };
        Ok(self.others.iter().copied().chain([own]).collect())
    }
}
