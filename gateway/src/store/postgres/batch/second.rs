//! The second round trip of a batch: its entries, the end of the chain, and the commit.

use std::pin::pin;

use futures_util::future::{self, Either, OptionFuture};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::super::fault::DatabaseError;
use super::super::lease::Holding;
use super::super::notices;
use super::{Failure, Made, Session, Settled};
use crate::store::chain::{Chain, Entry, Head};

impl Session {
    /// The second round trip.
    pub(super) async fn commit(
        &self,
        holding: Holding,
        made: Made<'_>,
        head: Head,
        tells: bool,
    ) -> Result<Settled, Failure> {
        let mut chain = Chain::at(i64::from(holding.number), head);
        let places: Vec<Head> = made.entries.iter().map(|entry| chain.append(entry)).collect();
        let after = chain.head();
        let settled = Settled {
            outcomes: made.outcomes,
            head: (after != head).then_some(after),
        };
        let warnings = self.connected.warnings();
        let grew = format!("{}:{}", holding.number, after.sequence);
        let news = made.news.as_ref();
        let written = timeout(self.answer_max, async {
            let committing = future::join5(
                self.append(holding, &made.entries, &places),
                future::try_join(
                    made.listing.run(self.client(), &self.statements.list),
                    made.referring.write(self.client(), &self.statements),
                ),
                made.posting.write(self.client(), &self.statements),
                // Last, for gateways wait for each other here.
                made.charges.record(self.client(), &self.statements, holding),
                self.client().batch_execute("COMMIT"),
            );
            // After the commit: within, the commits of all gateways would have to wait for each other. It is sent with the
            // commit, and its answer is nobody's to wait for. A signal that is lost with the connection is made good for
            // when the next connection is made.
            let telling = future::join(
                OptionFuture::from(tells.then(|| self.tell(notices::CHANGED, &grew))),
                OptionFuture::from(news.map(|(topic, news)| self.tell(topic, news))),
            );
            match future::select(pin!(committing), pin!(telling)).await {
                Either::Left((committed, _telling)) => committed,
                Either::Right((_told, committing)) => committing.await,
            }
        })
        .await;
        let Ok((appended, listed, posted, charged, committed)) = written else {
            return Err(Failure::Unknown(DatabaseError::unanswered(), settled));
        };
        // A commit of a transaction in which something failed is answered as one that went well.
        match appended
            .and(listed.map(drop))
            .and(posted)
            .and(charged)
            .and(committed.map_err(DatabaseError::from))
        {
            // Where somebody cancelled its wait for a standby, the server says that it is committed, and only warns.
            Ok(()) if self.connected.warnings() != warnings => Err(Failure::Unknown(
                DatabaseError::lost("it warned of something at a commit, which may be on no standby"),
                settled,
            )),
            Ok(()) => Ok(settled),
            Err(error) if error.is_certain() => {
                self.roll_back().await.ok();
                Err(Failure::Refused(error))
            }
            Err(error) => Err(Failure::Unknown(error, settled)),
        }
    }

    async fn append(
        &self,
        holding: Holding,
        entries: &[Entry<'_>],
        places: &[Head],
    ) -> Result<(), DatabaseError> {
        let Some(after) = places.last() else {
            return Ok(());
        };
        let added = Columns::of(entries, places);
        let Holding { number, fence, .. } = holding;
        let (client, statements) = (self.client(), &self.statements);
        let (hash, lease) = (after.hash.as_slice(), self.lease.as_secs_f64());
        let columns: [&(dyn ToSql + Sync); 8] = [
            &number,
            &added.sequences,
            &added.case_ids,
            &added.versions,
            &added.times,
            &added.kinds,
            &added.payloads,
            &added.hashes,
        ];
        let end: [&(dyn ToSql + Sync); 5] = [&number, &fence, &after.sequence, &hash, &lease];
        let (appended, advanced) = tokio::join!(
            client.execute(&statements.append, &columns),
            client.execute(&statements.advance_head, &end),
        );
        appended?;
        advanced?;
        Ok(())
    }
}

/// Entries at their places, a column each.
pub(super) struct Columns<'a> {
    pub(super) sequences: Vec<i64>,
    pub(super) case_ids: Vec<Option<Uuid>>,
    pub(super) versions: Vec<i64>,
    pub(super) times: Vec<i64>,
    pub(super) kinds: Vec<&'a str>,
    pub(super) payloads: Vec<&'a [u8]>,
    pub(super) hashes: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(entries: &[Entry<'a>], places: &'a [Head]) -> Self {
        Self {
            sequences: places.iter().map(|place| place.sequence).collect(),
            case_ids: entries.iter().map(|entry| entry.case_id.map(|id| id.0)).collect(),
            versions: entries.iter().map(|entry| entry.version).collect(),
            times: entries.iter().map(|entry| entry.time).collect(),
            kinds: entries.iter().map(|entry| entry.kind).collect(),
            payloads: entries.iter().map(|entry| entry.payload).collect(),
            hashes: places.iter().map(|place| place.hash.as_slice()).collect(),
        }
    }
}
