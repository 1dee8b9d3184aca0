//! A usual batch that writes nothing beside its cases and their entries, as most do: one statement, and so one round trip and one
//! transaction. It is all or nothing: where one of the changes does not hold, or the chain is another's or does not end where the
//! batch begins, the statement fails. So the next one may be sent before it is answered: it fails with it.

use std::collections::HashSet;
use std::pin::pin;

use futures_util::future::{self, Either, OptionFuture};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;

use super::super::changes::{Changes, Judged};
use super::super::fault::{DatabaseError, Fault};
use super::super::lease::Holding;
use super::super::notices;
use super::super::quotas::Taken;
use super::super::work::Work;
use super::second::Columns;
use super::{Failure, Session, Settled};
use crate::store::chain::{Chain, Entry, Head};

impl Session {
    /// A batch of plain changes may be recorded whole now.
    pub(in crate::store::postgres) fn may_record_whole(&self, holding: Holding) -> bool {
        self.expectation.is_settled(holding)
    }

    /// Records a batch of plain changes. None where it was refused; nothing of it was recorded then. Where it was not recorded, or
    /// it is not known whether it was, whatever was sent behind it is to be heard before anything else is sent. There are so many
    /// `in_front` of it, for whose answers it waits as well.
    pub(in crate::store::postgres) async fn record_whole(
        &self,
        holding: Holding,
        batch: &[&Work],
        (tells, in_front): (bool, u32),
    ) -> Result<Option<Settled>, Failure> {
        let Some(head) = self.expectation.head(holding) else {
            return Ok(None);
        };
        let recorded = Box::pin(self.send_whole(holding, batch, head, (tells, in_front))).await;
        match &recorded {
            Ok(Some(_settled)) => {}
            Ok(None) => {
                self.expectation.ended(holding, None);
                self.expectation.was_wrong();
            }
            Err(_failure) => self.expectation.ended(holding, None),
        }
        recorded
    }

    async fn send_whole(
        &self,
        holding: Holding,
        batch: &[&Work],
        head: Head,
        (tells, in_front): (bool, u32),
    ) -> Result<Option<Settled>, Failure> {
        let changes = Changes::of(batch);
        let made = changes.judge(&Judged::all(), &Taken::default());
        let mut chain = Chain::at(i64::from(holding.number), head);
        let places: Vec<Head> = made.entries.iter().map(|entry| chain.append(entry)).collect();
        let after = chain.head();
        // Before the answer: the next batch begins there.
        self.expectation.ended(holding, Some(after));
        let settled = Settled {
            outcomes: made.outcomes,
            head: Some(after),
        };
        let warnings = self.connected.warnings();
        let grew = format!("{}:{}", holding.number, after.sequence);
        let written = timeout(self.answer_max * (in_front + 1), async {
            let writing = self.write_whole(holding, &changes, (&made.entries, &places), (head, after));
            // Sent with it, as after a commit.
            let telling = OptionFuture::from(tells.then(|| self.tell(notices::CHANGED, &grew)));
            match future::select(pin!(writing), pin!(telling)).await {
                Either::Left((written, _telling)) => written,
                Either::Right((_told, writing)) => writing.await,
            }
        })
        .await;
        match written {
            Err(_elapsed) => Err(Failure::Unknown(DatabaseError::unanswered(), settled)),
            Ok(Ok(())) if self.connected.warnings() != warnings => Err(Failure::Unknown(
                DatabaseError::lost("it warned of something at a commit, which may be on no standby"),
                settled,
            )),
            Ok(Ok(())) => Ok(Some(settled)),
            Ok(Err(error)) if error.is_refusal() || error.fault() == Fault::Constraint => Ok(None),
            Ok(Err(error)) if error.is_certain() => Err(Failure::Refused(error)),
            Ok(Err(error)) => Err(Failure::Unknown(error, settled)),
        }
    }

    async fn write_whole(
        &self,
        holding: Holding,
        changes: &Changes<'_>,
        (entries, places): (&[Entry<'_>], &[Head]),
        (before, after): (Head, Head),
    ) -> Result<(), DatabaseError> {
        let open = changes.open_parameters().unwrap_or_default();
        let step = changes.advance_parameters(&HashSet::new()).unwrap_or_default();
        let added = Columns::of(entries, places);
        let (hash, lease) = (after.hash.as_slice(), self.lease.as_secs_f64());
        let begins = before.hash.as_slice();
        let columns: [&(dyn ToSql + Sync); 37] = [
            &open.organisations,
            &open.requests,
            &open.ids,
            &open.contents,
            &open.subjects,
            &open.wrapped,
            &open.states,
            &open.versions,
            &open.created,
            &open.agreements,
            &open.kinds,
            &open.wakes,
            &open.stands.turns,
            &open.stands.dues,
            &open.stands.risks,
            &step.ids,
            &step.expected,
            &step.versions,
            &step.states,
            &step.wakes,
            &step.stands.turns,
            &step.stands.dues,
            &step.stands.risks,
            &added.sequences,
            &added.case_ids,
            &added.versions,
            &added.times,
            &added.kinds,
            &added.payloads,
            &added.hashes,
            &holding.number,
            &holding.fence,
            &before.sequence,
            &after.sequence,
            &hash,
            &lease,
            &begins,
        ];
        self.client().execute(&self.statements.whole, &columns).await?;
        Ok(())
    }
}
